"""One line of a short list that can be clicked: an icon, a name, what matters of it, and when."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.labels import ElidedLabel, IconLabel, label
from fmstudio.gui.widgets.pressable import Pressable


class ListRow(Pressable, QFrame):
    """Emits `clicked` for a click, Enter or Space."""

    clicked = Signal()

    def __init__(
        self, theme: Theme, icon: str, title: str, facts: str, when: str, name: str, token: str = "secondary"
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(f"{title}, {facts}, {when}")
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(36)
        texts = ElidedLabel(title, "body", f"{name}-title"), ElidedLabel(facts, "secondary", f"{name}-facts")
        texts[0].setToolTip(title)
        texts[0].setMinimumWidth(min(120 if facts else 48, texts[0].sizeHint().width()))  # the name gives way last
        moment = label(when, "caption", f"{name}-when")
        moment.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        moment.setMinimumWidth(88 if facts else 0)
        texts[1].setVisible(bool(facts))
        self.setLayout(
            hbox(IconLabel(theme, icon, token), (texts[0], 1), texts[1], moment, gap=12, margins=(8, 0, 8, 0))
        )
