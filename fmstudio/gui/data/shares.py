"""Parts of a whole as small bars: languages, encodings, kinds of files, datasets of a mixture."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QLocale, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme

_ROW, _BAR, _GAP = 34, 6, 2
_MOST = 6
_NO_LANGUAGE = {"": "Unknown", "zxx": "Not a language", "too short": "Too short to tell"}


@dataclass(frozen=True, slots=True)
class Share:
    """A part: what it is, how much of the whole (0 to 1), and the number in words."""

    title: str
    fraction: float
    amount: str

    @property
    def percent(self) -> str:
        """The part in per cent; what is little is not said to be nothing."""
        return "<1 %" if 0 < self.fraction < 0.01 else formatting.share(self.fraction)


def shares_of(counts: Mapping[str, int], noun: str = "", most: int = _MOST) -> list[Share]:
    """Counts as shares, the greatest first; those beyond the first few are summed up."""
    total = sum(counts.values()) or 1
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    if len(ranked) > most:
        rest = ranked[most - 1 :]
        ranked = [*ranked[: most - 1], (f"{len(rest)} others", sum(count for _, count in rest))]
    return [Share(name, count / total, formatting.count(count)) for name, count in ranked]


def language_name(code: str) -> str:
    """English for "en"; a code that nobody knows stays as it is."""
    language = QLocale(code).language()
    if language == QLocale.Language.C:
        return _NO_LANGUAGE.get(code, code)
    return QLocale.languageToString(language)


class Shares(QWidget):
    """A line of text and a bar for each part, painted at fixed places."""

    def __init__(self, theme: Theme, name: str, accessible_name: str, token: str = "accent") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme, self._token = theme, token
        self.shares: list[Share] = []
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(160, max(1, len(self.shares)) * _ROW)

    def show_shares(self, shares: list[Share]) -> None:
        """Show these parts."""
        self.shares = shares
        self.setAccessibleDescription("; ".join(f"{share.title} {share.percent}" for share in shares))
        self.setToolTip("\n".join(f"{share.title}: {share.amount} ({share.percent})" for share in shares))
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, share in enumerate(self.shares):
            self._paint_share(painter, QRectF(0, number * _ROW, self.width(), _ROW), share)

    def _paint_share(self, painter: QPainter, row: QRectF, share: Share) -> None:
        font = self._theme.font("caption")
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        line = QRectF(row.left(), row.top(), row.width(), metrics.height() + _GAP)
        amount = f"{share.amount} · {share.percent}"
        painter.setPen(self._theme.color("secondary"))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, amount)
        room = line.width() - metrics.horizontalAdvance(amount) - 8
        painter.setPen(self._theme.color("text"))
        title = metrics.elidedText(share.title, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        track = QRectF(row.left(), line.bottom() + 2, row.width(), _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("pressed"))
        painter.drawRoundedRect(track, 3, 3)
        if share.fraction > 0:
            track.setWidth(max(float(_BAR), track.width() * share.fraction))
            painter.setBrush(self._theme.color(self._token))
            painter.drawRoundedRect(track, 3, 3)
