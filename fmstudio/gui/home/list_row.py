"""One line of a short list that can be clicked: an icon, a name, what matters of it, and when."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.labels import ElidedLabel, IconLabel, label
from fmstudio.gui.widgets.pressable import Pressable


@dataclass(frozen=True, slots=True)
class RowContent:
    """What a line says. kind, key and family: of the thing that it stands for."""

    kind: str
    key: str
    family: str
    icon: str
    title: str
    facts: str
    when: str
    token: str = "secondary"


class ListRow(Pressable, QFrame):
    """Emits `clicked` for a click, Enter or Space. What it says can change; where it stands and its focus stay."""

    clicked = Signal()

    def __init__(self, theme: Theme, name: str, content: RowContent) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(36)
        self._icon = IconLabel(theme, content.icon, content.token)
        self._title = ElidedLabel("", "body", f"{name}-title")
        self._facts = ElidedLabel("", "secondary", f"{name}-facts")
        self._when = label("", "caption", f"{name}-when")
        self._when.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(hbox(self._icon, (self._title, 1), self._facts, self._when, gap=12, margins=(8, 0, 8, 0)))
        self.show_content(content)

    def show_content(self, content: RowContent) -> None:
        """Say this from now on."""
        self.content = content
        self.setAccessibleName(", ".join(filter(None, (content.title, content.facts, content.when))))
        self._icon.show_icon(content.icon, content.token)
        self._title.setText(content.title)
        self._title.setToolTip(content.title)
        self._title.setMinimumWidth(min(120 if content.facts else 48, self._title.sizeHint().width()))  # gives way last
        self._facts.setText(content.facts)
        self._facts.setVisible(bool(content.facts))
        self._when.setText(content.when)
        self._when.setMinimumWidth(88 if content.facts else 0)
