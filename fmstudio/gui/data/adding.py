"""The ways to add data: files, a folder, pictures drawn here, the sample set; and the import itself."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from fmstudio.gui.data.jobs import DRAW, IMPORT, SAMPLES
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.menus import menu_of
from fmstudio.jobs import JobRequest


class Adding(QObject):
    """chosen: the paths that a person picked. catalogue_wanted, drawing_wanted: they want to see what can be fetched,
    or to have pictures drawn.
    """

    chosen = Signal(list)
    catalogue_wanted = Signal()
    drawing_wanted = Signal()

    def __init__(self, studio: Studio, window: QWidget) -> None:
        super().__init__(window)
        self._studio, self._window = studio, window
        self.endings: list[str] = []

    def offer_ways(self) -> None:
        """Show the ways below the button that adds."""
        ways = [
            ("Files…", self.ask_files, "mdi6.file-plus-outline"),
            ("Folder…", self.ask_folder, "mdi6.folder-plus-outline"),
            ("Draw pictures…", self.drawing_wanted.emit, "mdi6.draw"),
            ("From the catalogue", self.catalogue_wanted.emit, "mdi6.bookshelf"),
        ]
        menu = menu_of([(text, act) for text, act, _ in ways], self._window)
        for action, (_, _, icon) in zip(menu.actions(), ways, strict=True):
            action.setIcon(self._studio.theme.icon(icon, "secondary"))
        anchor = self._window.window().findChild(QPushButton, "add-button") or self._window
        place = QPoint(anchor.width() - menu.sizeHint().width(), anchor.height() + 4)
        menu.popup(anchor.mapToGlobal(place))

    def ask_files(self) -> None:
        """Ask for files to add."""
        known = " ".join(f"*{ending}" for ending in self.endings)
        kinds = f"Texts, tables, pictures and videos ({known});;All files (*)" if known else "All files (*)"
        paths, _ = QFileDialog.getOpenFileNames(self._window, "Add files", str(Path.home()), kinds)
        if paths:
            self.chosen.emit([Path(path) for path in paths])

    def ask_folder(self) -> None:
        """Ask for a folder to add."""
        path = QFileDialog.getExistingDirectory(self._window, "Add a folder", str(Path.home()))
        if path:
            self.chosen.emit([Path(path)])

    def use_samples(self) -> None:
        """Add the sample set, which needs no network."""
        self._studio.submit(JobRequest("Add the sample set", SAMPLES))

    def begin(self, asked: dict[str, Any]) -> str:
        """Import what the sheet asks for; returns the job."""
        return self._submit(f"Add “{asked['name']}”", IMPORT, asked)

    def draw(self, asked: dict[str, Any]) -> str:
        """Draw what the drawing sheet asks for; returns the job."""
        return self._submit(f"Draw “{asked['name']}”", DRAW, asked)

    def _submit(self, title: str, target: str, asked: dict[str, Any]) -> str:
        return self._studio.submit(JobRequest(title, target, asked, subject=asked["name"]))
