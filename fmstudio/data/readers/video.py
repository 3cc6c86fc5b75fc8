"""Videos: frames at a chosen rate, all of them or only those in which the scene has changed."""

import math
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image

from fmstudio.data.errors import Refused
from fmstudio.data.readers.picture_source import Decoded, PictureFile, PictureReading, check_size

_TURN = 10  # frames passed over between two turns of others
_THUMBNAIL = 16


def read(source: PictureFile) -> PictureReading:
    """The frames. What breaks in the middle leaves the frames before it, and says so."""
    if source.size == 0:
        raise Refused("it is empty")
    found = 0
    try:
        with av.open(str(source.path)) as container:
            for decoded in _frames(container, source):
                found += decoded is not None
                yield decoded
    except av.FFmpegError as error:
        if not found:
            raise Refused(f"it is not a video, or damaged ({error.strerror})") from None
        source.notes.append(f"it is damaged after frame {found:,} of those taken ({error.strerror}), which were kept")
    if not found:
        raise Refused("it holds no frame that can be decoded")


def _frames(container: Any, source: PictureFile) -> PictureReading:
    if not container.streams.video:
        raise Refused("it holds sound but no picture")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    check_size(stream.codec_context.width, stream.codec_context.height)
    before: np.ndarray | None = None
    for number, (seconds, frame) in enumerate(_sampled(container, source), 1):
        if number % _TURN == 0:
            yield None
        if frame is None:
            continue
        if source.scenes:
            now = _thumbnail(frame)
            if before is not None and float(np.abs(now - before).mean()) < source.difference:
                continue
            before = now
        yield _decoded(frame, seconds, stream.sample_aspect_ratio)


def _sampled(container: Any, source: PictureFile) -> Iterator[tuple[float, Any]]:
    """Frames with their time, the ones between two samples as None."""
    due, step = 0.0, 1.0 / source.rate if source.rate else 0.0
    stream = container.streams.video[0]
    length = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / av.time_base
    seconds = 0.0
    for number, frame in enumerate(container.decode(video=0)):
        # A frame without a time is placed by its number.
        seconds = frame.time if frame.time is not None else number / float(stream.average_rate or 25)
        source.done = min(source.size, int(source.size * seconds / length)) if length else 0
        if seconds + 1e-6 < due:
            yield seconds, None
            continue
        due = (math.floor(seconds / step + 1e-6) + 1) * step if step else 0.0
        yield seconds, frame
    if seconds < 0.9 * length - 1.0:
        source.notes.append(f"its end is missing: it stops at {_clock(seconds)} of {_clock(length)}")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:06.3f}"


def _thumbnail(frame: Any) -> np.ndarray:
    """A frame as 16 × 16 colours from 0 to 1, which a little movement does not change much."""
    small = frame.reformat(_THUMBNAIL, _THUMBNAIL, format="rgb24", interpolation="AREA")
    pixels: np.ndarray = small.to_ndarray().astype(np.float32) / 255.0
    return pixels


def _decoded(frame: Any, seconds: float, aspect: Fraction | None) -> Decoded:
    """aspect: the width of a pixel by its height."""
    transparent = any(component.is_alpha for component in frame.format.components) or frame.format.name == "pal8"
    pixels = frame.to_ndarray(format="rgba" if transparent else "rgb24")
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if aspect and aspect != 1:
        # Enlarged either way, so that no row or column is lost.
        width, height = (image.width * aspect, image.height) if aspect > 1 else (image.width, image.height / aspect)
        check_size(round(width), round(height))
        image = image.resize((round(width), round(height)), Image.Resampling.BICUBIC)
    image = _turned(image, frame)
    return Decoded(image, image.width, image.height, frame.format.name, _clock(seconds))


def _turned(image: Image.Image, frame: Any) -> Image.Image:
    """The frame as its display matrix shows it: turned by quarters, mirrored, or both (ISO/IEC 14496-12, 8.3.2)."""
    found = [data for data in frame.side_data if data.type.name == "DISPLAYMATRIX"]
    if not found:
        return image
    a, b, _, c, d = struct.unpack("5i", bytes(found[0])[:20])
    if abs(b) + abs(c) > abs(a) + abs(d):
        image = image.transpose(Image.Transpose.TRANSPOSE)
        a, d = c, b
    if a < 0:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if d < 0 else image
