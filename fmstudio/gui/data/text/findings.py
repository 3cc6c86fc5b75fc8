"""The findings of a review: a row for each rule, the examples of the chosen one, and what would be left."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.text.examples import ExampleView
from fmstudio.gui.data.text.review import TITLES, Review, RuleFindings
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import label, rule, set_property
from fmstudio.gui.widgets.pressable import Pressable


class FindingsView(Card):
    """Grows as a review goes on; nothing changes its place."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("What the rules would do", "findings")
        self.body.setSpacing(0)
        self.rows = {name: _FindingRow(theme, name, title) for name, title in TITLES.items()}
        self.examples = ExampleView(theme)
        self.remainder = label("", "strong", "findings-remainder", wrap=True)
        self._none = label("This rule finds nothing here.", "secondary", "findings-none")
        self._chosen = ""
        self._review: Review | None = None
        for name, row in self.rows.items():
            row.clicked.connect(lambda name=name: self.choose(name))
            self.body.addWidget(row)
        self.body.addSpacing(8)
        self.body.addWidget(rule())
        self.body.addSpacing(12)
        self.body.addWidget(self.examples, 1)
        self.body.addWidget(self._none, 0, Qt.AlignmentFlag.AlignTop)
        self._filler = QWidget()
        self._filler.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.body.addWidget(self._filler, 1)
        self.body.addSpacing(8)
        self.body.addWidget(self.remainder)

    def begin(self) -> None:
        """A new review: nothing is found yet."""
        self._chosen = ""

    def show_review(self, review: Review) -> None:
        """Show what was found so far."""
        self._review = review
        for findings in review.findings:
            if findings.rule in self.rows:
                self.rows[findings.rule].show_findings(findings)
        if not self._chosen:
            self._chosen = next((each.rule for each in review.findings if each.count), "")
        self.remainder.setText(remainder(review))
        self._show_chosen()

    def choose(self, name: str) -> None:
        """Show the examples of a rule."""
        self._chosen = name
        self._show_chosen()

    def _show_chosen(self) -> None:
        for name, row in self.rows.items():
            row.set_chosen(name == self._chosen)
        findings = self._review.findings if self._review else ()
        chosen = next((each for each in findings if each.rule == self._chosen), None)
        self.examples.show_rule(chosen)
        some = bool(chosen and chosen.examples)
        self._none.setVisible(bool(chosen) and not some)
        self._filler.setVisible(not some)


def remainder(review: Review) -> str:
    """What would be left, in a sentence."""
    if review.nothing_to_do:
        words = f"All {formatting.plural(review.documents, 'document')} stay as they are"
        return f"{words}." if review.complete else f"{words}, so far."
    left, weight = review.documents - review.removed, review.bytes - review.removed_bytes
    words = (
        f"{left:,} of {formatting.plural(review.documents, 'document')} stay, "
        f"{formatting.size(weight)} of {formatting.size(review.bytes)}"
    )
    if review.changed:
        words += f"; {review.changed:,} repaired"
    return f"{words}." if review.complete else f"{words}, as far as was looked."


class _FindingRow(Pressable, QFrame):
    """A rule with how many documents and bytes it would change or remove."""

    clicked = Signal()

    def __init__(self, theme: Theme, name: str, title: str) -> None:
        super().__init__()
        self._theme, self._chosen = theme, False
        self.setObjectName(f"finding-{name}")
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(32)
        self.title = label(title, "body", f"finding-{name}-title")
        self.amount = label("–", "body", f"finding-{name}-amount")
        self.weight = label("", "caption", f"finding-{name}-bytes")
        for each, width in ((self.amount, 150), (self.weight, 76)):
            each.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            each.setMinimumWidth(width)
        self.setLayout(hbox((self.title, 1), self.amount, self.weight, gap=6, margins=(8, 0, 8, 0)))

    def show_findings(self, findings: RuleFindings) -> None:
        verb = "removed" if findings.removes else "changed"
        amount = f"{formatting.plural(findings.count, 'document')} {verb}" if findings.count else "None"
        self.amount.setText(amount)
        set_property(self.amount, "role", "body" if findings.count else "secondary")
        self.weight.setText(formatting.size(findings.bytes) if findings.count else "")
        self.setAccessibleName(f"{findings.title}: {amount} {self.weight.text()}")

    def set_chosen(self, chosen: bool) -> None:
        set_property(self.title, "role", "strong" if chosen else "body")
        self._chosen = chosen
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._chosen:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent_soft"))
            painter.drawRoundedRect(self.rect(), 6, 6)
            painter.end()
        super().paintEvent(event)
