"""What is kept of a picture: originals beside what the decoder makes of their codes, and the way between two."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.gan_vae.strip import PlayableStrip
from fmstudio.gui.gan_vae.tiles import EvenTiles
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import icon_button, label
from fmstudio.gui.widgets.pictures.export import PictureExport

RECONSTRUCT = "fmstudio.laboratory.vae:reconstruct"
INTERPOLATE = "fmstudio.laboratory.vae:interpolate"
COUNT = 24
HINT = "Click two pictures above: the film goes from the first to the second through the latent space."


class Reconstructions(QWidget):
    """Two sheets with the same pictures in the same places. failed(reason, details)."""

    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("vae-reconstructions")
        self._theme = theme = studio.theme
        self._model = self._dataset = ""
        self._draw = 0
        self.indices: list[int] = []
        self.ends: list[int] = []
        self._shown: Mapping[str, Any] = {}
        self.originals = EvenTiles(theme, "vae-originals", "Original pictures")
        self.decoded = EvenTiles(theme, "vae-decoded-sheet", "Reconstructions")
        self.error_text = label("", "caption", "vae-mean-error")
        self.frames = NumberField("vae-frames", "Frames of the film", whole=True, unit="frames", minimum=2, maximum=60)
        self.frames.set_value(16)
        self.frames.setFixedWidth(116)
        self.ends_text = label("", "caption", "vae-ends")
        self.save = icon_button("mdi6.download", "Save the pairs", "vae-save-pairs", theme, self._save_pairs)
        self.save.setEnabled(False)
        self.strip = PlayableStrip(theme, "vae-strip", HINT)
        self._asking = JobFollower(self, studio, RECONSTRUCT, "waits")
        self._walking = JobFollower(self, studio, INTERPOLATE, "waits")
        self._saver = PictureExport(studio, self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        left = _card("Originals", "vae-originals-card", "from the dataset")
        dice = icon_button("mdi6.dice-multiple-outline", "Other pictures", "vae-others", self._theme, self.others)
        left.add_control(dice)
        left.body.addWidget(self.originals, 1)
        right = _card("Reconstructions", "vae-decoded-card")
        right.add_control(self.error_text)
        right.add_control(self.save)
        right.body.addWidget(self.decoded, 1)
        film = _card("From one picture to another", "vae-film-card")
        film.add_control(self.ends_text)
        film.add_control(self.frames)
        film.body.addWidget(self.strip)
        self.setLayout(vbox((hbox((left, 1), (right, 1)), 1), film))

    def _connect(self) -> None:
        self._asking.answered.connect(self._show)
        self._walking.answered.connect(self.strip.set_pictures)
        for each in (self._asking, self._walking, self._saver):
            each.failed.connect(self.failed)
        for sheet in (self.originals, self.decoded):
            sheet.clicked.connect(self._choose)
        self.frames.edited.connect(self._walk)
        self.strip.save_wanted.connect(self._save_film)

    def use(self, model: str, dataset: str, size: int) -> None:
        """Encode pictures of this dataset, which has `size` of them, with this model."""
        if (model, dataset) != (self._model, self._dataset):
            self._asking.forget()
            self._walking.forget()
            self._forget_film()
            for sheet in (self.originals, self.decoded):
                sheet.clear()
        self._model, self._dataset, self._size = model, dataset, size
        self.indices = []
        self.look()

    def look(self) -> None:
        """Ask for pictures if there are none and someone looks."""
        if self.isVisible() and self._model and self._dataset and not self.indices:
            self.others(0)

    def others(self, further: int = 1) -> None:
        """Take other pictures, drawn at random but the same ones at each visit."""
        if self._model and self._dataset:
            self._draw += further
            self.indices = random.Random(self._draw).sample(range(self._size), min(COUNT, self._size))
            self._asking.ask(model=self._model, dataset=self._dataset, indices=self.indices)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def _show(self, found: Mapping[str, Any]) -> None:
        self._shown = found
        indices = self._asking.asked["indices"]
        errors = [float(each) for each in found["errors"]]
        names = [formatting.number(each, 2) for each in errors]
        self.originals.set_pictures(found["originals"], [f"{index:,}" for index in indices])
        self.decoded.set_pictures(found["reconstructions"], names)
        mean = formatting.number(sum(errors) / max(1, len(errors)), 2)
        self.error_text.setText(f"off by {mean} of 255 grey levels")
        self.error_text.setToolTip("The mean difference of a value; that of each picture stands beneath it.")
        self.save.setEnabled(True)
        self._forget_film()

    # The film.

    def _choose(self, index: int) -> None:
        for sheet in (self.originals, self.decoded):
            sheet.select(index)
        picture = self._asking.asked["indices"][index]
        self.ends = [*self.ends[-1:], picture]
        self._walk()

    def _walk(self) -> None:
        self.ends_text.setText(" → ".join(f"picture {each:,}" for each in self.ends))
        frames = self.frames.value()
        if len(self.ends) == 2 and isinstance(frames, int) and 2 <= frames <= 60:
            first, second = self.ends
            self._walking.ask(model=self._model, dataset=self._dataset, first=first, second=second, frames=frames)

    def _forget_film(self) -> None:
        self.ends = []
        self.ends_text.setText("")
        self.strip.clear()
        for sheet in (self.originals, self.decoded):
            sheet.select(-1)

    # Saving.

    def _save_film(self) -> None:
        self._saver.ask(self.strip.pictures, "interpolation", ".gif")

    def _save_pairs(self) -> None:
        """Each original with its reconstruction beneath it."""
        pairs = np.concatenate((self._shown["originals"], self._shown["reconstructions"]), axis=1)
        self._saver.ask(pairs, "reconstructions")


def _card(title: str, name: str, caption: str = "") -> Card:
    card = Card(title, name, caption)
    card.set_padding(12, 10, 12, 10, gap=6)
    return card
