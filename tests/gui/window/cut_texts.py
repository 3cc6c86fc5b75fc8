"""Finds texts that a person cannot read to their end: cut off at the edge of what they are in, or shortened."""

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from fmstudio.gui.widgets.labels import ElidedLabel

_SLACK = 1  # pixels that rounding takes
_OF_HEADER = 16


def cut_texts(window: QWidget) -> Iterator[str]:
    """What is wrong with each text in sight that cannot be read to its end, in words."""
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and (seen := _text_and_fault(widget)):
            text, fault = seen
            faults = [fault, *_beyond_the_edge(widget)]
            if any(faults):
                yield f"{type(widget).__name__} {widget.objectName()} “{text[:60]}”: {', '.join(filter(None, faults))}"


def _text_and_fault(widget: QWidget) -> tuple[str, str] | None:
    """The text of a widget, and why it does not fit in it; None where it has none."""
    metrics, room = widget.fontMetrics(), widget.contentsRect()
    match widget:
        case ElidedLabel():
            return widget.text(), _wider(metrics.horizontalAdvance(widget.text()), room.width())
        case QLabel() if widget.text() and widget.wordWrap():
            words = widget.text().replace("\N{ZERO WIDTH SPACE}", " ").split()
            widest = max((metrics.horizontalAdvance(word) for word in words), default=0)
            higher = _wider(widget.heightForWidth(widget.width()), widget.height(), "high")
            return widget.text(), higher or _wider(widest, room.width())
        case QLabel() if widget.text():
            return widget.text(), _wider(widget.sizeHint().width(), widget.width())
        case QAbstractButton() if widget.text():
            tick = isinstance(widget, QCheckBox)
            needed = widget.minimumSizeHint() if tick else widget.sizeHint()
            higher = _wider(metrics.height(), widget.height(), "high")
            return widget.text(), higher or _wider(needed.width(), widget.width())
        case QComboBox():
            option = QStyleOptionComboBox()
            widget.initStyleOption(option)
            field = widget.style().subControlRect(
                QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, widget
            )
            return widget.currentText(), _wider(metrics.horizontalAdvance(widget.currentText()), field.width())
        case QAbstractSpinBox():
            return widget.text(), _wider(metrics.horizontalAdvance(widget.text()), widget.lineEdit().width() - 4)
        case QLineEdit() if not isinstance(widget.parentWidget(), (QAbstractSpinBox, QComboBox)):
            text = widget.text() or widget.placeholderText()
            return text, _wider(metrics.horizontalAdvance(text), widget.width() - 12)
        case QHeaderView() if widget.orientation() == Qt.Orientation.Horizontal:
            return _header(widget)
    return None


def _header(header: QHeaderView) -> tuple[str, str]:
    shown = [section for section in range(header.count()) if not header.isSectionHidden(section)]
    for section in shown:
        title = str(header.model().headerData(section, Qt.Orientation.Horizontal) or "")
        needed = header.fontMetrics().horizontalAdvance(title) + _OF_HEADER
        if fault := _wider(needed, header.sectionSize(section)):
            return title, fault
    return "", ""


def _wider(needed: int, room: int, word: str = "wide") -> str:
    return f"{room} {word}, but needs {needed}" if needed > room + _SLACK else ""


def _beyond_the_edge(widget: QWidget) -> Iterator[str]:
    """Sides at which it is cut off by what it is in. What can be scrolled to counts as seen."""
    area, inner = QRect(QPoint(0, 0), widget.size()), widget
    while not inner.isWindow() and (outer := inner.parentWidget()) is not None:
        area.translate(inner.pos())
        view = outer.parentWidget()
        scrolls = isinstance(view, QAbstractScrollArea) and outer is view.viewport()
        if scrolls and view.horizontalScrollBar().maximum() and _may_scroll(view):
            return
        if max(area.right() + 1 - outer.width(), -area.left()) > _SLACK:
            yield f"cut at the side by {outer.objectName() or type(outer).__name__}"
            return
        if scrolls:
            return
        if max(area.bottom() + 1 - outer.height(), -area.top()) > _SLACK:
            yield f"cut below by {outer.objectName() or type(outer).__name__}"
            return
        inner = outer


def _may_scroll(view: QAbstractScrollArea) -> bool:
    return view.horizontalScrollBarPolicy() != Qt.ScrollBarPolicy.ScrollBarAlwaysOff
