"""How a model was trained, small: the loss of its run, others' over it, and what it wrote or drew last."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.runs.curves import COLOURS, curves_of
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, stack, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.lists.table import TextsTable
from fmstudio.gui.widgets.pictures.tiles import PictureTiles
from fmstudio.gui.widgets.plot.live_plot import LivePlot
from fmstudio.gui.widgets.plot.series import Series
from fmstudio.gui.widgets.text.streamed_text import StreamedText

OVER = ("generated", "real", "success", "error")
"""The colours of other models' curves, in turn."""

_HEIGHT = 200
_MOST_PICTURES = 16
_SMOOTHING = 0.6


class MeasuredView(QWidget):
    """The loss at the left, the last sample at the right; a model whose run is gone says so."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        theme = studio.theme
        self.loss = LivePlot(theme, "Loss")
        self.loss.set_smoothing(_SMOOTHING)
        curves = Card("", "model-loss")
        curves.set_padding(8, 8, 8, 8)
        curves.body.addWidget(self.loss)
        self.text = StreamedText(theme, "model-sample-text", "The last sample", parts=True)
        self.pictures = PictureTiles(theme, "model-sample-pictures", "The last sample")
        self.none = label("This run kept no sample.", "secondary", "model-no-sample", wrap=True)
        self.sample = Card("Last sample", "model-sample")
        self._samples = stack("model-samples", self.none, self.text, self.pictures)
        self.sample.body.addWidget(self._samples)
        self.setLayout(vbox(hbox((curves, 3), (self.sample, 2), gap=12)))
        self.setMinimumHeight(_HEIGHT)
        self.setMaximumHeight(_HEIGHT + 60)

    def show_run(self, run: RunState, over: Sequence[tuple[RunState, str]] = ()) -> None:
        """Show how a run went; over: other runs with the name of the model of each."""
        self.loss.clear()
        for name, series in curves_of(run, "loss").items():
            self._add(name or "loss", name or run.name, COLOURS.get(name, "training"), series)
        for (other, model), colour in zip(over, OVER * len(over), strict=False):
            curves = curves_of(other, "loss")
            if name := next((each for each in ("validation", "training", *curves) if each in curves), ""):
                self._add(f"{model}/{name}", f"{model}, {name}", colour, curves[name])
        self.loss.set_extent(max((each.steps for each in (run, *(other for other, _ in over))), default=0))
        self.loss.fit()
        self._show_sample(run)

    def _add(self, key: str, title: str, colour: str, series: Series) -> None:
        self.loss.add_curve(key, title, colour, series, smoothed="validation" not in key)

    def _show_sample(self, run: RunState) -> None:
        step = max((*run.samples, *run.answers), default=0)
        answers = [f"{row['question']}\n{row['now']}" for row in run.answers.get(step, ())]
        sample = run.samples.get(step, "\n\n".join(answers) or None)
        self.sample.set_caption(f"at step {formatting.count(step)}" if sample is not None else "")
        if isinstance(sample, np.ndarray):
            self.pictures.set_pictures(list(sample[:_MOST_PICTURES]))
        elif sample is not None:
            self.text.begin("")
            self.text.append(sample)
            self.text.finish("completed")
        shown = 2 if isinstance(sample, np.ndarray) else 1 if sample is not None else 0
        self._samples.setCurrentIndex(shown)


class ComparisonCard(Card):
    """Models side by side: a row a fact, a column a model."""

    def __init__(self) -> None:
        super().__init__("Compared", "model-comparison", "what is measured on different data cannot be compared")
        self.table = TextsTable("model-comparison-table", "Models side by side")
        self.body.addWidget(self.table)
        self.hide()

    def show_models(self, models: Sequence[Mapping[str, Any]]) -> None:
        """Compare these, the one that is looked at first; fewer than two take no room."""
        self.setVisible(len(models) > 1)
        facts = list(dict.fromkeys(fact for model in models for fact in model["facts"]))
        rows = [[fact, *(str(model["facts"].get(fact, "–")) for model in models)] for fact in facts]
        self.table.show_texts(["", *(str(model["name"]) for model in models)], rows)
        lines = self.table.verticalHeader().defaultSectionSize() * (len(rows) + 1)
        self.table.setFixedHeight(lines + 16)
