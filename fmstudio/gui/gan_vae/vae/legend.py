"""The classes of the map with their marks and counts; clicking one shows it alone."""

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.gan_vae.vae.latent import Survey
from fmstudio.gui.gan_vae.vae.map import look_of
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.marks import draw_mark

MOST = 12
_COLUMNS = 6


class Legend(QWidget):
    """highlighted(class or None): a person wants to see this class alone, or all again."""

    highlighted = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("vae-legend")
        self._theme = theme
        self.entries: dict[int, _Entry] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(0)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self._grid.setVerticalSpacing(0)

    def show_survey(self, survey: Survey | None) -> None:
        """List the classes of a map, the most frequent ones where there are many; one class needs no list."""
        for entry in self.entries.values():
            self._grid.removeWidget(entry)
            entry.hide()
            entry.deleteLater()
        self.entries = {}
        counts = _counts(survey)
        if survey is not None and len(counts) > 1:
            for number, count in counts[:MOST]:
                entry = self.entries[number] = _Entry(self._theme, number, survey.classes[number], count)
                entry.clicked.connect(lambda on, number=number: self._chosen(number, on))
        self.setVisible(bool(self.entries))
        self._arrange()

    def _arrange(self) -> None:
        """As many in a row as the longest name lets."""
        widest = max((entry.sizeHint().width() for entry in self.entries.values()), default=1)
        columns = max(1, min(_COLUMNS, self.width() // (widest + 8)))
        for place, entry in enumerate(self.entries.values()):
            self._grid.addWidget(entry, place // columns, place % columns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _chosen(self, number: int, on: bool) -> None:
        for other, entry in self.entries.items():
            entry.setChecked(on and other == number)
        self.highlighted.emit(number if on else None)


def _counts(survey: Survey | None) -> list[tuple[int, int]]:
    if survey is None:
        return []
    labels, counts = np.unique(survey.labels[survey.labels >= 0], return_counts=True)
    return sorted(zip(labels.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))


class _Entry(QToolButton):
    """A class's mark and name; it can be checked."""

    def __init__(self, theme: Theme, number: int, name: str, count: int) -> None:
        super().__init__()
        self._theme, self._number = theme, number
        self.setObjectName(f"vae-class-{name}")
        self.setText(f"    {name}")
        self.setFont(theme.font("caption"))
        self.setAccessibleName(f"Show {name} alone")
        self.setToolTip(f"{name}: {formatting.plural(count, 'picture')} on the map. Click to see it alone.")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        token, shape = look_of(self._number)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(token))
        draw_mark(painter, shape, QPointF(11, self.height() / 2), 4)
