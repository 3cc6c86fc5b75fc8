"""An answer as it is written: its numbered citations are links, and the passages that it rests on stand beneath."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from fmstudio.gui.playground.flowing_text import cut
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import ElidedLabel, label

_CITED = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_CALM = 40  # milliseconds between two redraws of a text that grows


class AnswerText(QWidget):
    """A title with figures over a text. `cited` tells the number of a citation that was clicked."""

    cited = Signal(int)

    def __init__(self, theme: Theme, name: str, title: str, waiting: str) -> None:
        super().__init__()
        self._theme, self._waiting = theme, waiting
        self.written = ""
        self._known: set[int] = set()
        self._sources: Sequence[Mapping[str, Any]] = ()
        self.figures = ElidedLabel("", "caption", f"{name}-figures")
        self.sources = label("", "caption", f"{name}-sources", wrap=True)
        self.sources.setTextFormat(Qt.TextFormat.RichText)
        self.sources.linkActivated.connect(lambda address: self._follow(QUrl(address)))
        self.text = QTextBrowser()
        self.text.setObjectName(name)
        self.text.setAccessibleName(title)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setStyleSheet("QTextBrowser { background: transparent; border: none; padding: 0; }")
        self.text.setOpenLinks(False)
        self.text.document().setDocumentMargin(0)
        self.text.anchorClicked.connect(self._follow)
        self._soon = QTimer(self, singleShot=True, interval=_CALM)
        self._soon.timeout.connect(self._draw)
        self.setLayout(
            vbox(
                hbox(label(title, "strong", f"{name}-title"), (self.figures, 1), gap=12),
                (self.text, 1),
                self.sources,
                gap=4,
            )
        )
        theme.changed.connect(self._draw)
        self.clear()

    def clear(self, waiting: str = "") -> None:
        """Begin anew."""
        self.written, self._known, self._sources, self._grows = "", set(), (), True
        self.text.setPlaceholderText(waiting or self._waiting)
        self.tell("")
        self._draw()

    def tell(self, figures: str) -> None:
        """Say how it came."""
        self.figures.setText(figures)
        self.figures.setToolTip(figures)

    def know(self, numbers: Sequence[int]) -> None:
        """The numbers of the passages that the model was given; only these become links."""
        self._known = set(numbers)
        self._soon.start()

    def append(self, piece: str) -> None:
        """Go on at the end."""
        self.written += piece
        if not self._soon.isActive():
            self._soon.start()

    def show_sources(self, citations: Sequence[Mapping[str, Any]]) -> None:
        """Say beneath the answer which passages it rests on."""
        self._sources = citations
        self._soon.start()

    def _draw(self) -> None:
        bar = self.text.verticalScrollBar()
        place, follows = bar.value(), self._grows and bar.value() >= bar.maximum() - 4
        self.sources.setText(self._listed())
        self.sources.setVisible(bool(self._sources))
        if self.written:
            self.text.setHtml(
                f"<div style='white-space:pre-wrap'>{linked(cut(self.written), self._known, self._link)}</div>"
            )
            bar.setValue(bar.maximum() if follows else place)
        else:
            self.text.clear()

    def rest(self) -> None:
        """It is whole: show it from its beginning."""
        self._grows = False
        self._draw()
        self.text.verticalScrollBar().setValue(0)

    def _link(self, number: int) -> str:
        return f'<a style="color:{self._theme.css("accent")};text-decoration:none" href="passage:{number}">{number}</a>'

    def _listed(self) -> str:
        """The passages behind the answer; what the model cited apart from what is only likest to its words."""
        given = {row["number"]: row for row in self._sources if row.get("given", True)}
        likest = {row["number"]: row for row in self._sources if row["number"] not in given}
        parts = []
        if given:
            rows = (f"[{self._link(number)}] {html.escape(str(row['title']))}" for number, row in given.items())
            parts.append(f"Cited: {', '.join(rows)}")
        if likest:
            rows = (f"[{self._link(number)}] cosine {row['score']:.2f}" for number, row in likest.items())
            parts.append(f"Not cited, but closest to what it says: {', '.join(rows)}")
        return "<br>".join(parts)

    def _follow(self, address: QUrl) -> None:
        if address.scheme() == "passage":
            self.cited.emit(int(address.path()))


def linked(text: str, known: set[int], link: Callable[[int], str]) -> str:
    """A text as HTML in which the numbers of known passages are links; all else is shown as it is."""

    def numbers(found: re.Match[str]) -> str:
        return re.sub(r"\d+", lambda one: link(int(one.group())) if int(one.group()) in known else one.group(),
                      found.group())  # fmt: skip

    escaped = html.escape(text, quote=False)
    return _CITED.sub(numbers, escaped)
