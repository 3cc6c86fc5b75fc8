"""A plot as a file: a picture of what is seen (PNG, SVG) or every number behind it (CSV)."""

import csv
import io
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from fmstudio.gui.widgets.plot.series import Series
from fmstudio.workspace import write_atomically

FORMATS = {".png": "PNG picture", ".svg": "SVG drawing", ".csv": "CSV table"}


def table(columns: dict[str, Series]) -> str:
    """All values as CSV: step and seconds, then a column a curve; empty where a curve was not measured."""
    steps = np.unique(np.concatenate([series.steps for series in columns.values()] or [np.empty(0)]))
    places = {title: dict(zip(series.steps, series.values, strict=True)) for title, series in columns.items()}
    times: dict[float, float] = {}
    for series in columns.values():
        times.update(zip(series.steps, series.seconds, strict=True))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", "seconds", *columns])
    for step in steps:
        values = [_cell(place.get(step, np.nan)) for place in places.values()]
        writer.writerow([_cell(step), _cell(times[step]), *values])
    return text.getvalue()


def _cell(value: float) -> str:
    """A number that reads back as itself, without the point of a whole one."""
    if not np.isfinite(value):
        return ""
    return str(int(value)) if value == int(value) else repr(float(value))


def save_png(widget: QWidget, path: Path, background: QColor, scale: float = 2.0) -> None:
    """The widget as a picture at twice its size, so that it is sharp on paper and slides."""
    picture = QPixmap(widget.size() * scale)
    picture.setDevicePixelRatio(scale)
    picture.fill(background)
    widget.render(picture)
    if not picture.save(str(path), "PNG"):
        raise OSError(f"{path} cannot be written")


def save_svg(widget: QWidget, path: Path, background: QColor) -> None:
    """The widget as a drawing."""
    from PySide6.QtSvg import QSvgGenerator

    drawing = QSvgGenerator()
    drawing.setFileName(str(path))
    drawing.setSize(QSize(widget.size()))
    drawing.setViewBox(widget.rect())
    painter = QPainter()
    if not painter.begin(drawing):
        raise OSError(f"{path} cannot be written")
    painter.fillRect(widget.rect(), background)
    widget.render(painter, QPoint(0, 0))
    painter.end()


def save_csv(columns: dict[str, Series], path: Path) -> None:
    """The numbers behind the plot."""
    write_atomically(path, table(columns))
