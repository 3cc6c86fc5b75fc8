"""Before an indexing: which documents, under which name, how they are cut and embedded; the cutting is shown live."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog

from fmstudio.gui.playground.retrieval.embedding import EmbeddingField
from fmstudio.gui.playground.retrieval.jobs import PREVIEW, PYTHON_REFERENCE
from fmstudio.gui.playground.retrieval.passage import PassageView
from fmstudio.gui.playground.retrieval.store import CollectionsModel
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.files.kinds import some_of
from fmstudio.gui.widgets.files.source_list import SourceList
from fmstudio.gui.widgets.form.fields import ChoiceField, TextField
from fmstudio.gui.widgets.form.options_form import OptionsForm
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button, label, scroll_area, set_property
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.titled import titled
from fmstudio.workspace import WorkspaceError

_PATIENCE = 300  # milliseconds after the last change until the cutting is shown anew
_EXAMPLES = 50  # documents to choose one from that shows the cutting
_SLOW = (".pdf", ".docx")
_TRIES = 8  # documents that are tried until one can be read
_KINDS = [("files", "Files and folders"), ("python", "Python reference")]


class CollectionSheet(KeyedView):
    """`changed`: what would be indexed is another thing now."""

    leaves = True
    changed = Signal()

    def __init__(self, studio: Studio, store: CollectionsModel) -> None:
        super().__init__()
        self.setObjectName("retrieval-sheet")
        self._studio, self._store = studio, store
        theme = studio.theme
        self._name_is_mine = False
        self.kind = Segments(_KINDS, "retrieval-kind", "Which documents")
        self.kind.changed.connect(self._kind_chosen)
        self.name = TextField("retrieval-name", "Name of the collection")
        self.name.edited.connect(self._named)
        self.name_error = label("", "error", "retrieval-name-error", wrap=True)
        self.sources = SourceList(theme)
        self.sources.setObjectName("retrieval-sources")
        self.sources.changed.connect(self._sources_changed)
        self.options = OptionsForm(theme, "retrieval-options", columns=(1, 1))
        self.options.edited.connect(self._edited)
        self.embedding = EmbeddingField(studio, store)
        self.embedding.edited.connect(self._edited)
        self.preview = PassageView(studio, "retrieval-preview", PREVIEW)
        self.example = ChoiceField("retrieval-example", "Document that is shown", ())
        self.example.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.example.edited.connect(self._example_chosen)
        self._tries = 0
        self.preview.shown.connect(self._settle)
        self.preview.failed.connect(self._try_next)
        self._soon = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._soon.timeout.connect(self._preview)
        self._lay_out()
        store.described.connect(self._described)
        self._described()

    def _lay_out(self) -> None:
        how = Card("How they are cut", "retrieval-how")
        how.body.addWidget(self.options)
        meaning = Card("How their meaning is kept", "retrieval-meaning")
        meaning.body.addWidget(titled("Embedding model", self.embedding, "Turns each chunk into a vector."))
        form = boxed(vbox(self._make_what(), how, meaning, ..., gap=16, margins=(0, 0, 12, 0)))
        area = scroll_area(form, "retrieval-sheet-scroll")
        area.setFixedWidth(356)
        texts = vbox(
            label("New collection", "section", "retrieval-sheet-title"),
            label("An index is made in the workspace; the documents stay where they are.", "secondary"),
            gap=2,
        )
        head = hbox(
            (texts, 1), button("Cancel", "retrieval-sheet-cancel", self._studio.theme, clicked=self.closed.emit), gap=12
        )
        self.setLayout(vbox(head, (hbox(area, (vbox(self.example, (self.preview, 1)), 1), gap=16), 1), gap=12))

    def _make_what(self) -> Card:
        what = Card("What to ask", "retrieval-what")
        what.body.addWidget(self.kind)
        what.body.addWidget(titled("Name", self.name))
        what.body.addWidget(self.name_error)
        what.body.addWidget(self.sources)
        theme = self._studio.theme
        self._more = boxed(
            hbox(
                button("Add files…", "retrieval-add-files", theme, "mdi6.file-plus-outline", "quiet", self.ask_files),
                button(
                    "Add a folder…", "retrieval-add-folder", theme, "mdi6.folder-plus-outline", "quiet", self.ask_folder
                ),
                ...,
            )
        )
        what.body.addWidget(self._more)
        return what

    def _described(self) -> None:
        self.options.set_settings(self._store.chunking)
        self._list_examples()
        self._edited()

    # What would be indexed.

    def begin(self, paths: Sequence[Path] = (), kind: str = "files") -> None:
        """Start anew with these documents."""
        self._name_is_mine = False
        self.options.restore({})
        self.kind.set_value(kind)
        self.sources.set_paths(paths)
        self._kind_chosen()
        self.name.setFocus()

    def add(self, paths: Sequence[Path]) -> None:
        """Add files and folders to what is there."""
        self.kind.set_value("files")
        self.sources.set_paths([*self.sources.paths, *paths])

    def chosen_sources(self) -> list[str]:
        """What is to be indexed, as the job takes it."""
        built_in = self.kind.value() == "python"
        return [PYTHON_REFERENCE] if built_in else [str(path) for path in self.sources.paths]

    def start(self) -> str:
        """Begin to index; returns the name of the collection."""
        name = self.name.value().strip()
        self._store.add(name, self.chosen_sources(), self.options.values(), self.embedding.value())
        return name

    def refusal(self) -> str:
        """Why nothing can be indexed as it stands, or ""."""
        if not self.chosen_sources():
            return "Choose files or a folder first."
        if not self._store.known:
            return "Getting ready…"
        if self._name_problem():
            return "Choose another name."
        return self.options.problem()

    def _name_problem(self) -> str:
        name = self.name.value().strip()
        if not name:
            return "Name the collection."
        try:
            free = self._studio.workspace.free_name("collections", name)
        except WorkspaceError as error:
            return str(error)
        taken = free != name or self._store.working(name) is not None
        return "There is a collection of this name already; choose another." if taken else ""

    # What a person does.

    def ask_files(self) -> None:
        """Ask for files to add."""
        known = " ".join(f"*{ending}" for ending in self._store.endings)
        kinds = f"Documents ({known});;All files (*)" if known else "All files (*)"
        paths, _ = QFileDialog.getOpenFileNames(self, "Add documents", str(Path.home()), kinds)
        if paths:
            self.add([Path(path) for path in paths])

    def ask_folder(self) -> None:
        """Ask for a folder to add."""
        if path := QFileDialog.getExistingDirectory(self, "Add a folder of documents", str(Path.home())):
            self.add([Path(path)])

    def _named(self) -> None:
        self._name_is_mine = True
        self._edited()

    def _kind_chosen(self, _kind: object = None) -> None:
        for each in (self.sources, self._more):
            each.setVisible(self.kind.value() == "files")
        self._sources_changed()

    def _sources_changed(self) -> None:
        if not self._name_is_mine:
            self.name.set_value(self._suggested())
        self._list_examples()
        self._edited()

    def _suggested(self) -> str:
        if self.kind.value() == "python":
            stem = PYTHON_REFERENCE
        elif self.sources.paths:
            first = self.sources.paths[0]
            stem = first.name if first.is_dir() else first.stem
        else:
            return ""
        plain = "".join(letter if letter.isalnum() or letter in " .+-_" else "-" for letter in stem)
        return self._studio.workspace.free_name("collections", plain.strip(" .+-")[:70] or "documents")

    def _edited(self) -> None:
        problem = self._name_problem() if self.chosen_sources() else ""
        self.name_error.setText(problem)
        self.name_error.setVisible(bool(problem))
        set_property(self.name, "invalid", bool(problem))
        self._soon.start()
        self.changed.emit()

    def _example(self) -> str:
        """One document that shows how they are all cut."""
        if self.kind.value() == "python":
            return PYTHON_REFERENCE
        return str(self.example.value() or "")

    def _list_examples(self) -> None:
        """The first documents of what is chosen; those that are read in no time come first."""
        found = some_of(self.sources.paths, self._store.endings, _EXAMPLES) if self.kind.value() == "files" else []
        found.sort(key=lambda path: path.suffix.lower() in _SLOW)
        self.example.clear()
        for path in found:
            self.example.addItem(path.name, str(path))
            self.example.setItemData(self.example.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole)
        self.example.setVisible(len(found) > 1)
        self._tries = min(_TRIES, len(found))

    def _example_chosen(self) -> None:
        self._settle()
        self._preview()

    def _settle(self) -> None:
        """The document that is shown stays, whatever comes of it."""
        self._tries = 0

    def _try_next(self) -> None:
        """The first documents may be such as cannot be read; one that can shows how they are all cut."""
        self._tries -= 1
        if self._tries > 0:
            self.example.setCurrentIndex(self.example.currentIndex() + 1)
            self._preview()

    def _preview(self) -> None:
        if not self.isVisible():
            return
        path = self._example()
        if not path:
            self.preview.clear("A document appears here as it will be cut, before anything is indexed.")
        elif not self.embedding.here:
            self.preview.clear("Fetch the embedding model to see how documents are cut: it counts their tokens.")
        elif not self.options.problem():
            self.preview.open(path=path, options=self.options.values(), embedding=self.embedding.value())
