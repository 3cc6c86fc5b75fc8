"""Keeps what scrolls at its end while it grows, for a person who reads there; whoever scrolled back stays in place."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractScrollArea

NEAR = 12  # pixels from the end that count as the end


class EndFollower(QObject):
    """Watches the vertical bar of an area. `on`: whether what it shows grows at all, or stands."""

    def __init__(self, area: QAbstractScrollArea, on: bool = True) -> None:
        super().__init__(area)
        self._bar = area.verticalScrollBar()
        self.on = on
        self._at_end = True
        self._bar.valueChanged.connect(self._scrolled)
        self._bar.rangeChanged.connect(self._grew)

    @property
    def following(self) -> bool:
        """Whether the end stays in view when more comes."""
        return self.on and self._at_end

    def go_to_end(self) -> None:
        """Show the end now, and stay there from now on."""
        self.on = self._at_end = True
        self._bar.setValue(self._bar.maximum())

    def _scrolled(self, value: int) -> None:
        self._at_end = value >= self._bar.maximum() - NEAR

    def _grew(self, _least: int, most: int) -> None:
        if self.following:
            self._bar.setValue(most)
