"""Where each head of each layer looks: a survey of all heads, the maps of one layer, and one of them large."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fmstudio.gui.playground.inside.colours import tint
from fmstudio.gui.playground.inside.jobs import ATTENTION
from fmstudio.gui.playground.inside.legend import ScaleLegend
from fmstudio.gui.playground.inside.matrix import MatrixMap
from fmstudio.gui.playground.inside.tab import InsideTab
from fmstudio.gui.playground.inside.thumbs import MapThumbs
from fmstudio.gui.playground.inside.tiles import TokenTile, TokenTiles
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.jobs.follower import TYPING, JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.text.token_view import visible
from fmstudio.jobs import Sample

MEASURES = {
    "first": ("On the first token", "A head that rests on the first token has nothing to fetch: a sink."),
    "previous": ("On the token before", "A head that looks one token back ties neighbours together."),
    "repeat": (
        "After a repeat",
        "Where a token stood in the text before, the weight on what followed it there: an induction head copies it.",
    ),
    "own": ("On the token itself", "A head that looks at its own token moves nothing between tokens."),
    "entropy": ("Entropy, bits", "0 bits: it looks at one token; many bits: its look is spread over many."),
    "distance": ("Distance, tokens", "How many tokens back the head looks on average."),
}
ALL = -1
_MEAN = "Mean"


class InsideAttention(InsideTab):
    """The survey at the left chooses a layer and head; the small maps above are its layer's."""

    def __init__(self, studio: Studio, name: str = "inside-attention") -> None:
        super().__init__(
            studio, ATTENTION, name,
            "Each token (a row) gathers from those before it (columns); a row's weights sum to 1. Look for heads that "
            "look one token back (a line beside the diagonal), at the first token (a bright left edge), or at repeats.",
        )  # fmt: skip
        self.layer, self.head = 0, 0  # head 0 is the mean of all
        self.found: Mapping[str, Any] = {}
        self.survey: Mapping[str, Any] = {}
        self._surveying = JobFollower(self, studio, ATTENTION, "waits", patience=TYPING, once=True, at_once="model")
        self._surveying.sampled.connect(self._take_survey)
        self._surveying.failed.connect(self._failed)
        self.measure = ChoiceField(f"{name}-measure", "What the survey of all heads shows", list(MEASURES),
                                   [title for title, _ in MEASURES.values()])  # fmt: skip
        self.overview = MatrixMap(self._theme, f"{name}-overview", "All heads by layer: choose one", token="generated",
                                  square=False, most_cell=28)  # fmt: skip
        self.everything = button("All layers", f"{name}-all", self._theme, role="link", clicked=self._choose_all)
        self.thumbs = MapThumbs(self._theme, f"{name}-heads", "Heads of the layer: choose one")
        self.title = label("", "strong", f"{name}-title", wrap=True)
        self.facts = label("", "caption", f"{name}-facts", wrap=True)
        self.legend = ScaleLegend(self._theme, f"{name}-legend", "accent", "0", "1")
        self.legend.setToolTip("The colour grows with √weight, so that small weights are seen.")
        self.large = MatrixMap(self._theme, f"{name}-map", "Attention of one head: rows look at columns")
        self.tiles = TokenTiles(self._theme, f"{name}-tokens", "Tokens, coloured by where the chosen one looks")
        self.looks = label("", "caption", f"{name}-looks", wrap=True)
        self._row = -1
        self._fill()
        self._connect()

    def _fill(self) -> None:
        self.measure.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)
        middle = vbox(self.thumbs, self.title, self.facts, self.legend, (self.large, 1), gap=4)
        for each in (self.tiles, self.looks):
            each.setMinimumWidth(120)
            each.setMaximumWidth(220)
        line = hbox(
            vbox(self.measure, (self.overview, 1), self.everything, gap=4),
            (middle, 3),
            (vbox(self.looks, (self.tiles, 1), gap=4), 2),
            gap=16,
        )
        self.overview.setFixedWidth(172)
        self.thumbs.setFixedHeight(116)
        self.body.addLayout(line, 1)

    def _connect(self) -> None:
        self.measure.edited.connect(self._show_survey)
        self.overview.chosen.connect(self._choose_head)
        self.thumbs.chosen.connect(self._choose_map)
        self.large.hovered.connect(self._hover)
        self.large.chosen.connect(self._choose_row)
        self.tiles.chosen.connect(self._choose_tile)
        self._theme.changed.connect(self._show_looks)

    # Asking.

    def arguments(self) -> dict[str, Any]:
        return super().arguments() | {"layer": self.layer}

    def ask(self) -> None:
        super().ask()
        if self.model and self.text:
            self._surveying.ask(**(super().arguments() | {"layer": ALL}))
        else:
            self._surveying.forget()

    def look(self, model: str, text: str, chat: bool = False, system: str = "") -> None:
        if model != self.model:
            self.layer, self.head, self.survey = 0, 0, {}
        super().look(model, text, chat, system)

    def _choose_head(self, row: int, column: int) -> None:
        """A cell of the survey: a layer and one of its heads."""
        self._go(row, column + 1)

    def _choose_map(self, number: int) -> None:
        if self.layer == ALL and number > 0:
            self._go(number - 1, 0)
        else:
            self.head = number
            self._show_map()

    def _choose_all(self) -> None:
        self._go(ALL, 0)

    def _go(self, layer: int, head: int) -> None:
        self.head = head
        if layer == self.layer:
            self._show_map()
            return
        self.layer = layer
        if layer == ALL and self.survey:
            self._take(self.survey)
            return
        self.question.forget()
        self.ask()

    # Answers.

    def take(self, sample: Sample) -> None:
        if sample.structure["layer"] == self.layer:
            self._take(sample.structure)

    def _take(self, found: Mapping[str, Any]) -> None:
        self.found = found
        if not len(found["tokens"]):
            self.show_nothing(self.nothing)
            return
        what, numbers = "Layer" if self.layer == ALL else "Head", range(1, len(found["weights"]) + 1)
        tips = ["The mean of all", *(f"{what} {number}" for number in numbers)]
        self.head = min(self.head, len(numbers))
        self.thumbs.show_maps(np.sqrt(found["small"]), [_MEAN, *map(str, numbers)], tips)
        self._row = min(self._row, len(found["tokens"]) - 1) if self._row >= 0 else len(found["tokens"]) - 1
        self._show_map()

    def _take_survey(self, sample: Sample) -> None:
        self.survey = sample.structure
        self._show_survey()
        if self.layer == ALL:
            self._take(self.survey)

    def _show_survey(self) -> None:
        if not self.survey or "entropy" not in self.survey:
            return
        measure = str(self.measure.value())
        title, about = MEASURES[measure]
        self.measure.setToolTip(about)
        values = self.survey[measure]
        largest = float(values.max()) if measure in ("entropy", "distance") else 1.0
        layers, heads = values.shape

        def describe(row: int, column: int) -> str:
            return f"layer {row + 1}, head {column + 1}\n{title}: {values[row, column]:.2f}\n{about}"

        self.overview.show_matrix(
            values, [str(n + 1) for n in range(layers)], [str(n + 1) for n in range(heads)], describe,
            values / max(largest, 1e-9), ("layer", "head"),
        )  # fmt: skip
        self._mark_survey()

    def _mark_survey(self) -> None:
        self.overview.set_current(*((self.layer, self.head - 1) if self.layer != ALL else (-1, -1)))

    def _show_map(self) -> None:
        if "weights" not in self.found or not len(self.found["tokens"]):
            return
        self.thumbs.set_current(self.head)
        self._mark_survey()
        weights = self._weights
        texts = [visible(token["text"]) for token in self.found["tokens"]]
        self.title.setText(self._map_title())
        self.facts.setText(self._map_facts())
        self.large.show_matrix(weights, texts, texts, self._describe, np.sqrt(weights))
        self.large.set_current(self._row, -1)
        self._show_looks()

    @property
    def _weights(self) -> np.ndarray:
        return self.found["mean"] if self.head == 0 else self.found["weights"][self.head - 1]

    def _map_title(self) -> str:
        if self.layer == ALL:
            return "Mean of all heads and layers" if self.head == 0 else f"Layer {self.head}, mean of its heads"
        return f"Layer {self.layer + 1}, " + ("mean of its heads" if self.head == 0 else f"head {self.head}")

    def _map_facts(self) -> str:
        found = {name: np.asarray(self.found[name]) for name in ("entropy", "first", "previous")}
        pick = found if self.layer == ALL else {name: values[0] for name, values in found.items()}
        heads = slice(None) if self.head == 0 else self.head - 1
        entropy, first, previous = (float(values[heads].mean()) for values in pick.values())
        facts = f"entropy {entropy:.2f} bits  ·  first token {first:.0%}  ·  one back {previous:.0%}"
        return facts.replace("%", " %")

    def _describe(self, row: int, column: int) -> str:
        tokens = self.found["tokens"]
        if column > row:
            return "A token cannot look at what comes after it."
        return (
            f"“{visible(tokens[row]['text'])}” ({row + 1}) → “{visible(tokens[column]['text'])}” ({column + 1})\n"
            f"weight {self._weights[row, column]:.3f}"
        )

    # The row that is looked at.

    def _hover(self, row: int, _column: int) -> None:
        self._show_looks(row if row >= 0 else self._row)

    def _choose_row(self, row: int, _column: int) -> None:
        self._row = row
        self._show_looks()

    def _choose_tile(self, index: int) -> None:
        self._row = index
        self.large.set_current(index, -1)
        self._show_looks()

    def _show_looks(self, row: int | None = None) -> None:
        tokens = self.found.get("tokens", ())
        row = self._row if row is None else row
        if not 0 <= row < len(tokens):
            return
        weights = self._weights[row]
        self.looks.setText(f"Where “{visible(tokens[row]['text'])}” ({row + 1}) looks:")
        tiles = [self._tile(token, weights[n], n > row) for n, token in enumerate(tokens)]
        self.tiles.show_tiles(tiles, lambda n: self._describe(row, n))
        self.tiles.set_current(row)

    def _tile(self, token: Mapping[str, Any], weight: float, unseen: bool) -> TokenTile:
        colour = None if unseen else tint(self._theme, "accent", float(np.sqrt(weight)))
        return TokenTile(token["text"], colour, ends_line=token["text"].endswith("\n"), faint=unseen)

    def stop(self) -> None:
        super().stop()
        self._surveying.stop()

    def show_nothing(self, why: str) -> None:
        super().show_nothing(why)
        self.found, self.survey = {}, {}
