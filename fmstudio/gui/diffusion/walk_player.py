"""What shows a sampler's walks, as the views that ask for walks know it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.diffusion.step_scrubber import StepScrubber
from fmstudio.gui.diffusion.trajectory import Trajectory


class WalkPlayer(QWidget):
    """Subclasses show `walks` and go through them with `scrubber`.

    picture_menu(walk, view, index, place) was wanted by a right click; export_menu(place) by the button.
    """

    picture_menu = Signal(int, str, int, QPoint)
    export_menu = Signal(QPoint)
    walks: list[Trajectory]
    scrubber: StepScrubber

    def clear(self, walks: int) -> None:
        """Begin anew with one walk, or with two that are compared."""
        raise NotImplementedError

    def take(self, walk: int, data: Mapping[str, Any]) -> None:
        """The next step of a walk has come."""
        raise NotImplementedError

    def set_facts(self, walk: int, text: str) -> None:
        """Say what a walk took."""
        raise NotImplementedError

    @property
    def lead(self) -> Trajectory:
        """The walk whose steps one goes through: the one with most of them."""
        return max(self.walks, key=lambda walk: walk.steps)

    def position_of(self, walk: int) -> int:
        """The frame of a walk that is shown."""
        raise NotImplementedError

    def chosen_picture(self) -> int:
        """The picture that is shown alone, else the first."""
        raise NotImplementedError

    def array(self, walk: int, view: str) -> np.ndarray:
        """All pictures of a view as they are shown now, (pictures, height, width, channels)."""
        return self.walks[walk].frames[self.position_of(walk)].arrays[view]

    def film(self, view: str) -> list[np.ndarray]:
        """What one sees in a view from the first to the last, a frame a step."""
        raise NotImplementedError
