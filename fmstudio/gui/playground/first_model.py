"""What the playground shows while there is no model: what it is for, and the ways to the first one."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.models.model_choice import STARTER, PlayState
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.job_strip import JobStrip

_STARTER_SIZE = 93_000_000


class FirstModel(QWidget):
    """add_wanted: a person has a model of their own."""

    add_wanted = Signal()

    def __init__(self, studio: Studio, state: PlayState, jobs: ModelJobs) -> None:
        super().__init__()
        self.setObjectName("first-model")
        self._studio, self._state, self._jobs = studio, state, jobs
        self._empty = EmptyState(
            studio.theme, "mdi6.message-text-outline", "No model yet",
            "Talk to a small chat model, work on prompts, ask your own documents, and see what happens inside. "
            "All of it stays on this machine.", "no-model",
        )  # fmt: skip
        self.fetch = self._empty.add_button("Fetch the starter model", "no-model-fetch", self._fetch, "mdi6.download")
        self._empty.add_button("Add a model…", "no-model-add", self.add_wanted.emit, "mdi6.file-plus-outline")
        self._empty.add_button("Train one", "no-model-train", self._train, "mdi6.school-outline")
        self.strip = JobStrip(studio, "no-model-strip")
        self.strip.setFixedWidth(420)
        self.strip.title.hide()  # the button above has said it
        self.strip.hide()
        self._empty.add_below(self.strip)
        self.error = ErrorBox(studio.theme, "no-model-error")
        self.setLayout(vbox(self.error, (self._empty, 1), gap=6))
        jobs.changed.connect(self._job_changed)
        state.models_changed.connect(self._show_size)
        self._show_size()

    def _show_size(self) -> None:
        size = self._state.record(STARTER).get("size") or _STARTER_SIZE
        self.fetch.setText(f"Fetch the starter model ({formatting.size(size)})")
        self.fetch.setAccessibleName(self.fetch.text())

    def _fetch(self) -> None:
        self.error.clear()
        self._jobs.fetch(STARTER)

    def _train(self) -> None:
        self._studio.navigate("train")

    def _job_changed(self, reference: str) -> None:
        if reference != STARTER:
            return
        job = self._jobs.running(STARTER)
        self.strip.show_job(job)
        self.fetch.setEnabled(job is None)
        reason, details = self._jobs.error(STARTER)
        if reason:
            self.error.show_error(reason, details)
