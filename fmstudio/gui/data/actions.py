"""What can be done with a dataset, wherever it is offered: train on it, show its folder, delete it."""

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.store import DatasetStore
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.files.kinds import TITLES
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.tidying import RENAME
from fmstudio.gui.widgets.menus import RULE, MenuEntry, confirm
from fmstudio.jobs import Finished
from fmstudio.workspace import WorkspaceError, deleting
from fmstudio.workspace.contents import contents_of
from fmstudio.workspace.dependants import dependants


class DataActions(QObject):
    """failed(sentence): why something could not be done. rename_wanted(name): the list lets it be changed in place.
    renamed(name, new). again_wanted(arguments): to change how a dataset was imported, and import its files anew.
    """

    failed = Signal(str)
    rename_wanted = Signal(str)
    renamed = Signal(str, str)
    again_wanted = Signal(object)

    def __init__(self, studio: Studio, store: DatasetStore, window: QWidget) -> None:
        super().__init__(window)
        self._studio, self._store, self._window = studio, store, window
        self._renaming = JobFollower(self, studio, RENAME, "joins")
        self._renaming.finished.connect(self._done_renaming)
        self._renaming.failed.connect(lambda reason, _details: self.failed.emit(reason))

    def offered(self, name: str) -> list[MenuEntry]:
        """What a right click offers for a dataset."""
        return [
            ("Train on it", lambda: self.train(name)),
            ("Show its folder", lambda: self.show_folder(name)),
            ("Copy its name", lambda: QGuiApplication.clipboard().setText(name)),
            *self._ways_to_import_again(name),
            RULE,
            ("Rename", lambda: self.rename_wanted.emit(name)),
            ("Delete…", lambda: self.ask_delete(name)),
        ]

    def _ways_to_import_again(self, name: str) -> list[MenuEntry]:
        """Where its record says how it was imported, and the sheet knows the kind."""
        asked = self._store.records[name].details.get("asked")
        if not asked or asked["kind"] not in dict(TITLES):
            return []
        return [("Import again…", lambda: self.again_wanted.emit({**asked, "name": name}))]

    def train(self, name: str) -> None:
        """Go to Train with this dataset chosen."""
        self._studio.navigate("train", dataset=name)

    def show_folder(self, name: str) -> None:
        """Open the dataset's folder in the system's file browser."""
        folder = self._studio.workspace.dataset_folder(name)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.failed.emit(f"No program here shows folders; the dataset is in {folder}.")

    def rename(self, name: str, new: str) -> None:
        """Call a dataset otherwise; all links to it hold."""
        if new.strip() and new.strip() != name:
            self._renaming.ask(f"Rename “{name}”", kind="dataset", name=name, new=new)

    def _done_renaming(self, event: Finished) -> None:
        if event.result:
            self.renamed.emit(str(event.result["name"]), str(event.result["new"]))

    def ask_delete(self, name: str) -> None:
        """Delete a dataset once a person has confirmed it, told what is lost."""
        confirm(
            self._window, "delete-dataset", "Delete the dataset", f"Delete “{name}”?", self._what_is_lost(name),
            "Delete", lambda: self.delete(name),
        )  # fmt: skip

    def _what_is_lost(self, name: str) -> str:
        record = self._store.records[name]
        tokens = " and all tokens made from them" if record.kind == "text" else ""
        sentences = [
            *dependants(self._studio.workspace, "dataset", name),
            f"Its {contents_of(record)} ({formatting.size(record.bytes)}){tokens} go to the bin, from where they can "
            "be brought back. The files it was made from stay where they are.",
        ]
        if busy := self._store.making(name):
            sentences.insert(0, f"“{busy[0]}” is using it now and will fail.")
        return "\n\n".join(sentences)

    def delete(self, name: str) -> None:
        """Move a dataset to the bin."""
        try:
            entry = deleting.delete(self._studio.workspace, "dataset", name)
        except WorkspaceError as error:
            self.failed.emit(str(error))
        else:
            if entry:
                self._studio.deleted.emit(entry.id, f"The dataset “{name}” is in the bin.")
        self._studio.announce("dataset", name)
