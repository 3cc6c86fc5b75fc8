"""How outputs were judged over time and model by model."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.feedback.chart import TimeChart
from fmstudio.gui.feedback.models import ModelRows
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.jobs import STATISTICS
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import label, scroll_area
from fmstudio.gui.widgets.plot.scale import Scale

_DAYS = {"day": 1, "week": 7}
_KINDS = {"thumbs up": "accent", "thumbs down": "validation", "rated otherwise": "border"}


class FeedbackStatistics(QWidget):
    """`model_chosen` tells a model whose entries are to be read."""

    model_chosen = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("feedback-statistics")
        theme = studio.theme
        self._wanted: dict[str, Any] = {}
        self._question = JobFollower(self, studio, STATISTICS)
        self._question.answered.connect(self._show)
        self.error = ErrorBox(theme, "feedback-statistics-error", dismissable=False)
        self._question.failed.connect(self.error.show_error)
        self.sentence = label("", "secondary", "feedback-statistics-sentence", wrap=True)
        ratings = Scale(title="ratings", written=formatting.count, whole=True)
        share, score = Scale(title="thumbs up", written=formatting.share), Scale(1, 5, "mean score", marks=range(1, 6))
        self.counts = TimeChart(theme, "feedback-over-time", "Ratings over time", ratings, _KINDS)
        self.share = TimeChart(theme, "feedback-share", "Thumbs up over time", share)
        self.score = TimeChart(theme, "feedback-mean-score", "Mean score over time", score)
        self.models = ModelRows(theme)
        self.models.chosen.connect(self.model_chosen)
        self.captions: dict[str, Card] = {}
        self._lay_out()

    def _lay_out(self) -> None:
        by_model = Card("By model", "feedback-by-model", "click one to read its entries")
        by_model.body.addWidget(self.models)
        shares = hbox(
            self._card("share", "Share of thumbs up", self.share), self._card("score", "Mean score", self.score), gap=12
        )
        content = boxed(
            vbox(
                self.error,
                self.sentence,
                by_model,
                (self._card("counts", "Ratings", self.counts), 1),
                (shares, 1),
                gap=12,
            )
        )
        self.setLayout(vbox(scroll_area(content, "feedback-statistics-scroll", reads=True)))

    def _card(self, part: str, title: str, chart: TimeChart) -> Card:
        card = self.captions[part] = Card(title, f"feedback-{part}-card")
        card.set_padding(16, 12, 12, 8)
        chart.setMinimumHeight(140)
        card.body.addWidget(chart, 1)
        return card

    def ask(self, filters: Mapping[str, str], text: str) -> None:
        """Show the statistics of the entries that these filters choose."""
        self._wanted = {"filters": dict(filters), "text": text}
        if self.isVisible():
            self._question.ask(**self._wanted)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._wanted:
            self._question.ask(**self._wanted)

    def _show(self, found: Mapping[str, Any]) -> None:
        self.error.clear()
        unit, whole = found["unit"], found["all"]
        self.sentence.setText(_sentence(whole))
        self.models.show_rows(found["models"])
        self.captions["counts"].set_caption(f"a {unit}")
        for part in ("share", "score"):
            self.captions[part].set_caption(f"a {unit}, with its 95 % interval")
        self._show_periods(found["periods"], _DAYS[unit])

    def _show_periods(self, periods: list[Mapping[str, Any]], width: int) -> None:
        days = [row["name"] for row in periods]
        counts = [(row["up"], row["down"], row["rated"] - row["up"] - row["down"]) for row in periods]
        bars = {kind: [each[place] for each in counts] for place, kind in enumerate(_KINDS)}
        counted = [f"{row['name']}: {row['rated']:,} rated, {row['up']:,} up, {row['down']:,} down" for row in periods]
        self.counts.show_bars(days, width, bars, counted)
        shares = [f"{row['name']}: {_part(row)}" for row in periods]
        self.share.show_line(days, width, [row["share_up"] for row in periods],
                             [row["share_interval"] for row in periods], shares)  # fmt: skip
        scores = [f"{row['name']}: {_score(row)}" for row in periods]
        self.score.show_line(days, width, [row["mean_score"] for row in periods],
                             [row["score_interval"] for row in periods], scores)  # fmt: skip


def _sentence(whole: Mapping[str, Any]) -> str:
    entries = formatting.plural(whole["entries"], "entry", "entries")
    return f"{entries}, {whole['rated']:,} rated: {_part(whole)}; {_score(whole)}; {whole['corrected']:,} corrected."


def _part(row: Mapping[str, Any]) -> str:
    if row["share_up"] is None:
        return "no thumbs"
    low, high = row["share_interval"]
    return f"thumbs up {formatting.share(row['share_up'])} ({formatting.share(low)} to {formatting.share(high)})"


def _score(row: Mapping[str, Any]) -> str:
    return "no scores" if row["mean_score"] is None else f"mean score {row['mean_score']:.1f} from {row['scored']:,}"
