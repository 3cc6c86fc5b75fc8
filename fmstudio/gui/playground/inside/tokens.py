"""The tokens of a text as the model gets it, and how much each of them surprised it."""

import math
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.inside.bars import Choice as Row
from fmstudio.gui.playground.inside.bars import ChoiceBars, chance
from fmstudio.gui.playground.inside.colours import tint
from fmstudio.gui.playground.inside.jobs import SURPRISAL
from fmstudio.gui.playground.inside.legend import ScaleLegend
from fmstudio.gui.playground.inside.tab import InsideTab
from fmstudio.gui.playground.inside.tiles import TokenTile, TokenTiles
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import label, scroll_area
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.text.token_view import visible
from fmstudio.jobs import Sample

STRONGEST = 12.0
"""Bits at which the background is strongest: one chance in 4,096."""

_COLOURS = 6
_WIDE = 560


class InsideTokens(InsideTab):
    """Needs some 300 pixels; in a wide place the details of a token stand beside the tokens."""

    def __init__(self, studio: Studio, name: str = "inside-tokens") -> None:
        super().__init__(
            studio, SURPRISAL, name,
            "A model reads pieces of words, each by its number. The darker a token, the less the model expected it "
            "there: look for where a word begins, and for what only a person could know.",
        )  # fmt: skip
        self.found: Mapping[str, Any] = {}
        self.expected: Mapping[str, Any] = {}
        self.colouring = Segments(
            [("surprisal", "Surprisal"), ("tokens", "Tokens")], f"{name}-colouring", "What the colours of tokens tell"
        )
        self.colouring.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.colouring.button("surprisal").setToolTip("Background and number: bits of surprisal, −log₂ p")
        self.colouring.button("tokens").setToolTip("Colours tell tokens apart; the number is the token's id")
        self.legend = ScaleLegend(
            self._theme, f"{name}-legend", "validation", "0", f"{STRONGEST:.0f} bits", tinted=True
        )
        self.figures = label("", "body", f"{name}-figures", wrap=True)
        self.tiles = TokenTiles(self._theme, f"{name}-tiles", "Tokens of the text")
        self.detail = label("", "strong", f"{name}-detail", wrap=True)
        self.facts = label("", "caption", f"{name}-facts", wrap=True)
        self.bars = ChoiceBars(self._theme, f"{name}-bars", "What the model expected in place of the token")
        self._fill()
        self.colouring.changed.connect(self._recolour)
        self.tiles.chosen.connect(self._show_detail)
        self._theme.changed.connect(self._recolour)

    def _fill(self) -> None:
        head = hbox(self.colouring, self.legend, ..., gap=12)
        self.body.addWidget(self.figures)
        self.body.addLayout(head)
        content = QWidget()
        self._detail = scroll_area(content, f"{self.objectName()}-detail-scroll", reads=True)
        content.setLayout(vbox(self.detail, self.facts, self.bars, ..., gap=4))
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._sides.setSpacing(16)
        self._sides.addWidget(self.tiles, 1)
        self._sides.addWidget(self._detail, 1)
        self.body.addLayout(self._sides, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        self._sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._detail.setMaximumWidth(280 if wide else 16_777_215)
        self._detail.setMinimumWidth(280 if wide else 0)

    # Answers.

    def take(self, sample: Sample) -> None:
        if sample.name == "tokens":
            self._keep_what_still_holds(sample.structure["tokens"])
            self.found = sample.structure
        else:
            self.expected = sample.structure
        self.figures.setText(self._figures())
        self._recolour()
        self._show_detail(self.tiles.current if self.tiles.current >= 0 else min(1, len(self.tiles.tiles) - 1))

    def _keep_what_still_holds(self, tokens: Sequence[Mapping[str, Any]]) -> None:
        """A model reads from the left: as far as a new text is the old one, so is what was expected of it."""
        pairs = zip(tokens, self.found.get("tokens", ()), strict=False)
        common = sum(1 for _ in takewhile(lambda pair: pair[0]["id"] == pair[1]["id"], pairs))
        if self.expected:
            parts = {name: self.expected[name][:common] for name in ("bits", "rank", "entropy", "alternatives")}
            self.expected = {**self.expected, **parts}

    def _figures(self) -> str:
        found, expected = self.found, self.expected
        parts = [
            formatting.plural(found["count"], "token"),
            formatting.plural(found["characters"], "character"),
            f"{found['tokens_per_word']:.2f} tokens per word",
        ]
        if len(expected.get("bits", ())) == len(found["tokens"]) > 0:
            parts += _surprise(expected)
        return "  ·  ".join(parts)

    def _recolour(self) -> None:
        self.legend.setVisible(self.colouring.value() == "surprisal")
        if self.found:
            self.tiles.show_tiles([self._tile(n, token) for n, token in enumerate(self.found["tokens"])], self.describe)

    def _bits(self, index: int) -> float:
        """Bits of surprisal of a token; not a number where nothing was expected."""
        bits = self.expected.get("bits", ())
        return float(bits[index]) if index < len(bits) else math.nan

    def _tile(self, index: int, token: Mapping[str, Any]) -> TokenTile:
        ends_line = token["text"].endswith("\n")
        bits = self._bits(index)
        if self.colouring.value() == "tokens":
            colour = self._theme.color("pressed" if token["special"] else f"token_{index % _COLOURS + 1}")
            return TokenTile(token["text"], colour, str(token["id"]), ends_line, token["special"])
        known = not math.isnan(bits)
        colour = tint(self._theme, "validation", bits / STRONGEST) if known else self._theme.color("hover")
        return TokenTile(token["text"], colour, f"{bits:.1f}" if known else "–", ends_line, token["special"])

    def describe(self, index: int) -> str:
        """What hovering over a token tells."""
        token, bits = self.found["tokens"][index], self._bits(index)
        lines = [f"“{visible(token['text'])}” · id {token['id']} · {_place(token)}"]
        if token["special"]:
            lines.append("a special token: it marks a place and stands for no text")
        if not token["whole"]:
            lines.append("part of a character whose bytes are spread over several tokens")
        if not math.isnan(bits):
            rank = int(self.expected["rank"][index])
            lines.append(f"surprisal {bits:.2f} bits · probability {chance(2.0**-bits)} · rank {rank:,}")
        return "\n".join(lines)

    def _show_detail(self, index: int) -> None:
        if not 0 <= index < len(self.found.get("tokens", ())):
            return
        self.tiles.set_current(index)
        first, *facts = self.describe(index).split("\n")
        self.detail.setText(first)
        alternatives = self.expected.get("alternatives", [])
        rows = alternatives[index] if index < len(alternatives) else []
        if index == 0:
            facts.append("Nothing stands before the first token, so the model expected nothing.")
        elif rows:
            entropy = self.expected["entropy"][index]
            facts.append(f"Before it the model was {entropy:.1f} bits uncertain, and expected:")
        self.facts.setText("\n".join(facts))
        taken = self.found["tokens"][index]["id"]
        self.bars.show_rows([Row(row["text"], row["probability"], taken=row["id"] == taken) for row in rows])

    def show_nothing(self, why: str) -> None:
        super().show_nothing(why)
        self.found, self.expected = {}, {}


def _surprise(expected: Mapping[str, Any]) -> list[str]:
    """How much the whole text surprised the model; the first token alone cannot surprise it."""
    if len(expected["bits"]) < 2:
        return ["– bits in all", "– bits per byte", "perplexity –"]
    return [
        f"{expected['total_bits']:,.1f} bits in all",
        f"{expected['bits_per_byte']:.2f} bits per byte",
        f"perplexity {formatting.number(expected['perplexity'])}",
    ]


def _place(token: Mapping[str, Any]) -> str:
    size = token["bytes"]
    where = f"byte {token['start']}" if size == 1 else f"bytes {token['start']}–{token['end'] - 1}"
    return where if size else "no bytes"
