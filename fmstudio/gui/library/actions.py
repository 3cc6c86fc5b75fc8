"""What can be done with a model, wherever it is offered: try it, train on, export, rename, delete."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.library.shelf import LibraryShelf
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.models.shelf import Record
from fmstudio.gui.panel import find_panels, opening
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.tidying import NEEDED
from fmstudio.gui.widgets.menus import RULE, MenuEntry, confirm
from fmstudio.jobs import Finished

DELETE = "fmstudio.adapt.models:delete"
RENAME = "fmstudio.adapt.models:rename"
LANGUAGE = "language"


class ModelActions(QObject):
    """failed(reason, details): something could not be done. renamed(name, new). Boxes open over `window`.

    rename_wanted, export_wanted, merge_wanted and sample_wanted(reference): the panel's own parts do these.
    """

    failed = Signal(str, str)
    renamed = Signal(str, str)
    rename_wanted = Signal(str)
    export_wanted = Signal(str)
    merge_wanted = Signal(str)
    sample_wanted = Signal(str)

    def __init__(self, studio: Studio, shelf: LibraryShelf, jobs: ModelJobs, window: QWidget) -> None:
        super().__init__(window)
        self._studio, self._shelf, self._jobs, self._window = studio, shelf, jobs, window
        self._needed = JobFollower(self, studio, NEEDED)
        self._deleting = JobFollower(self, studio, DELETE, "joins")
        self._renaming = JobFollower(self, studio, RENAME, "joins")
        self._needed.answered.connect(self._ask_delete)
        self._deleting.finished.connect(self._deleted)
        self._renaming.finished.connect(self._done_renaming)
        for each in (self._needed, self._deleting, self._renaming):
            each.failed.connect(self.failed)

    # What there is to do.

    def offered(self, reference: str) -> list[MenuEntry]:
        """What a right click offers for a model."""
        record = self._shelf.record(reference)
        if not record:
            return []
        if not record.get("here", True):
            return [("Fetch", lambda: self.fetch(reference))]
        own, whole = record["source"] == "workspace", not record.get("problem")
        adapts = bool(record.get("adapter_of"))  # only what it belongs to can be trained on
        entries: list[MenuEntry] = [("Try it", lambda: self.try_it(reference), whole)]
        entries.append(("Sample", lambda: self.sample_wanted.emit(reference), whole))
        if own and not adapts:
            entries.append(("Train on from it", lambda: self._studio.navigate("train", init=reference), whole))
        if own:
            again = bool(self._run_of(reference))
            entries.append(("New run with its settings", lambda: self.duplicate(reference), again))
        if can_be_exported(record):
            entries.append(("Export…", lambda: self.export_wanted.emit(reference), whole))
        if adapts:
            entries.append(("Merge into a model…", lambda: self.merge_wanted.emit(reference), whole))
        entries += [RULE, ("Show in its folder", lambda: self.show_folder(reference))]
        entries.append(("Copy its name", lambda: QGuiApplication.clipboard().setText(reference)))
        if own:
            entries += [RULE, ("Rename", lambda: self.rename_wanted.emit(reference))]
            entries.append(("Delete…", lambda: self.ask_delete(reference)))
        elif record["source"] == "linked":
            entries += [RULE, ("Rename", lambda: self.rename_wanted.emit(reference))]
            entries.append(("Forget", lambda: self._jobs.forget(reference)))
        return entries

    def settings_of_samples(self, reference: str) -> None:
        """Go where one chooses how a sample is drawn."""
        own = self._shelf.record(reference).get("source") == "workspace"
        self._studio.navigate("train" if own else "playground", model=reference)

    def try_it(self, reference: str) -> None:
        """Go where models of its family are asked: a language model is talked to, another drawn with."""
        family = str(self._shelf.record(reference).get("family", LANGUAGE))
        found = None if family == LANGUAGE else opening(find_panels(), "model", reference, family)
        if found is None:
            self._studio.navigate("playground", model=reference)
        else:
            self._studio.navigate(found[0].name, **found[1])

    def duplicate(self, reference: str) -> None:
        """Set up a new run with the settings of the one that made it."""
        if run := self._run_of(reference):
            self._studio.navigate("train", settings=run)

    def _run_of(self, reference: str) -> str:
        runs = {run.id for run in self._studio.workspace.runs()}
        made_by = next((each.run for each in self._studio.workspace.models() if each.name == reference), "")
        return made_by if made_by in runs else ""

    def fetch(self, reference: str) -> None:
        """Bring a model of the catalogue to this machine."""
        self._jobs.fetch(reference)

    def show_folder(self, reference: str) -> None:
        """Open the folder in which it is in the system's file browser."""
        place = self.place_of(self._shelf.record(reference))
        folder = place if place.is_dir() else place.parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.failed.emit(f"No program here shows folders; the model is in {folder}.", "")

    def place_of(self, record: Record) -> Path:
        """Where its file or folder is."""
        return Path(str(record.get("path") or self._studio.workspace.model_folder(str(record.get("reference", "")))))

    # Renaming and deleting.

    def rename(self, reference: str, new: str) -> None:
        """Call it otherwise; all links to it hold."""
        if new.strip() and new.strip() != reference:
            self._renaming.ask(f"Rename “{reference}”", model=reference, new=new)

    def _done_renaming(self, event: Finished) -> None:
        if not event.result:
            return
        name, new = str(event.result["model"]), str(event.result["new"])
        self._studio.renamed.emit("model", name, new)
        self.renamed.emit(name, new)

    def ask_delete(self, reference: str) -> None:
        """Move it to the bin once a person has confirmed it, told what would miss it."""
        source = self._shelf.record(reference).get("source")
        if source == "workspace":
            self._needed.ask(kind="model", name=reference)
        elif source == "linked":
            self._jobs.forget(reference)

    def _ask_delete(self, told: Mapping[str, Any]) -> None:
        name = str(told["name"])
        size = formatting.size(self._shelf.record(name).get("size"))
        sentences = [
            *told["sentences"],
            f"It goes to the bin ({size}) and can be brought back. The run that made it stays.",
        ]
        confirm(
            self._window, "delete-model", "Delete the model", f"Delete “{name}”?", "\n\n".join(sentences), "Delete",
            lambda: self._deleting.ask(model=name),
        )  # fmt: skip

    def _deleted(self, event: Finished) -> None:
        if event.result.get("bin"):
            self._studio.deleted.emit(event.result["bin"], f"The model “{event.result['model']}” is in the bin.")


def can_be_exported(record: Record) -> bool:
    """Whether a model is one that other programs could open in another form: a language model in a folder, here."""
    folder = record.get("source") == "workspace" or record.get("format") == "folder"
    return bool(folder and record.get("here", True) and record.get("family", LANGUAGE) == LANGUAGE)
