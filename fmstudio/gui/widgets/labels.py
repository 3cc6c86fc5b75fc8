"""Small pieces that every panel is made of: texts by role, buttons, icon buttons, rules."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QStyle, QStyleOption, QToolButton, QWidget

from fmstudio.gui.theme import Theme

ICON = QSize(18, 18)
_SCROLL_BAR = 10
_ICON_BEFORE_TEXT = QSize(22, 18)  # the glyph stands at its left, which leaves a gap to the text


def label(text: str = "", role: str = "body", name: str = "", wrap: bool = False) -> QLabel:
    """A text in a role of the style sheet: display, title, section, strong, body, secondary, caption, error, mono."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setObjectName(name)
    made.setWordWrap(wrap)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


class IconLabel(QWidget):
    """An icon that only shows; it follows the theme by itself."""

    def __init__(self, theme: Theme, icon: str, token: str, side: int = 18) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedSize(side, side)
        self.show_icon(icon, token)

    def show_icon(self, icon: str, token: str) -> None:
        """Show another icon."""
        self._icon = self._theme.icon(icon, token)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._icon.paint(QPainter(self), self.rect())


class ElidedLabel(QLabel):
    """A text in one line that gives way: what does not fit ends in an ellipsis, and the tooltip has all of it.

    from_end: its end is what matters, so that the ellipsis stands before it.
    """

    def __init__(self, text: str, role: str, name: str, from_end: bool = False) -> None:
        super().__init__(text)
        self._elide = Qt.TextElideMode.ElideLeft if from_end else Qt.TextElideMode.ElideRight
        self._at = Qt.AlignmentFlag.AlignVCenter | (
            Qt.AlignmentFlag.AlignRight if from_end else Qt.AlignmentFlag.AlignLeft
        )
        self.setProperty("role", role)
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setIndent(0)  # in a frame Qt would leave room at one side

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, room = QPainter(self), self.contentsRect()
        ground = QStyleOption()
        ground.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, ground, painter, self)
        text = self.fontMetrics().elidedText(self.text(), self._elide, room.width())
        self.style().drawItemText(
            painter,
            room,
            self._at,
            self.palette(),
            self.isEnabled(),
            text,
            self.foregroundRole(),
        )


def button(
    text: str, name: str, theme: Theme, icon: str = "", role: str = "plain", clicked: Callable[[], object] | None = None
) -> QPushButton:
    """A push button; role: plain, primary, danger, quiet or link. `clicked` is called without arguments."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setAccessibleName(text)
    made.setProperty("role", role)
    if icon:
        tint = {"primary": "on_accent", "danger": "on_accent", "link": "accent"}.get(role, "text")
        made.setIcon(theme.icon(icon, tint))
        made.setIconSize(_ICON_BEFORE_TEXT)
    if clicked:
        made.clicked.connect(lambda: clicked())
    return made


def icon_button(
    icon: str,
    tooltip: str,
    name: str,
    theme: Theme,
    clicked: Callable[[], object] | None = None,
    token: str = "secondary",
) -> QToolButton:
    """A button that is only an icon; its tooltip is its accessible name too."""
    made = QToolButton()
    made.setObjectName(name)
    made.setIcon(theme.icon(icon, token))
    made.setIconSize(ICON)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setToolTip(tooltip)
    made.setAccessibleName(tooltip)
    if clicked:
        made.clicked.connect(lambda: clicked())
    return made


class _Column(QScrollArea):
    """Scrolls up and down only, so it is never narrower than what is in it."""

    def minimumSizeHint(self) -> QSize:
        content, least = self.widget(), super().minimumSizeHint()
        return QSize(content.minimumSizeHint().width() + _SCROLL_BAR, least.height()) if content else least

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(self.minimumSizeHint())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


def scroll_area(content: QWidget, name: str, reads: bool = False) -> QScrollArea:
    """A place where content higher than the room scrolls, with the background of what is behind it.

    reads: there is nothing in it that Tab could stop at, so that it takes the keys itself, to be scrolled with them.
    """
    made = _Column()
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus if reads else Qt.FocusPolicy.NoFocus)
    made.setProperty("role", "reads" if reads else "")
    made.setObjectName(name)
    made.setWidgetResizable(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setWidget(content)
    for each in (content, made.viewport()):
        each.setAutoFillBackground(False)
    return made


def rule() -> QFrame:
    """A hairline across."""
    made = QFrame()
    made.setProperty("role", "rule")
    return made


def show_part(widget: QWidget, shown: bool) -> None:
    """Show or hide a part of something. One that is in nothing yet would be a window of its own: it is left as it is,
    to be seen with what it is put into.
    """
    if widget.parentWidget() is not None or not shown:
        widget.setVisible(shown)


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Change a property that the style sheet looks at, and restyle the widget."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
