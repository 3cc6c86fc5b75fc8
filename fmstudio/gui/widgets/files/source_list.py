"""The files and folders of an import as a short list: each can be taken out again."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import ElidedLabel, IconLabel, icon_button, label

_SHOWN = 6


class SourceList(QWidget):
    """`changed` tells that another set of paths is chosen. More than a few are summed up in one line."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("import-sources")
        self.setAccessibleName("Files and folders to add")
        self._theme = theme
        self.paths: list[Path] = []
        self._rows: list[QWidget] = []
        self._layout = vbox(gap=4)
        self.setLayout(self._layout)

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Show these paths, each once."""
        self.paths = list(dict.fromkeys(paths))
        for row in self._rows:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._row(number, path) for number, path in enumerate(self.paths[:_SHOWN], 1)]
        if rest := self.paths[_SHOWN:]:
            more = formatting.plural(len(rest), "more file")
            self._rows.append(label(f"and {more}", "caption", "import-sources-more"))
        for row in self._rows:
            self._layout.addWidget(row)
        self.changed.emit()

    def _remove(self, path: Path) -> None:
        self.set_paths([each for each in self.paths if each != path])

    def _row(self, number: int, path: Path) -> QFrame:
        folder = path.is_dir()
        row = QFrame()
        row.setProperty("role", "row")
        row.setFixedHeight(36)
        icon = "mdi6.folder-outline" if folder else "mdi6.file-document-outline"
        glyph = IconLabel(self._theme, icon, "secondary")
        name = ElidedLabel(path.name or str(path), "body", f"import-source-{number}")
        place = ElidedLabel(str(path.parent), "caption", f"import-source-{number}-place")
        name.setToolTip(str(path))
        place.setToolTip(str(path))
        facts = label(_weight(path), "caption", f"import-source-{number}-size")
        remove = icon_button("mdi6.close", f"Leave out {path.name}", f"import-source-{number}-remove", self._theme,
                             lambda: self._remove(path))  # fmt: skip
        row.setLayout(
            hbox(
                glyph,
                (name, 2),
                (place, 3),
                (facts, 0, Qt.AlignmentFlag.AlignRight),
                remove,
                gap=12,
                margins=(8, 0, 4, 0),
            )
        )
        return row


def _weight(path: Path) -> str:
    try:
        return "folder" if path.is_dir() else formatting.size(path.stat().st_size)
    except OSError:
        return "cannot be read"
