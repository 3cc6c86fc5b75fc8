"""Before an import: what is added, under which name, and how files become documents."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.data_keys import KeyedView
from fmstudio.gui.widgets.data_sources import SourceList
from fmstudio.gui.widgets.field_row import FieldRow
from fmstudio.gui.widgets.fields import TextField
from fmstudio.gui.widgets.labels import button, label, scroll_area, set_property
from fmstudio.recipe import Setting
from fmstudio.workspace import Workspace, WorkspaceError

_WORDS = {
    "automatic": "Automatic",
    "file": "Each file is one document",
    "paragraphs": "Cut near a length",
    "separator": "Cut at a separator line",
}
_TITLES = {
    "documents": "What is one document",
    "length": "Length of a document",
    "separator": "Separator line",
    "column": "Column of tables",
    "encoding": "Encoding of text files",
    "licence": "Licence",
    "title": "Full title",
    "description": "Description",
}
_UNITS = {"length": "characters"}
_PLACEHOLDERS = {
    "column": "Found by name and length",
    "encoding": "Found for each file",
    "licence": "Such as CC-BY-4.0",
    "title": "What it is called in full",
    "description": "One sentence",
}


class ImportSheet(KeyedView):
    """`changed` tells that what would be imported is another thing now."""

    leaves = True
    changed = Signal()
    more_files = Signal()
    more_folders = Signal()

    def __init__(self, theme: Theme, workspace: Workspace) -> None:
        super().__init__()
        self.setObjectName("import-sheet")
        self._theme, self._workspace = theme, workspace
        self._tables: tuple[str, ...] = ()
        self._name_is_mine = False
        self.rows: dict[str, FieldRow] = {}
        self.name = TextField("import-name", "Name of the dataset")
        self.name.edited.connect(self._named)
        self.name_error = label("", "error", "import-name-error", wrap=True)
        self.sources = SourceList(theme)
        self.sources.changed.connect(self._sources_changed)
        self._options = QGridLayout()
        self._lay_out()

    def _lay_out(self) -> None:
        what = Card("What to add", "import-what")
        what.body.addWidget(label("Name", "body"))
        what.body.addWidget(self.name)
        what.body.addWidget(self.name_error)
        what.body.addSpacing(8)
        what.body.addWidget(label("Files and folders", "body"))
        what.body.addWidget(self.sources)
        row = QHBoxLayout()
        row.setSpacing(8)
        for text, name, signal, icon in (
            ("Add files…", "import-more-files", self.more_files, "mdi6.file-plus-outline"),
            ("Add a folder…", "import-more-folders", self.more_folders, "mdi6.folder-plus-outline"),
        ):
            row.addWidget(button(text, name, self._theme, icon, "quiet", signal.emit))
        row.addStretch(1)
        what.body.addLayout(row)
        self._how = Card("How it becomes documents", "import-how")
        self._options.setHorizontalSpacing(16)
        self._options.setVerticalSpacing(12)
        self._options.setColumnStretch(0, 1)
        self._options.setColumnStretch(1, 1)
        self._how.body.addLayout(self._options)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(what)
        column.addWidget(self._how)
        column.addStretch(1)
        head = QHBoxLayout()
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(label("New dataset", "section", "import-title"))
        texts.addWidget(
            label("The text of these files is copied into the workspace; they stay as they are.", "secondary")
        )
        head.addLayout(texts, 1)
        head.addWidget(button("Cancel", "import-cancel", self._theme, clicked=self.closed.emit))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(head)
        layout.addWidget(scroll_area(content, "import-scroll"), 1)

    def set_settings(self, settings: Sequence[Setting], tables: Iterable[str]) -> None:
        """How files can become documents, as the data stage tells it, and which endings are tables."""
        if self.rows:
            return
        self._tables = tuple(tables)
        for number, setting in enumerate(settings):
            key = setting.path.removeprefix("options.")
            row = FieldRow(_in_words(setting, key), self._theme)
            if setting.kind == "choice":
                for index in range(row.editor.count()):
                    value = row.editor.itemData(index)
                    row.editor.setItemText(index, _WORDS.get(value, str(value)))
            elif key in _PLACEHOLDERS:
                row.editor.setPlaceholderText(_PLACEHOLDERS[key])
            row.edited.connect(self._edited)
            self.rows[key] = row
            self._options.addWidget(row, number // 2, number % 2, Qt.AlignmentFlag.AlignTop)
        self._edited()

    # What would be imported.

    def begin(self, paths: Sequence[Path]) -> None:
        """Start anew with these files and folders."""
        self._name_is_mine = False
        for row in self.rows.values():
            row.set_value(row.setting.default)
        self.sources.set_paths(paths)
        self.name.setFocus()
        self.name.selectAll()

    def add(self, paths: Sequence[Path]) -> None:
        """Add files and folders to what is there already."""
        self.sources.set_paths([*self.sources.paths, *paths])

    def request(self) -> dict[str, Any]:
        """The arguments of the import."""
        options = {key: row.value() for key, row in self.rows.items() if row.modified and not row.isHidden()}
        return {
            "sources": [str(path) for path in self.sources.paths],
            "name": self.name.value().strip(),
            "options": options,
        }

    def restore(self, arguments: Mapping[str, Any]) -> None:
        """Show what an import was asked for, to change it and try again."""
        self.begin([Path(source) for source in arguments["sources"]])
        self.name.set_value(arguments["name"])
        self._name_is_mine = True
        for key, value in arguments["options"].items():
            self.rows[key].set_value(value)
        self._edited()

    def refusal(self) -> str:
        """Why nothing can be imported as it stands, or ""."""
        if not self.sources.paths:
            return "Choose files or a folder first."
        if not self.rows:
            return "Getting ready…"
        if self._name_problem():
            return "Choose another name."
        wrong = [row for row in self.rows.values() if not row.isHidden() and row.problem()]
        return wrong[0].problem() if wrong else ""

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

    def _sources_changed(self) -> None:
        if not self._name_is_mine and self.sources.paths:
            self.name.set_value(self._suggested(self.sources.paths[0]))
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
        if self.rows:
            how = self.rows["documents"].value()
            self.rows["length"].setEnabled(how in ("automatic", "paragraphs"))
            self.rows["separator"].setEnabled(how == "separator")
            self.rows["column"].setEnabled(self._may_hold_tables())
        self.changed.emit()

    def _may_hold_tables(self) -> bool:
        return any(path.is_dir() or path.suffix.lower() in self._tables for path in self.sources.paths)


def _in_words(setting: Setting, key: str) -> Setting:
    return dataclasses.replace(setting, title=_TITLES.get(key, setting.title), unit=_UNITS.get(key, setting.unit))
