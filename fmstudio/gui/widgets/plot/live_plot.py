"""`LivePlot`: curves that grow while one watches, on pyqtgraph, at a cost that training does not feel.

What keeps it cheap: appending touches no drawing; a plot redraws at most twice a second, and only if it is seen
and something changed; its curves are one item that draws no more points than there are pixels (see plot_curve); and
axes end on round numbers, so that most redraws leave them alone.
"""

from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QPointF, QSize, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.plot import range as ranges
from fmstudio.gui.widgets.plot.axis import Axis
from fmstudio.gui.widgets.plot.box import PlotBox, plot_canvas
from fmstudio.gui.widgets.plot.chart import Chart
from fmstudio.gui.widgets.plot.curve import Curve, CurveLayer
from fmstudio.gui.widgets.plot.export import Drawing, Table
from fmstudio.gui.widgets.plot.hover import Crosshair, Reading, nearest, reading, told
from fmstudio.gui.widgets.plot.legend import PlotHeading
from fmstudio.gui.widgets.plot.notation import clock, compact, precise
from fmstudio.gui.widgets.plot.series import Series
from fmstudio.gui.widgets.plot.ticks import outward

Quantity = Literal["steps", "seconds", "units"]
REDRAW_EVERY = 500  # milliseconds; small plots, which say less, take twice as long


class LivePlot(Chart):
    """Curves of one quantity over a run. Curves are named by a key; `colour` is a token of the theme.

    Its marks are the measurements of the curve that has the most.
    """

    scale_changed = Signal(bool)

    def __init__(
        self, theme: Theme, title: str, unit: str = "", *, small: bool = False, from_zero: bool = False
    ) -> None:
        """small: with the legend in a line of its own. from_zero: the y axis begins at zero, for what is read by it."""
        super().__init__(theme, "plot-" + title.lower().replace(" ", "-"), f"Plot of {title.lower()}", "No values yet.")
        self.small, self._from_zero = small, from_zero
        self._series: dict[str, Series] = {}
        self._curves: dict[str, Curve] = {}
        self._quantity: Quantity = "steps"
        self._units_per_step, self._unit = 0.0, "tokens"
        self._smoothing = 0.0
        self._logarithmic = False
        self._extent = 0.0
        self._changed = True
        self._pointed_at: float | None = None
        self.following = True
        self.redraws = 0
        self._build(title, unit)
        self.restyle()

    def _build(self, title: str, unit: str) -> None:
        self.heading = PlotHeading(self.theme, title, unit, beneath=self.small)
        self.box = PlotBox()
        self.box.fit_wanted.connect(self.fit)
        self._left, self._bottom = Axis("left"), Axis("bottom")
        self._canvas = plot_canvas(self.box, self._left, self._bottom)
        self._layer = CurveLayer(self.box)
        self.crosshair = Crosshair(self.box, self.theme)
        self.box.sigRangeChangedManually.connect(self._moved_by_hand)
        self.box.sigRangeChanged.connect(self._range_changed)
        self._canvas.scene().sigMouseMoved.connect(self._hover)
        # Room for the frame of the focus.
        self.setLayout(vbox(self.heading, self._canvas, gap=0, margins=(2, 4, 2, 2)))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(2 * REDRAW_EVERY if self.small else REDRAW_EVERY)
        self._timer.timeout.connect(self._redraw_if_seen)

    def sizeHint(self) -> QSize:
        """A plot that can be read."""
        return QSize(round(9.0 * self.line()), 140) if self.small else QSize(480, 280)

    def minimumSizeHint(self) -> QSize:
        """The least that can still be read."""
        lines = (9.0, 6.4) if self.small else (16.0, 10.0)
        return QSize(*(round(each * self.line()) for each in lines))

    # Curves.

    def add_curve(self, key: str, title: str, colour: str, series: Series | None = None, **looks: Any) -> Series:
        """A curve of a series of yours or of a new one; looks: dashed, smoothed (whether
        smoothing applies), faint, named, level (see `Curve`)."""
        self._series[key] = Series() if series is None else series
        self._curves[key] = Curve(key, title, colour, **looks)
        self._list_curves()
        return self._series[key]

    def clear(self) -> None:
        """Take all curves away."""
        self._curves.clear()
        self._series.clear()
        self.following = True
        self._list_curves()

    @property
    def curves(self) -> dict[str, Series]:
        """The series by key."""
        return dict(self._series)

    @property
    def columns(self) -> dict[str, Series]:
        """The series by title, as a table of them is headed."""
        return {self._curves[key].title: series for key, series in self._series.items()}

    def append(self, key: str, step: float, value: float, seconds: float = 0.0) -> None:
        """Add one value to a curve."""
        self._series[key].append(step, value, seconds)
        self.touch()

    def touch(self) -> None:
        """Say that a series has changed: the plot redraws soon if it is seen, and else when it is next seen."""
        self._changed = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _list_curves(self) -> None:
        named = [curve for curve in self._curves.values() if curve.named]
        self.heading.set_entries(named)
        self.touch()

    # What is shown.

    def show_against(self, quantity: Quantity, units_per_step: float = 0.0, unit: str = "tokens") -> None:
        """Choose the x axis. Units (tokens, pictures) are steps times `units_per_step`."""
        if (quantity, units_per_step, unit) != (self._quantity, self._units_per_step, self._unit):
            self._quantity, self._units_per_step, self._unit = quantity, units_per_step, unit
            self._bottom.time = quantity == "seconds"
            self.fit()

    def set_smoothing(self, weight: float) -> None:
        """Smooth by an exponential moving average of this weight, 0 (not at all) to below 1."""
        if weight != self._smoothing:
            self._smoothing = weight
            self.redraw()

    @property
    def logarithmic(self) -> bool:
        """Whether the y axis is logarithmic."""
        return self._logarithmic

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Make the y axis logarithmic or linear."""
        if logarithmic != self._logarithmic:
            self._logarithmic = self._left.logarithmic = logarithmic
            for curve in self._curves.values():
                curve.smoother = None
            self.scale_changed.emit(logarithmic)
            self.fit()

    def set_extent(self, steps: float) -> None:
        """How many steps the run will have, so that the x axis stands still from the first; 0 if nobody knows."""
        if steps != self._extent:
            self._extent = steps
            self.touch()

    def set_title(self, title: str, unit: str) -> None:
        """Say what is measured, in which unit."""
        self.title = f"Plot of {title.lower()}"
        self.heading.set_title(title, unit)
        self._speak()

    def fit(self) -> None:
        """Show everything, and go on showing everything as it grows."""
        self.following = True
        self.redraw()

    # Drawing.

    def _redraw_if_seen(self) -> None:
        if self.isVisible():
            self.redraw()

    def redraw(self) -> None:
        """Bring the picture up to date now."""
        self._timer.stop()
        self._changed = False
        self.redraws += 1
        for key, curve in self._curves.items():
            self._prepare(curve, self._series[key])
        self._stack_curves()
        if self.following:
            self._fit_range()
        self._show_latest()
        self.tell()
        self._layer.update()
        if self._pointed_at is not None:
            self.read_at(self._pointed_at)

    def _stack_curves(self) -> None:
        ordered = sorted(self._curves.values(), key=lambda curve: curve.level)
        self._layer.curves = [(curve, self.theme.color(curve.colour)) for curve in ordered]

    def _prepare(self, curve: Curve, series: Series) -> None:
        curve.x = series.seconds if self._quantity == "seconds" else series.steps
        if self._quantity == "units":
            curve.x = series.steps * (self._units_per_step or 1.0)
        # The average is taken of the values themselves, and only its result goes onto a logarithmic axis.
        curve.y = series.values
        curve.smooth_by(self._smoothing)
        if self._logarithmic:
            curve.y = ranges.log10(series.values)
            curve.smooth = None if curve.smooth is None else ranges.log10(curve.smooth)

    def _fit_range(self) -> None:
        curves = [curve for curve in self._curves.values() if len(curve.x)]
        x = ranges.across(curves, self._end)
        bottom, top = ranges.bounds(curves)
        bottom = min(bottom, 0.0) if self._from_zero and not self._logarithmic else bottom
        y = outward(bottom, top, logarithmic=self._logarithmic, parts=6 if self.small else 12)
        if [list(x), list(y)] != self.box.viewRange():
            self.box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    @property
    def _end(self) -> float:
        """Where the x axis will end, 0 if nobody knows."""
        if self._quantity == "seconds":
            return 0.0
        return self._extent * (self._units_per_step or 1.0 if self._quantity == "units" else 1.0)

    def _show_latest(self) -> None:
        only = next(iter(self._series.values()), None)
        self.heading.set_latest(compact(only.last) if only is not None and len(only) else "")

    def restyle(self) -> None:
        """Take the theme's colours and fonts."""
        super().restyle()
        self._canvas.setBackground(self.theme.color("surface"))
        for axis in (self._left, self._bottom):
            axis.restyle(self.look)
        self._layer.nothing = (self.empty, self.look.text, self.look.font)
        self._stack_curves()
        self._layer.update()
        self.heading.restyle(self.look)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._changed:
            QTimer.singleShot(0, self, self._redraw_if_seen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._layer.prepareGeometryChange()
        self.crosshair.prepareGeometryChange()

    def paintEvent(self, event: QPaintEvent) -> None:
        self.paint_focus(QPainter(self))  # its parts paint themselves

    def _range_changed(self, *_: object) -> None:
        self._left.make_room()
        self._layer.update()

    # The mouse and the keys.

    def _moved_by_hand(self, *_: object) -> None:
        self.following = False

    def point_at(self, number: int) -> None:
        if number >= 0:
            self.read_at(self._place_of(number))
            return
        self._pointed_at = None
        self.crosshair.show_at(None, "", [])
        self.set_pointer(-1)

    def mark_at(self, place: QPointF) -> int:
        return -1  # the plane tells where the mouse is; here it is on the heading

    def anchor(self, number: int) -> QPointF:
        return QPointF(self._canvas.geometry().topLeft())

    def neighbour(self, key: int) -> int:
        number = super().neighbour(key)
        if key not in self.keys:
            return number
        # Where points lie closer than pixels, a key goes on by a pixel.
        step = max(1, self.count // max(1, self.width()))
        return min(self.count - 1, max(0, self.pointer + step * self.keys[key]))

    def _hover(self, place: QPointF) -> None:
        point = self.box.mapFromScene(place)
        if not self.box.boundingRect().contains(point):
            self.point_at(-1)
            return
        self.read_at(self._layer.view().values_at(point)[0])

    def read_at(self, at: float) -> str:
        """Put the crosshair on the measured place nearest to `at` on the x axis; returns what its card says."""
        longest = self._longest
        if longest is None:
            return ""
        number = nearest(longest.x, at)
        at = self._pointed_at = float(longest.x[number])
        self.crosshair.show_at(float(self._layer.view().across(at)), self._heading_at(at), self._readings(at))
        self.set_pointer(number)
        self._speak()
        return self.crosshair.text

    @property
    def _longest(self) -> Curve | None:
        known = [curve for curve in self._curves.values() if len(curve.x)]
        return max(known, key=lambda curve: len(curve.x), default=None)

    def _place_of(self, number: int) -> float:
        longest = self._longest
        return float(longest.x[number]) if longest is not None else 0.0

    @property
    def count(self) -> int:
        return len(self._longest.x) if self._longest is not None else 0

    def describe(self, number: int) -> str:
        at = self._place_of(number)
        return told(self._heading_at(at), self._readings(at))

    def _readings(self, at: float) -> list[Reading]:
        view = self._layer.view()
        found = (reading(curve, at, view, self._logarithmic) for curve in self._curves.values())
        return [each for each in found if each is not None]

    def _heading_at(self, at: float) -> str:
        if self._quantity == "seconds":
            return clock(at)
        return f"{'step' if self._quantity == 'steps' else self._unit} {at:,.0f}"

    def summary(self) -> str:
        known = {title: series.last for title, series in self.columns.items() if len(series)}
        return "Latest: " + ", ".join(f"{title} {precise(last)}" for title, last in known.items()) if known else ""

    # Files.

    def drawing(self) -> Drawing:
        parts = (self.heading, self._canvas)
        return Drawing(
            lambda painter: [QWidget.render(part, painter, part.pos()) for part in parts],
            self.size(),
            self.theme.color("surface"),
        )

    def table(self) -> Table:
        """All values: step and seconds, then a column a curve; nothing where a curve was not measured."""
        columns = self.columns
        steps = np.unique(np.concatenate([series.steps for series in columns.values()] or [np.empty(0)]))
        places = [dict(zip(series.steps, series.values, strict=True)) for series in columns.values()]
        times: dict[float, float] = {}
        for series in columns.values():
            times.update(zip(series.steps, series.seconds, strict=True))
        rows = ([step, times[step], *(place.get(step, np.nan) for place in places)] for step in steps)
        return Table(["step", "seconds", *columns], rows)

    def extend_menu(self, menu: QMenu) -> None:
        menu.addAction("Fit to data (double click)", self.fit)
        scale = menu.addAction("Logarithmic scale")
        scale.setCheckable(True)
        scale.setChecked(self.logarithmic)
        scale.toggled.connect(self.set_logarithmic)
