"""A question about a text that someone may be typing: asked when the hand rests, the newest only, and in sight only."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.latest_question import LatestQuestion

PATIENCE = 250
"""Milliseconds without another question before one is taken as meant."""


class TextQuestion(QObject):
    """answered(sample), progressed(progress), failed(reason, details), busy_changed(bool) as LatestQuestion has them.

    Asking the same again is no question. Another model is asked at once, and what the former was asked is given up.
    """

    answered = Signal(object)
    progressed = Signal(object)
    failed = Signal(str, str)
    busy_changed = Signal(bool)

    def __init__(self, studio: Studio, target: str, patience: int = PATIENCE) -> None:
        super().__init__()
        self._question = LatestQuestion(studio, target)
        self._question.answered.connect(self.answered)
        self._question.progressed.connect(self.progressed)
        self._question.failed.connect(self._failed)
        self._question.busy_changed.connect(self.busy_changed)
        self._wanted: dict[str, Any] = {}
        self._rest = QTimer(self, singleShot=True, interval=patience)
        self._rest.timeout.connect(self._ask)

    @property
    def asked(self) -> dict[str, Any]:
        """What the present or latest answer is about."""
        return self._question.asked

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._question.busy or self._rest.isActive()

    def ask(self, **arguments: Any) -> None:
        """Ask once the hand rests."""
        if _same(arguments, self._wanted):
            return
        first = arguments.get("model") != self._wanted.get("model")
        self._wanted = arguments
        if first or not self._rest.interval():
            self._rest.stop()
            self._question.ask_instead(**arguments)
        else:
            self._rest.start()

    def _ask(self) -> None:
        self._question.ask(**self._wanted)

    def forget(self) -> None:
        """Ask nothing any more; the same may be asked again."""
        self._wanted = {}
        self._rest.stop()
        self._question.forget()

    def stop(self) -> None:
        """Let the present question end with what it has."""
        self._rest.stop()
        self._question.stop()

    def _failed(self, reason: str, details: str) -> None:
        self._wanted = {}
        self.failed.emit(reason, details)


def _same(some: dict[str, Any], others: dict[str, Any]) -> bool:
    """Whether two questions are one; arrays among their arguments are compared by being the same object."""
    return some.keys() == others.keys() and all(_equal(some[key], others[key]) for key in some)


def _equal(one: Any, other: Any) -> bool:
    return one is other or (
        type(one) is type(other) and isinstance(one, (str, int, float, list, dict)) and one == other
    )
