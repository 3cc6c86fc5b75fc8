"""The tokenizers that the workspace keeps: what each was learnt from and who uses it, and what it makes of a text."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import TOKENIZERS
from fmstudio.gui.data.text.trial import TokenizerTrial
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, splitter, stack, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.tidying import DELETE, NEEDED, RENAME
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import ElidedLabel, button, label, scroll_area
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.menus import RULE, MenuEntry, confirm
from fmstudio.jobs import Finished

_EXAMPLE = "The lighthouse keeper's naïve cat paid 3.14 € for 12 fish: “Übung macht den Meister.” 東京, Москва!"
_REFRESH = 100  # milliseconds in which several changes are asked about once
_NAMED = 3
Row = Mapping[str, Any]


class KeptTokenizers(KeyedView):
    """Left: the tokenizers. Right: the chosen one, and a text to try it on."""

    leaves = True

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("kept-tokenizers")
        self._studio, theme = studio, studio.theme
        self.rows: dict[str, Row] = {}
        self._wanted = ""
        self.list = EntryList(
            theme, "tokenizers-list", "Tokenizers of this workspace", follows=True, offered=self._offered
        )
        self.error = ErrorBox(theme, "tokenizers-error")
        self.title = ElidedLabel("", "section", "tokenizer-title")
        self.facts = label("", "secondary", "tokenizer-facts", wrap=True)
        self.uses = label("", "secondary", "tokenizer-uses", wrap=True)
        self.rename = button("Rename", "tokenizer-rename", theme, "mdi6.pencil-outline", clicked=self._rename_shown)
        self.delete = button("Delete…", "tokenizer-delete", theme, "mdi6.trash-can-outline", clicked=self._delete_shown)
        self.trial = TokenizerTrial(studio, "kept")
        self.trial.text.setPlainText(_EXAMPLE)
        self.empty = EmptyState(
            theme, "mdi6.format-letter-matches", "No tokenizer is kept yet",
            "In Tokens of a text dataset, “Train tokenizer” learns a vocabulary and keeps it, so that several models "
            "can share it.", "tokenizers-empty",
        )  # fmt: skip
        self._lay_out()
        self._listing = JobFollower(self, studio, TOKENIZERS, "waits")
        self._needed = JobFollower(self, studio, NEEDED)
        self._deleting = JobFollower(self, studio, DELETE, "joins")
        self._renaming = JobFollower(self, studio, RENAME, "joins")
        self._soon = QTimer(self, singleShot=True, interval=_REFRESH)
        self._connect()

    def _lay_out(self) -> None:
        head = Card("", "tokenizer-head")
        head.body.addLayout(flow(self.title, boxed(hbox(self.rename, self.delete)), spread=True))
        head.body.addLayout(vbox(self.facts, self.uses, gap=2))
        self.list.setMinimumWidth(200)
        self.list.setMaximumWidth(320)
        right = scroll_area(boxed(vbox(head, (self.trial, 1), gap=12)), "tokenizer-scroll")
        texts = vbox(
            label("Tokenizers", "section", "tokenizers-title"),
            label("Vocabularies kept in this workspace, for several models to share.", "secondary", wrap=True),
            gap=2,
        )
        close = button("Close", "tokenizers-close", self._studio.theme, clicked=self.closed.emit)
        both = splitter("tokenizers-splitter", self.list, (right, 1), sizes=(240, 600))
        self._pages = stack("tokenizers-pages", QWidget(), both, self.empty)
        self.setLayout(vbox(hbox((texts, 1), close, gap=12), self.error, (self._pages, 1), gap=12))

    def _connect(self) -> None:
        self._soon.timeout.connect(self._listing.ask)
        self._listing.answered.connect(self._take)
        self._needed.answered.connect(self._ask_delete)
        self._deleting.finished.connect(self._deleted)
        self._renaming.finished.connect(self._renamed)
        for each in (self._listing, self._needed, self._deleting, self._renaming):
            each.failed.connect(self.error.show_error)
        self.list.opened.connect(self.show_tokenizer)
        self.list.deleted.connect(self.ask_delete)
        self.list.renamed.connect(self._rename)
        self.trial.changed.connect(self._try)
        self._studio.workspace_changed.connect(self._workspace_changed)

    # What is shown.

    def begin(self, name: str = "") -> None:
        """Show the tokenizers there are; name: the one to look at."""
        self._wanted = name or self._wanted
        self.error.clear()
        self._listing.ask()

    def show_tokenizer(self, name: str) -> None:
        """Look at one."""
        self._wanted, row = name, self.rows[name]
        self.list.mark(name)
        self.title.setText(name)
        self.facts.setText(facts_of(row))
        self.uses.setText(uses_of(row))
        self._try()

    def _try(self) -> None:
        if row := self.rows.get(self._wanted):
            self.trial.ask({"kind": "file", "file": self._wanted}, str(row["problem"]))

    def _take(self, rows: Sequence[Row]) -> None:
        self.rows = {str(row["name"]): row for row in rows}
        self.list.show_entries([entry_of(row) for row in rows])
        self._pages.setCurrentIndex(1 if rows else 2)
        if self.rows:
            self.show_tokenizer(self._wanted if self._wanted in self.rows else next(iter(self.rows)))

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind in ("tokenizer", "run", "model") and self.isVisible():
            self._soon.start()

    # What can be done.

    def _offered(self, name: str) -> list[MenuEntry]:
        if name not in self.rows:
            return []
        return [("Rename", lambda: self.list.rename(name)), RULE, ("Delete…", lambda: self.ask_delete(name))]

    def _rename_shown(self) -> None:
        self.list.rename(self._wanted)

    def _delete_shown(self) -> None:
        self.ask_delete(self._wanted)

    def _rename(self, name: str, new: str) -> None:
        if new.strip() and new.strip() != name:
            self._renaming.ask(f"Rename “{name}”", kind="tokenizer", name=name, new=new)

    def _renamed(self, event: Finished) -> None:
        if event.result:
            if self._wanted == event.result["name"]:
                self._wanted = str(event.result["new"])
            self._studio.renamed.emit("tokenizer", str(event.result["name"]), str(event.result["new"]))
            self._listing.ask()

    def ask_delete(self, name: str) -> None:
        """Move one to the bin once a person has confirmed it, told what would miss it."""
        self._needed.ask(kind="tokenizer", name=name)

    def _ask_delete(self, told: Mapping[str, Any]) -> None:
        name = str(told["name"])
        sentences = [*told["sentences"], "It goes to the bin and can be brought back. Models that were trained with "
                     "it have a copy of their own."]  # fmt: skip
        confirm(
            self, "delete-tokenizer", "Delete the tokenizer", f"Delete “{name}”?", "\n\n".join(sentences), "Delete",
            lambda: self._deleting.ask(kind="tokenizer", name=name),
        )  # fmt: skip

    def _deleted(self, event: Finished) -> None:
        if event.result.get("bin"):
            self._studio.deleted.emit(event.result["bin"], f"The tokenizer “{event.result['name']}” is in the bin.")
        self._listing.ask()


def entry_of(row: Row) -> Entry:
    """A tokenizer as the list shows it."""
    name, when = str(row["name"]), formatting.when(str(row["created"]))
    size = "Cannot be used" if row["problem"] else f"{formatting.count(row['vocabulary_size'])} tokens"
    used = f" · {formatting.plural(len(row['runs']), 'run')}" if row["runs"] else ""
    line = Line(size + used, token="error" if row["problem"] else "secondary")
    return Entry(name, (Line(name, "strong", "text", when), line), f"{name}, {size}{used}", facts_of(row), name=name)


def facts_of(row: Row) -> str:
    """How large it is and what it was learnt from, in one line."""
    if row["problem"]:
        return str(row["problem"])
    learnt = f"learnt from {_some(row['datasets'])}" if row["datasets"] else "brought from elsewhere"
    count = f"{formatting.count(row['vocabulary_size'])} tokens"
    return f"{count} · {learnt} · {formatting.size(row['bytes'])} · {formatting.when(str(row['created']))}"


def uses_of(row: Row) -> str:
    """Who uses it, in a sentence."""
    if not row["runs"]:
        return "No run has used it yet. In Train, choose “From a file” as tokenizer and write its name."
    made = f", which made {_some(row['models'])}" if row["models"] else ""
    return f"Used by the {'run' if len(row['runs']) == 1 else 'runs'} {_some(row['runs'])}{made}."


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {more:,} more" if more > 0 else shown
