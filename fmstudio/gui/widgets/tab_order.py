"""Where the Tab key goes: what was made later comes where it stands, not at the end of the window."""

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtWidgets import QWidget


def follow(first: QWidget, later: Iterable[QWidget]) -> None:
    """Have Tab go from the first through these in their order, and then on as before."""
    for before, after in pairwise((first, *later)):
        QWidget.setTabOrder(before, after)
