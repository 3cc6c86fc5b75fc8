"""An answer as it is written: its numbered citations are links, and the passages that it rests on stand beneath."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import ElidedLabel, label
from fmstudio.gui.widgets.text.streamed_text import Ending, Link, StreamedText

_CITED = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")


class AnswerText(QWidget):
    """A title with figures over a text. `cited` tells the number of a citation that was clicked."""

    cited = Signal(int)

    def __init__(self, theme: Theme, name: str, title: str, invitation: str) -> None:
        super().__init__()
        self._theme, self._invitation = theme, invitation
        self._known: set[int] = set()
        self._sources: Sequence[Mapping[str, Any]] = ()
        self.figures = ElidedLabel("", "caption", f"{name}-figures")
        self.sources = label("", "caption", f"{name}-sources", wrap=True)
        self.sources.setTextFormat(Qt.TextFormat.RichText)
        self.sources.linkActivated.connect(lambda address: self._follow(QUrl(address)))
        self.text = StreamedText(theme, name, title, links=self._links)
        self.text.make_bare()
        self.text.anchorClicked.connect(self._follow)
        self.setLayout(
            vbox(
                hbox(label(title, "strong", f"{name}-title"), (self.figures, 1), gap=12),
                (self.text, 1),
                self.sources,
                gap=4,
            )
        )
        theme.changed.connect(self._show_sources)
        self.clear()

    def clear(self, invitation: str = "") -> None:
        """Show no answer, and say what will come here."""
        self._known = set()
        self.text.setPlaceholderText(invitation or self._invitation)
        self.text.show_text("")
        self.show_sources(())
        self.tell("")

    def begin(self, waiting: str) -> None:
        """Wait for an answer, and say for what it waits itself."""
        self.clear(waiting)
        self.text.begin()

    def tell(self, figures: str) -> None:
        """Say how it came."""
        self.figures.setText(figures)
        self.figures.setToolTip(figures)

    def know(self, numbers: Sequence[int]) -> None:
        """The numbers of the passages that the model was given; only these become links."""
        self._known = set(numbers)
        self.text.find_links()

    def show_sources(self, citations: Sequence[Mapping[str, Any]]) -> None:
        """Say beneath the answer which passages it rests on."""
        self._sources = citations
        self._show_sources()

    def _show_sources(self) -> None:
        self.sources.setText(self._listed())
        self.sources.setVisible(bool(self._sources))

    def finish(self, ending: Ending) -> None:
        """No more comes."""
        self.text.setPlaceholderText("")
        self.text.finish(ending)

    def _links(self, text: str) -> Iterator[Link]:
        """The numbers of known passages in a text."""
        for cited in _CITED.finditer(text):
            for number in re.finditer(r"\d+", cited.group()):
                if int(number.group()) in self._known:
                    yield cited.start() + number.start(), cited.start() + number.end(), f"passage:{number.group()}"

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
