"""Exceptions that no part of the window has caught, such as those of a slot: they are kept, told, and never lost.

Qt calls a slot from its own loop, where an exception can go nowhere: Python hands it to `sys.excepthook`.
"""

import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from fmstudio.log_file import keep_exception


class Uncaught(QObject):
    """While it is open it hears of every such exception. happened(reason, details): one line, and the traceback."""

    happened = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._before = sys.excepthook
        self._telling = False

    def open(self) -> None:
        """Begin to listen."""
        self._before = sys.excepthook
        sys.excepthook = self._hear

    def close(self) -> None:
        """Listen no longer."""
        sys.excepthook = self._before

    def _hear(self, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        self._before(kind, error, where)
        # Only an Exception is a fault, and what goes wrong in telling of one is not told again.
        if not issubclass(kind, Exception) or self._telling:
            return
        self._telling = True
        try:
            keep_exception(kind, error, where)
            details = "".join(traceback.format_exception(kind, error, where))
            self.happened.emit(traceback.format_exception_only(error)[-1].strip(), details)
        finally:
            self._telling = False
