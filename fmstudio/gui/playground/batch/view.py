"""Batch: one prompt over the rows of a table, with the results kept row by row."""

from pathlib import Path
from typing import Any

from PySide6.QtGui import QShowEvent

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.batch.jobs import BatchJobs
from fmstudio.gui.playground.batch.list import BatchList
from fmstudio.gui.playground.batch.results import BatchResults
from fmstudio.gui.playground.batch.setup import ENDINGS, BatchSetup
from fmstudio.gui.playground.play_view import PlayView
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, splitter, stack, vbox
from fmstudio.gui.widgets.error_box import Banner, ErrorBox


class BatchView(PlayView):
    """`act_changed` tells that the primary action has other words, or another reason not to be done."""

    def __init__(self, studio: Studio, state: PlayState) -> None:
        super().__init__()
        self.setObjectName("batch-view")
        self._studio, self._state = studio, state
        self.jobs = BatchJobs(studio)
        self.list = BatchList(studio.theme, self.jobs)
        self.setup = BatchSetup(studio, state)
        self.results = BatchResults(studio, state, self.jobs)
        self.error = ErrorBox(studio.theme, "batch-view-error")
        self.news = Banner(studio.theme, "batch-news")
        self._to_open = ""
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.pages = stack("batch-pages", self.setup, self.results)
        beside = boxed(vbox(self.error, self.news, (self.pages, 1)))
        for widget, least in ((self.list, 168), (beside, 560)):
            widget.setMinimumWidth(least)
        self.splitter = splitter("batch-view-splitter", self.list, (beside, 1), sizes=(192, 860))
        self.setLayout(hbox(self.splitter))

    def _connect(self) -> None:
        self.list.opened.connect(self.open)
        self.setup.changed.connect(self.act_changed)
        self.jobs.began.connect(self._began)
        self.jobs.listed.connect(self._listed)
        self.jobs.changed.connect(self.act_changed)
        self.jobs.failed.connect(self._failed)
        self.jobs.deleted.connect(self._deleted)
        self.jobs.exported.connect(self._exported)
        for signal in (self._state.model_changed, self._state.models_changed, self._state.sampling_changed):
            signal.connect(self._state_changed)

    # What the panel asks.

    @property
    def _setting_up(self) -> bool:
        return self.pages.currentWidget() is self.setup

    @property
    def act_words(self) -> tuple[str, str]:
        """The primary action: begin, or go on with what is looked at."""
        return ("Run batch", "mdi6.play") if self._setting_up else ("New batch", "mdi6.plus")

    def refusal(self) -> str:
        """Why it cannot be done now, or ""."""
        if not self._setting_up:
            return ""
        if self.jobs.state is not None:
            return "A batch is running; wait for it or stop it."
        return self.setup.refusal() or self._state.refusal() or self._state.sampling_problem()

    def act(self) -> None:
        """Do it."""
        if self.refusal():
            return
        if not self._setting_up:
            self.begin()
            return
        self.error.clear()
        asked = self.setup.asked()
        self.jobs.run(
            Path(asked["source"]).name, model=self._state.model, settings=self._state.sampling(),
            backend=self._state.backend, **asked,
        )  # fmt: skip

    def stop(self) -> None:
        """Esc: give up a replay; else finish the running batch after this row."""
        if self.results.detail.busy:
            self.results.detail.stop()
        else:
            self.jobs.stop()

    def look(self, **what: Any) -> None:
        """`batch` opens one; `prompt` begins a new one with it; `path` takes a table."""
        if batch := what.get("batch"):
            self.open(batch)
        if prompt := what.get("prompt"):
            self.begin()
            self.setup.choose_prompt(prompt)
        if path := what.get("path"):
            self.dropped([Path(path)])

    # Files that are dropped.

    def dropped(self, paths: list[Path]) -> None:
        """Look at a table that was dropped; of several files, at the first that is one."""
        self.begin()
        tables = [path for path in paths if path.suffix.lower() in ENDINGS]
        self.setup.take((tables or paths)[0])

    # Which batch is looked at.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.jobs.refresh()

    def begin(self) -> None:
        """Set up a new batch."""
        self.pages.setCurrentWidget(self.setup)
        self.list.mark("")
        self.act_changed.emit()

    def open(self, id: str) -> None:
        """Look at a batch."""
        batch = self.jobs.batch(id)
        if batch and (self._setting_up or self.results.batch.get("id") != id):
            self.news.tell("")
            self.results.show_batch(batch)
            self.pages.setCurrentWidget(self.results)
        self.list.mark(id)
        self.act_changed.emit()

    def _began(self, id: str) -> None:
        self.error.clear()
        self._to_open = id

    def _listed(self) -> None:
        """The batch that was just begun is shown as soon as it is listed."""
        if self._to_open and self.jobs.batch(self._to_open):
            begun, self._to_open = self._to_open, ""
            self.open(begun)

    def _deleted(self, id: str) -> None:
        if self.results.batch.get("id") == id:
            self.begin()

    def _failed(self, reason: str, details: str) -> None:
        self.error.show_error(reason, details)
        self.act_changed.emit()

    def _exported(self, path: str) -> None:
        self.news.tell(f"Saved as {path}.")

    def _state_changed(self, *_: object) -> None:
        self.act_changed.emit()
