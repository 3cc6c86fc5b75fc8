"""Pictures as files that any program opens: PNG, sheets of tiles, animations."""

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fmstudio.workspace import write_atomically

_WHITE = 255


def grid(images: np.ndarray, columns: int = 0, gap: int = 2) -> np.ndarray:
    """Pictures (count, height, width, channels) side by side on white; as near to a square as can be by itself."""
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap, channels)
    sheet = np.full(size, _WHITE, np.uint8)
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def png_bytes(image: np.ndarray, **text: str) -> bytes:
    """A picture (height, width, 1 or 3 channels) of uint8 as PNG; `text` is kept in the file by name."""
    notes = PngInfo()
    for name, value in text.items():
        notes.add_text(name, value)
    file = io.BytesIO()
    _as_pillow(image).save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def save_png(path: Path, image: np.ndarray, **text: str) -> None:
    """Write a picture as PNG, whole or not at all."""
    write_atomically(path, png_bytes(image, **text))


def save_gif(path: Path, frames: Sequence[np.ndarray] | np.ndarray, milliseconds: int = 60) -> None:
    """Write pictures of one size as an animation that begins again at its end, each shown for `milliseconds`."""
    first, *rest = [_as_pillow(frame) for frame in frames]
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=rest, duration=milliseconds, loop=0)
    write_atomically(path, file.getvalue())


def enlarged(images: np.ndarray, factor: int) -> np.ndarray:
    """Each pixel as a square of `factor` × `factor`; works on one picture and on many."""
    larger: np.ndarray = images.repeat(factor, axis=-3).repeat(factor, axis=-2)
    return larger


def _as_pillow(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else np.ascontiguousarray(image))
