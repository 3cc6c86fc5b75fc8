"""Pictures that nobody drew: the decoder on noise from the prior, which is what the latent space was pressed into."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSlider, QWidget

from fmstudio.gui.gan_vae.conditions import ConditionFields
from fmstudio.gui.gan_vae.tiles import EvenTiles
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, scrolled_column
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.pictures.export import PictureExport
from fmstudio.gui.widgets.pictures.rating import Drawn
from fmstudio.gui.widgets.segments import Segments

PRIOR = "fmstudio.laboratory.vae:prior"
COUNTS = (24, 48, 96)
TEMPERATURE = "1 is the prior itself. Less stays near its middle: more usual pictures, less variety."


class PriorSamples(QWidget):
    """Asks again at every change, the newest wish first. failed(reason, details)."""

    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("vae-prior")
        self._theme, self._model = studio.theme, ""
        self._asked_of = ""
        self.tiles = EvenTiles(studio.theme, "vae-prior-tiles", "Samples from the prior")
        self.temperature = QSlider(Qt.Orientation.Horizontal)
        self.temperature.setObjectName("vae-temperature")
        self.temperature.setAccessibleName("Temperature")
        self.temperature.setToolTip(TEMPERATURE)
        self.temperature.setRange(0, 150)
        self.temperature.setValue(100)
        self.temperature_value = label("1.00", "caption", "vae-temperature-value")
        self.conditions = ConditionFields("vae-prior-condition")
        self.kind = Segments([("learnt", "Learnt"), ("standard", "Standard")], "vae-prior-kind", "Which prior")
        self.kind.setToolTip(
            "Learnt: where codes of pictures really lie. Standard: the plain noise they were pressed to."
        )
        self.kind_title = label("Prior", "caption", "vae-prior-kind-title")
        self.seed = NumberField("vae-seed", "Seed", whole=True, minimum=0, maximum=2**31 - 1)
        self.seed.set_value(0)
        self.count = Segments([(count, str(count)) for count in COUNTS], "vae-count", "How many pictures")
        self.save = button("Save grid…", "vae-save-prior", studio.theme, "mdi6.download", clicked=self._save)
        self.save.setEnabled(False)
        self._question = JobFollower(self, studio, PRIOR, "waits")
        self._pictures: np.ndarray = np.zeros((0, 1, 1, 3), np.uint8)
        self._shown: dict[str, Any] = {}
        self._saver = PictureExport(studio, self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        column, settings = scrolled_column("vae-prior-scroll")
        side = Card("Draw from the prior", "vae-prior-settings")
        side.body.addWidget(settings, 1)
        for each in (self.conditions, self.kind_title, self.kind):
            column.addWidget(each)
        head = hbox(label("Temperature", "caption"), ..., self.temperature_value)
        column.addLayout(head)
        column.addWidget(self.temperature)
        column.addWidget(label(TEMPERATURE, "caption", "vae-temperature-hint", wrap=True))
        column.addSpacing(8)
        for title, field in (("Seed", self.seed), ("Pictures", self.count)):
            column.addWidget(label(title, "caption"))
            column.addWidget(field)
        column.addSpacing(8)
        column.addWidget(self.save)
        column.addStretch(1)
        side.setFixedWidth(264)
        sheet = Card("Samples", "vae-prior-sheet", "noise, decoded")
        sheet.set_padding(12, 10, 12, 10)
        sheet.body.addWidget(self.tiles, 1)
        self.setLayout(hbox(side, (sheet, 1)))

    def _connect(self) -> None:
        self._question.answered.connect(self._show)
        self._question.failed.connect(self.failed)
        self._saver.failed.connect(self.failed)
        self.temperature.valueChanged.connect(self._ask)
        self.seed.edited.connect(self._ask)
        self.conditions.edited.connect(self._ask)
        self.kind.changed.connect(self._ask)
        self.count.changed.connect(self._ask)
        self.tiles.menu_wanted.connect(self._offer)

    def use(self, model: str, about: Mapping[str, Any]) -> None:
        """Draw with this model from now on; about: what the laboratory tells of it."""
        self.conditions.set_conditions(about.get("conditions", ()))
        for each in (self.kind_title, self.kind):
            each.setVisible(about.get("prior") == "learnt")
        if model != self._model:
            self._question.forget()
            self.tiles.clear()
            self.save.setEnabled(False)
        self._model, self._asked_of = model, ""
        self.look()

    def look(self) -> None:
        """Draw if nothing is drawn and someone looks."""
        if self.isVisible() and self._model and self._asked_of != self._model:
            self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def others(self) -> None:
        """Draw from another seed."""
        self.seed.set_value((self._seed + 1) % 2**31)
        self._ask()

    @property
    def _seed(self) -> int:
        value = self.seed.value()
        return value if isinstance(value, int) and 0 <= value < 2**31 else 0

    def _ask(self, *_: object) -> None:
        temperature = self.temperature.value() / 100
        self.temperature_value.setText(f"{temperature:.2f}")
        if self._model:
            self._asked_of = self._model
            wishes = {"count": int(self.count.value()), "seed": self._seed, "temperature": temperature}
            self._question.ask(model=self._model, prior=self.kind.value(), condition=self.conditions.value(), **wishes)

    def _show(self, pictures: np.ndarray) -> None:
        self._pictures, self._shown = pictures, dict(self._question.asked)
        self.tiles.set_pictures(pictures)
        self.save.setEnabled(True)

    def _offer(self, index: int, place: QPoint) -> None:
        drawn = Drawn(self._shown["model"], PRIOR, self._shown, index)
        self._saver.open_menu(place, self._pictures[index], "sample", None, (("Save grid…", self._save),), drawn)

    def _save(self) -> None:
        self._saver.ask(self._pictures, "samples")
