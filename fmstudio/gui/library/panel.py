"""Models: all that there are, where each comes from and where it went, and what can be done with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from fmstudio.gui.library.actions import ModelActions
from fmstudio.gui.library.detail import ModelDetail
from fmstudio.gui.library.list import LibraryList
from fmstudio.gui.library.shelf import LibraryShelf
from fmstudio.gui.models.export import ModelExport
from fmstudio.gui.models.files import is_model
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.models.picker import Elsewhere
from fmstudio.gui.panel import Panel, PrimaryAction, find_panels, opening
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, splitter, stack, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import label

NOTHING_MADE = "Nothing is trained here yet. What you train appears on top."


class ModelsPanel(Panel):
    """Left: the models, those made here on top. Right: the one that is looked at."""

    name = "models"
    title = "Models"
    summary = "All models: those trained here, those of your own, and those that can be fetched."
    icon = "mdi6.cube-outline"
    chapter = "pre-training"
    order = 25
    opens = {"model:found": {"model": "*"}, "linked model:found": {"model": "*"}}
    commands = (("Add a model of this disk", "mdi6.file-plus-outline", "elsewhere.ask_for_file"),)

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.shelf = LibraryShelf(studio)
        self.jobs = ModelJobs(studio, self.shelf)
        self.verbs = ModelActions(studio, self.shelf, self.jobs, self)
        self._ticked: list[str] = []
        self._wanted = ""
        self.list = LibraryList(studio, self.shelf, self._ticked, self.verbs.offered)
        self.elsewhere = Elsewhere(self.theme, self.jobs, self)
        self.made = label(NOTHING_MADE, "caption", "models-none-made", wrap=True)
        self.detail = ModelDetail(studio, self.shelf, self.jobs, self.verbs)
        self.export = ModelExport(studio)
        self.error = ErrorBox(self.theme, "models-error")
        self.empty = EmptyState(
            self.theme, "mdi6.cube-outline", "No models yet",
            "Train one, add one from this disk, or fetch one of the catalogue.", "models-empty",
        )  # fmt: skip
        self.empty.add_button("Train a model", "models-train", lambda: studio.navigate("train"), "mdi6.school-outline")
        self.act = self.primary_action = PrimaryAction("Try it", "mdi6.play", self, "try-model")
        self.act.refuse("Looking for models…")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.made.hide()
        left = boxed(vbox(self.made, (self.list, 1), self.elsewhere))
        left.setMaximumWidth(420)
        self._pages = stack("models-pages", QWidget(), self.detail, self.empty)
        right = boxed(vbox(self.error, self.export, (self._pages, 1), gap=12))
        self.setLayout(vbox(splitter("models-splitter", left, (right, 1), sizes=(300, 900))))

    def _connect(self) -> None:
        self.act.triggered.connect(self._primary)
        self.list.opened.connect(self.open)
        self.list.deleted.connect(self.verbs.ask_delete)
        self.list.renamed.connect(self.verbs.rename)
        self.list.checked.connect(self._tick)
        self.shelf.models_changed.connect(self._arrange)
        self.shelf.failed.connect(self.error.show_error)
        self.verbs.failed.connect(self.error.show_error)
        self.verbs.renamed.connect(self._renamed)
        self.verbs.rename_wanted.connect(self.list.rename)
        self.verbs.sample_wanted.connect(self._sample)
        self.verbs.merge_wanted.connect(self._merge)
        self.verbs.export_wanted.connect(lambda model: self.export.ask(model, self))
        self.detail.node_opened.connect(self._go)
        self.detail.merge.merged.connect(self._want)
        self.elsewhere.failed.connect(self.error.show_error)
        self.elsewhere.linked.connect(self._want)
        self.jobs.changed.connect(lambda _reference: self._judge())

    # Coming and going.

    def shown(self, **what: Any) -> None:
        """`model` is looked at, by its name."""
        self._wanted = str(what.get("model") or self._wanted)
        if self._wanted in self.shelf.references:
            self.open(self._wanted)
        self.shelf.refresh()  # one that has just been made is known then

    def open(self, reference: str) -> None:
        """Look at a model."""
        self._wanted = reference
        self.error.clear()
        self.list.mark(reference)
        self.detail.show_model(reference, self._ticked)
        self._judge()

    def _want(self, reference: str) -> None:
        self._wanted = reference
        self.shelf.refresh()

    def _renamed(self, name: str, new: str) -> None:
        if name in self._ticked:
            self._ticked[self._ticked.index(name)] = new
        if self._wanted == name:
            self._want(new)

    def _tick(self, reference: str, on: bool) -> None:
        """Lay a model beside the one that is looked at, or take it away."""
        if reference in self._ticked:
            self._ticked.remove(reference)
        if on:
            self._ticked.append(reference)
        self.list.refresh()
        self.detail.show_model(self._wanted, self._ticked)

    def _arrange(self) -> None:
        """Show what there is; the one that is looked at stays while it is there."""
        if not self.shelf.listed:
            return
        references = self.shelf.references
        self._ticked[:] = [each for each in self._ticked if each in references]
        self.made.setVisible(not self.shelf.own)
        self._pages.setCurrentIndex(1 if references else 2)
        wanted = self._wanted if self._wanted in references else next(iter(references), "")
        if wanted:
            self.open(wanted)

    # What can be done.

    def _judge(self) -> None:
        record = self.shelf.record(self._wanted)
        to_fetch = bool(record) and not record.get("here", True)
        self.act.setText("Fetch" if to_fetch else "Try it")
        if not record:
            self.act.refuse("Choose a model.")
        elif record.get("problem"):
            self.act.refuse("It cannot be used.")
        elif self.jobs.running(self._wanted):
            self.act.refuse("It is being fetched.")
        else:
            self.act.allow()

    def _primary(self) -> None:
        fetches = not self.shelf.record(self._wanted).get("here", True)
        (self.verbs.fetch if fetches else self.verbs.try_it)(self._wanted)

    def _sample(self, reference: str) -> None:
        self.open(reference)
        self.detail.sampling.open(self.shelf.record(reference))

    def _merge(self, reference: str) -> None:
        self.open(reference)
        self.detail.merge.ask(reference)

    def _go(self, kind: str, key: str, family: str) -> None:
        """Go to what a node of the chain names."""
        if kind in ("model", "linked model"):
            self.open(key)
        elif kind == "export":
            place = Path(key)
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(place if place.is_dir() else place.parent)))
        elif found := opening(find_panels(), kind, key, family):
            told: Mapping[str, Any] = {"model": key} if kind == "feedback" else found[1]
            self.studio.navigate(found[0].name, **told)

    def accepts(self, paths: list[Path]) -> bool:
        """Models, while it is looked at; else the playground takes them."""
        return self.isVisible() and all(is_model(path) for path in paths)

    def dropped(self, paths: list[Path]) -> None:
        self.error.clear()
        for path in paths:
            self.elsewhere.link(path)
