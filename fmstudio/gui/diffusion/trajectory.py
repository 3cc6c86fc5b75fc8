"""What a sampler did, kept in the window: for each step the pictures as ready images, and what to say of it."""

import math
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtGui import QImage

from fmstudio.gui.widgets.pictures.tiles import image_of

VIEWS: Mapping[str, tuple[str, str]] = {
    "state": ("Noisy picture", "xₜ: where the walk is. Values beyond black and white are cut off."),
    "denoised": ("Predicted clean picture", "x₀: the clean picture that the network expects here."),
    "noise": ("Predicted noise", "ε: the noise that the network sees here. Grey is 0, black and white are 3 σ."),
}


READY = 128
"""Frames whose images are kept; of a longer walk the rest is made again when it is looked at."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One step: its noise level, and the pictures of each view, (pictures, height, width, channels)."""

    time: float
    sigma: float
    decibels: float
    arrays: Mapping[str, np.ndarray]


class Trajectory:
    """Frames in order of step: one for each step at its beginning, and the result as the last."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.steps = 0
        self._ready: OrderedDict[int, Mapping[str, list[QImage]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self.frames)

    def add(self, data: Mapping[str, Any]) -> None:
        """Take the next step as the job tells it."""
        self.steps = data["steps"]
        arrays = {view: data[view] for view in VIEWS}
        self.frames.append(Frame(data["time"], data["sigma"], data["decibels"], arrays))
        self.images(len(self.frames) - 1)

    def images(self, number: int) -> Mapping[str, list[QImage]]:
        """The pictures of a frame, ready to be painted: made when it comes, and kept for the latest READY of them."""
        if number not in self._ready:
            arrays = self.frames[number].arrays
            self._ready[number] = {view: [screen_image(each) for each in array] for view, array in arrays.items()}
            if len(self._ready) > READY:
                self._ready.popitem(last=False)
        self._ready.move_to_end(number)
        return self._ready[number]

    @property
    def count(self) -> int:
        """How many pictures are made at once."""
        return len(self.frames[0].arrays["state"]) if self.frames else 0

    @property
    def complete(self) -> bool:
        """Whether the result is there."""
        return bool(self.frames) and len(self.frames) == self.steps + 1

    def at_time(self, time: float) -> int:
        """The frame whose noise level is nearest to a time; times fall along the frames."""
        falling = [-frame.time for frame in self.frames]
        place = bisect_left(falling, -time)
        near = [number for number in (place - 1, place) if 0 <= number < len(falling)]
        return min(near, key=lambda number: abs(falling[number] + time), default=0)

    def label(self, number: int) -> str:
        """Where a frame is: "step 23 of 50 · σ 0.41"."""
        if not 0 <= number < len(self.frames):
            return ""
        if number == self.steps:
            return f"after {self.steps} steps · σ 0" if self.steps != 1 else "after 1 step · σ 0"
        sigma = self.frames[number].sigma
        return f"step {number + 1} of {self.steps} · σ {sigma:.{2 if sigma >= 0.1 else 3}f}"

    def description(self, number: int) -> str:
        """The same with the signal-to-noise ratio, for a tooltip."""
        if not 0 <= number < len(self.frames):
            return ""
        frame = self.frames[number]
        ratio = decibels(frame.decibels)
        return f"time {frame.time:.3f} · {ratio if math.isinf(frame.decibels) else 'signal-to-noise ratio ' + ratio}"


def decibels(value: float) -> str:
    """A signal-to-noise ratio in words: −12.4 dB, no noise, no signal."""
    if math.isinf(value):
        return "no noise" if value > 0 else "no signal"
    return f"{value:.1f} dB".replace("-", "−")


def screen_image(picture: np.ndarray) -> QImage:
    """A picture in the form that is painted fastest."""
    return image_of(picture).convertToFormat(QImage.Format.Format_RGB32)
