"""A run's curves: the loss large, in the unit one asks for, the rest small beneath; other runs laid over on request."""

import math
from collections.abc import Callable, Iterable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from fmstudio.gui.runs.plots import RunPlot, plots_of
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.verdict import can_be_judged, measurements, verdict_of
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, discard, empty, hbox, splitter, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.flow_layout import Tiled, flow, tiled
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import icon_button, label, set_property
from fmstudio.gui.widgets.plot.live_plot import LivePlot
from fmstudio.gui.widgets.plot.series import Series
from fmstudio.gui.widgets.segments import Segments

COLOURS = {"training": "training", "": "training", "validation": "validation", "generated": "generated",
           "generator": "generated", "real": "real", "discriminator": "real"}  # fmt: skip
_OTHERS = ("generated", "real", "success", "error")
_SMOOTHEST = 0.995
_LEAST_OF_LOSS = 230  # with the heading and the axis, which leaves 160 to the curve
_IN_SIGHT = 3  # choices between large plots


class Converted(Series):
    """The training loss in another unit, computed from the nats when it is drawn."""

    def __init__(self, run: RunState, unit: str) -> None:
        super().__init__()
        self._run, self._unit = run, unit

    def __len__(self) -> int:
        return len(self._source)

    @property
    def _source(self) -> Series:
        return self._run.series.get("loss/training") or Series()

    @property
    def steps(self) -> np.ndarray:
        """The training step of each value."""
        return self._source.steps

    @property
    def seconds(self) -> np.ndarray:
        """The training time of each value."""
        return self._source.seconds

    @property
    def values(self) -> np.ndarray:
        """The values in the unit. Bits per byte take the tokens per byte of the validation text."""
        if self._unit == "perplexity":
            return np.exp(np.minimum(self._source.values, 700.0))
        return self._source.values * bits_per_byte_of_a_nat(self._run)


def bits_per_byte_of_a_nat(run: RunState) -> float:
    """How many bits a byte one nat a token is, from the last validation, which reports both; NaN before it."""
    nats, bits = run.series.get("loss/validation"), run.series.get("bits_per_byte/validation")
    if nats is None or bits is None or not nats.last:
        return math.nan
    return bits.last / nats.last


def curves_of(run: RunState, plot: str) -> dict[str, Series]:
    """The curves of one plot by their name: training first, then validation, then old data."""
    found: dict[str, Series] = {}
    if plot in ("bits_per_byte", "perplexity") and "loss/training" in run.series:
        found["training"] = Converted(run, plot)
    for name, series in run.series.items():
        group, _, curve = name.partition("/")
        if group == plot:
            found[curve] = series
    order = {"training": 0, "validation": 1}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], 2)))


class RunCurves(QWidget):
    """Shows one run, and others over it in colours of their own."""

    def __init__(self, theme: Theme, plots: Callable[[str, Iterable[str]], tuple[RunPlot, ...]] | None = None) -> None:
        """plots: tells which plots a family's runs have, from its name and the metrics that were measured."""
        super().__init__()
        self.theme = theme
        self.setObjectName("run-curves")
        self._plots_of = plots or (lambda family, measured: plots_of({}, family, measured))
        self._run: RunState | None = None
        self._over: list[tuple[RunState, str]] = []
        self._plots: tuple[RunPlot, ...] = ()
        self._shown = "loss"
        self.unit: Segments | ChoiceField | None = None
        self.loss = LivePlot(theme, "Loss")
        self.loss.setMinimumHeight(_LEAST_OF_LOSS)
        self.small: dict[str, LivePlot] = {}
        self._build()
        self._offer_plots()

    @property
    def plots(self) -> list[LivePlot]:
        """All plots, the large one first."""
        return [self.loss, *self.small.values()]

    def _build(self) -> None:
        large = _plot_card("loss-card")
        large.body.addLayout(self._toolbar())
        large.body.addWidget(self.loss, 1)
        large.body.addWidget(self._verdict_line())
        self._beneath = tiled()
        self._small_plots = Tiled(self._beneath)
        parts = splitter(
            "curves-splitter", (large, 3), (self._small_plots, 1), sizes=(250, 92), vertical=True, handle=8
        )
        self.setLayout(vbox(parts))

    def _toolbar(self) -> QHBoxLayout:
        self.against = ChoiceField("curves-against", "Horizontal axis", [])
        for value, text in (("steps", "against steps"), ("seconds", "against time"), ("units", "against tokens")):
            self.against.addItem(text, value)
        self.against.edited.connect(self._place_on_axis)
        self.logarithmic = icon_button("mdi6.math-log", "Logarithmic scale of the loss", "loss-logarithmic", self.theme)
        self.logarithmic.setCheckable(True)
        self.logarithmic.toggled.connect(self.loss.set_logarithmic)
        self.loss.scale_changed.connect(self.logarithmic.setChecked)
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setObjectName("curves-smoothing")
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("Smoothing: how much of its past each point keeps; the raw curve stays faint behind.")
        self.smoothing.setRange(0, 100)
        self.smoothing.setValue(40)
        self.smoothing.setFixedWidth(88)
        self.smoothing.valueChanged.connect(self._smooth)
        self._choice = hbox()
        self.against.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)
        smoothing = hbox(label("Smooth", "caption", "smoothing-title"), self.smoothing, self.logarithmic, self.against)
        return hbox((flow(boxed(self._choice), boxed(smoothing), spread=True), 1), margins=(12, 10, 12, 0))

    def _verdict_line(self) -> QWidget:
        """What the curves mean. Its place is free from the beginning, so that nothing jumps when there is a word."""
        self.verdict = label("", "caption", "run-verdict", wrap=True)
        self.verdict.setAccessibleName("What the curves mean")
        self._judged: tuple[object, ...] = ()
        self._verdict_box = boxed(hbox((self.verdict, 1), margins=(12, 0, 12, 10)))
        return self._verdict_box

    # Which plots there are.

    def _offer_plots(self) -> None:
        """Make the plots of the run's family, unless they are there already."""
        family = self._run.family if self._run else ""
        measured = {name.partition("/")[0] for name in self._run.series} if self._run else set()
        known = self._plots_of(family, self._run.series if self._run else ())
        # What a family can measure but this run does not (a codebook that it has not) would be an empty plot.
        plots = tuple(plot for plot in known if plot.small or plot.name == "loss" or plot.name in measured)
        if plots == self._plots:
            return
        small = [plot for plot in plots if plot.small]
        others = small != [plot for plot in self._plots if plot.small]
        self._plots = plots
        large = [(plot.name, plot.choice) for plot in plots if not plot.small]
        if self.unit is not None:
            discard(self.unit)
        self.unit = self._chooser(large)
        self._choice.insertWidget(0, self.unit)
        self._shown = self._shown if self._shown in dict(large) else large[0][0]
        self.unit.set_value(self._shown)
        if others:  # making plots takes a moment in which the window stands still
            self._make_small(small)
        self._smooth(self.smoothing.value())
        self._place_on_axis()

    def _chooser(self, large: list[tuple[str, str]]) -> Segments | ChoiceField:
        """All choices in sight where they are few; a list where they would not fit beside the rest."""
        if len(large) <= _IN_SIGHT:
            segments = Segments(large, "loss-unit", "What is drawn large")
            segments.changed.connect(self.show_unit)
            return segments
        listed = ChoiceField("loss-unit", "What is drawn large", [])
        for name, title in large:
            listed.addItem(title, name)
        listed.edited.connect(lambda: self.show_unit(listed.value()))
        return listed

    def _make_small(self, plots: Iterable[RunPlot]) -> None:
        empty(self._beneath)
        self.small = {}
        for each in plots:
            plot = LivePlot(self.theme, each.title, each.unit, small=True, from_zero=True)
            self.small[each.name] = plot
            card = _plot_card(f"{each.name}-card")
            card.body.addWidget(plot)
            self._beneath.addWidget(card)
        self._small_plots.fit()

    # What is shown.

    def set_run(self, run: RunState | None, over: Iterable[tuple[RunState, str]] = ()) -> None:
        """Show a run and, as (run, colour), others over it."""
        for state in self._all_runs():
            state.changed.disconnect(self._touch)
        self._run, self._over = run, list(over)
        for state in self._all_runs():
            state.changed.connect(self._touch)
        self._offer_plots()
        self._place_on_axis()
        self._draw_anew()
        self._judge()

    def _judge(self) -> None:
        """Say what the curves mean, once for each new validation."""
        run = self._run
        judged = (run, run.live, measurements(run)) if run is not None and can_be_judged(run) else ()
        if judged and judged == self._judged:
            return
        self._judged = judged
        verdict = verdict_of(run) if run is not None and judged else None
        self._verdict_box.setVisible(verdict is not None)
        if verdict is not None:
            self.verdict.setText(verdict.sentence)
            set_property(self.verdict, "role", "warning" if verdict.warns else "caption")

    def _all_runs(self) -> list[RunState]:
        return ([self._run] if self._run else []) + [state for state, _ in self._over]

    def show_unit(self, unit: str) -> None:
        """Draw one of the large plots by its name: "loss", "bits_per_byte", …"""
        self._shown = unit
        if self.unit is not None:
            self.unit.set_value(unit)
        self._draw_anew()

    def _draw_anew(self) -> None:
        chosen = next(plot for plot in self._plots if plot.name == self._shown)
        dashes = "; ".join(filter(None, (chosen.unit, "dashed: validation")))
        self.loss.set_title(chosen.title, dashes if self._over else chosen.unit)
        for name, plot in {self._shown: self.loss, **self.small}.items():
            plot.clear()
            if self._run is not None:
                self._add_own(plot, name, self._run)
            for run, colour in self._over:
                self._add_over(plot, name, run, colour)
            if self._run is not None:
                plot.set_extent(max((run.steps for run in self._all_runs()), default=0))
            plot.fit()

    def _add_own(self, plot: LivePlot, name: str, run: RunState) -> None:
        others = iter(_OTHERS * 4)
        for curve, series in curves_of(run, name).items():
            old = run.family == "language" and curve not in COLOURS
            colour = COLOURS.get(curve) or next(others)
            title = f"old data: {curve}" if old else curve or run.name
            noisy = curve != "validation" and not old and name not in ("learning_rate", "forgetting")
            dashed = old
            level = 3 if curve == "validation" else 2
            plot.add_curve(curve, title, colour, series, smoothed=noisy, dashed=dashed, level=level)

    def _add_over(self, plot: LivePlot, name: str, run: RunState, colour: str) -> None:
        for curve, series in curves_of(run, name).items():
            if curve in ("training", "validation", ""):
                title = f"{run.name} · {curve}" if curve == "validation" else run.name
                looks = {
                    "dashed": curve == "validation",
                    "smoothed": curve != "validation" and name != "learning_rate",
                    "faint": False,
                    "named": curve != "validation",
                }
                plot.add_curve(f"{run.id}/{curve}", title, colour, series, **looks)

    def _touch(self, what: str) -> None:
        if what == "curves":
            self._offer_plots()
            self._draw_anew()
        elif what == "metrics":
            for plot in self.plots:
                plot.touch()
            self._judge()
        elif what == "status":
            self._judge()
        elif what == "progress" and self._run is not None:
            for plot in self.plots:
                plot.set_extent(max(run.steps for run in self._all_runs()))

    def _smooth(self, position: int) -> None:
        # The slider's middle must already smooth much: what matters is how close the weight is to one.
        weight = 0.0 if position == 0 else 1 - (1 - _SMOOTHEST) ** (position / 100)
        for plot in self.plots:
            plot.set_smoothing(weight)

    def _place_on_axis(self) -> None:
        quantity, unit = self.against.value(), self._run.unit if self._run else "tokens"
        self.against.setItemText(self.against.findData("units"), f"against {unit}")
        for plot in self.plots:
            plot.show_against(quantity, self._run.units_per_step if self._run else 0.0, unit)


def _plot_card(name: str) -> Card:
    """A card whose plot reaches its edges."""
    card = Card("", name)
    card.set_padding(1, 1, 1, 1, gap=0)
    card.body.setSpacing(0)
    return card
