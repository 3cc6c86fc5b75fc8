"""The collections as a column of cards: name, size, and how far the indexing is, with what holds and ends it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.job_board import JobState
from fmstudio.gui.playground.retrieval.store import CollectionsModel
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, scrolled_column, vbox
from fmstudio.gui.widgets.card import ClickableCard
from fmstudio.gui.widgets.labels import ElidedLabel, button, icon_button, set_property
from fmstudio.gui.widgets.menus import RULE, menu_of
from fmstudio.gui.widgets.tab_order import follow, stops

WIDTH = 232


class CollectionColumn(QWidget):
    """chosen(name): a card was clicked. wanted(act, name): its menu asks to refresh or remove it. new_wanted: add."""

    chosen = Signal(str)
    wanted = Signal(str, str)
    new_wanted = Signal()

    def __init__(self, studio: Studio, store: CollectionsModel) -> None:
        super().__init__()
        self.setObjectName("retrieval-collections")
        self.setAccessibleName("Collections of documents")
        self.setFixedWidth(WIDTH)
        self._studio, self._store = studio, store
        self.cards: dict[str, CollectionCard] = {}
        self._column, self._area = scrolled_column("retrieval-collections-scroll")
        self._column.addStretch(1)
        new = button("New collection…", "retrieval-new", studio.theme, "mdi6.plus", clicked=self.new_wanted.emit)
        self.setLayout(vbox(new, (self._area, 1)))
        store.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Follow the collections; cards that stay keep their places."""
        names = self._store.names
        for name in [name for name in self.cards if name not in names]:
            card = self.cards.pop(name)
            card.hide()
            card.deleteLater()
        for place, name in enumerate(names):
            card = self.cards.get(name) or self._make(name)
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
            card.show_collection(self._store.records.get(name, {}), self._store.job(name))
        cards = [self.cards[name] for name in names]
        follow(self._area, [stop for card in cards for stop in stops(card)])

    def choose(self, name: str) -> None:
        """Show one as chosen; none where there is no such card."""
        for each, card in self.cards.items():
            card.set_selected(each == name)

    def _make(self, name: str) -> "CollectionCard":
        card = self.cards[name] = CollectionCard(self._studio, name)
        card.clicked.connect(lambda: self.chosen.emit(name))
        card.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        card.customContextMenuRequested.connect(lambda place: self._offer(card, name, place))
        return card

    def _offer(self, card: QWidget, name: str, place: QPoint) -> None:
        refresh = ("Refresh", lambda: self.wanted.emit("refresh", name))
        remove = ("Remove…", lambda: self.wanted.emit("remove", name))
        menu_of([refresh, RULE, remove], self).popup(card.mapToGlobal(place))


class CollectionCard(ClickableCard):
    """One collection in three lines."""

    def __init__(self, studio: Studio, name: str) -> None:
        super().__init__(f"collection-{name}", name)
        self._studio, self._name, self._job = studio, name, ""
        self.body.setContentsMargins(12, 10, 8, 10)
        self.title = ElidedLabel(name, "strong", f"collection-{name}-title")
        self.title.setToolTip(name)
        self.facts = ElidedLabel("", "caption", f"collection-{name}-facts")
        self.state = ElidedLabel("", "caption", f"collection-{name}-state")
        self.bar = QProgressBar()
        self.bar.setObjectName(f"collection-{name}-bar")
        self.bar.setAccessibleName(f"Progress of {name}")
        self.bar.setTextVisible(False)
        self.pause = icon_button("mdi6.pause", "Pause", f"collection-{name}-pause", studio.theme, self._hold)
        self.stop = icon_button(
            "mdi6.stop", "Stop here and keep what there is", f"collection-{name}-stop", studio.theme, self._end
        )
        head = hbox((self.title, 1), gap=0)
        for each in (self.pause, self.stop):
            set_property(each, "role", "tiny")
            head.addWidget(each)
        self.body.addLayout(head)
        for part in (self.facts, self.state, self.bar):
            self.body.addWidget(part)

    def show_collection(self, record: Mapping[str, Any], state: JobState | None) -> None:
        """Show what is known of it and how its indexing gets on."""
        self._job = state.id if state else ""
        working = state is not None and state.active
        self.facts.setText(size_of(record) if record else "Not indexed yet")
        words, role = state_of(record, state)
        self.state.setText(words)
        set_property(self.state, "role", role)
        self.state.setToolTip(words)
        self.state.setVisible(bool(words))
        self.setAccessibleName(f"{self._name}, {self.facts.text()}, {words or 'ready'}")
        for control in (self.bar, self.pause, self.stop):
            control.setVisible(working)
        if state is not None and working:
            self._show_progress(state)

    def _show_progress(self, state: JobState) -> None:
        fraction = state.fraction
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * (fraction or 0)))
        paused = state.status == "paused"
        self.pause.setIcon(self._studio.theme.icon("mdi6.play" if paused else "mdi6.pause", "secondary"))
        self.pause.setToolTip("Resume" if paused else "Pause")
        self.pause.setAccessibleName(self.pause.toolTip())
        for each in (self.pause, self.stop):
            each.setEnabled(state.status in ("running", "paused"))

    def _hold(self) -> None:
        state = self._studio.jobs.get(self._job)
        if state:
            (self._studio.resume if state.status == "paused" else self._studio.pause)(self._job)

    def _end(self) -> None:
        self._studio.stop(self._job)


def size_of(record: Mapping[str, Any]) -> str:
    """How much a collection holds: 79 documents · 1,300 chunks."""
    documents, chunks = int(record["documents"]), int(record["chunks"])
    return f"{formatting.plural(documents, 'document')} · {formatting.plural(chunks, 'chunk')}"


def part_of(record: Mapping[str, Any]) -> str:
    """How much of a collection has its vectors: 412 of 1,300 chunks."""
    return f"{formatting.count(record['done'])} of {formatting.plural(int(record['total']), 'chunk')}"


def state_of(record: Mapping[str, Any], state: JobState | None) -> tuple[str, str]:
    """What is to be said of its state, and in which role of text; nothing where all is well."""
    if state is not None and state.active:
        return _doing(state), "caption"
    if state is not None and state.status == "failed":
        return "The indexing failed", "error"
    if record.get("problem"):
        return "Cannot be used", "error"
    if record.get("state") == "indexing":
        return "Indexed by another program", "caption"
    if record.get("state") == "incomplete":
        return f"Incomplete · {part_of(record)}", "warning"
    return "", "caption"


def _doing(state: JobState) -> str:
    if state.status != "running":
        return {"queued": "Waiting for its turn", "paused": "Paused", "stopping": "Stopping…"}[state.status]
    progress = state.progress
    if progress is None:
        return "Beginning…"
    if progress.unit == "chunks" and progress.total:
        return f"Indexing · {formatting.count(progress.done)} of {formatting.count(progress.total)} chunks"
    return progress.message or "Indexing"
