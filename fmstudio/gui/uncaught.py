"""Exceptions that no part of the window has caught, such as those of a slot: they are kept, told, and never lost.

Qt calls a slot from its own loop, where an exception can go nowhere: Python hands it to `sys.excepthook`.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from fmstudio.log_file import keep_exception

_LEVELS = {QtMsgType.QtWarningMsg: logging.WARNING, QtMsgType.QtCriticalMsg: logging.ERROR}
_OFFSCREEN_CANNOT = "This plugin does not support"  # what a platform without a screen says of each window

log = logging.getLogger("qt")


class Uncaught(QObject):
    """While it is open it hears of every such exception, and of what Qt warns of.

    happened(reason, details): one line, and the traceback. Qt's warnings are kept in the log.
    """

    happened = Signal(str, str)

    def __init__(self, aloud: bool = True) -> None:
        """aloud: print what it hears as well, as Python and Qt do by themselves."""
        super().__init__()
        self._aloud = aloud
        self._before = sys.excepthook
        self._qt_before: Any = None
        self._telling = False

    def open(self) -> None:
        """Begin to listen."""
        self._before = sys.excepthook
        sys.excepthook = self._hear
        self._qt_before = qInstallMessageHandler(self._hear_qt)

    def close(self) -> None:
        """Listen no longer."""
        sys.excepthook = self._before
        qInstallMessageHandler(self._qt_before)

    def _hear_qt(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if kind in _LEVELS and not message.startswith(_OFFSCREEN_CANNOT):
            log.log(_LEVELS[kind], message)
            if self._aloud:
                print(message, file=sys.stderr)

    def _hear(self, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if self._aloud or not issubclass(kind, Exception):
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
