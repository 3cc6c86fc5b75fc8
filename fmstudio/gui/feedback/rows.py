"""The entries of the feedback log as a table model that fetches the pages that are looked at, and no others."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.feedback.jobs import TABLE
from fmstudio.gui.widgets.feedback.score import STARS
from fmstudio.gui.widgets.lists.table import Column, PagedRows

TITLES = {
    "created": ("When", 96),
    "kind": ("Kind", 56),
    "model": ("Model", 104),
    "prompt": ("Prompt", 0),
    "output": ("Output", 0),
    "score": ("Rating", 112),
    "tags": ("Tags", 64),
}

Row = Mapping[str, Any]


class FeedbackRows(PagedRows):
    """Entries by filter, text and order. A row that is not here yet is asked for when it is looked at."""

    def __init__(self, studio: Studio) -> None:
        columns = [
            Column(title, partial(shown, column=name), width, key=name) for name, (title, width) in TITLES.items()
        ]
        super().__init__(studio, TABLE, columns, kept=40)
        self.filters: dict[str, str] = {}
        self.text = ""
        self.everything = 0
        self._order = {"sort": "created", "descending": True}

    def choose(self, filters: Mapping[str, str], text: str = "") -> None:
        """Show the entries that these filters and words choose."""
        self.filters, self.text = dict(filters), text.strip()
        self._ask()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order = {"sort": self.columns[column].key, "descending": order == Qt.SortOrder.DescendingOrder}
        self._ask()

    def _ask(self) -> None:
        self.ask({"filters": self.filters, "text": self.text, **self._order}, empty=False)

    def row_of(self, id: str) -> int:
        """Where an entry is among those that are here, or -1."""
        return next((number for number, row in self.here() if row["id"] == id), -1)

    def tip(self, row: Row, column: Column) -> str:
        return ""

    def take(self, answer: Mapping[str, Any]) -> None:
        self.everything = answer["everything"]
        super().take(answer)


def shown(row: Row, column: str) -> str:
    """A cell's text; the rating in words, as a screen reader says it."""
    if column == "created":
        return formatting.when(row["created"])
    if column == "kind":
        return "picture" if row["kind"] == "image" else "text"
    if column == "tags":
        return ", ".join(row["tags"])
    if column == "score":
        thumbs = {1: "thumbs up", -1: "thumbs down"}.get(row["thumbs"], "")
        score = f"{row['score']} of {STARS}" if row["score"] else ""
        return ", ".join(part for part in (thumbs, score, "corrected" if row["corrected"] else "") if part)
    return str(row[column])
