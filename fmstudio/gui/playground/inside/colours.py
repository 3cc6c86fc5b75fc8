"""Colours that stand for numbers: scales from the card's background to a colour of the theme, and pictures of matrices.

A scale begins at the background, so nothing is quiet in both themes, and text in the theme's own colour stays legible
on tints of it.
"""

from functools import lru_cache

import numpy as np
from PySide6.QtGui import QColor, QImage

from fmstudio.gui.theme import Theme

TINT = 0.45
"""How far a background behind text goes towards its colour at most: contrast stays above 4.5 in both themes."""


def mixed(theme: Theme, token: str, amount: float, base: str = "surface") -> QColor:
    """A colour between two tokens: amount 0 is `base`, 1 is `token`."""
    return _mix(theme.css(base), theme.css(token), round(min(1.0, max(0.0, amount)), 3))


def tint(theme: Theme, token: str, amount: float) -> QColor:
    """A background for text that tells an amount from 0 to 1."""
    return mixed(theme, token, TINT * min(1.0, max(0.0, amount)))


def legible(theme: Theme, background: QColor) -> QColor:
    """The colour of text or of the card, whichever stands out more from a background."""
    return max((theme.color("text"), theme.color("surface")), key=lambda ink: _contrast(ink, background))


def _contrast(one: QColor, other: QColor) -> float:
    """The contrast ratio of WCAG 2, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache(maxsize=4096)
def _mix(base: str, token: str, amount: float) -> QColor:
    low, high = QColor(base), QColor(token)
    parts = zip((low.red(), low.green(), low.blue()), (high.red(), high.green(), high.blue()), strict=True)
    return QColor(*(round(a + (b - a) * amount) for a, b in parts))


def matrix_image(theme: Theme, values: np.ndarray, token: str = "accent", opposite: str = "") -> QImage:
    """A picture of a matrix (rows, columns) with one pixel a number: 0 is the background, 1 the colour.

    opposite: the colour of -1 for numbers that may be negative.
    """
    if opposite:
        levels = np.clip(np.rint((values + 1.0) * 127.5), 0, 255)
        colours = [mixed(theme, opposite, 1 - n / 127.5) if n < 128 else mixed(theme, token, n / 127.5 - 1)
                   for n in range(256)]  # fmt: skip
    else:
        levels = np.clip(np.rint(values * 255.0), 0, 255)
        colours = [mixed(theme, token, number / 255) for number in range(256)]
    pixels = np.ascontiguousarray(levels.astype(np.uint8))
    height, width = pixels.shape
    image = QImage(pixels.data, width, height, width, QImage.Format.Format_Indexed8).copy()
    image.setColorTable([colour.rgb() for colour in colours])
    return image
