"""One job in one line: dot, title, bar, fraction, rate, time left, buttons."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.job_board import JobState
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.labels import ICON, ElidedLabel, icon_button, label

TOKENS = {
    "queued": "secondary",
    "running": "accent",
    "paused": "warning",
    "stopping": "warning",
    "completed": "success",
    "stopped": "secondary",
    "cancelled": "secondary",
    "failed": "error",
}
WORDS = {
    "queued": "Waiting",
    "running": "Running",
    "paused": "Paused",
    "stopping": "Stopping…",
    "completed": "Done",
    "stopped": "Stopped",
    "cancelled": "Cancelled",
    "failed": "Failed",
}


class JobStrip(QWidget):
    """One job in one line: dot, title, bar, fraction, rate, time left, buttons. Its parts keep their places."""

    def __init__(self, studio: Studio, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._studio = studio
        self._state: JobState | None = None
        self._compact = False
        theme = studio.theme
        self.dot = StatusDot(theme)
        self.title = ElidedLabel("", "body", f"{name}-title")
        self.title.setMinimumWidth(80)
        self.bar = QProgressBar()
        self.bar.setObjectName(f"{name}-progress")
        self.bar.setAccessibleName("Progress")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setMinimumWidth(60)
        self.bar.setMaximumWidth(220)
        self.fraction = label("", "body", f"{name}-fraction")
        self.rate = label("", "caption", f"{name}-rate")
        self.left = label("", "caption", f"{name}-left")
        for each in (self.fraction, self.rate, self.left):
            each.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.pause = icon_button("mdi6.pause", "Pause", f"{name}-pause", theme, self._pause_or_resume)
        self.stop = icon_button("mdi6.stop", "Stop here and keep what there is", f"{name}-stop", theme, self._stop)
        self.cancel = icon_button("mdi6.close", "Cancel and keep nothing", f"{name}-cancel", theme, self._cancel)
        self._lay_out()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.dot)
        layout.addWidget(self.title, 3)
        layout.addWidget(self.bar, 2)
        for each in (self.fraction, self.rate, self.left):
            layout.addWidget(each)
        buttons = hbox(self.pause, self.stop, self.cancel, gap=0)
        layout.addLayout(buttons)

    def show_job(self, state: JobState | None, compact: bool = False) -> None:
        """Show a job, or nothing; `compact` where it shares the bar."""
        self._state, self._compact = state, compact
        self.setVisible(state is not None)
        if state is None:
            return
        self.dot.set_status(state.status)
        self.title.setText(headline(state))
        self.title.setToolTip(headline(state))
        self._show_numbers(state)
        self._show_buttons(state)

    def _show_numbers(self, state: JobState) -> None:
        self._keep_places(state)
        fraction = state.fraction
        known = fraction is not None
        self.bar.setVisible(state.active)
        busy = state.status == "running" and not known
        self.bar.setRange(0, 0 if busy else 1000)
        if not busy:
            self.bar.setValue(round((fraction or 0) * 1000))
        self.fraction.setText(formatting.percent(fraction) if known and state.active else "")
        running = state.status == "running"
        self.rate.setText(formatting.rate(*state.rate) if running and state.rate else "")
        left = state.meter.seconds_left
        if running and left is not None:
            self.left.setText(formatting.clock(left) + ("" if self._compact else " left"))
            self.left.setToolTip("Time left")
        else:
            self.left.setText(WORDS[state.status] if not running else "")

    def _keep_places(self, state: JobState) -> None:
        """Room for the longest numbers, so that nothing moves while they change; none for what is not known at all."""
        endless = state.progress is not None and state.progress.total is None
        left = "88:88:88" if self._compact else "88:88:88 left"
        for each, sample in ((self.fraction, "100 %"), (self.rate, "88,888 tok/s"), (self.left, left)):
            each.setMinimumWidth(each.fontMetrics().horizontalAdvance(sample) + 2)
        self.fraction.setVisible(not endless)
        self.left.setVisible(not endless or state.status != "running")

    def _show_buttons(self, state: JobState) -> None:
        paused = state.status == "paused"
        self.pause.setIcon(self._studio.theme.icon("mdi6.play" if paused else "mdi6.pause", "secondary"))
        self.pause.setToolTip("Resume" if paused else "Pause")
        self.pause.setAccessibleName("Resume" if paused else "Pause")
        self.pause.setEnabled(state.status in ("running", "paused"))
        self.stop.setEnabled(state.status in ("running", "paused"))
        for each in (self.pause, self.stop, self.cancel):
            each.setVisible(state.active)

    def _pause_or_resume(self) -> None:
        if self._state:
            act = self._studio.resume if self._state.status == "paused" else self._studio.pause
            act(self._state.id)

    def _stop(self) -> None:
        if self._state:
            self._studio.stop(self._state.id)

    def _cancel(self) -> None:
        if self._state:
            self._studio.cancel(self._state.id)


class StatusDot(QWidget):
    """A small disc in the colour of a job's state; a ring where it does not move, so colour is not the only sign."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._status = "queued"
        self.setFixedSize(ICON.width() - 6, ICON.height())

    def set_status(self, status: str) -> None:
        """Show a state."""
        self._status = status
        self.setToolTip(WORDS[status])
        self.setAccessibleName(WORDS[status])
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self._theme.color(TOKENS[self._status])
        disc = self.rect().toRectF().center()
        if self._status in ("queued", "paused", "cancelled"):
            pen = painter.pen()
            pen.setColor(color)
            pen.setWidthF(1.6)
            painter.setPen(pen)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
        painter.drawEllipse(disc, 4.0, 4.0)


def headline(state: JobState) -> str:
    """What the bar says of a job: its title, and what it is doing or why it failed."""
    if state.status == "failed":
        return f"{state.title}: {state.reason}"
    doing = message(state)
    return f"{state.title} · {doing}" if doing and state.active else state.title


def message(state: JobState) -> str:
    """What a job says it is doing, or else what it waits for."""
    return (state.progress.message if state.progress else "") or state.waiting
