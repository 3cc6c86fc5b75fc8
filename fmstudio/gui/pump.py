"""The timer that carries events from the mailbox into the window; no Qt signal ever crosses a thread."""

from PySide6.QtCore import QObject, QTimer

from fmstudio.gui.job_board import JobBoard
from fmstudio.jobs import Mailbox

INTERVAL = 33  # milliseconds: thirty times a second, which is as often as an eye can use


class Pump(QObject):
    """Drains a mailbox into a board thirty times a second."""

    def __init__(self, mailbox: Mailbox, board: JobBoard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox, self._board = mailbox, board
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.drain)

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
