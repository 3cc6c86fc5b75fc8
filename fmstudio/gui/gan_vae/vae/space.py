"""The latent space as one walks in it: the map, what the decoder makes of the point, the nearest real picture."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from fmstudio.gui.gan_vae.conditions import ConditionFields
from fmstudio.gui.gan_vae.strip import Screen
from fmstudio.gui.gan_vae.vae.latent import LatentPoint, Survey
from fmstudio.gui.gan_vae.vae.legend import Legend
from fmstudio.gui.gan_vae.vae.map import LatentMap
from fmstudio.gui.gan_vae.vae.sliders import LatentSliders
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, stack, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label, scroll_area
from fmstudio.gui.widgets.pictures.export import PictureExport
from fmstudio.gui.widgets.pictures.tiles import image_of
from fmstudio.gui.widgets.tab_order import follow

DECODE = "fmstudio.laboratory.vae:decode"
RECONSTRUCT = "fmstudio.laboratory.vae:reconstruct"
_SCREEN = 152


class LatentSpace(QWidget):
    """Decodes where the point is, the newest wish first. failed(reason, details)."""

    failed = Signal(str, str)

    def __init__(self, studio: Studio, point: LatentPoint) -> None:
        super().__init__()
        self.setObjectName("vae-space")
        self._point = point
        self._model = self._dataset = ""
        theme = studio.theme
        self.map = LatentMap(theme, point)
        self.legend = Legend(theme)
        self.colour = ChoiceField("vae-colour", "Colour of the dots", [])
        self.colour.setToolTip("What the dots are coloured by: a space that was never told of it may still be sorted.")
        self.sliders = LatentSliders(theme, point)
        self.decoded = Screen(theme, "vae-decoded", "Decoded picture", _SCREEN)
        self.real = Screen(theme, "vae-nearest", "Nearest real picture", _SCREEN)
        self.real_title = label("Nearest picture", "caption", "vae-nearest-title", wrap=True)
        self.conditions = ConditionFields("vae-decode-condition")
        self.visit = button("Go there", "vae-visit", theme, "mdi6.map-marker-outline", "quiet", self._visit)
        self.visit.setToolTip("Move to where the encoder puts this picture, in all dimensions.")
        self.save = icon_button("mdi6.download", "Save the decoded picture", "vae-save-decoded", theme, self._save)
        self.waiting = label("", "secondary", "vae-map-waiting", wrap=True)
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nearest = -1
        self._own_point: np.ndarray | None = None
        self._picture: np.ndarray | None = None
        self._decoding = JobFollower(self, studio, DECODE, "waits")
        self._fetching = JobFollower(self, studio, RECONSTRUCT, "waits")
        self._saver = PictureExport(studio, self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        chart = _card("Map of the latent space", "vae-map-card", "click or drag to decode a point")
        chart.add_control(self.colour)
        self._places = stack("vae-map-stack", self.map, self.waiting)
        chart.body.addWidget(self._places, 1)
        chart.body.addWidget(self.legend)
        here = _card("This point", "vae-point-card")
        here.add_control(self.save)
        pair = QGridLayout()
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(8)
        pair.addWidget(label("Decoded", "caption"), 0, 0)
        pair.addWidget(self.real_title, 0, 1)
        pair.addWidget(self.decoded, 1, 0)
        pair.addWidget(self.real, 1, 1)
        pair.addWidget(self.visit, 2, 1)
        pair.setColumnStretch(2, 1)
        here.body.addLayout(pair)
        here.body.addWidget(self.conditions)
        slides = _card("Most active dimensions", "vae-sliders-card")
        slides.body.addWidget(scroll_area(self.sliders, "vae-sliders-scroll"), 1)
        side = QWidget()
        side.setFixedWidth(2 * _SCREEN + 8 + 26)
        side.setLayout(vbox(here, (slides, 1)))
        self.setLayout(hbox((chart, 1), side))

    def _connect(self) -> None:
        self._point.surveyed.connect(self._surveyed)
        self._point.moved.connect(self._decode)
        self.map.nearest_changed.connect(self._point_at)
        self.conditions.edited.connect(self._decode)
        self.colour.edited.connect(self._colour)
        self.legend.highlighted.connect(self.map.highlight)
        self._decoding.answered.connect(self._show_decoded)
        self._fetching.answered.connect(self._show_real)
        for each in (self._decoding, self._fetching, self._saver):
            each.failed.connect(self.failed)
        self._surveyed()

    def use(self, model: str, dataset: str) -> None:
        """Decode with this model; the real pictures are this dataset's."""
        if (model, dataset) != (self._model, self._dataset):
            self._decoding.forget()
            self._fetching.forget()
        self._model, self._dataset, self._nearest = model, dataset, -1

    def set_conditions(self, conditions: Sequence[Mapping[str, Any]]) -> None:
        """What else the model wants to know before it decodes."""
        self.conditions.set_conditions(conditions)

    def wait(self, text: str) -> None:
        """Say what is still to come instead of the map."""
        self.waiting.setText(text)

    def _surveyed(self) -> None:
        survey = self._point.survey
        self._list_groupings(survey)
        self.legend.show_survey(survey)
        follow(self.map, self.legend.entries.values())
        self.map.highlight(None)
        self._nearest = -1
        self._places.setCurrentIndex(1 if survey is None else 0)
        for each in (self.save, self.visit):
            each.setEnabled(survey is not None)
        if survey is None:
            self.decoded.show_image(None)
            self.real.show_image(None)

    def _list_groupings(self, survey: Survey | None) -> None:
        """Offer what the dots can be coloured by. A new survey keeps the old one's colours where it can."""
        chosen, names = self.colour.value(), list(survey.groupings) if survey else []
        if names and names != [self.colour.itemData(n) for n in range(self.colour.count())]:
            self.colour.clear()
            for name in names:
                self.colour.addItem(f"by {name}", name)
            if chosen in names:
                self.colour.set_value(chosen)
        self.colour.setVisible(len(names) > 1)
        if survey is not None and names and survey.coloured_by != self.colour.value():
            self._colour()

    def _colour(self) -> None:
        if self._point.survey is not None:
            self._point.take_survey(self._point.survey.grouped(str(self.colour.value())))

    # The point.

    def _decode(self) -> None:
        if self._point.survey is not None:
            latents = [self._point.vector.tolist()]
            self._decoding.ask(model=self._model, latents=latents, condition=self.conditions.value())

    def _show_decoded(self, pictures: np.ndarray) -> None:
        self._picture = pictures[:1]
        self.decoded.show_image(image_of(pictures[0]))

    def _point_at(self, row: int) -> None:
        survey = self._point.survey
        if survey is not None and row >= 0 and row != self._nearest:
            self._nearest = row
            index = int(survey.indices[row])
            self._fetching.ask(model=self._model, dataset=self._dataset, indices=[index])

    def _show_real(self, found: Mapping[str, Any]) -> None:
        self.real.show_image(image_of(found["originals"][0]))
        self._own_point = found["latents"][0]
        # The hand may have gone on since: the name is that of the picture that was asked for.
        name = self._point.survey.class_of(self._fetching.asked["indices"][0]) if self._point.survey else ""
        self.real_title.setText(f"Nearest picture · {name}" if name else "Nearest picture")

    def _visit(self) -> None:
        if self._own_point is not None:
            self._point.set_vector(self._own_point)

    def _save(self) -> None:
        if self._picture is not None:
            self._saver.ask(self._picture, "decoded")


def _card(title: str, name: str, caption: str = "") -> Card:
    card = Card(title, name, caption)
    card.set_padding(12, 10, 12, 10, gap=6)
    return card
