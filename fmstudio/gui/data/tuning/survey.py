"""Before training: what a model would find in a dataset, how long its rows are, and which of them want a look."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.counting import Figure
from fmstudio.gui.data.jobs import SURVEY
from fmstudio.gui.data.shares import ShareCard, shares_of
from fmstudio.gui.data.text.histogram import Histogram
from fmstudio.gui.data.tuning.bar import ReadByBar
from fmstudio.gui.data.tuning.chosen_model import ChosenModel
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import tiled
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.jobs.follower import TYPING, JobFollower
from fmstudio.gui.widgets.labels import label, scroll_area
from fmstudio.gui.widgets.lists.table import LINE, Column, GivenRows, TableView
from fmstudio.gui.widgets.titled import titled
from fmstudio.jobs import Progress

LENGTH = 1024
FINDINGS = {
    "unread": "The model's template cannot write it",
    "unlearnt": "Nothing would be learnt",
    "too_long": "Longer than allowed, left out",
    "exact": "Exact duplicate",
    "near": "Near duplicate",
}
"""What is found in rows, the worst first."""

_FIGURES = (
    ("rows", "Rows"), ("tokens", "Tokens"), ("learnt", "Learnt"), ("longest", "Longest row"),
    ("left_out", "Left out"), ("again", "Duplicates"),
)  # fmt: skip
_MOST_LINES = 12


class SurveyView(QWidget):
    """Asks only while it is in sight. row_wanted: a person wants to look at a row, from 0."""

    row_wanted = Signal(int)

    def __init__(self, studio: Studio, chosen: ChosenModel) -> None:
        super().__init__()
        self.setObjectName("survey")
        self._studio, self._chosen, theme = studio, chosen, studio.theme
        self.dataset = ""
        self._asked: dict[str, Any] = {}
        self.length = NumberField("survey-length", "Longest row that is allowed", whole=True, unit="tokens", minimum=16)
        self.length.setFixedWidth(136)
        self.length.set_value(LENGTH)
        self.bar = ReadByBar(
            theme, chosen, "survey", titled("Longest row", self.length, "Rows of more tokens are left out in training.")
        )
        self.error = ErrorBox(theme, "survey-error", dismissable=False)
        self.progress = label("", "caption", "survey-progress")
        self.sentence = label("", "strong", "survey-sentence", wrap=True)
        self.figures = {name: Figure(title, f"survey-{name}") for name, title in _FIGURES}
        self.histogram = Histogram(theme, "survey-lengths", "tokens", "row")
        self.roles = ShareCard(theme, "Messages by role", "survey-roles")
        self.findings = FindingsTable(theme)
        self._question = JobFollower(self, studio, SURVEY, patience=TYPING, at_once="model")
        self._lay_out()
        self._question.answered.connect(self._show)
        self._question.progressed.connect(self._show_progress)
        self._question.failed.connect(self._failed)
        self.findings.row_wanted.connect(self.row_wanted)
        self.length.edited.connect(self._ask)
        chosen.changed.connect(self._ask)

    def _lay_out(self) -> None:
        lengths = Card("How long the rows are", "survey-lengths-card")
        lengths.body.addWidget(self.histogram, 1)
        figures = tiled(*self.figures.values())
        column = vbox(self.sentence, figures, lengths, self.findings, self.roles, ..., gap=16)
        self._content = boxed(column)
        scrolled = scroll_area(self._content, "survey-scroll", reads=True)
        self.setLayout(vbox(self.bar, self.error, self.progress, (scrolled, 1), gap=12))
        self._content.hide()

    def show_dataset(self, name: str) -> None:
        """Show what training would find in this dataset."""
        if name != self.dataset:
            self.dataset = name
            self._content.hide()
        kinds = {record.name: record.kind for record in self._studio.workspace.datasets()}
        self.bar.offer_turns(kinds.get(name) == "instructions")
        self._chosen.begin()
        self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _ask(self) -> None:
        length = self.length.value()
        if not self.dataset or not self.isVisible() or not self._chosen.listed or not isinstance(length, int):
            return
        if not self._chosen.model:
            self._say("There is no language model here yet that could read the rows.")
            self._content.hide()
            return
        content = self._studio.workspace.dataset(self.dataset).details.get("content")
        asked = {
            "dataset": self.dataset, "model": self._chosen.model, "turns": self._chosen.turns, "length": length,
        }  # fmt: skip
        if length >= 1 and {**asked, "content": content} != self._asked:
            self._asked = {**asked, "content": content}
            self.error.clear()
            self._say("Reading the rows…")
            self._question.ask(**asked)

    def _say(self, sentence: str) -> None:
        self.progress.setText(sentence)
        self.progress.setVisible(bool(sentence))

    def _show_progress(self, progress: Progress) -> None:
        part = progress.done / progress.total if progress.total else None
        self._say(f"{progress.message}… {formatting.percent(part)}")

    def _failed(self, reason: str, details: str) -> None:
        self._asked = {}
        self._say("")
        self._content.hide()
        self.error.show_error(reason, details)

    def _show(self, found: Mapping[str, Any]) -> None:
        self._say("")
        self._content.show()
        self.sentence.setText(verdict(found))
        left_out = sum(found[name]["count"] for name in ("unread", "too_long"))
        part = found["learnt"] / max(1, found["tokens"])
        values = {
            "rows": formatting.count(found["rows"]), "tokens": formatting.count(found["tokens"]),
            "learnt": f"{formatting.count(found['learnt'])} ({formatting.share(part)})",
            "longest": formatting.plural(found["longest"], "token"), "left_out": formatting.count(left_out),
            "again": formatting.count(found["exact"]["count"] + found["near"]["count"]),
        }  # fmt: skip
        for name, value in values.items():
            self.figures[name].show_value(value)
        self.histogram.show_counts(found["histogram"]["edges"], found["histogram"]["counts"])
        self.roles.show_shares(shares_of({role.capitalize(): count for role, count in found["roles"].items()}))
        self.findings.show_findings(found)


def verdict(found: Mapping[str, Any]) -> str:
    """Whether training can begin, and what it would leave out."""
    counts = {name: found[name]["count"] for name in FINDINGS}
    if counts["unread"] or counts["unlearnt"]:
        bad = formatting.plural(counts["unread"] + counts["unlearnt"], "row")
        return f"Training would not start: {bad} cannot be learnt as this model reads them."
    if counts["too_long"]:
        rows = formatting.plural(counts["too_long"], "row")
        longer = f"longer than {formatting.count(found['length'])} tokens and would be left out; none is ever cut."
        return f"{rows} {'is' if counts['too_long'] == 1 else 'are'} {longer}"
    return "Every row fits, and something is learnt of each."


class FindingsTable(Card):
    """The rows that want a look. row_wanted: one of them was chosen, by its number from 0."""

    row_wanted = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__("Rows to look at", "survey-findings")
        columns = (
            Column("Row", lambda each: formatting.count(each["row"] + 1), 72),
            Column("What is found", itemgetter("finding"), 220),
            Column("What it asks", itemgetter("title")),
            Column("Which", itemgetter("why"), 220),
        )
        self.rows = GivenRows(columns)
        self.table = TableView(self.rows, "survey-findings-rows", "Rows to look at")
        self.table.clicked.connect(self._picked)
        self.table.activated.connect(self._picked)
        self.body.addWidget(self.table)

    def show_findings(self, found: Mapping[str, Any]) -> None:
        """Show the rows that the job `survey` lists."""
        listed = [{**row, "finding": title} for name, title in FINDINGS.items() for row in found[name]["rows"]]
        count = sum(found[name]["count"] for name in FINDINGS)
        self.rows.show(listed)
        beyond = f", of which {formatting.count(len(listed))} are listed" if len(listed) < count else ""
        compared = (
            ""
            if found["compared"] == found["rows"]
            else (f"; the first {formatting.count(found['compared'])} rows were compared for being nearly the same")
        )
        self.set_caption(formatting.plural(count, "finding") + beyond + compared)
        lines = min(len(listed), _MOST_LINES)
        self.table.setFixedHeight(lines * LINE + self.table.horizontalHeader().sizeHint().height() + 4)
        self.setVisible(bool(listed))

    def _picked(self, index: QModelIndex) -> None:
        if index.isValid():
            self.row_wanted.emit(int(self.rows.row(index.row())["row"]))
