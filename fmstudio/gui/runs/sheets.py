"""Reads the sheets of samples that a run keeps: one PNG of equal tiles, whose size stands in the file."""

from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage


def read_sheet(path: Path) -> np.ndarray | None:
    """The pictures of a sheet, (count, height, width, channels) of uint8; None for a file that is none."""
    image = QImage(str(path))
    width, _, height = image.text("tile").partition("x")
    if image.isNull() or not (width.isdigit() and height.isdigit()):
        return None
    pixels = array_of(image)
    wide, high = int(width), int(height)
    rows, columns = pixels.shape[0] // high, pixels.shape[1] // wide
    tiles = pixels[: rows * high, : columns * wide].reshape(rows, high, columns, wide, -1).swapaxes(1, 2)
    count = int(image.text("count") or rows * columns)
    return np.ascontiguousarray(tiles.reshape(rows * columns, high, wide, -1)[:count])


def array_of(image: QImage) -> np.ndarray:
    """A QImage as (height, width, 1 or 3) of uint8."""
    grey = image.isGrayscale() and image.depth() == 8
    image = image.convertToFormat(QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888)
    channels = 1 if grey else 3
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * channels].reshape(image.height(), image.width(), channels).copy()
