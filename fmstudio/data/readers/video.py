"""Videos: frames at a chosen rate, all of them or only those in which the scene has changed."""

import math
from collections.abc import Iterator
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
        yield _decoded(frame, seconds)


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


def _decoded(frame: Any, seconds: float) -> Decoded:
    transparent = any(component.is_alpha for component in frame.format.components) or frame.format.name == "pal8"
    pixels = frame.to_ndarray(format="rgba" if transparent else "rgb24")
    turns = round(frame.rotation / 90) % 4 if frame.rotation else 0
    image = Image.fromarray(np.ascontiguousarray(np.rot90(pixels, turns)))
    return Decoded(image, image.width, image.height, frame.format.name, _clock(seconds))
