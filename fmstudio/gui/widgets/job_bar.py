"""The bar that is always there at the bottom: what runs, how far it is, how long it takes, how to hold or end it."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.job_board import JobState
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.labels import ICON, ElidedLabel, icon_button, label

_HEIGHT = 44
_SHOWN = 2  # jobs side by side; the rest is a number and the list
_ROOM = 88  # letters' heights that a second job needs
_LINGER = 4000  # milliseconds that the last job's end stays in the bar
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


class JobBar(QFrame):
    """Follows the board. `list_wanted` asks for the list of all jobs of the session."""

    list_wanted = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("job-bar")
        self.setAccessibleName("Jobs")
        self.setFixedHeight(_HEIGHT)
        self.setMinimumWidth(400)  # two jobs side by side must not keep the window from being made narrow
        self._studio = studio
        self._strips = [JobStrip(studio, f"job-strip-{number + 1}") for number in range(_SHOWN)]
        self._idle = label("Nothing is running", "caption", "job-bar-idle")
        self._list = QPushButton("Jobs")
        self._list.setObjectName("job-bar-list")
        self._list.setProperty("role", "quiet")
        self._list.setIcon(studio.theme.icon("mdi6.format-list-bulleted", "secondary"))
        self._list.setIconSize(QSize(22, 18))
        self._list.setToolTip("All jobs of this session")
        self._list.clicked.connect(self.list_wanted)
        self._device = label("CPU", "caption", "job-bar-device")
        self._device.setToolTip("Where the engine computes. Change it in Settings.")
        self._last: JobState | None = None
        self._forget = QTimer(self, singleShot=True, interval=_LINGER)
        self._forget.timeout.connect(self._forget_last)
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self.refresh)
        self._lay_out()
        studio.jobs.added.connect(self.refresh)
        studio.jobs.changed.connect(self.refresh)
        studio.jobs.ended.connect(self._ended)
        self.refresh()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.setSpacing(16)
        layout.addWidget(self._idle)
        for strip in self._strips:
            layout.addWidget(strip, 1)
        self._stretch = QWidget()
        self._stretch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout.addWidget(self._stretch)
        layout.addWidget(self._list)
        layout.addWidget(self._device)

    def set_device(self, text: str) -> None:
        """What the engine computes on: "CPU · 2 threads"."""
        self._device.setText(text)

    def refresh(self) -> None:
        """Show the present state of the jobs."""
        active = self._studio.jobs.active()
        begun = [state for state in active if state.started is not None]
        room = _SHOWN if self.width() >= _ROOM * self._studio.theme.size("body") else 1
        shown = begun[:room] or active[:1] or ([self._last] if self._last else [])
        for strip, state in zip(self._strips, [*shown, *[None] * _SHOWN], strict=False):
            strip.show_job(state, compact=len(shown) > 1)
        self._idle.setVisible(not shown)
        self._stretch.setVisible(not shown)
        rest = [state for state in active if state not in shown]
        waiting = sum(state.started is None for state in rest)
        self._list.setText(f"{len(rest)} more" if len(rest) > waiting else f"{waiting} waiting" if waiting else "Jobs")
        self._list.setAccessibleName(f"List of jobs, {waiting} waiting")
        self._clock.start() if active else self._clock.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.refresh()

    def _ended(self, job: str) -> None:
        state = self._studio.jobs.get(job)
        if state and state.request.visible:
            self._last = state
            self._forget.stop()
            # A failure stays until the next job, so that nobody misses it.
            if state.status != "failed":
                self._forget.start()
            self.refresh()

    def _forget_last(self) -> None:
        self._last = None
        self.refresh()


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
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for each in (self.pause, self.stop, self.cancel):
            buttons.addWidget(each)
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
    """What a job says it is doing."""
    return state.progress.message if state.progress else ""
