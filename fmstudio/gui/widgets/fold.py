"""Folds a part of a page away where there is no room for it, unless a person wants to see it."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from fmstudio.gui.theme import Theme


class Fold(QObject):
    """Whoever owns the page calls `fit` when that has another width. What a person folds or unfolds stays so until the
    room for it is another one.
    """

    def __init__(self, part: QWidget, page: QWidget, theme: Theme, least: float) -> None:
        """least: how wide the page must be for the part to be seen, in heights of the text."""
        super().__init__(page)
        self._part, self._page, self._theme, self._least = part, page, theme, least
        self._folds = False
        self._may_fold = True
        theme.changed.connect(self.fit)

    def allow(self, may_fold: bool) -> None:
        """Whether the part may be folded away for now."""
        self._may_fold = may_fold
        self.fit()

    def fit(self) -> None:
        """Fold it where there is no room for it, and unfold it where there is again."""
        folds = self._may_fold and self._page.width() < self._least * self._theme.text_size
        if folds != self._folds:
            self._folds = folds
            self._part.setVisible(not folds)

    def swap(self) -> None:
        """A person wants it out of sight, or back."""
        self._part.setVisible(self._part.isHidden())
