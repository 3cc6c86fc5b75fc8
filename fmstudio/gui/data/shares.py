"""Parts of a whole as small bars: languages, encodings, kinds of files, datasets of a mixture."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QLocale, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.row_chart import RowChart, draw_part

_BAR = 6
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


class Shares(RowChart):
    """A line of text and a bar for each part, painted at fixed places."""

    above, beneath, hint, least = 0, 19, (160, 34), (120, 34)

    def __init__(self, theme: Theme, name: str, title: str, token: str = "accent") -> None:
        super().__init__(theme, name, title)
        self._token = token
        self.shares: list[Share] = []

    @property
    def count(self) -> int:
        return len(self.shares)

    def show_shares(self, shares: list[Share]) -> None:
        """Show these parts."""
        self.shares, self.pointer = shares, -1
        self.refresh()

    def describe(self, number: int) -> str:
        share = self.shares[number]
        return f"{share.title}: {share.amount} ({share.percent})"

    def summary(self) -> str:
        return "; ".join(f"{share.title} {share.percent}" for share in self.shares)

    def table(self) -> Table:
        return Table(["part", "share", "amount"], [(each.title, each.fraction, each.amount) for each in self.shares])

    def draw_row(self, painter: QPainter, number: int, place: QRectF) -> None:
        share, metrics = self.shares[number], QFontMetricsF(painter.font())
        line = QRectF(place.left(), place.top(), place.width(), metrics.height() + 2)
        amount = f"{share.amount} · {share.percent}"
        painter.setPen(self.theme.color("secondary"))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, amount)
        room = line.width() - metrics.horizontalAdvance(amount) - 8
        painter.setPen(self.theme.color("text"))
        title = metrics.elidedText(share.title, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        track = QRectF(place.left(), line.bottom() + 2, place.width(), _BAR)
        draw_part(painter, track, 1.0, self.theme.color("pressed"), _BAR / 2)
        draw_part(painter, track, share.fraction, self.theme.color(self._token), _BAR / 2)


class ShareCard(Card):
    """Shares under a title, with a quiet word beside it."""

    def __init__(self, theme: Theme, title: str, name: str) -> None:
        super().__init__(title, f"{name}-card")
        self.shares = Shares(theme, name, title)
        self.body.addWidget(self.shares)

    def show_shares(self, shares: list[Share], caption: str = "") -> None:
        """Show other shares; caption: of what they are, or in which unit."""
        self.set_caption(caption)
        self.shares.show_shares(shares)
