"""Choosing a picture to work on: the next or a random one of a dataset, or a file."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import ElidedLabel, button, icon_button
from fmstudio.gui.widgets.titled import titled
from fmstudio.jobs import array_to_plain

SOURCE = "fmstudio.laboratory.picture_source:source"
FILES = "Pictures (*.png *.jpg *.jpeg *.webp *.gif *.bmp *.tif *.tiff)"
DEFAULT = (32, 32, 3)


class PictureSource(QWidget):
    """`changed` carries the pixels, (height, width, channels) of uint8; failed(reason, details).

    Whatever is chosen comes in `shape`, (height, width, channels), or in a dataset's own size where that is None.
    """

    changed = Signal(object)
    failed = Signal(str, str)

    def __init__(self, studio: Studio, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._studio = studio
        self.shape: tuple[int, int, int] | None = None
        self.pixels: np.ndarray | None = None
        self._index, self._file = 0, ""
        self._given: tuple[np.ndarray, str] | None = None
        self.dataset = ChoiceField(f"{name}-dataset", "Dataset", [])
        self.dataset.setSizeAdjustPolicy(self.dataset.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.dataset.setPlaceholderText("No dataset of pictures yet")
        self.dataset.edited.connect(self._chose_dataset)
        theme = studio.theme
        self.back = icon_button("mdi6.chevron-left", "Picture before", f"{name}-before", theme, self.to_before, "text")
        self.next = icon_button("mdi6.chevron-right", "Next picture", f"{name}-next", theme, self.to_next, "text")
        self.shuffle = icon_button(
            "mdi6.shuffle-variant", "Random picture", f"{name}-random", theme, self.to_random, "text"
        )
        self.open = button("Open a file…", f"{name}-file", theme, "mdi6.folder-open-outline", "plain", self._ask_file)
        self.title = ElidedLabel("", "caption", f"{name}-title")
        self._question = JobFollower(self, studio, SOURCE)
        self._question.answered.connect(self._take)
        self._question.failed.connect(self.failed)
        self._lay_out()
        self.look_around()

    def _lay_out(self) -> None:
        self.setLayout(
            vbox(
                titled("Picture of", self.dataset, "A dataset of pictures of this workspace."),
                hbox(self.back, self.next, self.shuffle, ..., self.open, gap=4),
                self.title,
            )
        )

    # What there is.

    def look_around(self) -> None:
        """The datasets of pictures that the workspace has now."""
        present = self.dataset.value()
        self._totals = {each.name: each.items for each in self._studio.workspace.datasets() if each.kind == "images"}
        self.dataset.clear()
        for name in self._totals:
            self.dataset.addItem(name, name)
        self.dataset.setCurrentIndex(max(0, self.dataset.findData(present)))
        for each in (self.dataset, self.back, self.next, self.shuffle):
            each.setEnabled(bool(self._totals))

    @property
    def any(self) -> bool:
        """Whether there is a dataset to take pictures from."""
        return bool(self._totals)

    # Choosing.

    def show_picture(self, dataset: str, index: int) -> None:
        """Take a picture of a dataset."""
        if dataset in self._totals:
            self.dataset.set_value(dataset)
        self._file, self._given = "", None
        self._index = index
        self.ask()

    def open_file(self, path: Path) -> None:
        """Take a picture from a file."""
        self._file, self._given = str(path), None
        self.ask()

    def take(self, pixels: np.ndarray, title: str) -> None:
        """Take a picture that is at hand."""
        self._question.forget()
        self._file, self._given = "", (pixels, title)
        self.ask()

    def ask(self) -> None:
        """Fetch what is chosen, in the size that is wanted now."""
        if self._given is not None:
            pixels, title = self._given
            if self.shape in (None, pixels.shape):
                self._keep(pixels, title)
            else:
                self._question.ask(pixels=array_to_plain(pixels), title=title, size=self.shape)
        elif self._file:
            self._question.ask(file=self._file, size=self.shape or DEFAULT)
        elif self.dataset.value():
            self._question.ask(dataset=self.dataset.value(), index=self._index, size=self.shape)

    def set_shape(self, shape: tuple[int, int, int]) -> None:
        """Bring this picture and all to come to (height, width, channels)."""
        if shape != self.shape:
            self.shape = shape
            self.ask()

    def ask_first(self) -> None:
        """Choose some picture where there is none yet."""
        if self.pixels is None and not self._question.busy and self.any:
            self.ask()

    def to_before(self) -> None:
        """The picture before this one."""
        self._go(self._index - 1)

    def to_next(self) -> None:
        """The picture after this one."""
        self._go(self._index + 1)

    def to_random(self) -> None:
        """Any picture of the dataset."""
        self._go(random.randrange(max(1, self._totals.get(self.dataset.value(), 1))))

    def _go(self, index: int) -> None:
        if self.any:
            self.show_picture(self.dataset.value(), index % max(1, self._totals[self.dataset.value()]))

    def _chose_dataset(self) -> None:
        self._go(0)

    def _ask_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a picture", "", FILES)
        if chosen:
            self.open_file(Path(chosen))

    def _take(self, found: Mapping[str, Any]) -> None:
        if found["dataset"]:
            self._index = found["index"]
            place = f"{formatting.count(found['index'] + 1)} of {formatting.count(found['total'])}"
            self._keep(found["pixels"], f"{place} · {found['title']}" if found["title"] else place)
        else:
            self._keep(found["pixels"], found["title"])

    def _keep(self, pixels: np.ndarray, title: str) -> None:
        self.pixels = pixels
        self.title.setText(title)
        self.title.setToolTip(title)
        self.changed.emit(pixels)
