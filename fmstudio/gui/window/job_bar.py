"""The bar that is always there at the bottom: what runs, how far it is, how long it takes, how to hold or end it."""

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QWidget

from fmstudio.gui.job_board import JobState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.labels import label

_HEIGHT = 44
_SHOWN = 2  # jobs side by side; the rest is a number and the list
_ROOM = 88  # letters' heights that a second job needs
_LINGER = 4000  # milliseconds that the last job's end stays in the bar


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
        self._stretch = QWidget()
        self._stretch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setLayout(
            hbox(
                self._idle,
                *((strip, 1) for strip in self._strips),
                self._stretch,
                self._list,
                self._device,
                gap=16,
                margins=(16, 0, 16, 0),
            )
        )

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
