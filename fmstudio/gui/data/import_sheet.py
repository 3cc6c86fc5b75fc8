"""Before an import: what is added, under which name, as which kind of data, and how files become a dataset."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from fmstudio.gui.data.columns import ColumnsView
from fmstudio.gui.data.fitting import FittingView
from fmstudio.gui.data.tuning.import_preview import ExamplesPreview
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.files.kinds import (
    EXAMPLES,
    IMAGES,
    INSTRUCTIONS,
    PREFERENCES,
    TEXT,
    TITLES,
    VIDEO,
    first_of,
    kind_of,
)
from fmstudio.gui.widgets.files.source_list import SourceList
from fmstudio.gui.widgets.form.field_row import FieldRow
from fmstudio.gui.widgets.form.fields import TextField
from fmstudio.gui.widgets.form.options_form import OptionsForm
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button, label, scroll_area, set_property
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.titled import titled
from fmstudio.recipe import Setting
from fmstudio.workspace import WorkspaceError

_HOW = {
    TEXT: "How it becomes documents", IMAGES: "How it becomes pictures", VIDEO: "How it becomes pictures",
    INSTRUCTIONS: "How it becomes conversations", PREFERENCES: "How it becomes pairs and judgements",
}  # fmt: skip


class ImportSheet(KeyedView):
    """`changed` tells that what would be imported is another thing now."""

    leaves = True
    changed = Signal()
    more_files = Signal()
    more_folders = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("import-sheet")
        self._theme, self._workspace = studio.theme, studio.workspace
        self._settings: Mapping[str, Sequence[Setting]] = {}
        self._tables: tuple[str, ...] = ()
        self._endings: Mapping[str, Sequence[str]] = {}
        self._name_is_mine = self._kind_is_mine = False
        self._examples: dict[str, Path | None] = {}
        self._told_kind = TEXT
        self.name = TextField("import-name", "Name of the dataset")
        self.name.edited.connect(self._named)
        self.name_error = label("", "error", "import-name-error", wrap=True)
        self.kind = Segments(TITLES, "import-kind", "What the files hold", wraps=True)
        self.kind.changed.connect(self._kind_chosen)
        self.sources = SourceList(self._theme)
        self.sources.changed.connect(self._sources_changed)
        self.fitting = {kind: FittingView(studio, kind) for kind in (IMAGES, VIDEO)}
        self.options = {
            kind: OptionsForm(self._theme, f"import-options-{kind}", beside, (1, 3) if beside else (2, 2))
            for kind, _ in TITLES
            for beside in [self.fitting.get(kind)]
        }
        for form in self.options.values():
            form.edited.connect(self._edited)
        self.columns = ColumnsView(studio)
        self.columns.chosen.connect(self._choose_column)
        self.examples = ExamplesPreview(studio)
        self.examples.recognised.connect(self._recognised)
        self.examples.edited.connect(self._edited)
        self._lay_out()
        self._show_kind()

    def _lay_out(self) -> None:
        self._how = Card(_HOW[TEXT], "import-how")
        for part in (self.columns, self.examples, *self.options.values()):
            self._how.body.addWidget(part)
        content = boxed(vbox(self._make_what(), self._how, ..., gap=16))
        sentence = "What these files hold is copied into the workspace; they stay as they are."
        texts = vbox(label("New dataset", "section", "import-title"), label(sentence, "secondary", wrap=True), gap=2)
        head = hbox((texts, 1), button("Cancel", "import-cancel", self._theme, clicked=self.closed.emit), gap=12)
        self.setLayout(vbox(head, (scroll_area(content, "import-scroll"), 1), gap=12))

    def _make_what(self) -> Card:
        what = Card("What to add", "import-what")
        what.body.addWidget(titled("Name", self.name))
        what.body.addWidget(self.name_error)
        what.body.addSpacing(8)
        what.body.addLayout(vbox(label("What the files hold", "body"), hbox(self.kind, ...), gap=4))
        what.body.addSpacing(8)
        what.body.addWidget(label("Files and folders", "body"))
        what.body.addWidget(self.sources)
        row = hbox()
        for text, name, signal, icon in (
            ("Add files…", "import-more-files", self.more_files, "mdi6.file-plus-outline"),
            ("Add a folder…", "import-more-folders", self.more_folders, "mdi6.folder-plus-outline"),
        ):
            row.addWidget(button(text, name, self._theme, icon, "quiet", signal.emit))
        row.addStretch(1)
        what.body.addLayout(row)
        return what

    def set_settings(
        self,
        settings: Mapping[str, Sequence[Setting]],
        endings: Mapping[str, Sequence[str]],
        tables: Sequence[str],
    ) -> None:
        """How files of each kind become a dataset, their endings, and which endings are tables."""
        self._settings, self._tables, self._endings = settings, tuple(tables), endings
        self._sources_changed()

    @property
    def rows(self) -> Mapping[str, FieldRow]:
        """The settings of the kind that is chosen."""
        return self.options[self.kind.value()].rows

    # What would be imported.

    def begin(self, paths: Sequence[Path]) -> None:
        """Start anew with these files and folders."""
        self._name_is_mine = self._kind_is_mine = False
        self._told_kind = TEXT
        for form in self.options.values():
            form.restore({})
        self.examples.restore({})
        self.sources.set_paths(paths)
        self.name.setFocus()
        self.name.selectAll()

    def add(self, paths: Sequence[Path]) -> None:
        """Add files and folders to what is there already."""
        self.sources.set_paths([*self.sources.paths, *paths])

    def request(self) -> dict[str, Any]:
        """The arguments of the import."""
        kind = self.kind.value()
        return {
            "sources": [str(path) for path in self.sources.paths],
            "name": self.name.value().strip(),
            "kind": kind,
            "options": self.options[kind].values() | (self.examples.columns() if kind in EXAMPLES else {}),
        }

    def restore(self, arguments: Mapping[str, Any]) -> None:
        """Show what an import was asked for, to change it and try again."""
        self.begin([Path(source) for source in arguments["sources"]])
        self.name.set_value(arguments["name"])
        self.kind.set_value(arguments["kind"])
        self._name_is_mine = self._kind_is_mine = True
        self._show_kind()
        self.options[arguments["kind"]].restore(arguments["options"])
        self.examples.restore(arguments["options"].get("columns", {}))
        self._edited()

    def refusal(self) -> str:
        """Why nothing can be imported as it stands, or ""."""
        if not self.sources.paths:
            return "Choose files or a folder first."
        if not self.rows:
            return "Getting ready…"
        if self._name_problem():
            return "Choose another name."
        return self.options[self.kind.value()].problem()

    def _name_problem(self) -> str:
        name = self.name.value().strip()
        if not name:
            return "Name the dataset."
        try:
            free = self._workspace.free_name("datasets", name)
        except WorkspaceError as error:
            return str(error)
        return "" if free == name else "There is a dataset of this name already; choose another."

    def _named(self) -> None:
        self._name_is_mine = True
        self._edited()

    def _kind_chosen(self) -> None:
        self._kind_is_mine = True
        self._show_kind()

    def _sources_changed(self) -> None:
        if not self._name_is_mine and self.sources.paths:
            self.name.set_value(self._suggested(self.sources.paths[0]))
        if not self._kind_is_mine:
            by_ending = kind_of(self.sources.paths, self._endings)
            self.kind.set_value(self._told_kind if by_ending == TEXT and self._tables_in() else by_ending)
        self._examples = {kind: first_of(self.sources.paths, kind, self._endings) for kind, _ in TITLES}
        self._show_kind()

    def _recognised(self, kind: str) -> None:
        """What is in a table says that it holds examples to fine-tune on, unless a person says otherwise."""
        if kind and not self._kind_is_mine and self.kind.value() == TEXT:
            self._told_kind = kind
            self.kind.set_value(kind)
            self._show_kind()

    def _show_kind(self) -> None:
        chosen = self.kind.value()
        self._how.title.setText(_HOW[chosen])
        self.options[chosen].set_settings(self._settings.get(chosen, ()))  # the forms of other kinds may never be seen
        for kind, form in self.options.items():
            form.setVisible(kind == chosen)
        self._edited()

    def _suggested(self, path: Path) -> str:
        stem = path.name if path.is_dir() else path.stem
        plain = "".join(letter if letter.isalnum() or letter in " .+-_" else "-" for letter in stem)
        return self._workspace.free_name("datasets", plain.strip(" .+-")[:70] or "dataset")

    def _edited(self) -> None:
        problem = self._name_problem()
        self.name_error.setText(problem)
        self.name_error.setVisible(bool(problem) and bool(self.sources.paths))
        set_property(self.name, "invalid", bool(problem) and bool(self.sources.paths))
        self._show_examples()
        if self.kind.value() != TEXT:
            self.columns.preview("", {})
        if not self.rows:
            pass
        elif self.kind.value() == TEXT:
            how = self.rows["documents"].value()
            self.rows["length"].setEnabled(how in ("automatic", "paragraphs"))
            self.rows["separator"].setEnabled(how == "separator")
            for of_tables in ("column", "header"):
                self.rows[of_tables].setEnabled(bool(self._tables_in()))
            self._show_columns()
        elif self.kind.value() not in EXAMPLES:
            self._preview()
        self.changed.emit()

    def _preview(self) -> None:
        kind = self.kind.value()
        form = self.options[kind]
        if self.sources.paths and not form.problem():
            self.fitting[kind].preview(self._examples.get(kind), form.values())

    def _show_examples(self) -> None:
        """What a table would give as examples; of texts it is asked whether they are such."""
        kind, table = self.kind.value(), next(iter(self._tables_in()), "")
        if kind in EXAMPLES:
            values = self.options[kind].values()
            options: dict[str, Any] = {name: values[name] for name in ("header", "encoding") if name in values}
            self.examples.preview(table, kind, options)
        else:
            asks = kind == TEXT and not self._kind_is_mine
            self.examples.preview(table if asks else "", "", {})

    def _show_columns(self) -> None:
        values = self.options[TEXT].values()
        options: dict[str, Any] = {name: values[name] for name in ("column", "header", "encoding") if name in values}
        self.columns.preview(next(iter(self._tables_in()), ""), options)

    def _choose_column(self, name: str) -> None:
        self.rows["column"].set_value(name)
        self._edited()

    def _tables_in(self) -> list[str]:
        """The sources that are or may hold tables."""
        return [str(path) for path in self.sources.paths if path.is_dir() or path.suffix.lower() in self._tables]
