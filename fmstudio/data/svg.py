"""Turns drawings (SVG) into pixels with Qt, which needs no window for it. The one place outside of it that uses Qt."""

import re

import numpy as np
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from fmstudio.data.errors import Refused

FINER = 4  # a drawing is first drawn at so many times its size
# Text looks different on every computer, depending on its fonts (and Qt ends the process where there is no window to
# ask for them). An entity could hide it.
_TEXT = re.compile(r"<(\w+:)?text|<!ENTITY", re.IGNORECASE)


def drawn(
    svg: str | bytes, side: int, background: tuple[int, int, int] = (255, 255, 255), stretch: bool = False
) -> np.ndarray:
    """A drawing as (height, width, 3) of uint8 on a background, its longer side `side` pixels; raises Refused.

    stretch: both sides are `side`, whatever its own are. Each pixel is the mean of FINER × FINER of a larger picture,
    which is smoother than what Qt smooths by itself.
    """
    renderer = _renderer(svg)
    width, height = (side, side) if stretch else _extent(renderer, side)
    image = QImage(width * FINER, height * FINER, QImage.Format.Format_RGBX8888)
    image.fill(QColor(*background))
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, FINER, width, FINER, 4)
    mean: np.ndarray = pixels[..., :3].mean(axis=(1, 3), dtype=np.float32)
    return np.rint(mean).astype(np.uint8)


def natural_size(svg: str | bytes) -> tuple[int, int]:
    """Width and height that a drawing says of itself; raises Refused."""
    size = _renderer(svg).viewBoxF().size()
    return round(size.width()), round(size.height())


def _renderer(svg: str | bytes) -> QSvgRenderer:
    try:
        text = svg.decode("utf-8") if isinstance(svg, bytes) else svg
    except UnicodeDecodeError:
        raise Refused("it is not an SVG drawing, or damaged") from None
    if _TEXT.search(text):
        raise Refused("it holds text, whose look depends on the fonts of this computer; turn the text into outlines")
    renderer = QSvgRenderer(QByteArray(text.encode()))
    if not renderer.isValid() or renderer.viewBoxF().isEmpty():
        raise Refused("it is not an SVG drawing, or damaged")
    renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
    return renderer


def _extent(renderer: QSvgRenderer, side: int) -> tuple[int, int]:
    size = renderer.viewBoxF().size()
    scale = side / max(size.width(), size.height())
    return max(1, round(size.width() * scale)), max(1, round(size.height() * scale))
