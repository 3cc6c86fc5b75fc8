"""What a dataset holds in numbers: figures, how long its documents are, languages, encodings, and what was skipped."""

from collections.abc import Mapping
from typing import Any

from fmstudio.gui import formatting
from fmstudio.gui.data.counting import CountedView, Figure
from fmstudio.gui.data.jobs import STATISTICS
from fmstudio.gui.data.shares import ShareCard, language_name, shares_of
from fmstudio.gui.data.text.histogram import Histogram
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.files.skipped_files import SkippedFiles
from fmstudio.gui.widgets.flow_layout import tiled

_FIGURES = ("documents", "size", "characters", "words", "licence")


class StatisticsView(CountedView):
    """The numbers of a dataset of texts."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio, "statistics", STATISTICS)
        self._noun, theme = "document", studio.theme
        self.figures = {name: Figure(name.capitalize(), f"statistics-{name}") for name in _FIGURES}
        self.histogram = Histogram(theme, "statistics-lengths", "characters", "document")
        self.languages = ShareCard(theme, "Languages", "statistics-languages")
        self.encodings = ShareCard(theme, "Encodings", "statistics-encodings")
        self.kinds = ShareCard(theme, "Kinds of files", "statistics-kinds")
        self.skipped = SkippedFiles(theme, "statistics-skipped")
        self._lay_out()

    def _lay_out(self) -> None:
        figures = tiled(*self.figures.values())
        self._lengths = lengths = Card("How long the documents are", "statistics-lengths-card")
        lengths.body.addWidget(self.histogram, 1)
        shares = tiled(self.languages, self.encodings, self.kinds, gap=16)
        column = vbox(figures, (lengths, 1), shares, self.skipped, gap=16)
        self.put(column)

    def set_noun(self, noun: str) -> None:
        """What one item of the dataset is called: "document", "conversation"."""
        self._noun = noun
        self.figures["documents"].call_it(f"{noun.capitalize()}s")
        self._lengths.title.setText(f"How long the {noun}s are")
        self.histogram.count_in(noun)

    def show_numbers(self, found: Mapping[str, Any], licence: str) -> None:
        for name in ("documents", "characters", "words"):
            self.figures[name].show_value(formatting.count(found[name]))
        self.figures["size"].show_value(formatting.size(found["bytes"]))
        self.figures["licence"].show_value(licence)
        self.histogram.show_counts(found["length_histogram"]["edges"], found["length_histogram"]["counts"])
        languages = {language_name(code): count for code, count in found["languages"].items()}
        looked_at = formatting.plural(found.get("languages_looked_at", 0), self._noun)
        self.languages.show_shares(shares_of(languages), f"of {looked_at}")
        self.encodings.show_shares(shares_of({name.upper(): count for name, count in found["encodings"].items()}))
        self.kinds.show_shares(shares_of({_kind(name): count for name, count in found["kinds"].items()}))
        self.skipped.show_files(found.get("skipped", []))


def _kind(ending: str) -> str:
    return "No ending" if ending == "other" else f".{ending}"
