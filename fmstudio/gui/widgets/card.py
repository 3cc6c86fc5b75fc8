"""Cards: a surface with one hairline border that holds what belongs together; one kind can be clicked."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.labels import label, set_property
from fmstudio.gui.widgets.pressable import Pressable

_PADDING = 16


class Card(QFrame):
    """A titled surface. Add to `body`; put small controls at the right of the title with `add_control`."""

    def __init__(self, title: str = "", name: str = "card", caption: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "card")
        self.title = label(title, "section", f"{name}-title", wrap=True)
        self.caption = label(caption, "caption", f"{name}-caption", wrap=True)
        self._header = hbox((flow(self.title, self.caption), 1))
        self.body = vbox()
        self._layout = vbox(self._header, (self.body, 1), gap=12, margins=_PADDING)
        self.setLayout(self._layout)
        self.caption.setVisible(bool(caption))
        self.title.setVisible(bool(title))

    def set_padding(self, left: int, top: int, right: int, bottom: int, gap: int | None = None) -> None:
        """Leave other room between the border and what is inside, and between the title and the rest."""
        self._layout.setContentsMargins(left, top, right, bottom)
        if gap is not None:
            self._layout.setSpacing(gap)

    def add_control(self, control: QWidget) -> None:
        """Put a control at the right end of the title."""
        self._header.addWidget(control)

    def set_caption(self, text: str) -> None:
        """Change the quiet text beside the title."""
        self.caption.setText(text)
        self.caption.setVisible(bool(text))


class ClickableCard(Pressable, QFrame):
    """A card that is a button: it takes the focus, and a click, Enter or Space emits `clicked`. Add to `body`."""

    clicked = Signal()

    def __init__(self, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setProperty("role", "clickable")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.body = vbox(gap=4, margins=_PADDING)
        self.setLayout(self.body)

    def set_selected(self, selected: bool) -> None:
        """Show the card as the chosen one among its neighbours."""
        set_property(self, "role", "card" if selected else "clickable")
        set_property(self, "selected", selected)
