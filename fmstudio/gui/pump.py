"""The timer that carries events from the mailbox into the window; no Qt signal ever crosses a thread."""

from PySide6.QtCore import QObject, QTimer

from fmstudio.gui.job_board import JobBoard
from fmstudio.jobs import Mailbox, Priority

INTERVAL = 33
"""Milliseconds between two looks while somebody waits for an answer: as often as an eye can use it."""

CALM = 100
"""… and while nobody does: each look is taken from the training that goes on meanwhile."""


class Pump(QObject):
    """Drains a mailbox into a board, thirty times a second while an interactive job is active."""

    def __init__(self, mailbox: Mailbox, board: JobBoard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox, self._board = mailbox, board
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.drain)
        board.added.connect(self._keep_pace)
        board.ended.connect(self._keep_pace)

    @property
    def interval(self) -> int:
        """Milliseconds between two looks into the mailbox now."""
        return self._timer.interval()

    def start(self) -> None:
        """Begin draining."""
        self._timer.start()

    def stop(self) -> None:
        """Drain once more and end."""
        self._timer.stop()
        self.drain()

    def drain(self) -> None:
        """Deliver what has come since the last time."""
        if letters := self._mailbox.drain():
            self._board.deliver(letters)

    def _keep_pace(self, _job: str) -> None:
        """Look often while somebody waits for something."""
        states = self._board.all(visible=False)
        waited_for = any(state.active and state.request.priority == Priority.INTERACTIVE for state in states)
        pace = INTERVAL if waited_for else CALM
        if pace != self._timer.interval():
            self._timer.setInterval(pace)
