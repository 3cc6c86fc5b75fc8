"""What the numbers of a picture mean: how deep they are, which of them is white, and in which colour space they are."""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

_WHITE_IS_ZERO = 0  # of TIFF's tag PhotometricInterpretation (TIFF 6.0, section 8)
_PHOTOMETRIC = 262
_DEPTHS = (8, 10, 12, 16)  # bits that cameras and scanners have


def is_white_zero(image: Image.Image) -> bool:
    """Whether a TIFF's numbers count from white to black and are still so: Pillow turns those of eight bits itself."""
    tags: Any = getattr(image, "tag_v2", {})
    return _is_deep(image) and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def plain(image: Image.Image, notes: list[str], inverted: bool = False) -> Image.Image:
    """The picture in eight bits a channel and in sRGB. notes: gets what had to be assumed."""
    if _is_deep(image):
        return _eight_bits(image, inverted, notes)
    profile = image.info.get("icc_profile")
    return _in_srgb(image, profile, notes) if profile else image


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def _eight_bits(image: Image.Image, inverted: bool, notes: list[str]) -> Image.Image:
    """Whole numbers fill the least of the usual depths that holds them; fractions go up to 1."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    lowest, highest = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    if image.mode == "F":
        most = next((most for most in (1.0, 255.0) if highest <= most), highest)
    else:
        bits = next((bits for bits in _DEPTHS if highest < 2**bits), 0)
        most = 2.0**bits - 1 if bits else highest
        if bits != 16:
            depth = f"{bits} bits deep" if bits else "as dark at 0 and as bright at their highest"
            notes.append(f"its values go up to {highest:,.0f}, so they were taken to be {depth}")
    if lowest < 0:
        notes.append(f"its values go down to {lowest:g}; those below 0 are black")
    if inverted:
        values = most - values
    return Image.fromarray(np.clip(np.rint(values * (255.0 / most)), 0, 255).astype(np.uint8))


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
