"""Picture files (.png, .jpg, .webp, .gif, .bmp, .tif): one picture each, or the frames of an animation."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from fmstudio.data.errors import Refused
from fmstudio.data.readers.picture_source import LARGEST, Decoded, PictureFile, PictureReading, check_size
from fmstudio.data.readers.picture_values import counting, plain

# What Pillow is to try. Formats that run other programs (EPS) or that nobody means (ICO, PSD, ...) are left out.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM")
# From twice the size wanted a JPEG can be decoded smaller at once, which is many times faster and takes less memory.
_SPARE = 2


def read(source: PictureFile) -> PictureReading:
    """The picture, or every so many frames of an animation."""
    if source.size == 0:
        raise Refused("it is empty")
    with _judged():
        image = Image.open(source.path, formats=_FORMATS)
    with image:
        check_size(*image.size)
        whole = image.format != "GIF" or _has_trailer(source)
        if source.every and not whole:
            raise Refused("it is truncated: its end is missing")
        with _judged():
            # A telephone's MPO holds one picture and its thumbnails or second eye.
            count = getattr(image, "n_frames", 1) if whole and image.format != "MPO" else 1
        if count > 1 and not source.every:
            source.notes.append(f"the first of its {count:,} frames is used")
        for frame in range(0, count, source.every or count):
            with _judged():
                image.seek(frame)
                decoded = _decoded(image, source, f"frame {frame + 1}" if source.every and count > 1 else "")
            source.done = source.size * frame // count
            yield decoded


def _has_trailer(source: PictureFile) -> bool:
    """Whether a GIF ends as GIFs do; for Pillow one that breaks off between two frames is only shorter."""
    with source.path.open("rb") as file:
        file.seek(max(0, source.size - 64))
        return file.read().rstrip(b"\0\r\n ").endswith(b";")


@contextmanager
def _judged() -> Iterator[None]:
    """What Pillow thinks of a damaged file becomes a refusal. Nothing may be yielded to others within."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of bombs (the limit is ours) and of broken EXIF data, which do not matter here.
            warnings.simplefilter("ignore")
            yield
    except UnidentifiedImageError:
        raise Refused("it is not a picture, or damaged") from None
    except Image.DecompressionBombError:
        most = f"{LARGEST // 1_000_000} megapixels that are read"
        raise Refused(f"it has more than the {most}; make it smaller first") from None
    except (OSError, SyntaxError, EOFError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Refused(_reason(str(error))) from error


def _reason(error: str) -> str:
    if any(word in error.lower() for word in ("truncated", "not enough", "unexpected end")):
        return "it is truncated: its end is missing"
    return f"it is damaged ({error.splitlines()[0] if error else 'it cannot be decoded'})"


def _decoded(image: Image.Image, source: PictureFile, place: str = "") -> Decoded:
    width, height = image.size
    mode = image.mode
    if isinstance(image, JpegImageFile):
        image.draft(None, (_SPARE * source.side, _SPARE * source.side))
    image.load()
    upright = plain(ImageOps.exif_transpose(image), source, counting(image))
    if (upright.width > upright.height) != (image.width > image.height):
        width, height = height, width
    return Decoded(upright, width, height, mode, place)
