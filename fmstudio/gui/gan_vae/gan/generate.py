"""What a trained generator can draw: a sheet of seeds, less or more daring by truncation, and walks between them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSlider, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.gan_vae.conditions import ConditionFields
from fmstudio.gui.gan_vae.gan.walk import LatentWalk
from fmstudio.gui.gan_vae.tiles import EvenTiles
from fmstudio.gui.runs.sources import Source
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import Yielding, boxed, hbox, scrolled_column, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label, scroll_area
from fmstudio.gui.widgets.pictures.export import PictureExport
from fmstudio.gui.widgets.pictures.rating import Drawn
from fmstudio.gui.widgets.segments import Segments

OPEN = "fmstudio.laboratory.gan:open"
GENERATE = "fmstudio.laboratory.gan:generate"
COUNTS = (24, 48, 96)
TRUNCATION = "1 is noise as in training. Less keeps nearer to the usual: safer, more alike. More is bolder."


class GanGenerate(QWidget):
    """Asks again at every change; while one drags, the newest wish is what is drawn next."""

    refusal_changed = Signal()
    action_text, action_icon = "New pictures", "mdi6.dice-multiple-outline"

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("gan-generate")
        self._theme = studio.theme
        self._source: Source | None = None
        self._model: Mapping[str, Any] = {}
        self._wanted = ""
        self._pictures: np.ndarray | Sequence[np.ndarray] = ()
        self._seeds: list[int] = []
        self._shown: dict[str, Any] = {}
        self.error = ErrorBox(studio.theme, "gan-generate-error")
        self.conditions = ConditionFields("gan-condition")
        self.walk = LatentWalk(studio)
        self._make_settings()
        self.tiles = EvenTiles(studio.theme, "gan-seeds", "Generated pictures, one for each seed")
        self.facts = label("", "caption", "gan-facts", wrap=True)
        self.saver = PictureExport(studio, self)
        self._opening = JobFollower(self, studio, OPEN, "waits")
        self._generating = JobFollower(self, studio, GENERATE, "waits")
        self._lay_out()
        self._connect()

    def _make_settings(self) -> None:
        self.truncation = QSlider(Qt.Orientation.Horizontal)
        self.truncation.setObjectName("gan-truncation")
        self.truncation.setAccessibleName("Truncation")
        self.truncation.setToolTip(TRUNCATION)
        self.truncation.setRange(0, 150)
        self.truncation.setValue(100)
        self.truncation_value = label("1.00", "caption", "gan-truncation-value")
        self.seed = NumberField("gan-seed", "First seed", whole=True, minimum=0, maximum=2**31 - 1)
        self.seed.set_value(0)
        self.count = Segments([(count, str(count)) for count in COUNTS], "gan-count", "How many pictures")
        self.save = button("Save grid…", "gan-save-grid", self._theme, "mdi6.download", clicked=self._save_grid)
        self.save.setEnabled(False)

    def _lay_out(self) -> None:
        column, settings = scrolled_column("gan-settings-scroll")
        side = Card("Draw from noise", "gan-settings")
        side.body.addWidget(settings, 1)
        for each in (self.conditions, _headed("Truncation", self.truncation_value), self.truncation):
            column.addWidget(each)
        column.addWidget(label(TRUNCATION, "caption", "gan-truncation-hint", wrap=True))
        column.addSpacing(8)
        for title, field in (("First seed", self.seed), ("Pictures", self.count)):
            column.addWidget(label(title, "caption"))
            column.addWidget(field)
        column.addSpacing(8)
        column.addWidget(self.save)
        column.addStretch(1)
        side.body.addWidget(self.facts)
        side.setFixedWidth(264)
        sheet = Card("One picture for each seed", "gan-sheet", "always the same one")
        sheet.set_padding(12, 10, 12, 10)
        sheet.body.addWidget(self.tiles, 1)
        content = Yielding(vbox(self.error, (hbox(side, (vbox((sheet, 1), self.walk), 1)), 1)))
        self.setLayout(vbox(scroll_area(content, "gan-generate-scroll")))

    def _connect(self) -> None:
        self._opening.answered.connect(self._opened)
        self._generating.answered.connect(self._show)
        for each in (self._opening, self._generating, self.walk, self.saver):
            each.failed.connect(self._failed)
        self.truncation.valueChanged.connect(self._settings_changed)
        self.conditions.edited.connect(self._settings_changed)
        self.seed.edited.connect(self._settings_changed)
        self.count.changed.connect(self._settings_changed)
        self.tiles.clicked.connect(self._add_to_walk)
        self.tiles.menu_wanted.connect(self._offer)

    # Which model.

    def set_source(self, source: Source | None, run: RunState | None) -> None:
        """Draw with another model from now on; it is opened when this is looked at."""
        if source != self._source:
            self._source, self._model, self._wanted = source, {}, ""
            self.tiles.clear()
            self.tiles.select(-1)
            self.save.setEnabled(False)
            self.error.clear()
            self.look()
        self.refusal_changed.emit()

    def look(self) -> None:
        """Open the model if it is not open and someone looks."""
        if self.isVisible() and not self.refusal() and self._wanted != self._source_model:
            self._wanted = self._source_model
            self._opening.ask_instead(model=self._wanted)

    def refresh(self) -> None:
        """The model is newer than it was (a run has gone on): open and draw it again."""
        self._wanted = ""
        self.look()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def _opened(self, about: Mapping[str, Any]) -> None:
        self._model = about
        self.conditions.set_conditions(self._model.get("conditions", ()))
        self.facts.setText(_facts(self._model))
        self._settings_changed()

    # Drawing.

    def act(self) -> None:
        """Draw from seeds that were not drawn from yet."""
        if not self.refusal():
            self.seed.set_value((self._first + self._count) % (2**31 - self._count))
            if self._model and not self._source_model.startswith("run:"):
                self._settings_changed()
            else:
                self.refresh()  # a run has gone on meanwhile

    def refusal(self) -> str:
        """Why nothing can be drawn, or ""."""
        if self._source is None:
            return "Train a GAN first."
        return "" if self._source.model else "A preset has no model yet; train it, or take steps with it."

    @property
    def _source_model(self) -> str:
        return self._source.model if self._source else ""

    @property
    def _first(self) -> int:
        value = self.seed.value()
        return value if isinstance(value, int) and 0 <= value < 2**31 else 0

    @property
    def _count(self) -> int:
        return int(self.count.value())

    def _settings_changed(self, *_: object) -> None:
        self.truncation_value.setText(f"{self.truncation.value() / 100:.2f}")
        if not self._model or self._source is None:
            return
        settings = {
            "model": self._source_model,
            "condition": self.conditions.value(),
            "truncation": self.truncation.value() / 100,
        }
        self.walk.use(**settings)
        self._generating.ask(seeds=list(range(self._first, self._first + self._count)), **settings)

    def _show(self, pictures: np.ndarray) -> None:
        self.error.clear()
        self._shown = dict(self._generating.asked)
        seeds = self._shown["seeds"]
        self._pictures, self._seeds = pictures, list(seeds)
        self.tiles.set_pictures(pictures, [str(seed) for seed in seeds])
        self.save.setEnabled(True)

    def _failed(self, reason: str, details: str) -> None:
        self.error.show_error(reason, details)

    def _add_to_walk(self, index: int) -> None:
        self.walk.add(self._seeds[index])

    # Saving.

    def _offer(self, index: int, place: QPoint) -> None:
        seed = self._seeds[index]
        more = (("Save grid…", self._save_grid), ("Add to the walk", lambda: self._add_to_walk(index)))
        drawn = Drawn(self._source_model, GENERATE, self._shown, index)
        self.saver.open_menu(place, self._pictures[index], f"seed-{seed}", self._about(), more, drawn)

    def _about(self) -> dict[str, str]:
        return {"model": self._source.model, "truncation": f"{self.truncation.value() / 100:g}"} if self._source else {}

    def _save_grid(self) -> None:
        self.saver.ask(self._pictures, f"seeds-{self._seeds[0]}-{self._seeds[-1]}", about=self._about())


def _facts(model: Mapping[str, Any]) -> str:
    parameters = model.get("parameters", {})
    parts = [f"{model['width']}×{model['height']} pixels, {formatting.count(model['latent'])} latent dimensions"]
    if parameters.get("generator"):
        parts.append(f"generator {formatting.millions(parameters['generator'])} parameters")
    if model.get("step"):
        parts.append(f"trained {formatting.count(model['step'])} steps")
    return "; ".join(parts) + "."


def _headed(title: str, value: QWidget) -> QWidget:
    """A caption with the value at its right."""
    return boxed(hbox(label(title, "caption"), ..., value, gap=6, margins=(0, 4, 0, 0)))
