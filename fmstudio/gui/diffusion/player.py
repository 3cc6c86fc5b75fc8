"""Walks of a sampler as one looks at them: noisy state, predicted clean picture and predicted noise side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy

from fmstudio.gui.diffusion.film_strip import FilmStrip
from fmstudio.gui.diffusion.step_scrubber import StepScrubber
from fmstudio.gui.diffusion.trajectory import VIEWS, Trajectory
from fmstudio.gui.diffusion.walk_player import WalkPlayer
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import ElidedLabel, icon_button, label
from fmstudio.gui.widgets.pictures.tiles import PictureTiles

ALL = -1
WHERE = 410
BESIDES = 168
"""Pixels of height that two walks leave to headings, labels and controls."""
SEVERAL_PICTURES = "Predicted clean pictures at steps"
ONE_PICTURE = "Noisy picture, predicted clean picture and predicted noise at steps"


class DiffusionPlayer(WalkPlayer):
    """Shows one walk, or two beside each other at the same noise level, and goes through their steps."""

    def __init__(self, theme: Theme, name: str = "player") -> None:
        super().__init__()
        self.setObjectName(name)
        self._theme, self._name = theme, name
        self.walks = [Trajectory()]
        self.scrubber = StepScrubber(theme, f"{name}-scrubber")
        self.strip = FilmStrip(theme, f"{name}-strip", "Predicted clean picture across the steps")
        self._strip_title = label(SEVERAL_PICTURES, "strong", f"{name}-strip-title")
        self.tiles: list[dict[str, PictureTiles]] = []
        self._marks: list[QLabel] = []
        self._labels: list[QLabel] = []
        self._stages = QGridLayout()
        self.which = ChoiceField(f"{name}-which", "Which pictures to show", [ALL], ["All pictures"])
        self.facts = [ElidedLabel("", "caption", f"{name}-facts-{letter}") for letter in "ab"]
        self.export = icon_button(
            "mdi6.export-variant", "Save pictures or an animation…", f"{name}-export", theme, self._export, "text"
        )
        for number, letter in enumerate("AB"):
            self._add_row(number, letter)
        self._lay_out()
        self.scrubber.moved.connect(self.show_step)
        self.strip.chosen.connect(self.scrubber.go_to)
        self.strip.resized.connect(self._fill_strip)
        self.which.edited.connect(self._choose_picture)
        self.clear(1)

    def _add_row(self, number: int, letter: str) -> None:
        mark = label(letter, "section", f"{self._name}-mark-{letter.lower()}")
        where = label("", "caption", f"{self._name}-where-{letter.lower()}")
        where.setFixedSize(WHERE, self._theme.size("caption") + 6)  # so that new words lay nothing out anew
        self._marks.append(mark)
        self._labels.append(where)
        self.tiles.append({})
        self._stages.addWidget(mark, 2 * number + 1, 0, Qt.AlignmentFlag.AlignTop)
        self._stages.addWidget(where, 2 * number + 2, 1, 1, 3)
        self._stages.setRowStretch(2 * number + 1, 1)
        for column, (view, (title, meaning)) in enumerate(VIEWS.items(), 1):
            tiles = PictureTiles(self._theme, f"{self._name}-{letter.lower()}-{view}", f"{title} {letter}")
            tiles.largest, tiles.selectable = 10_000, False
            tiles.clicked.connect(self._toggle_picture)
            tiles.menu_wanted.connect(lambda index, place, n=number, v=view: self._menu(n, v, index, place))
            self.tiles[number][view] = tiles
            self._stages.addWidget(tiles, 2 * number + 1, column)
            if not number:
                heading = label(title, "strong", f"{self._name}-heading-{view}")
                heading.setToolTip(meaning)
                heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # columns stay equal
                self._stages.addWidget(heading, 0, column)
                self._stages.setColumnStretch(column, 1)

    def _lay_out(self) -> None:
        self._stages.setHorizontalSpacing(16)
        self._stages.setVerticalSpacing(8)
        self.setLayout(
            vbox(
                self._stages,
                self.scrubber,
                self._strip_title,
                (self.strip, 1),
                hbox((vbox(*self.facts, gap=0), 1), self.which, self.export),
                gap=12,
            )
        )

    # What is shown.

    def clear(self, walks: int) -> None:
        """Begin anew with one walk, or with two that are compared."""
        self.walks = [Trajectory() for _ in range(walks)]
        self.scrubber.clear()
        self.strip.set_columns([])
        for row, (mark, where, fact) in enumerate(zip(self._marks, self._labels, self.facts, strict=True)):
            mark.setVisible(walks == 2)
            where.setVisible(walks == 2)
            fact.setVisible(row < walks)
            fact.setText("")
            for tiles in self.tiles[row].values():
                tiles.setVisible(row < walks)
                tiles.clear()
        for row in (1, 2):
            self._stages.setRowStretch(2 * row - 1, 1 if row <= walks else 0)
        for each in (self.strip, self._strip_title):
            each.setVisible(walks == 1)
        self._shape_tiles()
        self.export.setEnabled(False)
        self._list_pictures()

    def take(self, walk: int, data: Mapping[str, Any]) -> None:
        """The next step of a walk has come."""
        trajectory = self.walks[walk]
        trajectory.add(data)
        if len(trajectory) == 1:
            self._list_pictures()
        lead = self.lead
        self.scrubber.set_extent(lead.steps, len(lead) - 1)
        self.export.setEnabled(True)
        if trajectory is lead:
            self._fill_strip()
        self.show_step(self.scrubber.position)

    def set_facts(self, walk: int, text: str) -> None:
        """Say what a walk took."""
        self.facts[walk].setText(text)
        self.facts[walk].setToolTip(
            f"{text}\nAn evaluation is one look of the network at every picture." if text else ""
        )

    def position_of(self, walk: int) -> int:
        """The frame of a walk that is shown: of two, the one nearest in noise to where the longer one is."""
        trajectory, position = self.walks[walk], self.scrubber.position
        if trajectory is self.lead or not self.lead.frames:
            return min(position, len(trajectory) - 1)
        return trajectory.at_time(self.lead.frames[position].time)

    def show_step(self, position: int) -> None:
        """Show a step of the leading walk, and what is beside it."""
        for number, walk in enumerate(self.walks):
            if walk.frames:
                self._show_frame(number, self.position_of(number))
        self.scrubber.set_label(self.lead.label(position))
        self.scrubber.text.setToolTip(self.lead.description(position))
        self.strip.set_present(position)

    def _show_frame(self, number: int, frame: int) -> None:
        walk, one = self.walks[number], self.which.value()
        for view, tiles in self.tiles[number].items():
            images = walk.images(frame)[view]
            tiles.set_images(images if one == ALL else images[one : one + 1])
        if len(self.walks) == 2:
            self._labels[number].setText(f"{walk.label(frame)} · {walk.description(frame)}")

    def _fill_strip(self) -> None:
        """Columns at steps spread evenly: several pictures as they are expected there, or one in all three views."""
        if not self.lead.frames:
            return
        walk, one = self.lead, self.which.value()
        alone = one != ALL or walk.count == 1
        self._strip_title.setText(ONE_PICTURE if alone else SEVERAL_PICTURES)
        room = min(self.strip.room(len(VIEWS) if alone else walk.count), walk.steps + 1)
        places = np.unique(np.linspace(0, walk.steps, max(room, 2)).round().astype(int)).tolist()
        columns = []
        for place in (place for place in places if place < len(walk)):
            images = walk.images(place)
            shown = [images[view][max(one, 0)] for view in VIEWS] if alone else images["denoised"]
            columns.append((place, str(place + 1) if place < walk.steps else "result", shown))
        self.strip.set_columns(columns)

    def _shape_tiles(self) -> None:
        """One walk's pictures are as high as wide; those of two share the height that there is evenly."""
        height = min((self.width() - 32) // 3, self.height() // 2)
        if len(self.walks) == 2:
            height = (self.height() - BESIDES) // 2
        for row in self.tiles:
            for tiles in row.values():
                tiles.setFixedHeight(max(height, 48))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._shape_tiles()

    # One picture or all.

    def _list_pictures(self) -> None:
        count = self.walks[0].count
        if self.which.count() != (count + 1 if count > 1 else 1):
            self.which.clear()
            self.which.addItem(f"All {count} pictures" if count > 1 else "All pictures", ALL)
            for number in range(count if count > 1 else 0):
                self.which.addItem(f"Picture {number + 1}", number)
        self.which.setVisible(count > 1)

    def _toggle_picture(self, index: int) -> None:
        """A click shows a picture alone, and another shows all again."""
        if self.walks[0].count > 1:
            self.which.set_value(index if self.which.value() == ALL else ALL)
            self._choose_picture()

    def _choose_picture(self) -> None:
        self.show_step(self.scrubber.position)
        self._fill_strip()

    def chosen_picture(self) -> int:
        """The picture that is shown alone, else the first."""
        return max(0, self.which.value())

    # Menus.

    def _menu(self, walk: int, view: str, index: int, place: QPoint) -> None:
        self.picture_menu.emit(walk, view, index if self.which.value() == ALL else self.which.value(), place)

    def _export(self) -> None:
        self.export_menu.emit(self.export.mapToGlobal(QPoint(0, self.export.height())))

    def film(self, view: str) -> list[np.ndarray]:
        """What one sees in a view from the first step to the last: one picture or all of them, a frame a step."""
        one = self.which.value()
        return [frame.arrays[view] if one == ALL else frame.arrays[view][one] for frame in self.lead.frames]
