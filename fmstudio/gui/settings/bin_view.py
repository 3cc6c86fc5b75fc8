"""The bin: what was deleted, how much room it takes, to bring back or to delete for good."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.things import KINDS
from fmstudio.gui.widgets.boxes import boxed, hbox, stack, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.tidying import EMPTY, LISTING, RESTORE
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.menus import RULE, MenuEntry, confirm
from fmstudio.jobs import Finished

_ICON = "mdi6.delete-outline"


class BinView(QWidget):
    """Reads the bin whenever it is shown and whenever something in the workspace changes meanwhile."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("bin-view")
        self._studio, theme = studio, studio.theme
        self.entries: dict[str, Mapping[str, Any]] = {}
        self._listing = JobFollower(self, studio, LISTING, "waits")
        self._restoring = JobFollower(self, studio, RESTORE, "joins")
        self._emptying = JobFollower(self, studio, EMPTY, "joins", title="Delete for good")
        self.error = ErrorBox(theme, "bin-error")
        self._another = self.error.add_action("Use another name", "bin-another-name", self._restore_as_another)
        self.use = label("", "secondary", "bin-use")
        self.list = EntryList(theme, "bin-list", "What was deleted", more=True, follows=True, offered=self._offered)
        self.back = button(
            "Bring back", "bin-restore", theme, "mdi6.undo", clicked=lambda: self.restore(self.list.chosen)
        )
        self.gone = button("Delete for good…", "bin-delete", theme, clicked=lambda: self._ask_delete(self.list.chosen))
        self.all = button("Empty the bin…", "bin-empty", theme, _ICON, clicked=self._ask_empty)
        self._nothing = EmptyState(
            theme, _ICON, "The bin is empty",
            "Datasets, runs, models, conversations and whatever else you delete wait here until you empty it.",
            "bin-nothing",
        )  # fmt: skip
        self._lay_out()
        self._connect()
        self._judge()

    def _lay_out(self) -> None:
        work = boxed(vbox((self.list, 1), hbox(self.back, self.gone, ..., self.use, self.all), gap=12))
        self._pages = stack("bin-pages", QWidget(), self._nothing, work)
        self.setLayout(vbox(self.error, (self._pages, 1)))

    def _connect(self) -> None:
        self._listing.answered.connect(self._take)
        self._restoring.finished.connect(self._restored)
        self._emptying.finished.connect(lambda _event: self.look())
        for each in (self._listing, self._emptying):
            each.failed.connect(self._failed)
        self._restoring.failed.connect(self._refused)
        self.list.opened.connect(lambda _key: self._judge())
        self.list.deleted.connect(self._ask_delete)
        self._studio.workspace_changed.connect(self._workspace_changed)

    # What there is.

    def look(self) -> None:
        """Read the bin anew."""
        self._listing.ask()

    def _workspace_changed(self, _kind: str, _name: str) -> None:
        if self.isVisible():
            self.look()

    def _take(self, told: Mapping[str, Any]) -> None:
        self.entries = {str(each["id"]): each for each in told["entries"]}
        self.list.show_entries([entry_of(each) for each in told["entries"]])
        count = formatting.plural(len(self.entries), "thing")
        self.use.setText(f"{count}, {formatting.size(told['bytes'])} on the disk")
        self._pages.setCurrentIndex(2 if self.entries else 1)
        if self.entries and not self.list.chosen:
            self.list.mark(next(iter(self.entries)))
        self._judge()

    def _judge(self) -> None:
        for each in (self.back, self.gone):
            each.setEnabled(self.list.chosen in self.entries)

    # What can be done.

    def _offered(self, key: str) -> list[MenuEntry]:
        if not key:
            return []
        return [
            ("Bring back", lambda: self.restore(key)),
            RULE,
            ("Delete for good…", lambda: self._ask_delete(key)),
        ]

    def restore(self, key: str) -> None:
        """Bring something back to where it was."""
        self.error.clear()
        self._restoring.ask(entry=key)

    def _restore_as_another(self) -> None:
        asked = self._restoring.asked
        self.error.clear()
        self._restoring.ask(entry=asked["entry"], another=True)

    def _restored(self, event: Finished) -> None:
        self.look()

    def _failed(self, reason: str, details: str) -> None:
        self._another.hide()
        self.error.show_error(reason, details)

    def _refused(self, reason: str, details: str) -> None:
        self._another.setVisible("another" not in self._restoring.asked)
        self.error.show_error(reason, details)

    def _ask_delete(self, key: str) -> None:
        if not (entry := self.entries.get(key)):
            return
        confirm(
            self, "bin-delete-question", "Delete for good", f"Delete {called(entry)} for good?",
            f"{formatting.size(entry['bytes'])} are freed. This cannot be undone.", "Delete for good",
            lambda: self._emptying.ask(entries=[key]),
        )  # fmt: skip

    def _ask_empty(self) -> None:
        confirm(
            self, "bin-empty-question", "Empty the bin", "Delete everything in the bin for good?",
            f"{self.use.text()}. This cannot be undone.", "Empty the bin", lambda: self._emptying.ask(),
        )  # fmt: skip


def called(entry: Mapping[str, Any]) -> str:
    """Something of the bin in words: the dataset “plays”."""
    if entry["kind"] == "feedback":
        return f"{entry['title']} of the feedback log"
    return f"the {entry['kind']} “{entry['title']}”"


def entry_of(entry: Mapping[str, Any]) -> Entry:
    """Something of the bin as the list shows it."""
    kind = KINDS.get(entry["kind"])
    what = kind.noun.capitalize() if kind else str(entry["kind"]).capitalize()
    detail = f"{what} · deleted {formatting.when(entry['deleted'])}"
    return Entry(
        str(entry["id"]),
        (Line(str(entry["title"]), "strong", "text", formatting.size(entry["bytes"])), Line(detail)),
        f"{entry['title']}, {detail}",
        str(entry["place"] or "The feedback log"),
        (kind.icon if kind else _ICON, "secondary"),
    )
