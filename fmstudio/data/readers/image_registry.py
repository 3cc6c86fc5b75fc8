"""Which reader of pictures serves which file. A reader is imported when the first file of its kind is met."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

from fmstudio.data.readers.idx import is_idx
from fmstudio.data.readers.picture_source import PictureFile, PictureReading

_MODULES = {
    "pictures": (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"),
    "drawings": (".svg",),
    "numpy_arrays": (".npy", ".npz"),
    "idx": (".idx", ".idx3-ubyte", ".gz"),
}
_BY_ENDING = {ending: module for module, endings in _MODULES.items() for ending in endings}
_UNSURE = {".gz"}  # only of a file that a person names
PICTURES = tuple(ending for ending in _BY_ENDING if ending not in _UNSURE)
IDX = ("idx3-ubyte", "idx3-ubyte.gz")  # ends of names, as MNIST's are
VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ogv", ".wmv", ".flv", ".3gp", ".gif")


def is_picture(path: Path) -> bool:
    """Whether a file's name promises pictures."""
    return path.suffix.lower() in PICTURES or is_idx(path)


def is_array(path: Path) -> bool:
    """Whether a file's name promises many pictures as one array, whose labels may be in a file beside it."""
    return is_idx(path) or _BY_ENDING.get(path.suffix.lower()) in ("idx", "numpy_arrays")


def is_video(path: Path) -> bool:
    """Whether a file's ending promises frames."""
    return path.suffix.lower() in VIDEOS


def read(source: PictureFile, as_video: bool) -> PictureReading:
    """The pictures of a file. One of an unknown ending is tried as a picture (or video), which refuses what is none."""
    name = _BY_ENDING.get(source.path.suffix.lower(), "pictures")
    if is_idx(source.path):
        name = "idx"
    module = importlib.import_module(f"fmstudio.data.readers.{'video' if as_video else name}")
    return cast(Callable[[PictureFile], PictureReading], module.read)(source)
