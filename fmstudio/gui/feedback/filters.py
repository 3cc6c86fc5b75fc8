"""What of the feedback log is looked at: words to find, and a kind, a model, a rating, a tag and a time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import button

KINDS = (("", "All kinds"), ("text", "Texts"), ("image", "Pictures"))
RATINGS = (
    ("", "Any rating"), ("rated", "Rated"), ("unrated", "Not rated"), ("up", "Thumbs up"), ("down", "Thumbs down"),
    ("high", "Score 4 to 5"), ("low", "Score 1 to 2"), ("corrected", "Corrected"),
)  # fmt: skip
PERIODS = ((0, "All time"), (1, "Last 24 hours"), (7, "Last 7 days"), (30, "Last 30 days"), (365, "Last year"))
_PATIENCE = 120  # milliseconds after a key before the search follows


class FeedbackFilters(QWidget):
    """`changed` tells that another choice is meant."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("feedback-filters")
        self.search = QLineEdit()
        self.search.setObjectName("feedback-search")
        self.search.setAccessibleName("Search prompts, outputs, corrections and comments")
        self.search.setPlaceholderText("Search prompts, outputs, corrections, comments")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(theme.icon("mdi6.magnify", "secondary"), QLineEdit.ActionPosition.LeadingPosition)
        self.kind = _choice("kind", "Kind", KINDS)
        self.model = _choice("model", "Model", (("", "All models"),))
        self.rating = _choice("rating", "Rating", RATINGS)
        self.tag = _choice("tag", "Tag", (("", "All tags"),))
        self.period = _choice("period", "Time", PERIODS)
        self.clear_button = button("Clear", "feedback-clear", theme, role="quiet", clicked=self.clear)
        self._soon = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._soon.timeout.connect(self._tell)
        self.search.textChanged.connect(self._typed)
        for field in self.fields:
            field.edited.connect(self._tell)
        self._lay_out()
        self._tell_state()

    @property
    def fields(self) -> tuple[ChoiceField, ...]:
        """The choices beside the search."""
        return self.kind, self.model, self.rating, self.tag, self.period

    def _lay_out(self) -> None:
        self.setLayout(vbox(self.search, hbox(*((field, 1) for field in self.fields), self.clear_button)))

    def value(self) -> dict[str, str]:
        """The filters as the log understands them, without the words."""
        found = {"kind": self.kind.value(), "model": self.model.value(), "rating": self.rating.value()}
        found["tag"] = self.tag.value()
        if days := self.period.value():
            found["since"] = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
        return {name: str(value) for name, value in found.items() if value}

    @property
    def text(self) -> str:
        """The words to find."""
        return self.search.text()

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text.strip() or self.value())

    def offer(self, choices: Mapping[str, Any]) -> None:
        """Offer the models and tags that the log has; what is chosen stays."""
        _refill(self.model, "All models", choices["models"])
        _refill(self.tag, "All tags", choices["tags"])

    def clear(self) -> None:
        """Leave nothing out."""
        self.search.clear()
        for field in self.fields:
            field.setCurrentIndex(0)
        self._tell()

    def _typed(self) -> None:
        self._soon.start()

    def _tell(self) -> None:
        self._soon.stop()
        self._tell_state()
        self.changed.emit()

    def _tell_state(self) -> None:
        self.clear_button.setEnabled(self.narrowed)


def _choice(part: str, title: str, choices: Sequence[tuple[Any, str]]) -> ChoiceField:
    made = ChoiceField(f"feedback-{part}", title, [value for value, _ in choices], [text for _, text in choices])
    made.setMinimumWidth(84)
    made.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(6)
    return made


def _refill(field: ChoiceField, everything: str, values: Sequence[str]) -> None:
    chosen = field.value()
    field.blockSignals(True)
    field.clear()
    field.addItem(everything, "")
    for value in dict.fromkeys([*values, *([chosen] if chosen else [])]):
        field.addItem(value, value)
    field.set_value(chosen)
    field.blockSignals(False)
