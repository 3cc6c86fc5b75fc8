"""The plane on which a plot's curves are: what the mouse does there, and how it lies between its axes."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGraphicsGridLayout


class PlotBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph tells no types
    """The plane of the curves: wheel zooms, dragging moves. fit_wanted: a double click asks for all to be seen."""

    fit_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0)
        self.disableAutoRange()

    def mouseClickEvent(self, event: Any) -> None:
        if event.double():
            self.fit_wanted.emit()
        event.accept()

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            super().mouseDragEvent(event, axis)


def plot_canvas(box: PlotBox, left: pg.AxisItem, bottom: pg.AxisItem) -> pg.GraphicsView:
    """A view with the box between its axes.

    pyqtgraph's own PlotItem does the same, but makes seven menus that are never shown and a widget for each.
    """
    canvas = pg.GraphicsView()
    canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys are the plot's
    canvas.enableMouse(False)  # the view itself stays still; the box moves
    canvas.setFrameShape(canvas.Shape.NoFrame)
    plane = pg.GraphicsWidget()
    grid = QGraphicsGridLayout(plane)
    grid.setContentsMargins(0, 6, 14, 4)
    grid.setSpacing(0)
    grid.addItem(left, 0, 0)
    grid.addItem(box, 0, 1)
    grid.addItem(bottom, 1, 1)
    grid.setColumnStretchFactor(1, 1)
    grid.setRowStretchFactor(0, 1)
    for axis in (left, bottom):
        axis.linkToView(box)
        axis.setZValue(-1000)  # the grid goes behind the curves
    canvas.setCentralItem(plane)
    return canvas
