"""What can be done with a dataset, wherever it is offered: train on it, show its folder, delete it."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.shelf import DataShelf, items_of
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.labels import set_property
from fmstudio.workspace import WorkspaceError


class DataActions(QObject):
    """`failed` tells in a sentence why something could not be done."""

    failed = Signal(str)

    def __init__(self, studio: Studio, shelf: DataShelf, window: QWidget) -> None:
        super().__init__(window)
        self._studio, self._shelf, self._window = studio, shelf, window

    def offered(self, name: str) -> list[tuple[str, Callable[[], Any]]]:
        """What a right click offers for a dataset, as (text, what to do); an empty text is a rule."""
        return [
            ("Train on it", lambda: self.train(name)),
            ("Show its folder", lambda: self.show_folder(name)),
            ("Copy its name", lambda: QGuiApplication.clipboard().setText(name)),
            ("", lambda: None),
            ("Delete…", lambda: self.ask_delete(name)),
        ]

    def train(self, name: str) -> None:
        """Go to Train with this dataset chosen."""
        self._studio.navigate("train", dataset=name)

    def show_folder(self, name: str) -> None:
        """Open the dataset's folder in the system's file browser."""
        folder = self._studio.workspace.dataset_folder(name)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.failed.emit(f"No program here shows folders; the dataset is in {folder}.")

    def ask_delete(self, name: str) -> None:
        """Delete a dataset once a person has confirmed it, told what is lost."""
        box = QMessageBox(self._window)
        box.setObjectName("delete-dataset")
        box.setWindowTitle("Delete the dataset")
        box.setIcon(QMessageBox.Icon.Warning)
        box.setText(f"Delete “{name}”?")
        box.setInformativeText(self._what_is_lost(name))
        keep = box.addButton("Keep it", QMessageBox.ButtonRole.RejectRole)
        keep.setObjectName("delete-dataset-keep")
        delete = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        delete.setObjectName("delete-dataset-yes")
        set_property(delete, "role", "danger")
        delete.clicked.connect(lambda: self.delete(name))
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.finished.connect(box.deleteLater)
        box.open()

    def _what_is_lost(self, name: str) -> str:
        record = self._shelf.records[name]
        tokens = " and all tokens made from them" if record.kind == "text" else ""
        sentences = [
            f"Its {items_of(record)} ({formatting.size(record.bytes)}){tokens} are deleted from the workspace. The "
            "files it was made from stay where they are, and runs and models keep their history."
        ]
        if busy := self._shelf.making(name):
            sentences.insert(0, f"“{busy[0]}” is using it now and will fail.")
        return "\n\n".join(sentences)

    def delete(self, name: str) -> None:
        """Delete a dataset's files and its row."""
        try:
            self._studio.workspace.remove_dataset(name)
        except WorkspaceError as error:
            self.failed.emit(str(error))
        self._studio.announce("dataset", name)
