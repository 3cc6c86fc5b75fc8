"""One collection: what it is, how its indexing gets on, what was skipped, and the three ways to look at it."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.retrieval.ask import AskTab
from fmstudio.gui.playground.retrieval.cards import size_of
from fmstudio.gui.playground.retrieval.documents import DocumentsTab
from fmstudio.gui.playground.retrieval.jobs import DOCUMENTS, PYTHON_REFERENCE
from fmstudio.gui.playground.retrieval.quality import QualityTab
from fmstudio.gui.playground.retrieval.store import CollectionsModel, outcome
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, stack, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.files.skipped_files import SkippedFiles
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.labels import ElidedLabel, button, icon_button
from fmstudio.gui.widgets.segments import Segments

TABS = [("ask", "Ask"), ("documents", "Documents"), ("quality", "Quality")]
_ALL = 1_000_000


class CollectionView(QWidget):
    """`act_changed`: what can be done now is another thing. `removal_wanted` asks for the question before it."""

    act_changed = Signal()
    removal_wanted = Signal(str)

    def __init__(self, studio: Studio, state: PlayState, store: CollectionsModel) -> None:
        super().__init__()
        self.setObjectName("retrieval-collection")
        self._studio, self._store = studio, store
        self.name = ""
        theme = studio.theme
        self.heading = ElidedLabel("", "section", "retrieval-heading")
        self.facts = ElidedLabel("", "caption", "retrieval-facts")
        self.refresh_button = icon_button(
            "mdi6.refresh", "Refresh: index what is new or has changed, and finish what was left undone",
            "retrieval-refresh", theme, self._refresh,
        )  # fmt: skip
        self.remove_button = icon_button(
            "mdi6.delete-outline", "Remove this collection…", "retrieval-remove", theme,
            lambda: self.removal_wanted.emit(self.name),
        )  # fmt: skip
        self.strip = JobStrip(studio, "retrieval-strip")
        self.news = ElidedLabel("", "secondary", "retrieval-news")
        self.skipped_button = button("", "retrieval-skipped", theme, role="link", clicked=self._toggle_skipped)
        self.skipped = SkippedFiles(theme, "retrieval-skipped-files")
        self.error = ErrorBox(theme, "retrieval-collection-error")
        self.error.close_button.clicked.connect(self._dismiss)
        self.error.add_action("Index again", "retrieval-again", self._refresh)
        self.tabs = Segments(TABS, "retrieval-tabs", "What to do with the collection")
        self.ask = AskTab(studio, state, store)
        self.documents = DocumentsTab(studio, store)
        self.quality = QualityTab(studio)
        self._skips = JobFollower(self, studio, DOCUMENTS)
        self._skips.answered.connect(self._take_skipped)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        tools = boxed(hbox(self.tabs, self.refresh_button, self.remove_button))
        head = vbox(flow(self.heading, tools, spread=True), self.facts, gap=2)
        news = hbox(self.news, self.skipped_button, ..., gap=12)
        self._news_row = boxed(news)
        self.pages = stack("retrieval-pages", self.ask, self.documents, self.quality)
        self.setLayout(vbox(head, self.strip, self._news_row, self.skipped, self.error, (self.pages, 1), gap=10))

    def _connect(self) -> None:
        self.tabs.changed.connect(self.look_at)
        self.ask.document_wanted.connect(self._open_document)
        for part in (self.ask, self.quality):
            part.act_changed.connect(self.act_changed)
        self._store.changed.connect(self._show)
        self._store.ended.connect(self._ended)

    # What is shown.

    @property
    def tab(self) -> str:
        """The tab that is looked at."""
        return str(self.tabs.value())

    def look_at(self, tab: str) -> None:
        """Ask, documents or quality."""
        self.tabs.set_value(tab)
        self.pages.setCurrentIndex([value for value, _ in TABS].index(tab))
        self._fill()
        self.act_changed.emit()

    def open(self, name: str) -> None:
        """Show a collection."""
        if name != self.name:
            self.name = name
            self._skips.forget()
            self.skipped.hide()
        self._show()
        self._fill()

    @property
    def _page(self) -> AskTab | DocumentsTab | QualityTab:
        pages: dict[str, AskTab | DocumentsTab | QualityTab] = {
            "ask": self.ask, "documents": self.documents, "quality": self.quality,
        }  # fmt: skip
        return pages[self.tab]

    @property
    def _askable(self) -> str:
        """The collection, once there is something of it to be asked; "" while it is read for the first time."""
        return self.name if self.name in self._store.records else ""

    def _fill(self) -> None:
        """Only the tab that is looked at asks for anything, and only of what is there to be asked."""
        self._page.show_collection(self._askable)

    def _fill_if_another(self) -> None:
        """The tab that is looked at is not left with another collection than the one in the heading."""
        if self.isVisible() and self._page.collection != self._askable:
            self._fill()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fill_if_another()

    def _show(self) -> None:
        record, state = self._store.records.get(self.name, {}), self._store.job(self.name)
        self.heading.setText(self.name)
        self.heading.setToolTip(self.name)
        self.facts.setText(self._facts(record))
        self.facts.setToolTip("\n".join(record.get("sources", ())[:20]))
        job = state if state is not None and state.active else None
        working = job is not None
        self.strip.show_job(job)
        self.strip.title.setText(job.progress.message if job and job.progress else "Waiting for its turn…")
        self.refresh_button.setEnabled(bool(record) and not working)
        self.remove_button.setEnabled(bool(record) and not working)
        self.news.setText(outcome(state) if state else "")
        self.news.setVisible(bool(self.news.text()))
        skipped = int(record.get("skipped", 0))
        self.skipped_button.setText(f"{formatting.plural(skipped, 'file')} skipped")
        self.skipped_button.setVisible(skipped > 0)
        self._news_row.setVisible(bool(self.news.text()) or skipped > 0)
        self._show_error(record, state)
        self._fill_if_another()
        self.act_changed.emit()

    def _show_error(self, record: Mapping[str, Any], state: Any) -> None:
        if state is not None and state.status == "failed":
            self.error.show_error(state.reason, state.details)
        elif record.get("problem") and not (state and state.active):
            self.error.show_error(record["problem"])
        else:
            self.error.clear()

    def _facts(self, record: Mapping[str, Any]) -> str:
        if not record:
            return "Being read for the first time"
        sources = list(record["sources"])
        origin = "Python's reference" if sources == [PYTHON_REFERENCE] else formatting.plural(len(sources), "source")
        return " · ".join(
            (size_of(record), formatting.size(record["bytes"]), PurePath(record["embedding"]).name, origin)
        )

    # What a person does.

    def _refresh(self) -> None:
        if self.name in self._store.records and self._store.working(self.name) is None:
            self._store.refresh(self.name)

    def _dismiss(self) -> None:
        self._store.dismiss(self.name)

    def _open_document(self, source: str, chunk: object) -> None:
        self.look_at("documents")
        self.documents.open(source, chunk)

    def _toggle_skipped(self) -> None:
        if self.skipped.isVisible():
            self.skipped.hide()
            return
        state = self._store.job(self.name)
        if state and state.result.get("skipped"):
            self.skipped.show_files(state.result["skipped"])
        else:
            self._skips.ask(collection=self.name, start=0, count=_ALL, search="")

    def _take_skipped(self, page: Mapping[str, Any]) -> None:
        self.skipped.show_files([row for row in page["rows"] if row["reason"]])

    def _ended(self, job: str) -> None:
        state = self._studio.jobs.get(job)
        if state and state.request.subject == self.name and self.isVisible():
            self._fill()
