"""A sample of a model where it stands: what it writes to a prompt, or draws."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from fmstudio.gui import formatting
from fmstudio.gui.models.shelf import Record
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, stack
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.pictures.tiles import PictureTiles
from fmstudio.gui.widgets.text.streamed_text import StreamedText
from fmstudio.jobs import Finished, JobRequest, Priority, Progress, Sample

WRITE = "fmstudio.adapt.generation:generate"
DRAW = "fmstudio.training.sampling:sample"
LANGUAGE = "language"
TOKENS, PICTURES = 120, 8
_HEIGHT = 168


class ModelSample(Card):
    """Takes no room until a sample is wanted. settings_wanted: a person wants to choose how it is drawn."""

    settings_wanted = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__("Sample", "model-sampling")
        theme = studio.theme
        self._record: Record = {}
        self._seed = 0
        self.prompt = QLineEdit()
        self.prompt.setObjectName("model-sampling-prompt")
        self.prompt.setAccessibleName("Prompt")
        self.prompt.setPlaceholderText("A question, or how a text begins; it may stay empty")
        self.prompt.returnPressed.connect(self.start)
        self.go = button("Sample", "model-sampling-go", theme, "mdi6.creation", clicked=self.start)
        self.halt = button("Stop", "model-sampling-stop", theme, "mdi6.stop", clicked=self.stop)
        self.more = button("More settings", "model-sampling-settings", theme, role="link")
        self.more.clicked.connect(self.settings_wanted)
        self.text = StreamedText(theme, "model-sampling-text", "What the model writes", parts=True)
        self.tiles = PictureTiles(theme, "model-sampling-pictures", "What the model draws")
        self.pace = label("", "caption", "model-sampling-pace")
        self.error = ErrorBox(theme, "model-sampling-error")
        self._shown = stack("model-sampling-shown", self.text, self.tiles)
        self._shown.setFixedHeight(_HEIGHT)
        self._job = JobFollower(self, studio)
        self._job.wrote.connect(lambda delta: self.text.append(delta.text))
        self._job.sampled.connect(self._take)
        self._job.progressed.connect(self._show_pace)
        self._job.failed.connect(self._failed)
        self._job.finished.connect(self._finished)
        self._job.busy_changed.connect(self._show_running)
        self.add_control(icon_button("mdi6.close", "Dismiss", "model-sampling-close", theme, self._dismiss))
        self.body.addLayout(hbox((self.prompt, 1), self.go, self.halt))
        self.body.addWidget(self._shown)
        self.body.addWidget(self.error)
        self.body.addLayout(hbox((self.pace, 1), self.more))
        self._show_running(False)
        self.hide()

    @property
    def _writes(self) -> bool:
        return bool(self._record.get("family", LANGUAGE) == LANGUAGE)

    def open(self, record: Record) -> None:
        """Sample from a model, once at once."""
        self._look_at(record)
        self.show()
        self.start()

    def look_at(self, record: Record) -> None:
        """Another model is looked at: what an earlier one gave is out of place."""
        if self._record.get("reference") != record.get("reference"):
            self._dismiss()

    def _look_at(self, record: Record) -> None:
        if self._record.get("reference") != record.get("reference"):
            self._seed = 0
        self._record = record
        self.prompt.setVisible(self._writes)
        self._shown.setCurrentIndex(int(not self._writes))

    def start(self) -> None:
        """Write, or draw; another seed each time."""
        self.error.clear()
        self.pace.setText("Waiting for its turn…")
        reference, prompt = str(self._record["reference"]), self.prompt.text()
        settings: dict[str, Any] = {"seed": self._seed}
        arguments: dict[str, Any] = {"model": reference, "settings": settings}
        if self._writes:
            settings["maximum_tokens"] = TOKENS
            arguments["prompt"] = prompt
            self.text.begin(f"{prompt}\n" if prompt else "")
        else:
            settings["count"] = PICTURES
        self._seed += 1
        target = WRITE if self._writes else DRAW
        title = f"Sample from “{self._record.get('title', reference)}”"
        self._job.request(JobRequest(title, target, arguments, Priority.INTERACTIVE))

    def stop(self) -> None:
        """End it and keep what is there."""
        self._job.stop()

    def _dismiss(self) -> None:
        self._job.forget()
        self._record = {}
        self.hide()

    def _take(self, sample: Sample) -> None:
        if sample.kind == "images" and isinstance(sample.data, np.ndarray):
            self.tiles.set_pictures(list(sample.data))

    def _show_pace(self, progress: Progress) -> None:
        if progress.total:
            done = f"{formatting.count(progress.done)} of {formatting.count(progress.total)} {progress.unit}"
            rate = formatting.rate(progress.rate, progress.rate_unit) if progress.rate else ""
            self.pace.setText(" · ".join(part for part in (progress.message, done, rate) if part))
        elif progress.message:
            self.pace.setText(f"{progress.message} …")

    def _failed(self, reason: str, details: str) -> None:
        self.text.finish("failed")
        self.pace.clear()
        self.error.show_error(reason, details)

    def _finished(self, event: Finished) -> None:
        self.text.finish("completed" if event.outcome == "completed" else "stopped")
        self.pace.setText(_told(event.result, self._seed - 1))

    def _show_running(self, running: bool) -> None:
        self.halt.setEnabled(running)
        self.go.setText("Sample" if self._seed == 0 else "Another")


def _told(result: Mapping[str, Any], seed: int) -> str:
    """How much was made, and with which seed it comes again."""
    if tokens := result.get("tokens"):
        return f"{formatting.count(tokens)} tokens · seed {seed}"
    count = result.get("count")
    return f"{formatting.count(count)} pictures · seed {seed}" if count else ""
