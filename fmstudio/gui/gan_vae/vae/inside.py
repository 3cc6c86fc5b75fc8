"""What the latent space is used for: KL for each dimension or use of each code, and the curves of the training."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.gan_vae.gan.diversity import Alarm
from fmstudio.gui.gan_vae.vae.bars import Bars
from fmstudio.gui.gan_vae.vae.latent import LatentPoint, Survey
from fmstudio.gui.runs.curves import curves_of
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.plot.live_plot import LivePlot

PLOTS = {
    "reconstruction": ("Reconstruction error", "grey levels of 255"),
    "kl": ("KL divergence", "nats per picture"),
    "codebook": ("Codebook use", "codes"),
    "commitment": ("Distance to the codes", "squared"),
}
_KL = (
    "How far the code of a picture is from pure noise, by dimension. A dimension near 0 says nothing of the picture: "
    "the decoder does without it."
)
_COLOURS = ("training", "generated", "real")
_CODES = "How often each code of the codebook is taken, the most frequent first. Codes that nothing takes are wasted."


class VaeInside(QWidget):
    """Bars at the left, curves at the right."""

    def __init__(self, theme: Theme, point: LatentPoint) -> None:
        super().__init__()
        self.setObjectName("vae-inside")
        self._point = point
        self._run: RunState | None = None
        self.alarm = Alarm(theme, "vae-alarm")
        self.kl = Bars(theme, "vae-kl", "KL divergence for each latent dimension", "nats", "dimensions, largest first")
        self.codes = Bars(theme, "vae-codes", "Use of each code", "times", "codes, most used first")
        self.figures = label("", "strong", "vae-figures")
        self.explanation = label(_KL, "caption", "vae-inside-explanation", wrap=True)
        self.plots = {name: LivePlot(theme, *words) for name, words in PLOTS.items()}
        self._cards: dict[str, Card] = {}
        self.no_curves = label(
            "The run that made this model left no curves here.", "secondary", "vae-no-curves", wrap=True
        )
        self.no_curves.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out()
        point.surveyed.connect(self._show_survey)
        self._show_survey()
        self._show_curves()

    def _lay_out(self) -> None:
        bars = Card("", "vae-bars-card")
        bars.set_padding(12, 10, 12, 10)
        for each, stretch in ((self.figures, 0), (self.explanation, 0), (self.kl, 1), (self.codes, 1)):
            bars.body.addWidget(each, stretch)
        curves = vbox()
        for name, plot in self.plots.items():
            card = self._cards[name] = Card("", f"vae-{name}-card")
            card.set_padding(1, 1, 1, 1)
            card.body.addWidget(plot)
            curves.addWidget(card, 1)
        curves.addWidget(self.no_curves)
        self.setLayout(vbox(self.alarm, (hbox((bars, 1), (curves, 1)), 1)))

    # Bars.

    def _show_survey(self) -> None:
        survey = self._point.survey
        quantised = survey is not None and survey.codebook is not None
        self.kl.setVisible(not quantised)
        self.codes.setVisible(quantised)
        self.explanation.setText(_CODES if quantised else _KL)
        self.alarm.ring(survey.collapse if survey else "")
        if survey is None:
            self.figures.setText("Not surveyed yet")
            self.kl.show_values((), (), 0)
        elif survey.codebook is not None:
            self._show_codes(survey.codebook)
        else:
            self._show_kl(survey)

    def _show_kl(self, survey: Survey) -> None:
        order = survey.order
        values = [float(survey.kl[dimension]) for dimension in order]
        self.kl.show_values(values, [f"Dimension {dimension}" for dimension in order], survey.active)
        total = formatting.number(float(survey.kl.sum()))
        self.figures.setText(f"{survey.active} of {len(order)} dimensions active · {total} nats a picture")

    def _show_codes(self, book: Mapping[str, Any]) -> None:
        counts = [int(count) for count in book["counts"]]
        order = sorted(range(len(counts)), key=lambda code: -counts[code])
        self.codes.show_values([counts[code] for code in order], [f"Code {code}" for code in order], int(book["used"]))
        self.figures.setText(
            f"{formatting.count(book['used'])} of {formatting.count(book['size'])} codes used · "
            f"perplexity {formatting.number(book['perplexity'])}"
        )

    # Curves.

    def set_run(self, run: RunState | None) -> None:
        """Show the curves of this training from now on."""
        if self._run is not None:
            self._run.changed.disconnect(self._hear)
        self._run = run
        if run is not None:
            run.changed.connect(self._hear)
        self._show_curves()

    def _hear(self, what: str) -> None:
        if what == "curves":
            self._show_curves()
        elif what == "metrics":
            for plot in self.plots.values():
                plot.touch()

    def _show_curves(self) -> None:
        for name, plot in self.plots.items():
            plot.clear()
            curves = curves_of(self._run, name) if self._run else {}
            others = iter(_COLOURS * len(curves))
            for curve, series in curves.items():
                measured = curve == "validation"
                colour = "validation" if measured else next(others)
                plot.add_curve(curve, curve or name, colour, series, smoothed=not measured, level=int(measured))
            plot.set_smoothing(0.8)
            plot.fit()
            self._cards[name].setVisible(bool(curves))
        self.no_curves.setVisible(not any(plot.curves for plot in self.plots.values()))
