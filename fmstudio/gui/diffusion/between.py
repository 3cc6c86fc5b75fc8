"""The way from one seed's picture to another's: the noise is turned step by step, and the picture follows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QMenu

from fmstudio.gui.diffusion.fields import WalkFields
from fmstudio.gui.diffusion.jobs import BETWEEN
from fmstudio.gui.diffusion.models import DiffusionModels
from fmstudio.gui.diffusion.seed_field import SeedField
from fmstudio.gui.diffusion.step_scrubber import StepScrubber
from fmstudio.gui.diffusion.trajectory import Trajectory
from fmstudio.gui.diffusion.view import WalkView, Wanted
from fmstudio.gui.diffusion.walk_player import WalkPlayer
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.labels import ElidedLabel, icon_button, label
from fmstudio.gui.widgets.menus import menu_of
from fmstudio.gui.widgets.pictures.tiles import PictureTiles
from fmstudio.gui.widgets.titled import side_by_side, titled

MOST = 48


class BetweenPlayer(WalkPlayer):
    """Both ends, what is between them now, and all of it as a strip: one walk, which makes all pictures at once."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("between")
        self._theme = theme
        self.walks = [Trajectory()]
        self.seeds = (0, 1)
        self.scrubber = StepScrubber(theme, "between-scrubber")
        self.scrubber.label_room = 230
        self.strip = PictureTiles(theme, "between-strip", "All pictures from one seed to the other")
        self.strip.largest = 104
        self.facts = ElidedLabel("", "caption", "between-facts")
        self.export = icon_button(
            "mdi6.export-variant", "Save pictures or an animation…", "between-export", theme, self._export, "text"
        )
        self.tiles: dict[str, PictureTiles] = {}
        self.headings = {key: label("", "strong", f"between-heading-{key}") for key in ("first", "now", "last")}
        self._lay_out()
        self.scrubber.moved.connect(self.show_place)
        self.strip.clicked.connect(self.scrubber.go_to)
        self.strip.menu_wanted.connect(lambda index, place: self.picture_menu.emit(0, "denoised", index, place))

    def _lay_out(self) -> None:
        stages = QGridLayout()
        stages.setHorizontalSpacing(16)
        stages.setVerticalSpacing(8)
        for column, (key, heading) in enumerate(self.headings.items()):
            tiles = PictureTiles(self._theme, f"between-{key}", f"Picture: {key}")
            tiles.largest, tiles.selectable, tiles.enlarges = 10_000, False, False
            tiles.menu_wanted.connect(lambda _, place, k=key: self._menu(k, place))
            self.tiles[key] = tiles
            stages.addWidget(heading, 0, column)
            stages.addWidget(tiles, 1, column)
            stages.setColumnStretch(column, 1)
        stages.setRowStretch(1, 1)
        self.setLayout(vbox(stages, self.scrubber, (self.strip, 1), hbox((self.facts, 1), self.export, gap=12), gap=12))

    # What is shown.

    def clear(self, walks: int) -> None:
        """Begin anew."""
        self.walks = [Trajectory()]
        self.scrubber.clear()
        self.strip.clear()
        self.export.setEnabled(False)
        for tiles in self.tiles.values():
            tiles.clear()

    def take(self, walk: int, data: Mapping[str, Any]) -> None:
        """All pictures as they are expected at the sampler's next step."""
        first = not self.walks[0].frames
        self.walks[0].add(data)
        last = self.walks[0].count - 1
        self.scrubber.set_extent(last, last)
        if first:
            self.scrubber.go_to(0)
        self.export.setEnabled(True)
        self.headings["first"].setText(f"Seed {self.seeds[0]}")
        self.headings["last"].setText(f"Seed {self.seeds[1]}")
        images = self.images
        self.tiles["first"].set_images(images[:1])
        self.tiles["last"].set_images(images[-1:])
        self.strip.set_images(images)
        self.show_place(self.scrubber.position)

    def set_facts(self, walk: int, text: str) -> None:
        """Say what it took."""
        self.facts.setText(text)
        self.facts.setToolTip(text)

    @property
    def images(self) -> list[QImage]:
        """The pictures as far as they are now."""
        return self.walks[0].images(len(self.walks[0]) - 1)["denoised"]

    def show_place(self, place: int) -> None:
        """Show one of the pictures between the ends."""
        if not self.walks[0].frames:
            return
        count = self.walks[0].count
        self.tiles["now"].set_images([self.images[place]])
        part = place / max(count - 1, 1)
        self.headings["now"].setText(f"{part:.0%} of the way".replace("%", " %"))
        self.scrubber.set_label(f"picture {place + 1} of {count} · {part:.0%} of the way".replace("%", " %"))
        self.strip.select(place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for tiles in self.tiles.values():
            tiles.setFixedHeight(max(80, min((self.width() - 32) // 3, self.height() // 2)))

    # Getting pictures out.

    def _menu(self, key: str, place: QPoint) -> None:
        index = {"first": 0, "last": self.walks[0].count - 1}.get(key, self.scrubber.position)
        self.picture_menu.emit(0, "denoised", index, place)

    def _export(self) -> None:
        self.export_menu.emit(self.export.mapToGlobal(QPoint(0, self.export.height())))

    def position_of(self, walk: int) -> int:
        """The latest step: what one goes through are its pictures."""
        return len(self.walks[walk]) - 1

    def film(self, view: str) -> list[np.ndarray]:
        """The pictures in their order."""
        return list(self.array(0, view))

    def chosen_picture(self) -> int:
        """The picture that is shown between the ends."""
        return self.scrubber.position


class BetweenView(WalkView):
    """Two seeds and how many pictures to make between them."""

    action = ("Interpolate", "mdi6.transition-masked")
    sentence = "One seed's noise is turned into another's; every noise between is a picture too."

    def __init__(self, studio: Studio, models: DiffusionModels) -> None:
        theme = studio.theme
        hint = EmptyState(
            theme, "mdi6.transition-masked", "From one picture to another",
            "Choose two seeds and press Interpolate. The noise is turned from the first to the second in even steps, "
            "and each noise is made into a picture.", "between-hint",
        )  # fmt: skip
        player = BetweenPlayer(theme)
        super().__init__(studio, "between", player, hint)
        self._between, self._models = player, models
        self.first = SeedField(theme, "between-first", "First seed", 0)
        self.last = SeedField(theme, "between-last", "Second seed", 1)
        self.frames = NumberField("between-frames", "Pictures", whole=True, minimum=2, maximum=MOST)
        self.frames.set_value(16)
        self.fields = WalkFields(theme, models, "between")
        self.form.addWidget(side_by_side(
            titled("From seed", self.first, "The noise at one end."),
            titled("To seed", self.last, "The noise at the other end."),
        ))  # fmt: skip
        self.form.addWidget(
            titled("Pictures", self.frames, f"How many pictures from one end to the other, 2 to {MOST}.")
        )
        self.form.addWidget(self.fields)
        self.form.addStretch(1)
        for field in (self.first, self.last, self.frames, self.fields):
            field.edited.connect(self.judged)
        self.fields.edited.connect(self._chose_model)

    def _chose_model(self) -> None:
        self._models.choose(self.fields.model.reference)

    def problem(self) -> str:
        frames = self.frames.value()
        if found := self.fields.problem() or self.first.problem() or self.last.problem():
            return found
        if not isinstance(frames, int) or not 2 <= frames <= MOST:
            return f"Pictures is {frames!r}; type a whole number from 2 to {MOST}."
        return ""

    def wanted(self) -> list[Wanted]:
        self._between.seeds = (self.first.value(), self.last.value())
        arguments = {
            "model": self.fields.model.reference,
            "seeds": self._between.seeds,
            "frames": self.frames.value(),
            "settings": self.fields.settings() | {"seed": self.first.value()},
            "condition": self.fields.condition(),
        }
        return [Wanted(BETWEEN, f"Interpolate with “{self.fields.model.title}”", arguments, self.fields.sampler_title)]

    def export_menu(self) -> QMenu:
        player = self._between
        name, about = (
            f"{self._asked[0].arguments['model']}-{player.seeds[0]}-to-{player.seeds[1]}",
            self.about_picture(0),
        )
        pictures = player.array(0, "denoised")
        now = pictures[player.chosen_picture()][None]
        number = player.chosen_picture() + 1
        return menu_of(
            [
                ("This picture as PNG…", lambda: self.export.ask(now, f"{name}-{number}", about=about)),
                ("Sheet of all pictures as PNG…", lambda: self.export.ask(pictures, f"{name}-sheet", about=about)),
                ("Animation as GIF…", lambda: self.export.ask(player.film("denoised"), name, ".gif")),
            ],
            self,
            "between-export-menu",
        )
