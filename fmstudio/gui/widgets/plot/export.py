"""A chart as a file: a picture of what is seen (PNG, SVG) or every number behind it (CSV)."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap

from fmstudio.workspace import write_atomically

FORMATS = {".png": "PNG picture", ".svg": "SVG drawing", ".csv": "CSV table"}


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a chart: the names of columns, and rows of numbers and texts. What is not known is NaN."""

    header: Sequence[str]
    rows: Iterable[Sequence[object]]

    def csv(self) -> str:
        """The table as text that spreadsheets and other programs read."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows([_cell(value) for value in row] for row in self.rows)
        return text.getvalue()


def _cell(value: object) -> object:
    """A number that reads back as itself, without the point of a whole one; nothing where none is known."""
    if not isinstance(value, (int, float, np.number)):
        return value
    number = float(value)
    if not np.isfinite(number):
        return ""
    return str(int(number)) if number == int(number) else repr(number)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be saved: how it is painted, how large it is on the screen, and what is behind it."""

    paint: Callable[[QPainter], object]
    size: QSize
    background: QColor

    def pixmap(self, scale: float = 2.0) -> QPixmap:
        """The picture at twice its size, so that it is sharp on paper and slides."""
        picture = QPixmap(self.size * scale)
        picture.setDevicePixelRatio(scale)
        picture.fill(self.background)
        with QPainter(picture) as painter:
            self.paint(painter)
        return picture

    def save_png(self, path: Path) -> None:
        """Raises OSError where it cannot be written."""
        if not self.pixmap().save(str(path), "PNG"):
            raise OSError(f"{path} cannot be written")

    def save_svg(self, path: Path) -> None:
        """Raises OSError where it cannot be written."""
        from PySide6.QtSvg import QSvgGenerator

        drawing = QSvgGenerator()
        drawing.setFileName(str(path))
        drawing.setSize(self.size)
        drawing.setViewBox(QRect(0, 0, self.size.width(), self.size.height()))
        painter = QPainter()
        if not painter.begin(drawing):
            raise OSError(f"{path} cannot be written")
        painter.fillRect(QRect(0, 0, self.size.width(), self.size.height()), self.background)
        self.paint(painter)
        painter.end()


def save(drawing: Drawing, table: Table, path: Path) -> None:
    """Write in the format that the path's suffix names: .png, .svg or .csv."""
    if path.suffix == ".csv":
        write_atomically(path, table.csv())
    elif path.suffix == ".svg":
        drawing.save_svg(path)
    else:
        drawing.save_png(path)
