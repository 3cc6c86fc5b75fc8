"""Finding a learning rate: a few short trainings side by side as curves, and the best of them to take over."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from fmstudio.gui.runs.jobs import FIND_RATE
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.plot.live_plot import LivePlot
from fmstudio.jobs import Event, Finished, Metrics, Note, Priority, Progress

_COLOURS = ("training", "validation", "generated", "real", "success", "error")
_ABOUT = (
    "Several short trainings begin alike and see the same batches; only their learning rates differ. The one that "
    "held-back data like best is proposed. Nothing is kept of them."
)


class RateDialog(QDialog):
    """Begins at once. Not modal: `open()` it, it deletes itself when closed, and what it asked for is given up.

    rate_chosen: the learning rate to take over.
    """

    rate_chosen = Signal(float)

    def __init__(self, studio: Studio, recipe: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rate-dialog")
        self.setWindowTitle("Find a learning rate")
        self.resize(680, 560)
        self._best: float | None = None
        self._trying = JobFollower(self, studio, FIND_RATE, title="Find a learning rate", priority=Priority.BACKGROUND)
        self.loss = LivePlot(studio.theme, "Loss")
        self.state = label("Getting ready…", "strong", "rate-state", wrap=True)
        self.found = label("", "secondary", "rate-found", wrap=True)
        self.error = ErrorBox(studio.theme, "rate-error")
        self.stop = button("Stop", "rate-stop", studio.theme, "mdi6.stop", clicked=self._trying.stop)
        self.close_button = button("Close", "rate-close", studio.theme, clicked=self.reject)
        self.take = button("Use it", "rate-take", studio.theme, "mdi6.check", "primary", self._take)
        self.take.setEnabled(False)
        self.setLayout(
            vbox(
                label("Which learning rate learns best?", "section"),
                label(_ABOUT, "secondary", "rate-about", wrap=True),
                (self.loss, 1),
                self.state,
                self.found,
                self.error,
                hbox(self.stop, ..., self.close_button, self.take),
                gap=10,
                margins=(24, 20, 24, 16),
            )
        )
        self._trying.heard.connect(self._hear)
        self._trying.finished.connect(self._end)
        self._trying.failed.connect(self._fail)
        self._trying.busy_changed.connect(self.stop.setEnabled)
        self.finished.connect(self._close)
        self._trying.ask(recipe=dict(recipe))

    def _hear(self, event: Event) -> None:
        match event:
            case Metrics():
                for name, value in event.values.items():
                    self._add(name.partition("/")[2], event.step, value)
            case Progress():
                done = f" · {event.done:,} of {event.total:,} steps" if event.total else ""
                self.state.setText(f"{event.message}{done}")
            case Note():
                self.found.setText(event.text)

    def _add(self, rate: str, step: int, loss: float) -> None:
        if rate not in self.loss.curves:
            self.loss.add_curve(rate, rate, _COLOURS[len(self.loss.curves) % len(_COLOURS)])
        self.loss.append(rate, step, loss)

    def _end(self, event: Finished) -> None:
        found = event.result or {}
        self._best = found.get("learning_rate")
        if self._best is None:
            self.state.setText("No rate can be proposed.")
            return
        scores = [f"{row['learning_rate']:g}: {_written(row['score'])}" for row in found["tried"]]
        self.state.setText(f"{self._best:g} is proposed. On held-back data: {', '.join(scores)}.")
        self.take.setText(f"Use {self._best:g}")
        self.take.setEnabled(True)

    def _fail(self, reason: str, details: str) -> None:
        self.state.setText("It could not be tried.")
        self.error.show_error(reason, details)

    def _take(self) -> None:
        assert self._best is not None
        self.rate_chosen.emit(self._best)
        self.accept()

    def _close(self) -> None:
        self._trying.forget()
        self.deleteLater()


def _written(score: float | None) -> str:
    return "burst" if score is None else f"{score:.3f}"
