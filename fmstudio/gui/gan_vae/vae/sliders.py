"""Sliders along the most active latent dimensions: what each has learnt to mean is seen by moving it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.gan_vae.vae.latent import LatentPoint
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import empty, vbox
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.tab_order import follow

MOST = 8
_TICKS = 200


class LatentSliders(QWidget):
    """They follow the point as the point follows them."""

    def __init__(self, theme: Theme, point: LatentPoint) -> None:
        super().__init__()
        self.setObjectName("vae-sliders")
        self._theme, self._point = theme, point
        self.sliders: dict[int, QSlider] = {}
        self._values: dict[int, QLabel] = {}
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self.nothing = label("", "secondary", "vae-no-sliders", wrap=True)
        self.back = button(
            "To the centre", "vae-centre", theme, "mdi6.image-filter-center-focus", "quiet", self._go_back
        )
        self.setLayout(vbox(self.nothing, self._grid, (self.back, 0, Qt.AlignmentFlag.AlignLeft), ..., gap=4))
        point.surveyed.connect(self._list)
        point.moved.connect(self._follow)

    def _list(self) -> None:
        empty(self._grid)
        self.sliders, self._values = {}, {}
        survey = self._point.survey
        quantised = survey is not None and survey.codebook is not None
        if survey is not None and not quantised:
            for row, dimension in enumerate(survey.order[: min(MOST, max(2, survey.active))]):
                self._add(row, dimension, float(survey.kl[dimension]) if dimension < len(survey.kl) else None)
        first, *later = (*self.sliders.values(), self.back)
        follow(first, later)
        self.back.setVisible(bool(self.sliders))
        self.nothing.setVisible(not self.sliders)
        self.nothing.setText(
            "A vector-quantised model has codes, not dimensions to slide; “Inside” shows which it uses."
            if quantised
            else ""
        )

    def _add(self, row: int, dimension: int, kl: float | None) -> None:
        slider = self.sliders[dimension] = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName(f"vae-slider-{dimension}")
        slider.setAccessibleName(f"Latent dimension {dimension}")
        told = f"It carries {formatting.number(kl, 2)} nats. " if kl is not None else ""
        slider.setToolTip(f"Dimension {dimension}. {told}Its ends are three deviations from the mean.")
        slider.setRange(-_TICKS, _TICKS)
        slider.valueChanged.connect(lambda position, d=dimension: self._slid(d, position))
        value = self._values[dimension] = label("", "caption", f"vae-slider-{dimension}-value")
        value.setMinimumWidth(round(3.6 * self._theme.size("caption")))  # −00.00, so that nothing moves
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        name = label(f"z{dimension}", "caption")
        name.setMinimumWidth(28)
        for column, each in enumerate((name, slider, value)):
            self._grid.addWidget(each, row, column)

    def _slid(self, dimension: int, position: int) -> None:
        low, high = self._point.span(dimension)
        self._point.set_dimension(dimension, low + (position + _TICKS) / (2 * _TICKS) * (high - low))

    def _follow(self) -> None:
        for dimension, slider in self.sliders.items():
            low, high = self._point.span(dimension)
            value = float(self._point.vector[dimension])
            slider.blockSignals(True)
            slider.setValue(round((value - low) / (high - low) * 2 * _TICKS) - _TICKS)
            slider.blockSignals(False)
            self._values[dimension].setText(f"{value:.2f}".replace("-", "−"))

    def _go_back(self) -> None:
        self._point.go_back()
