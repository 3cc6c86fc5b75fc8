"""The entries of the feedback log: filters and table at the left, the chosen one at the right."""

from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.feedback.detail import FeedbackDetail
from fmstudio.gui.feedback.filters import FeedbackFilters
from fmstudio.gui.feedback.rows import FeedbackRows
from fmstudio.gui.feedback.table import FeedbackTable
from fmstudio.gui.feedback.undo import UndoStrip
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, splitter, stack, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.jobs import DELETE
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import label
from fmstudio.jobs import Finished

_AGEING = 20_000  # milliseconds between two looks at how old the entries are


class FeedbackEntries(QWidget):
    """`counted` tells that the number of entries is known or has changed."""

    counted = Signal()

    def __init__(self, studio: Studio, filters: FeedbackFilters) -> None:
        super().__init__()
        self.setObjectName("feedback-entries")
        self.filters = filters
        self._deleting = JobFollower(self, studio, DELETE, "joins")
        self.rows = FeedbackRows(studio)
        self.table = FeedbackTable(studio.theme, self.rows)
        self.detail = FeedbackDetail(studio)
        self.undo = UndoStrip(studio)
        self.error = ErrorBox(studio.theme, "feedback-error")
        self.count = label("", "caption", "feedback-total")
        self.clock = QTimer(self, interval=_AGEING)
        self._nothing = EmptyState(
            studio.theme, "mdi6.filter-off-outline", "Nothing fits", "No entry fits the filters and the search.",
            "feedback-nothing",
        )  # fmt: skip
        self._nothing.add_button("Show all entries", "feedback-show-all", filters.clear)
        self._pages = stack("feedback-table-pages", self.table, self._nothing)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        left = boxed(vbox(self.error, self.undo, (self._pages, 1), self.count))
        self.detail.setMinimumWidth(340)
        self.setLayout(vbox(splitter("feedback-splitter", (left, 1), self.detail, sizes=(704, 344))))

    def _connect(self) -> None:
        self.filters.changed.connect(self.look)
        self.rows.counted.connect(self._counted)
        self.rows.failed.connect(self.error.show_error)
        self.table.opened.connect(self._open)
        self.table.deleted.connect(self.delete_chosen)
        self.detail.deleted.connect(self._delete_one)
        self._deleting.finished.connect(self._deleted)
        self._deleting.failed.connect(self.error.show_error)
        self.undo.failed.connect(self.error.show_error)
        self.undo.restored.connect(self._restored)
        self.clock.timeout.connect(self._tell_age)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_age()
        self.clock.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self.clock.stop()
        super().hideEvent(event)

    def _tell_age(self) -> None:
        """Table and detail say the same of when an entry was made."""
        self.detail.tell_age()
        self.table.viewport().update()

    def look(self) -> None:
        """Show what the filters choose."""
        self.rows.choose(self.filters.value(), self.filters.text)
        self.detail.show_entry(self.detail.entry, self.filters.text)

    def show_entry(self, id: str) -> None:
        """Show one entry, whatever the filters are."""
        self.table.choose(id)
        self.detail.show_entry(id, self.filters.text)

    def _open(self, id: str) -> None:
        self.detail.show_entry(id, self.filters.text)

    def _counted(self) -> None:
        total, everything = self.rows.total, self.rows.everything
        self._pages.setCurrentIndex(0 if total or not everything else 1)
        every = formatting.plural(total, "entry", "entries")
        self.count.setText(f"{total:,} of {everything:,} entries" if total != everything else every)
        if total and not self.detail.entry and not self.table.chosen:
            self.table.selectRow(0)
        self.counted.emit()

    # Deleting.

    def delete_chosen(self) -> None:
        """Delete the selected entries; the strip brings them back."""
        if self.table.everything_selected and self.rows.total > 1:
            self._delete(filters=self.rows.filters, text=self.rows.text)
        elif ids := self.table.selected_ids():
            self._delete(entries=ids)

    def _delete_one(self, id: str) -> None:
        self._delete(entries=[id])

    def _delete(self, **which: Any) -> None:
        self.error.clear()
        self._deleting.ask(**which)

    def _deleted(self, event: Finished) -> None:
        result = event.result
        if not result:
            return
        if self.detail.entry in result["entries"]:
            self.table.unchoose()
            self.detail.show_entry("")
        if result["bin"]:
            self.undo.offer(result["entries"], result["bin"])
        self.rows.refresh()

    def _restored(self, ids: list[str]) -> None:
        self.rows.refresh()
        self.show_entry(ids[0])
