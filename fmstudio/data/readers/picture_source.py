"""What every reader of pictures is given and what it gives back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from fmstudio.data.errors import Refused

LARGEST = 100_000_000
"""Pixels of the largest picture that is read."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture out of a file, upright. width, height and mode are those of the original, which may be larger.

    place: where in the file it was, such as "frame 3". label: its class, where the file tells it.
    """

    image: Image.Image
    width: int
    height: int
    mode: str
    place: str = ""
    label: str = ""


# A reader is a generator of pictures; None means that it is still working and gives others a turn.
PictureReading = Iterator[Decoded | None]


@dataclass(slots=True)
class PictureFile:
    """One file to be read. `done` (bytes) and `notes` are kept up to date by its reader.

    side: the size in pixels that the pictures will have; a reader may give larger ones, but need not give much larger.
    every: of an animation, every so many frames; 0 is the first alone. rate: frames to take from a second of video, 0
    being all. scenes: of those, only the ones that differ from the one before by more than `difference` (0 to 1).
    depth: bits of each value of a picture with more than eight; 0 lets the reader find it out of each, and the greatest
    that it found is `found_depth`.
    """

    path: Path
    name: str
    size: int
    side: int = 32
    background: tuple[int, int, int] = (255, 255, 255)
    every: int = 0
    rate: float = 1.0
    scenes: bool = False
    difference: float = 0.1
    depth: int = 0
    found_depth: int = 0
    done: int = 0
    notes: list[str] = field(default_factory=list)


def check_size(width: int, height: int) -> None:
    """Refuse a picture that is too large, before its pixels are read."""
    if width * height > LARGEST:
        raise Refused(
            f"it is {width:,} × {height:,} pixels, {width * height / 1e6:,.0f} megapixels, more than the "
            f"{LARGEST / 1e6:.0f} that are read; make it smaller first"
        )
