"""A picture of one's own changed by the model: drawn anew from a noisier version, or filled where one has painted."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSlider, QWidget

from fmstudio.gui.diffusion.fields import WalkFields
from fmstudio.gui.diffusion.jobs import EDIT
from fmstudio.gui.diffusion.mask_canvas import REGIONS, MaskCanvas
from fmstudio.gui.diffusion.models import DiffusionModels
from fmstudio.gui.diffusion.player import DiffusionPlayer
from fmstudio.gui.diffusion.seed_field import SeedField
from fmstudio.gui.diffusion.source import PictureSource
from fmstudio.gui.diffusion.view import WalkView, Wanted
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.form.fields import ChoiceField, NumberField
from fmstudio.gui.widgets.labels import icon_button, label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.titled import side_by_side, titled
from fmstudio.jobs import array_to_plain

CHANGE, FILL = "change", "fill"
STRENGTH = {CHANGE: 0.6, FILL: 1.0}
STRENGTH_HELP = (
    "How much noise is added before the model draws the picture anew, from 0.01 to 1. Small keeps the picture, 1 keeps "
    "nothing of it where it may be changed."
)
ROUNDS_HELP = (
    "How often each step is taken, going back between. More makes the filled region agree with what is around it and "
    "takes as many times longer."
)
COUNTS = (1, 4, 9)


class EditView(WalkView):
    """The picture and its mask at the left, what the model makes of it at the right."""

    action = ("Draw", "mdi6.auto-fix")
    sentence = "Begin from a picture instead of noise: change it, or have a region of it filled."

    def __init__(self, studio: Studio, models: DiffusionModels) -> None:
        theme = studio.theme
        hint = EmptyState(
            theme, "mdi6.auto-fix", "Change a picture, or fill a part of it",
            "Choose a picture at the left. Draw it anew from a noisier version, or paint over what is to be filled, "
            "then press Draw.", "edit-hint",
        )  # fmt: skip
        super().__init__(studio, "edit", DiffusionPlayer(theme, "edit"), hint)
        self._models = models
        self.source = PictureSource(studio, "edit-source")
        self.mode = Segments([(CHANGE, "Change all"), (FILL, "Fill a region")], "edit-mode", "What to do")
        self.canvas = MaskCanvas(theme, "edit-canvas")
        self.region = ChoiceField("edit-region", "Region to fill", ["", *REGIONS], ["Painted", *REGIONS.values()])
        self.brush = QSlider(Qt.Orientation.Horizontal)
        self.strength = NumberField("edit-strength", "Strength", minimum=0.01, maximum=1)
        self.rounds = NumberField("edit-rounds", "Rounds", whole=True, minimum=1, maximum=20)
        self.rounds.set_value(3)
        self.seed = SeedField(theme, "edit-seed")
        self.count = ChoiceField("edit-count", "Pictures", COUNTS)
        self.count.set_value(4)
        self.fields = WalkFields(theme, models, "edit")
        self._strengths = dict(STRENGTH)
        self._fill_form()
        self._join()
        self._show_mode(CHANGE)

    def _fill_form(self) -> None:
        self._tools = self._mask_tools()
        self._rounds = titled("Rounds", self.rounds, ROUNDS_HELP)
        for each in (
            self.source,
            self.mode,
            self.canvas,
            self._tools,
            side_by_side(titled("Strength", self.strength, STRENGTH_HELP), self._rounds),
            side_by_side(
                titled("Seed", self.seed, "Which noise is added."),
                titled("Pictures", self.count, "How many versions to make."),
            ),
            self.fields,
        ):
            self.form.addWidget(each)
        self.form.addStretch(1)

    def _mask_tools(self) -> QWidget:
        theme, made = self.studio.theme, QWidget()
        self.brush.setObjectName("edit-brush")
        self.brush.setAccessibleName("Brush size")
        self.brush.setRange(1, 16)
        self.brush.setValue(6)
        clear = icon_button("mdi6.eraser", "Clear the mask", "edit-clear", theme, self._clear, "text")
        invert = icon_button("mdi6.invert-colors", "Invert the mask", "edit-invert", theme, self._invert, "text")
        self._brush_text = label("6 px", "caption", "edit-brush-size")
        self._brush_text.setMinimumWidth(32)
        made.setLayout(
            vbox(
                hbox(label("Brush", "caption"), (self.brush, 1), self._brush_text),
                hbox((self.region, 1), clear, invert, gap=4),
                gap=4,
            )
        )
        return made

    def _join(self) -> None:
        for field in (self.fields, self.seed, self.strength, self.rounds):
            field.edited.connect(self.judged)
        self.fields.edited.connect(self._follow_model)
        self.source.changed.connect(self._take_picture)
        self.source.failed.connect(self.error.show_error)
        self.mode.changed.connect(self._show_mode)
        self.strength.edited.connect(self._keep_strength)
        self.canvas.changed.connect(self._painted)
        self.region.edited.connect(self._mask_region)
        self.brush.valueChanged.connect(self._set_brush)

    # The picture and its mask.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.source.shape:
            self.source.ask_first()

    def _follow_model(self) -> None:
        """Pictures come in the model's size."""
        self._models.choose(self.fields.model.reference)
        if about := self.fields.about:
            self.source.set_shape((about["height"], about["width"], about["channels"]))

    def _take_picture(self, pixels: np.ndarray) -> None:
        self.error.clear()
        self.canvas.set_picture(pixels)
        self.judged.emit()

    def _show_mode(self, mode: str) -> None:
        self.canvas.set_painting(mode == FILL)
        self._tools.setVisible(mode == FILL)
        self._rounds.setVisible(mode == FILL)
        self.strength.set_value(self._strengths[mode])
        self.judged.emit()

    def _keep_strength(self) -> None:
        value = self.strength.value()
        if not isinstance(value, str):
            self._strengths[self.mode.value()] = value

    def _painted(self) -> None:
        self.judged.emit()

    def _mask_region(self) -> None:
        if self.region.value() and self.canvas.pixels is not None:
            self.canvas.mask_region(self.region.value())
        self.judged.emit()

    def _clear(self) -> None:
        self.region.set_value("")
        self.canvas.clear_mask()

    def _invert(self) -> None:
        self.region.set_value("")
        self.canvas.invert_mask()

    def _set_brush(self, size: int) -> None:
        self.canvas.brush = size
        self._brush_text.setText(f"{size} px")

    # What is asked.

    def problem(self) -> str:
        strength, rounds = self.strength.value(), self.rounds.value()
        if found := self.fields.problem() or self.seed.problem():
            return found
        if isinstance(strength, str) or not 0 < strength <= 1:
            return f"Strength is {strength!r}; type a number above 0, at most 1."
        if self.source.pixels is None:
            return "Choose a picture first."
        if self.source.pixels.shape != self.source.shape:
            return "Bringing the picture to the model's size…"
        if self.mode.value() == FILL and (not isinstance(rounds, int) or not 1 <= rounds <= 20):
            return f"Rounds is {rounds!r}; type a whole number from 1 to 20."
        return "Paint over what is to be filled." if self.mode.value() == FILL and not self.canvas.filled.any() else ""

    def wanted(self) -> list[Wanted]:
        fill, pixels = self.mode.value() == FILL, self.source.pixels
        if pixels is None:
            return []
        settings = self.fields.settings() | {"seed": self.seed.value(), "count": self.count.value()}
        arguments = {
            "model": self.fields.model.reference,
            "picture": array_to_plain(pixels),
            "mask": array_to_plain(self.canvas.filled) if fill else None,
            "strength": self.strength.value(),
            "rounds": self.rounds.value() if fill else 1,
            "settings": settings,
            "condition": self.fields.condition(),
        }
        title = "Fill a region with" if fill else "Change a picture with"
        return [Wanted(EDIT, f"{title} “{self.fields.model.title}”", arguments, self.fields.sampler_title)]
