"""One picture to work on: of a dataset or from a file, in the size that a model wants."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from fmstudio.data.errors import Refused
from fmstudio.data.fitting import eight_bit
from fmstudio.data.images import open_images
from fmstudio.data.readers import pictures
from fmstudio.data.readers.picture_source import PictureFile
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.workspace import Workspace, explained

LARGEST_SIDE = 512
"""Models here draw no larger pictures, so a photograph need not be decoded to all of its size."""


def source(
    context: JobContext,
    workspace: Workspace,
    dataset: str = "",
    index: int = 0,
    file: str = "",
    size: Sequence[int] | None = None,
    pixels: np.ndarray | None = None,
    title: str = "",
) -> Job:
    """A picture of a dataset, of a file, or one that is at hand (pixels, title); yields one Sample "source".

    size: (height, width, channels) that it is brought to: cut to the shape from its middle, then scaled. Without a
    size a dataset's picture stays as it is, and a file becomes 32 × 32 in colour.
    """
    if pixels is not None:
        found = _alone(fitted(pixels, size or pixels.shape), title)
    elif file:
        found = _alone(fitted(read(Path(file)), size or (32, 32, 3)), Path(file).name)
    else:
        found = _of_dataset(workspace, dataset, index, size)
    yield Sample("source", "source", found)
    return {}


def _of_dataset(workspace: Workspace, dataset: str, index: int, size: Sequence[int] | None) -> dict[str, Any]:
    with open_images(workspace, dataset) as images:
        index %= len(images)
        picture = images.picture(index)
        return {
            "pixels": fitted(picture.pixels, size) if size else picture.pixels,
            "title": picture.caption or picture.label,
            "dataset": dataset,
            "index": index,
            "total": len(images),
        }


def _alone(pixels: np.ndarray, title: str) -> dict[str, Any]:
    return {"pixels": pixels, "title": title, "dataset": "", "index": 0, "total": 1}


def read(path: Path) -> np.ndarray:
    """The pixels of a picture file, upright and on white, (height, width, 3) of uint8; of an animation the first."""
    try:
        with explained(path):
            wanted = PictureFile(path, path.name, path.stat().st_size, LARGEST_SIDE)
            decoded = next(each for each in pictures.read(wanted) if each is not None)
        image = eight_bit(decoded.image).convert("RGBA")
    except Refused as refusal:
        raise StudioError(f"{path.name} cannot be used: {refusal}; choose another file.") from refusal
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))


def fitted(pixels: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """A picture cut from its middle and scaled to (height, width, channels)."""
    height, width, channels = size
    if pixels.shape == (height, width, channels):
        return pixels
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).convert(
        "L" if channels == 1 else "RGB"
    )
    shrinks = image.height > height or image.width > width
    image = ImageOps.fit(image, (width, height), Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(height, width, channels)
