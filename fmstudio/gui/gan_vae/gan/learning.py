"""The game as it is played: both losses, the discriminator's scores, what the generator draws, and steps by hand."""

import math
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.gan_vae.gan.diversity import Alarm, Diversity
from fmstudio.gui.gan_vae.gan.history import DrawnHistory
from fmstudio.gui.gan_vae.gan.scores import ScoresView
from fmstudio.gui.gan_vae.gan.steps import GanSteps, StepBar
from fmstudio.gui.gan_vae.presets import preset_recipe
from fmstudio.gui.runs.sources import Source
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import Yielding, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import scroll_area
from fmstudio.gui.widgets.pictures.export import PictureExport
from fmstudio.gui.widgets.plot.live_plot import LivePlot
from fmstudio.jobs import Progress

CURVES = (
    ("loss/discriminator", "Discriminator", "training"),
    ("loss/generator", "Generator", "generated"),
)
FIRST_EVALUATION = "Pictures appear at the first evaluation."
TAKE_A_STEP = "Take steps below, and what the generator draws appears here."
_NO_RUN = "The run that made this model is gone, and with it its discriminator; choose a preset to begin anew."


class GanLearning(QWidget):
    """Shows the steps taken by hand while there are any, else the training of the source."""

    refusal_changed = Signal()
    action_text, action_icon = "Step both", "mdi6.sword-cross"

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("gan-learning")
        self._studio = studio
        self._source: Source | None = None
        self._saved: RunState | None = None
        self.run: RunState | None = None
        theme = studio.theme
        self.losses = LivePlot(theme, "Losses")
        self.scores = ScoresView(theme)
        self.history = DrawnHistory(theme)
        self.diversity = Diversity(theme)
        self.alarm = Alarm(theme, "gan-alarm")
        self.error = ErrorBox(theme, "gan-error")
        self.steps = GanSteps(studio)
        self.bar = StepBar(studio)
        self.saver = PictureExport(studio, self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        plot = Card("", "gan-losses-card")
        plot.set_padding(1, 1, 1, 1)
        plot.body.addWidget(self.losses)
        scores = self._scores_card = _card("Discriminator's scores", "gan-scores-card")
        scores.body.addWidget(self.scores, 1)
        drawn = _card("Drawn from the same noise", "gan-drawn-card")
        drawn.body.addWidget(self.history, 1)
        diversity = _card("Diversity", "gan-diversity-card")
        diversity.body.addWidget(self.diversity)
        steps = _card("", "gan-steps-card")
        steps.body.addWidget(self.bar)
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.addWidget(plot, 0, 0)
        grid.addWidget(scores, 1, 0, 2, 1)
        grid.addWidget(drawn, 0, 1, 2, 1)
        grid.addWidget(diversity, 2, 1)
        grid.setColumnStretch(0, 12)
        grid.setColumnStretch(1, 8)
        grid.setRowStretch(0, 10)
        grid.setRowStretch(1, 9)
        content = Yielding(vbox(self.error, self.alarm, (grid, 1), steps))
        self.setLayout(vbox(scroll_area(content, "gan-learning-scroll")))

    def _connect(self) -> None:
        self.bar.wanted.connect(self.take_steps)
        self.bar.reset_wanted.connect(self.steps.reset)
        self.bar.stop_wanted.connect(self.steps.stop)
        self.bar.train_wanted.connect(self._train)
        self.bar.dataset.edited.connect(self.steps.reset)
        self.steps.begun.connect(self._choose_run)
        self.steps.failed.connect(self.error.show_error)
        self.steps.busy_changed.connect(self._judge)
        self.steps.progressed.connect(self._tell)
        self.history.save_wanted.connect(self._save)
        self.saver.failed.connect(self.error.show_error)

    # What is shown.

    def set_source(self, source: Source | None, run: RunState | None) -> None:
        """Look at another model, run or preset. Steps that were taken on another source are forgotten."""
        before, self._source = self._source, source
        if source is not None and before is not None and source.origin != before.origin:
            self.steps.reset()
            self.error.clear()
        self.bar.set_datasets(self._datasets())
        if source != before or run is not self._saved:
            self._saved = run
            self._choose_run()
        self._judge()

    def _datasets(self) -> list[str]:
        if self._source is None or not self._source.preset:
            return []
        own = preset_recipe(self._studio, self._source.preset).get("data", {}).get("datasets", [])
        here = [record.name for record in self._studio.workspace.datasets() if record.kind == "images"]
        return [*own, *(name for name in here if name not in own)]

    def _choose_run(self) -> None:
        """The steps by hand go before the saved run: whoever takes them wants to see what they do."""
        run = self.steps.run or self._saved
        if run is not self.run:
            if self.run is not None:
                self.run.changed.disconnect(self._hear)
            self.run = run
            if run is not None:
                run.changed.connect(self._hear)
        self._draw_curves()
        self.history.set_run(run, TAKE_A_STEP if run is None or run is self.steps.run else FIRST_EVALUATION)
        self._show_scores()
        self.diversity.show_run(run)
        self._judge()

    def _hear(self, what: str) -> None:
        if what == "curves":
            self._draw_curves()
        if what in ("curves", "metrics"):
            self.losses.touch()
            self.diversity.show_run(self.run)
        elif what == "sample":
            self.history.refresh()
        elif what == "scores":
            self._show_scores()
        if what in ("metrics", "status"):
            self._tell()

    def _draw_curves(self) -> None:
        self.losses.clear()
        for name, title, colour in CURVES:
            if self.run is not None and name in self.run.series:
                self.losses.add_curve(name, title, colour, self.run.series[name])
        self.losses.set_smoothing(0.0 if self.run is None or self.run is self.steps.run else 0.8)
        self.losses.fit()

    def _show_scores(self) -> None:
        scores = self.run.scores if self.run else None
        self.scores.show_scores(scores)
        told = scores.told_apart if scores else math.nan
        short, sentence = _in_words(told)
        self._scores_card.set_caption(short)
        self._scores_card.setToolTip(sentence)
        self.alarm.ring(scores.collapse if scores else "")

    # Steps by hand.

    def act(self) -> None:
        """What Ctrl+Enter does."""
        self.bar.press("both")

    def take_steps(self, which: str, count: int) -> None:
        """Take steps of one side or both, on a copy."""
        if self.refusal() or self._source is None:
            return
        self.error.clear()
        self.steps.take(self._begin_from(self._source), self._source.title, which, count)
        self._judge()

    def _train(self) -> None:
        if self._source is not None:
            self._studio.navigate("train", preset=self._source.preset)

    def _begin_from(self, source: Source) -> str | dict[str, Any]:
        if source.run:
            return source.run
        recipe = preset_recipe(self._studio, source.preset)
        if chosen := self.bar.dataset.value():
            recipe.setdefault("data", {})["datasets"] = [chosen]
        return recipe

    def refusal(self) -> str:
        """Why no step can be taken now, or ""."""
        if self._source is None:
            return "Train a GAN first."
        if not self._source.preset and self._saved is None:
            return _NO_RUN
        return "Taking steps…" if self.steps.busy else ""

    def _judge(self, *_: object) -> None:
        reason = self.refusal()
        self.bar.set_busy(self.steps.busy, possible=not reason)
        self._tell()
        self.refusal_changed.emit()

    def _tell(self, progress: Progress | None = None) -> None:
        self.bar.tell(self._note(progress), self.steps.run is not None)

    def _note(self, progress: Progress | None) -> str:
        if self._source is None or self.refusal() == _NO_RUN:
            return self.refusal()
        if progress is not None and progress.unit != "steps" and progress.message:
            part = f" {formatting.percent(progress.done / progress.total)}" if progress.total else ""
            return f"{progress.message[:1].upper()}{progress.message[1:]}…{part}"
        if self.steps.run is not None:
            return f"A copy in memory at step {self.steps.run.step:,}, apart from saved runs: nothing of it is kept."
        if self._source.preset:
            return "Steps begin a new training in memory, apart from saved runs: see what each side alone does."
        return "Steps are taken on a copy in memory, from the latest checkpoint: the saved run stays as it is."

    # Saving.

    def _save(self, what: str) -> None:
        sheet, step = self.history.sheet, self.history.step
        if sheet is None:
            return
        if what == "picture":
            index = max(0, self.history.tiles.selected)
            self.saver.ask(sheet[index : index + 1], f"picture-step-{step}")
        elif what == "grid":
            self.saver.ask(sheet, f"generated-step-{step}")
        else:
            self.saver.ask([each[:16] for each in self.history.sheets()], "learning", ".gif")


def _in_words(told_apart: float) -> tuple[str, str]:
    """How well the two are told apart, short and as a sentence, for whoever does not read histograms."""
    if not math.isfinite(told_apart):
        return "", ""
    share = f"{100 * told_apart:.0f} %"
    if told_apart > 0.9:
        verdict = "it sees through the generator"
    elif told_apart > 0.6:
        verdict = "it tells them apart, not always"
    else:
        verdict = "it is fooled" if told_apart > 0.4 else "it takes generated pictures for real"
    sentence = f"Of a real and a generated picture, the real one scores higher {share} of the time: {verdict}."
    return f"real wins {share} of the time", sentence


def _card(title: str, name: str, caption: str = "") -> Card:
    card = Card(title, name, caption)
    card.set_padding(12, 10, 12, 10, gap=6)
    return card
