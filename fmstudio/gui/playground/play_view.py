"""What the playground asks of each of its views."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class PlayView(QWidget):
    """act_changed: what Ctrl+Enter does, or whether it can, is another thing now.

    inside_wanted(what): see a text from inside, as `look` of the view Inside takes it. index_wanted(text): a text too
    long to be a prompt should become a document to ask about. tools: small controls beside the names of the views.
    takes_files: whether files can be dropped here.
    """

    act_changed = Signal()
    inside_wanted = Signal(dict)
    index_wanted = Signal(str)
    tools: Sequence[QWidget] = ()
    takes_files = False

    @property
    def act_words(self) -> tuple[str, str]:
        """What Ctrl+Enter does now, and its icon."""
        raise NotImplementedError

    def refusal(self) -> str:
        """Why that cannot be done now, or ""."""
        raise NotImplementedError

    def act(self) -> None:
        """Do it; or stop, while it is being done."""
        raise NotImplementedError

    def stop(self) -> None:
        """End what is being done here."""
        raise NotImplementedError

    def look(self, **what: Any) -> None:
        """Show what another panel, or another view, wants to be seen here."""
        raise NotImplementedError

    def look_at(self, part: str) -> None:
        """Show a part of the view, where it has several."""

    def begin(self) -> None:
        """Turn to something new of what is worked on here."""

    def dropped(self, paths: list[Path]) -> None:
        """Take files that were dropped."""
