"""The log of the window: warnings, and what went wrong unforeseen, in a file that never grows large."""

import logging
import sys
import threading
from pathlib import Path
from types import TracebackType

_LARGEST, _OLDER = 1_000_000, 2
_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"

log = logging.getLogger("fmstudio")


class LogFile(logging.Handler):
    """While it is open, warnings of all loggers and of Python's `warnings` go to the file, as does what a thread of
    its own died of. Where the file cannot be written the program goes on without it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter(_LINE))
        self._path = path
        self._file: logging.Handler | None = None
        self._before = threading.excepthook

    def open(self) -> None:
        """Begin to keep what is told."""
        logging.getLogger().addHandler(self)
        logging.captureWarnings(True)
        self._before = threading.excepthook
        threading.excepthook = self._thread_died

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:  # at the first line: most sessions have nothing to tell
            self._file = self._begin()
        self._file.emit(record)

    def _begin(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            begun: logging.Handler = RotatingFileHandler(
                self._path, maxBytes=_LARGEST, backupCount=_OLDER, encoding="utf-8"
            )
        except OSError as error:
            print(f"The log {self._path} cannot be written ({error.strerror}).", file=sys.stderr)
            begun = logging.NullHandler()
        begun.setFormatter(self.formatter)
        return begun

    def _thread_died(self, what: threading.ExceptHookArgs) -> None:
        keep_exception(what.exc_type, what.exc_value, what.exc_traceback)
        self._before(what)

    def close(self) -> None:
        """End; what comes later goes where it went before."""
        logging.getLogger().removeHandler(self)
        logging.captureWarnings(False)
        threading.excepthook = self._before
        if self._file is not None:
            self._file.close()
        super().close()


def keep_exception(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    """Put an exception that nobody has caught in the log."""
    log.error("Nobody caught this.", exc_info=(kind, error or kind(), traceback))
