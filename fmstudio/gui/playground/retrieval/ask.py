"""Ask a collection: what is found as one types, what the model is given, its answer, and what it says without."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.figures import figures_of, pace_of
from fmstudio.gui.playground.prompt_tab import PromptTab
from fmstudio.gui.playground.retrieval.answer import AnswerText
from fmstudio.gui.playground.retrieval.controls import QuestionControls
from fmstudio.gui.playground.retrieval.found import FoundTable, finding_figures
from fmstudio.gui.playground.retrieval.jobs import ASK, DOCUMENT, SEARCH
from fmstudio.gui.playground.retrieval.passage import PassageView
from fmstudio.gui.playground.retrieval.store import CollectionsModel
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, splitter, stack, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.bar import FeedbackBar
from fmstudio.gui.widgets.feedback.jobs import logging_on
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import ElidedLabel, button, label, set_property
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.switch import Switch
from fmstudio.jobs import Finished, Progress, Sample, TextDelta

_VIEWS = [("answer", "Answer"), ("prompt", "Exact prompt"), ("passage", "Passage")]

_TITLE = 40  # letters of the question that the job bar shows


class AskTab(QWidget):
    """`act_changed`: what can be done now is another thing. `document_wanted(source, chunk)`: open it among all."""

    act_changed = Signal()
    document_wanted = Signal(str, object)

    def __init__(self, studio: Studio, state: PlayState, store: CollectionsModel) -> None:
        super().__init__()
        self.setObjectName("retrieval-ask")
        self._studio, self._state, self._store = studio, state, store
        self.collection = ""
        self._passages: dict[int, Mapping[str, Any]] = {}
        theme = studio.theme
        self.controls = QuestionControls(studio, store)
        self.table = FoundTable(theme)
        self.error = ErrorBox(theme, "retrieval-ask-error")
        self.times = ElidedLabel("", "caption", "retrieval-times")
        self.compare = Switch(theme, "retrieval-compare", "Answer without retrieval as well")
        self.compare.setChecked(True)
        self.view_choice = Segments(_VIEWS, "retrieval-answer-view", "What to look at")
        self.answer = AnswerText(theme, "retrieval-answer", "From the passages", "The answer appears here.")
        self.plain = AnswerText(theme, "retrieval-plain", "Without retrieval", "The same question without passages.")
        self.prompt = PromptTab(studio, "retrieval-prompt")
        self.passage = PassageView(studio, "retrieval-passage", DOCUMENT)
        self.feedback = FeedbackBar(studio, "retrieval-feedback")
        self.searching = JobFollower(self, studio, SEARCH, "waits")
        self.asking = JobFollower(self, studio, ASK)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.found = Card("Passages", "retrieval-found-card")
        self.found.set_padding(16, 12, 8, 8, gap=6)
        self.relevance = self.found.caption
        self.found.add_control(self.times)
        self.found.body.addWidget(self.table, 1)
        split = splitter("retrieval-split", self.found, (self._make_below(), 1), sizes=(200, 300), vertical=True)
        self.setLayout(vbox(self.controls, self.error, (split, 1), gap=12))

    def _make_below(self) -> QWidget:
        answers = boxed(
            vbox((hbox((self.answer, 1), (self.plain, 1), gap=24), 1), self.feedback, gap=6, margins=(0, 8, 0, 0))
        )
        # A card of its own would stand in the card that is here already.
        set_property(self.passage, "role", "")
        self.passage.set_padding(0, 8, 0, 0)
        whole = button("Open in Documents", "retrieval-open-document", self._studio.theme, role="link",
                       clicked=self._open_document)  # fmt: skip
        self.passage.add_action(whole)
        self.pages = stack("retrieval-answer-pages", answers, self.prompt, self.passage)
        made = Card("", "retrieval-answer-card")
        made.set_padding(16, 12, 16, 12)
        self.asked = ElidedLabel("", "caption", "retrieval-asked")
        beside = boxed(hbox(label("Without retrieval beside it", "caption"), self.compare))
        made.body.addLayout(flow(self.view_choice, beside, spread=True))
        made.body.addWidget(self.asked)
        made.body.addWidget(self.pages, 1)
        return made

    def _connect(self) -> None:
        self.view_choice.changed.connect(self.look_at)
        self.table.opened.connect(self.open_passage)
        for text in (self.answer, self.plain):
            text.cited.connect(self._open_number)
        self.controls.typed.connect(self.search)
        self.controls.entered.connect(self._entered)
        self.controls.edited.connect(self.act_changed)
        self.compare.toggled.connect(self.plain.setVisible)
        self.searching.sampled.connect(self._take_search)
        self.searching.progressed.connect(self._search_progressed)
        self.searching.failed.connect(self._search_failed)
        self.asking.sampled.connect(self._told)
        self.asking.wrote.connect(self._written)
        self.asking.progressed.connect(self._progressed)
        self.asking.finished.connect(self._finished)
        self.asking.failed.connect(self._failed)
        self.asking.busy_changed.connect(self.act_changed)

    # What is shown.

    def show_collection(self, name: str) -> None:
        """Ask another collection ("": none yet); what was found in the one before is taken away."""
        if name != self.collection:
            self.collection = name
            self.asking.forget()
            self.searching.forget()
            self._begin_anew()
            self.passage.clear("Click a passage, or a number in the answer.")
            self.table.clear()
            self.times.clear()
            self.found.set_caption("They appear while you type.")
        self.search()

    def look_at(self, name: str) -> None:
        """Answer, exact prompt, or passage."""
        self.view_choice.set_value(name)
        self.pages.setCurrentIndex([value for value, _ in _VIEWS].index(name))

    def open_passage(self, row: Mapping[str, Any]) -> None:
        """Show a passage in its document."""
        self._source, self._chunk = row["source"], row["id"]
        self.look_at("passage")
        self.passage.open(row["id"], collection=self.collection, source=row["source"])

    _source: str = ""
    _chunk: object = None

    def _open_document(self) -> None:
        if self._source:
            self.document_wanted.emit(self._source, self._chunk)

    def _open_number(self, number: int) -> None:
        if row := self._passages.get(number):
            self.open_passage(row)

    # Finding.

    def search(self) -> None:
        """Look for passages, without an answer."""
        if self.collection and not self.controls.refusal() and not self.asking.busy:
            arguments = {"collection": self.collection, "question": self.controls.question}
            self.searching.ask(**arguments, settings=self.controls.settings())

    def _take_search(self, sample: Sample) -> None:
        found = sample.structure
        if found.get("collection", self.collection) == self.collection and not self.asking.busy:
            self._show_found(found)

    def _show_found(self, found: Mapping[str, Any]) -> None:
        self.error.clear()
        self.table.show_found(found)
        self.times.setText(finding_figures(found))
        self.times.setToolTip(f"How long it took: {finding_figures(found)}")
        self.found.set_caption(relevance_of(found))
        set_property(self.relevance, "role", "caption" if found["relevant"] else "warning")

    def _search_progressed(self, progress: Progress) -> None:
        """Only a search that must first fetch or open something takes long enough to say so."""
        if progress.message:
            self.found.set_caption(f"{progress.message}…")

    def _search_failed(self, reason: str, details: str) -> None:
        self.error.show_error(reason, details)

    # Answering.

    def refusal(self) -> str:
        """Why no answer can be asked for, or ""."""
        if self.asking.busy:
            return ""
        if not self.collection:
            return "Wait until the first documents are read."
        return self.controls.refusal() or self._state.refusal() or self._state.sampling_problem()

    def act(self) -> None:
        """Ask, or end the answer that is being written."""
        if self.asking.busy:
            self.asking.stop()
        elif not self.refusal():
            self._ask()

    def _entered(self) -> None:
        if not self.asking.busy:
            self.act()

    def _ask(self) -> None:
        self.searching.forget()
        self._begin_anew()
        self.look_at("answer")
        self.asked.setText(f"“{self.controls.question[:90]}”")
        self.answer.begin("Looking for passages…")
        compare = self.compare.isChecked()
        if compare:
            self.plain.begin("Comes after the other answer.")
        else:
            self.plain.clear("Not asked for.")
        question = self.controls.question
        title = question if len(question) <= _TITLE else question[:_TITLE].rstrip() + "…"
        self.asking.ask(
            f"Answer “{title}”", question=question, collection=self.collection, model=self._state.model,
            backend=self._state.backend, settings=self.controls.settings(), sampling=self._state.sampling(),
            compare=compare, log=logging_on(self._studio),
        )  # fmt: skip

    def _begin_anew(self) -> None:
        self.error.clear()
        self._passages = {}
        self._writing = self.answer
        self.asked.clear()
        self.answer.clear()
        self.plain.clear()
        self.prompt.clear()
        self.feedback.show_entry("")
        self.feedback.hide()

    def _told(self, sample: Sample) -> None:
        if sample.name == "citations":
            self._writing = self.plain  # the answer has its end: what is told from now on is of the other
            self.answer.show_sources(sample.rows)
            return
        name, data = sample.name, sample.structure
        if name == "found":
            self._show_found(data)
            self._writing = self.answer if data["relevant"] else self.plain
            used = [row for row in data["rows"] if row["used"]]
            self._passages = dict(enumerate(used, 1))
            self.answer.know(list(self._passages))
            if used:
                self.answer.text.setPlaceholderText("Reading the passages…")
        elif name == "prompt":
            self.prompt.show_prompt(data)

    def _written(self, delta: TextDelta) -> None:
        (self.plain if delta.name == "plain" else self.answer).text.append(delta.text)

    def _progressed(self, progress: Progress) -> None:
        self._writing.tell(pace_of(progress))

    def _finished(self, event: Finished) -> None:
        result = event.result
        told = figures_of(result) if result.get("tokens") else ""
        self.answer.tell(told or ("The model was not asked." if result.get("answer") else "Stopped before an answer."))
        self.plain.tell(figures_of(result["without"]) if result.get("without") else "")
        for text in (self.answer, self.plain):
            text.finish("completed" if event.outcome == "completed" else "stopped")
        if self.controls.question != self.asking.asked["question"]:
            self.search()  # a person has typed on meanwhile
        self.feedback.setVisible(bool(result.get("tokens")))
        self.feedback.show_entry(str(result.get("feedback", "")), str(result.get("answer", "")))

    def _failed(self, reason: str, details: str) -> None:
        for text in (self.answer, self.plain):
            text.finish("failed")
        self.error.show_error(reason, details)


def relevance_of(found: Mapping[str, Any]) -> str:
    """What came of the search, with the threshold, and from how much of the collection it is."""
    used, best = sum(bool(row["used"]) for row in found["rows"]), found["best"]
    figures = f"threshold {found['threshold']:.2f}"
    figures = f"best cosine {best:.2f}, {figures}" if best is not None else figures
    if found["relevant"]:
        words = f"{formatting.plural(used, 'passage')} of {len(found['rows'])} used · {figures}"
    else:
        words = f"Nothing relevant was found: {figures}."
    state = found.get("state", {})
    if state.get("done", 0) < state.get("total", 0):
        words += f" · answers from {state['done']:,} of {state['total']:,} chunks so far"
    return words
