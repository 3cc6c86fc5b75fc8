"""Makes any picture one of the dataset's size and colours: what is cut off, how it is scaled, what shows through."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor

from fmstudio.data.errors import DataError, Refused

_REDUCING = {"lanczos": Image.Resampling.LANCZOS, "area": Image.Resampling.BOX, "nearest": Image.Resampling.NEAREST}
# Lanczos rings at edges that it enlarges; bicubic hardly does.
_ENLARGING = {**_REDUCING, "lanczos": Image.Resampling.BICUBIC}


@dataclass(frozen=True, slots=True)
class Fitting:
    """The pictures wanted: `size` pixels high and wide, with 1 or 3 channels.

    crop: "centre" cuts off what is over, "fit" keeps all and fills up with the background, "stretch" distorts.
    background: red, green and blue, 0 to 255, shown through what is transparent and beside what is too narrow.
    smallest: pictures with a shorter side are refused.
    """

    size: int = 32
    crop: str = "centre"
    channels: int = 3
    background: tuple[int, int, int] = (255, 255, 255)
    resampling: str = "lanczos"
    smallest: int = 1


def colour(text: str, path: str = "options.background") -> tuple[int, int, int]:
    """Red, green and blue of a colour that is named or written as #rrggbb; raises DataError."""
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError:
        raise DataError(f'{path} is "{text}", but it must be a colour such as "white" or "#20a0ff".') from None
    return red, green, blue


def fit(image: Image.Image, fitting: Fitting) -> np.ndarray:
    """A picture of any size and mode as (size, size, channels) of uint8; raises Refused where it is too small."""
    if min(image.size) < fitting.smallest:
        raise Refused(
            f"it is {image.width:,} × {image.height:,} pixels, and its shorter side is below the {fitting.smallest} "
            "that pictures must have at least"
        )
    small = _scaled(eight_bit(image), fitting)
    if small.mode == "RGBA" or small.size != (fitting.size, fitting.size):
        small = _on_background(small, fitting)
    pixels = np.asarray(small.convert("RGB" if fitting.channels == 3 else "L"))
    return pixels.reshape(fitting.size, fitting.size, fitting.channels)


def _scaled(image: Image.Image, fitting: Fitting) -> Image.Image:
    """Brought to the size; with "fit" the shorter side may be less than it."""
    side, (width, height) = fitting.size, image.size
    box: tuple[float, float, float, float] = (0, 0, width, height)
    target = (side, side)
    if fitting.crop == "centre":
        shorter = min(width, height)
        left, top = (width - shorter) / 2, (height - shorter) / 2
        box = (left, top, left + shorter, top + shorter)
    elif fitting.crop == "fit":
        longer = max(width, height)
        target = (max(1, round(width * side / longer)), max(1, round(height * side / longer)))
    if target == image.size:
        return image
    shrinks = max(box[2] - box[0], box[3] - box[1]) > side
    filters = _REDUCING if shrinks else _ENLARGING
    return image.resize(target, filters[fitting.resampling], box, reducing_gap=3.0 if shrinks else None)


def _on_background(image: Image.Image, fitting: Fitting) -> Image.Image:
    canvas = Image.new("RGB", (fitting.size, fitting.size), fitting.background)
    place = ((fitting.size - image.width) // 2, (fitting.size - image.height) // 2)
    canvas.paste(image.convert("RGB"), place, image if image.mode == "RGBA" else None)
    return canvas


def eight_bit(image: Image.Image) -> Image.Image:
    """The same picture as L, RGB or RGBA, whatever its palette and colour model were."""
    mode = image.mode
    if mode in ("L", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    if mode == "1":
        return image.convert("L")
    try:
        return image.convert("RGB")
    except ValueError:
        raise Refused(f"its colour model {mode} cannot be turned into red, green and blue") from None
