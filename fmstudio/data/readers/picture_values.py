"""What the numbers of a picture mean: how deep they are, which of them is white, and in which colour space they are."""

import io
import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

from fmstudio.data.readers.picture_source import PictureFile

_WHITE_IS_ZERO = 0  # of TIFF's tag PhotometricInterpretation (TIFF 6.0, section 8)
_PHOTOMETRIC = 262
_SAMPLE_FORMAT, _UNSIGNED = 339, (1,)
_DEPTHS = (8, 10, 12, 16)  # bits that cameras and scanners have


def read_white_is_zero() -> None:
    """Let Pillow open TIFFs of 16 and 32 bits that count from white to black as it opens those that count from black,
    and unsigned ones of 32 bits in either order of their bytes: it knows their values but not these combinations."""
    known = TiffImagePlugin.OPEN_INFO
    for (order, photometric, kind, fill, bits, extra), modes in list(known.items()):
        if photometric == 1 and bits in ((16,), (32,)):
            kinds = {kind, _UNSIGNED} if bits == (32,) and kind == (2,) else {kind}
            for white, each in itertools.product((_WHITE_IS_ZERO, 1), kinds):
                known.setdefault((order, white, each, fill, bits, extra), modes)


read_white_is_zero()


@dataclass(frozen=True, slots=True)
class Counting:
    """How the values of a deep picture count. inverted: from white to black. unsigned: 32 bits without a sign."""

    inverted: bool = False
    unsigned: bool = False


def counting(image: Image.Image) -> Counting:
    """How a picture's values count as Pillow gives them: those of eight bits it turns itself."""
    tags: Any = getattr(image, "tag_v2", None)
    if not _is_deep(image) or tags is None:
        return Counting()
    unsigned = image.mode == "I" and tags.get(_SAMPLE_FORMAT, _UNSIGNED) == _UNSIGNED
    return Counting(tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO, unsigned)


def plain(image: Image.Image, source: PictureFile, counts: Counting) -> Image.Image:
    """The picture in eight bits a channel and in sRGB. The source's notes get what had to be assumed."""
    if _is_deep(image):
        return _eight_bits(image, counts, source)
    profile = image.info.get("icc_profile")
    return _in_srgb(image, profile, source.notes) if profile else image


def depth_of(highest: float) -> int:
    """The least of the usual depths in bits that holds values up to this; 0 where none does."""
    return next((bits for bits in _DEPTHS if highest < 2**bits), 0)


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def _eight_bits(image: Image.Image, counts: Counting, source: PictureFile) -> Image.Image:
    """Whole numbers fill the depth that was set, or the least of the usual ones that holds them; fractions reach 1."""
    numbers = np.asarray(image)
    values = np.nan_to_num((numbers.view(np.uint32) if counts.unsigned else numbers).astype(np.float32))
    lowest, highest = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    if image.mode == "F":
        most = next((most for most in (1.0, 255.0) if highest <= most), highest)
    else:
        most = _white(highest, source)
    if lowest < 0:
        source.notes.append(f"its values go down to {lowest:g}; those below 0 are black")
    if counts.inverted:
        values = most - values
    return Image.fromarray(np.clip(np.rint(values * (255.0 / most)), 0, 255).astype(np.uint8))


def _white(highest: float, source: PictureFile) -> float:
    """The value of white among whole numbers that go up to `highest`."""
    if source.depth:
        most = 2.0**source.depth - 1
        if highest > most:
            source.notes.append(f"its values go up to {highest:,.0f}; those above {most:,.0f} are as bright as that")
        return most
    bits = depth_of(highest)
    source.found_depth = max(source.found_depth, bits)
    if bits != 16:
        depth = f"{bits} bits deep" if bits else "as dark at 0 and as bright at their highest"
        source.notes.append(f"its values go up to {highest:,.0f}, so they were taken to be {depth}")
    return 2.0**bits - 1 if bits else highest


def _in_srgb(image: Image.Image, profile: bytes, notes: list[str]) -> Image.Image:
    """The colours as the picture's own profile means them (ICC.1:2022), by relative colorimetry."""
    colours = image
    if image.mode in ("P", "PA", "YCbCr", "HSV"):
        colours = image.convert("RGBA" if image.mode == "PA" or "transparency" in image.info else "RGB")
    alpha = colours.getchannel("A") if colours.mode in ("RGBA", "LA") else None
    base = colours.convert(colours.mode[:-1]) if alpha else colours
    try:
        transform = _to_srgb(profile, base.mode)
        converted = ImageCms.applyTransform(base, transform) if transform else base
    except (ImageCms.PyCMSError, ValueError, OSError) as error:
        notes.append(f"its colour profile does not fit, so its colours are taken as they are ({error})")
        return image
    if converted is None:  # only of a conversion in place
        return image
    if alpha:
        converted = converted.convert("RGB")
        converted.putalpha(alpha)
    return converted


@lru_cache(maxsize=16)
def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """What makes sRGB of a mode's colours; None for a profile that is that of sRGB itself."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if mode == "RGB" and "srgb" in ImageCms.getProfileDescription(source).lower():
        return None
    return ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
