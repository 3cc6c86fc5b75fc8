"""What the backgrounds on a document mean, and how long its chunks are."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.retrieval.text import TINTS, Chunk
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.labels import ElidedLabel, label

_WORDS = {"even": "", "odd": "chunks", "overlap": "overlap", "chosen": "chosen"}


class ChunkLegend(QWidget):
    """One line beneath a text with chunks."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.figures = ElidedLabel("", "caption", f"{name}-figures")
        self._overlap: list[QWidget] = []
        layout = hbox((self.figures, 1), gap=6)
        self.setLayout(layout)
        for key, words in _WORDS.items():
            parts = [_Tint(theme, TINTS[key]), *([label(words, "caption")] if words else [])]
            for each in parts:
                layout.addWidget(each)
            if key == "overlap":
                self._overlap = parts

    def show_chunks(self, chunks: Sequence[Chunk]) -> None:
        """Say how many chunks there are and how long they are."""
        tokens = [chunk.tokens for chunk in chunks]
        spread = ""
        if tokens:
            low, high = min(tokens), max(tokens)
            spread = f" of {low:,} tokens" if low == high else f" of {low:,} to {high:,} tokens"
        self.figures.setText(formatting.plural(len(chunks), "chunk") + spread)
        overlapping = any(before.end > after.start for before, after in pairwise(chunks))
        for each in self._overlap:
            each.setVisible(overlapping)


class _Tint(QWidget):
    def __init__(self, theme: Theme, token: str) -> None:
        super().__init__()
        self._theme, self._token = theme, token
        self.setFixedSize(14, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(self._theme.color("hairline"), 1))
        painter.setBrush(self._theme.color(self._token))
        painter.drawRect(self.rect().adjusted(0, 1, -1, -2))
