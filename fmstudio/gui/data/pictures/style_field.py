"""Chooses a style by what it looks like: the list that opens is a wall of pictures, one of each, with their names."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.resources import RESOURCES

PICTURES = RESOURCES / "styles"
"""The first picture of each style, as it is drawn with the seed 0: to check all of a style before it is drawn takes a
third of a second.
"""

_SIDE = 48
_COLUMNS, _ROWS = 5, 5
_BESIDE = 32  # the frame and the scroll bar


class StyleField(ChoiceField):
    """One of the styles there are, each with its picture."""

    def __init__(self, theme: Theme, name: str, accessible_name: str) -> None:
        super().__init__(name, accessible_name, [])
        self._painter = _StylePainter(theme)
        self._wall = wall = QListView()
        wall.setObjectName(f"{name}-wall")
        wall.setViewMode(QListView.ViewMode.IconMode)
        wall.setMovement(QListView.Movement.Static)
        wall.setResizeMode(QListView.ResizeMode.Adjust)
        wall.setUniformItemSizes(True)
        self.setView(wall)
        self.setItemDelegate(self._painter)
        self.setIconSize(QSize(24, 24))

    def add_style(self, name: str, title: str) -> None:
        """Offer a style."""
        self.addItem(QIcon(str(PICTURES / f"{name}.png")), title, name)

    def showPopup(self) -> None:
        cell = self._painter.cell
        self._wall.setGridSize(cell)
        super().showPopup()
        popup, room = self._wall.window(), self.screen().availableGeometry()
        width = min(_COLUMNS * cell.width() + _BESIDE, room.width() - 16)
        popup.resize(width, min(_ROWS * cell.height() + 16, room.height() - 16))
        beneath = self.mapToGlobal(self.rect().bottomLeft())
        popup.move(
            max(room.left(), min(beneath.x(), room.right() - popup.width())),
            max(room.top(), min(beneath.y(), room.bottom() - popup.height())),
        )
        self._wall.scrollTo(self._wall.currentIndex())


class _StylePainter(QStyledItemDelegate):
    """Paints a picture above its name, which may take two lines."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    @property
    def cell(self) -> QSize:
        """The room of one, with text of the present size."""
        metrics = QFontMetrics(self._theme.font("caption"))
        return QSize(max(96, metrics.horizontalAdvance("Adventurer mm")), _SIDE + 2 * metrics.lineSpacing() + 20)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return self.cell

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        area: QRect = option.rect.adjusted(2, 2, -2, -2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(self._theme.color("accent"))
            painter.setBrush(self._theme.color("accent_soft"))
            painter.drawRoundedRect(area, 6, 6)
        picture = QRect(area.center().x() - _SIDE // 2, area.top() + 6, _SIDE, _SIDE)
        index.data(Qt.ItemDataRole.DecorationRole).paint(painter, picture)
        painter.setFont(self._theme.font("caption"))
        painter.setPen(self._theme.color("text"))
        words = area.adjusted(2, _SIDE + 9, -2, -1)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(words, int(flags), str(index.data()))
        painter.restore()
