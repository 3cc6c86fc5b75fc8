"""Tokens as coloured tiles with their ids, wrapped like text; optionally a second line of targets under the inputs.

Without more said of them their colours only tell one from the next; a token can have a look that means something.

All is painted in one widget and laid out once a width, so that thousands of tokens stay quick.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolTip, QWidget

from fmstudio.gui.theme import Theme

_PAD, _GAP, _RADIUS, _COLOURS = 5.0, 2.0, 4.0, 6
_PAIR_GAP = 2.0
_VISIBLE = {"\n": "↵", "\t": "⇥", "\r": "␍", "": "∅"}

Token = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What a kind of token looks like, in colours of the theme, and what hovering over one says of it."""

    fill: str
    text: str = "text"
    line: str = ""
    """The colour of a line beneath the token, so that colour is not the only sign."""
    frame: str = ""
    """The colour of a frame around it."""
    told: str = ""


@dataclass(frozen=True, slots=True)
class _Tile:
    rect: QRectF
    index: int
    text: str
    ids: str


class TokenView(QScrollArea):
    """Shows tokens as mappings with "id" and "text" and, if known, "bytes" and "look", one of `looks`.

    `hovered` tells the index, -1 for none.
    """

    hovered = Signal(int)

    def __init__(
        self, theme: Theme, name: str = "token-view", show_ids: bool = True, looks: Mapping[str, Look] | None = None
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._canvas = _TokenCanvas(theme, name, show_ids, looks or {})
        self._canvas.hovered.connect(self.hovered)
        self.setWidget(self._canvas)
        for each in (self._canvas, self.viewport()):
            each.setAutoFillBackground(False)
        theme.changed.connect(self._canvas.relayout)

    def set_tokens(self, tokens: Sequence[Token], targets: Sequence[Token] = ()) -> None:
        """Show tokens; with `targets` of the same number, each stands beneath its input."""
        self._canvas.set_tokens(list(tokens), list(targets))

    @property
    def count(self) -> int:
        """How many tokens are shown."""
        return len(self._canvas.tokens)

    def describe(self, index: int) -> str:
        """What hovering over a token tells."""
        return self._canvas.describe(index)

    def token_at(self, point: QPoint) -> int:
        """The index of the token at a point of the viewport, or -1."""
        return self._canvas.token_at(self._canvas.mapFrom(self.viewport(), point))

    def fit_height(self, lines: int) -> None:
        """Take exactly the room of so many lines of tokens."""
        self.setFixedHeight(round(lines * (self._canvas.tile_height + self._canvas.line_gap) + 2))


class _TokenCanvas(QWidget):
    hovered = Signal(int)

    def __init__(self, theme: Theme, name: str, show_ids: bool, looks: Mapping[str, Look]) -> None:
        super().__init__()
        self.setObjectName(f"{name}-canvas")
        self.setAccessibleName("Tokens")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = theme
        self.show_ids = show_ids
        self._looks = looks
        self.tokens: list[Token] = []
        self._targets: list[Token] = []
        self._tiles: list[_Tile] = []
        self._current = -1

    # Its data and layout.

    def set_tokens(self, tokens: list[Token], targets: list[Token]) -> None:
        self.tokens, self._targets = tokens, targets
        self._current = -1
        shown = "".join(str(token["text"]) for token in tokens[:200])
        self.setAccessibleDescription(f"{len(tokens)} tokens: {shown}")
        self.relayout()

    def relayout(self) -> None:
        self._tiles = self._laid_out(max(80, self.width()))
        bottom = self._tiles[-1].rect.bottom() + self.line_gap if self._tiles else 0
        self.setMinimumHeight(round(bottom))
        self.update()

    @property
    def _rows(self) -> int:
        return 2 if self._targets else 1

    @property
    def _row_height(self) -> float:
        text = QFontMetricsF(self._theme.font("mono")).height()
        return text + (QFontMetricsF(self._id_font()).height() if self.show_ids else 0) + _PAD

    @property
    def line_gap(self) -> float:
        # Pairs of input and target need more room between them than within.
        return 18.0 if self._targets else 6.0

    @property
    def tile_height(self) -> float:
        return self._row_height * self._rows + (_PAIR_GAP if self._targets else 0)

    def _id_font(self) -> QFont:
        font = self._theme.font("caption")
        font.setPixelSize(max(9, font.pixelSize() - 2))
        return font

    def _laid_out(self, width: float) -> list[_Tile]:
        measure, measure_id = QFontMetricsF(self._theme.font("mono")), QFontMetricsF(self._id_font())
        widths: dict[str, float] = {}
        tiles, x, y = [], 1.0, 1.0
        for index, token in enumerate(self.tokens):
            text, ids = visible(token["text"]), str(token["id"])
            wide = max(_width(measure, widths, text), _width(measure_id, widths, ids) if self.show_ids else 0)
            if index < len(self._targets):
                target = self._targets[index]
                wide = max(wide, _width(measure, widths, visible(target["text"])))
                wide = max(wide, _width(measure_id, widths, str(target["id"])) if self.show_ids else 0)
            wide = min(max(14.0, wide + 2 * _PAD), width - 2)
            if x + wide > width - 1 and x > 1:
                x, y = 1.0, y + self.tile_height + self.line_gap
            tiles.append(_Tile(QRectF(x, y, wide, self.tile_height), index, text, ids))
            x += wide + _GAP
            if str(token["text"]).endswith("\n") and not self._targets:
                x, y = 1.0, y + self.tile_height + self.line_gap
        return tiles

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(event.rect())
        for tile in self._tiles:
            if tile.rect.bottom() < area.top():
                continue
            if tile.rect.top() > area.bottom():
                break
            self._paint_tile(painter, tile)

    def _paint_tile(self, painter: QPainter, tile: _Tile) -> None:
        height = self._row_height
        row = QRectF(tile.rect.left(), tile.rect.top(), tile.rect.width(), height)
        self._paint_token(painter, row, tile.text, tile.ids, self._look_of(tile.index))
        if tile.index < len(self._targets):
            target = self._targets[tile.index]
            below = row.translated(0, height + _PAIR_GAP)
            # The target is the next input, so it has the colour that this has in the line of inputs.
            look = self._look_of(tile.index + 1)
            self._paint_token(painter, below, visible(target["text"]), str(target["id"]), look)
        if tile.index == self._current:
            painter.setPen(QPen(self._theme.color("text"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(tile.rect, _RADIUS, _RADIUS)

    def _look_of(self, index: int) -> Look:
        named = self.tokens[index].get("look", "") if index < len(self.tokens) else ""
        return self._looks.get(named) or Look(f"token_{index % _COLOURS + 1}")

    def _paint_token(self, painter: QPainter, rect: QRectF, text: str, ids: str, look: Look) -> None:
        painter.setPen(QPen(self._theme.color(look.frame), 1) if look.frame else Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(look.fill))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5) if look.frame else rect, _RADIUS, _RADIUS)
        if look.line:
            place = QRectF(rect.left() + _RADIUS, rect.bottom() - 2, rect.width() - 2 * _RADIUS, 2)
            painter.fillRect(place, self._theme.color(look.line))
        painter.setPen(self._theme.color(look.text))
        painter.setFont(self._theme.font("mono"))
        flags = Qt.AlignmentFlag.AlignHCenter
        if not self.show_ids:
            painter.drawText(rect, flags | Qt.AlignmentFlag.AlignVCenter, text)
            return
        painter.drawText(rect.adjusted(0, 1, 0, 0), flags | Qt.AlignmentFlag.AlignTop, text)
        painter.setPen(self._theme.color("secondary" if look.text == "text" else look.text))
        painter.setFont(self._id_font())
        painter.drawText(rect.adjusted(0, 0, 0, -2), flags | Qt.AlignmentFlag.AlignBottom, ids)

    # Pointing.

    def token_at(self, point: QPoint) -> int:
        return next((tile.index for tile in self._tiles if tile.rect.contains(point.toPointF())), -1)

    def describe(self, index: int) -> str:
        token = self.tokens[index]
        raw = token.get("bytes")
        amount = len(raw) if isinstance(raw, (bytes, list)) else raw or len(str(token["text"]).encode())
        sentence = f"“{visible(token['text'])}” · id {token['id']} · {amount} byte{'' if amount == 1 else 's'}"
        if told := self._look_of(index).told:
            sentence += f"\n{told}"
        if index < len(self._targets):
            target = self._targets[index]
            sentence += f"\nshould be followed by “{visible(target['text'])}” · id {target['id']}"
        return sentence

    def _point_at(self, index: int) -> None:
        if index != self._current:
            self._current = index
            self.update()
            self.hovered.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.token_at(event.position().toPoint())
        self._point_at(index)
        if index >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(index), self)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._tiles:
            super().keyPressEvent(event)
            return
        index = min(len(self._tiles) - 1, max(0, self._current + step))
        self._point_at(index)
        tile = self._tiles[index].rect
        QToolTip.showText(self.mapToGlobal(tile.bottomLeft().toPoint()), self.describe(index), self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.relayout()

    def sizeHint(self) -> QSize:
        return QSize(400, max(40, self.minimumHeight()))


def visible(text: str) -> str:
    """A token's text with its white space made visible."""
    return "".join(_VISIBLE.get(letter, "·" if letter == " " else letter) for letter in text) or "∅"


def _width(metrics: QFontMetricsF, known: dict[str, float], text: str) -> float:
    key = f"{metrics.height()}:{text}"
    if key not in known:
        known[key] = metrics.horizontalAdvance(text)
    return known[key]
