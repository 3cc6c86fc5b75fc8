"""What a cleaning rule would do, on real documents: before and after, with the differences marked."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from fmstudio.gui.data.text.review import REPAIR, RuleFindings
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.difference import as_html, difference
from fmstudio.gui.widgets.labels import ElidedLabel, icon_button, label

_CAPTIONS = {
    "encoding": ("Before", "After"),
    "exact_duplicates": ("Would be removed", "Stays"),
    "near_duplicates": ("Would be removed", "Stays"),
}


class ExampleView(QWidget):
    """Leafs through the examples of one rule."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("examples")
        self._theme = theme
        self._rule = ""
        self._examples: Sequence[Mapping[str, Any]] = ()
        self._number = 0
        self.heading = ElidedLabel("", "strong", "example-title")
        self.why = label("", "caption", "example-why", wrap=True)
        self.place = label("", "caption", "example-place")
        self.back = icon_button("mdi6.chevron-left", "Example before", "example-back", theme, lambda: self._step(-1))
        self.forth = icon_button("mdi6.chevron-right", "Next example", "example-forth", theme, lambda: self._step(1))
        self.before = _Text("example-before", "Before")
        self.after = _Text("example-after", "After")
        self._lay_out()
        theme.changed.connect(self._show)

    def _lay_out(self) -> None:
        self.setLayout(
            vbox(
                hbox((self.heading, 1), self.place, self.back, self.forth),
                self.why,
                (hbox((self.before, 1), (self.after, 1), gap=12), 1),
            )
        )

    def show_rule(self, findings: RuleFindings | None) -> None:
        """Show the examples of a rule; of the same rule the place is kept while more are found."""
        if findings is None or findings.rule != self._rule:
            self._number = 0
        self._rule = findings.rule if findings else ""
        self._examples = findings.examples if findings else ()
        self._show()

    def _step(self, by: int) -> None:
        self._number = min(len(self._examples) - 1, max(0, self._number + by))
        self._show()

    def _show(self) -> None:
        some = bool(self._examples)
        self.setVisible(some)
        if not some:
            return
        example = self._examples[self._number]
        self.heading.setText(example["title"])
        self.heading.setToolTip(example["title"])
        why = example["why"]
        self.why.setText(f"{why[:1].upper()}{why[1:]}.")
        self.place.setText(f"Example {self._number + 1} of {len(self._examples)}")
        self.back.setEnabled(self._number > 0)
        self.forth.setEnabled(self._number < len(self._examples) - 1)
        self._show_texts(example["before"], example["after"])

    def _show_texts(self, before: str, after: str) -> None:
        captions = _CAPTIONS.get(self._rule, ("Would be removed", ""))
        left, right = difference(before, after) if after else ([(before, False)], [])
        old, new = ("line-through", "underline") if self._rule == REPAIR else ("underline", "underline")
        self.before.show_text(captions[0], as_html(left, self._theme, "error_soft", old))
        self.after.show_text(captions[1], as_html(right, self._theme, "token_4", new))
        self.after.setVisible(bool(after))


class _Text(QWidget):
    """A text under its caption."""

    def __init__(self, name: str, accessible_name: str) -> None:
        super().__init__()
        self.caption = label("", "caption", f"{name}-caption")
        self.text = QTextEdit()
        self.text.setObjectName(name)
        self.text.setAccessibleName(accessible_name)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setMinimumHeight(64)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLayout(vbox(self.caption, (self.text, 1), gap=4))

    def show_text(self, caption: str, rich: str) -> None:
        self.caption.setText(caption)
        self.text.setHtml(rich)
