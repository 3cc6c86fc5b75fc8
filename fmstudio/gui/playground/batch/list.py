"""The batches of a workspace, the newest first: open one, go on with it, delete it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.batch.jobs import BatchJobs
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.error_box import UndoBanner
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.menus import MenuEntry

Batch = Mapping[str, Any]


def title_of(batch: Batch) -> str:
    """A batch by the name of its table."""
    return str(batch.get("title") or batch["id"])


def facts_of(batch: Batch) -> tuple[str, str]:
    """What was asked, and how far it is."""
    if batch.get("problem"):
        return str(batch["problem"]), ""
    done = f"{formatting.count(batch['rows'])} of {formatting.count(batch['total'])} rows"
    state = {"running": "Running", "complete": "Complete", "incomplete": "Not finished"}[batch["state"]]
    told = f"{state} · {formatting.plural(batch['total'], 'row') if batch['state'] == 'complete' else done}"
    return f"{batch['prompt']} · {formatting.when(batch['created'])}", told


def entry_of(batch: Batch) -> Entry:
    """A batch as the list shows it."""
    first, second = facts_of(batch)
    lines = (
        Line(title_of(batch), "strong", "text"),
        Line(first, token="error" if batch.get("problem") else "secondary"),
        Line(second, token="warning" if batch.get("state") == "incomplete" else "secondary"),
    )
    told = "\n".join((title_of(batch), first, second))
    return Entry(str(batch["id"]), lines, told, told)


class BatchList(QWidget):
    """opened(id): a batch to look at."""

    opened = Signal(str)

    def __init__(self, theme: Theme, jobs: BatchJobs) -> None:
        super().__init__()
        self.setObjectName("batch-library")
        self._jobs = jobs
        self._current = ""
        self.list = EntryList(theme, "batch-list", "Batches", lines=3, bare=True, offered=self.offered)
        self.list.opened.connect(self.opened)
        self.list.deleted.connect(self._delete)
        self.none = label("Batches that you run are kept here.", "secondary", "batch-none", wrap=True)
        self.undo = UndoBanner(theme, "batch-undo")
        self.undo.restore_wanted.connect(jobs.restore)
        self.setLayout(vbox(label("Batches", "section", "batch-list-title"), self.none, (self.list, 1), self.undo))
        jobs.listed.connect(self._listed)
        jobs.moved.connect(self._show)
        jobs.deleted.connect(self._was_deleted)

    def mark(self, id: str) -> None:
        """Show which batch is looked at; none marks none."""
        self._current = id
        self.list.mark(id)

    def offered(self, id: str) -> list[MenuEntry]:
        """What can be done with a batch."""
        batch = self._jobs.batch(id)
        if not batch:
            return []
        state = batch.get("state")
        entries: list[MenuEntry] = [("Open", lambda: self.opened.emit(id))]
        if state == "incomplete":
            entries.append(("Resume", lambda: self._jobs.resume(id), self._jobs.state is None))
        return [*entries, ("Delete", lambda: self._jobs.delete(id), state != "running")]

    def _delete(self, id: str) -> None:
        if self._jobs.batch(id).get("state") != "running":
            self._jobs.delete(id)

    def _listed(self) -> None:
        self.none.setVisible(not self._jobs.batches)
        self._show()
        self.list.mark(self._current)

    def _show(self) -> None:
        self.list.show_entries([entry_of(batch) for batch in self._jobs.batches])

    def _was_deleted(self, id: str) -> None:
        self.undo.offer(id, "Batch deleted.")
