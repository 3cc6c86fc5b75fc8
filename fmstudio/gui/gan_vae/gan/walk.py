"""A walk through the latent space: from the noise of one seed to that of the next, as a film."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal

from fmstudio.gui.gan_vae.strip import PlayableStrip
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.form.fields import NumberField, TextField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.pictures.export import PictureExport

WALK = "fmstudio.laboratory.gan:walk"
MOST_SEEDS = 8
HINT = "Click two or more pictures above: their seeds are the stations of the walk."


class LatentWalk(Card):
    """Seeds on the way, frames between two of them, and the film. failed(reason, details)."""

    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__("Latent walk", "gan-walk", "from one picture's noise to the next")
        self.set_padding(12, 10, 12, 10, gap=6)
        self._settings: Mapping[str, Any] = {}
        self.seeds = TextField("gan-walk-seeds", "Seeds on the way")
        self.seeds.setPlaceholderText("Such as 3, 8, 21")
        self.frames = NumberField(
            "gan-walk-frames", "Frames between two seeds", whole=True, unit="frames", minimum=2, maximum=60
        )
        self.frames.set_value(12)
        self.frames.setFixedWidth(116)
        self.clear_button = button("Clear", "gan-walk-clear", studio.theme, role="quiet", clicked=self.clear)
        self.go = button("Walk", "gan-walk-go", studio.theme, "mdi6.walk", clicked=self.walk)
        self.strip = PlayableStrip(studio.theme, "gan-walk-strip", HINT)
        self._question = JobFollower(self, studio, WALK, "waits")
        self._saver = PictureExport(studio, self)
        self._lay_out()
        self.seeds.edited.connect(self._judge)
        self._question.answered.connect(self.strip.set_pictures)
        self._question.failed.connect(self.failed)
        self._saver.failed.connect(self.failed)
        self.strip.save_wanted.connect(self._save)
        self._judge()

    def _lay_out(self) -> None:
        row = flow(boxed(hbox(label("Seeds", "caption"), self.seeds)), self.frames, self.clear_button, self.go)
        self.body.addLayout(row)
        self.body.addWidget(self.strip)

    def use(self, **settings: Any) -> None:
        """With which model, condition and truncation to walk from now on; a film of another model goes."""
        if settings.get("model") != self._settings.get("model"):
            self._question.forget()
            self.strip.clear()
        self._settings = settings
        self._judge()

    def add(self, seed: int) -> None:
        """Go by this seed too; the oldest station makes room where there are too many."""
        way = [*self.way(), seed][-MOST_SEEDS:]
        self.seeds.set_value(", ".join(map(str, way)))
        self._judge()

    def clear(self) -> None:
        """No stations, no film."""
        self._question.forget()
        self.seeds.set_value("")
        self.strip.clear()
        self._judge()

    def way(self) -> list[int]:
        """The seeds on the way; what is no number is passed over."""
        return [int(word) for word in self.seeds.value().replace(",", " ").split() if word.isdigit()]

    def walk(self) -> None:
        """Ask for the film."""
        frames = self.frames.value()
        between = frames if isinstance(frames, int) and 2 <= frames <= 60 else 12
        if self.go.isEnabled():
            self._question.ask(seeds=self.way(), frames=between, **self._settings)

    def _judge(self) -> None:
        self.go.setEnabled(len(self.way()) >= 2 and bool(self._settings.get("model")))
        self.go.setToolTip("" if self.go.isEnabled() else "Choose at least two seeds.")

    def _save(self) -> None:
        self._saver.ask(self.strip.pictures, "walk", ".gif")
