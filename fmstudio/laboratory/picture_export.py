"""Pictures on a window as files: one, a sheet of them, or an animation."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fmstudio.data.picture_files import enlarged, grid, save_gif, save_png
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Progress
from fmstudio.jobs.context import Job
from fmstudio.workspace import explained

SIDE = 256
"""Pixels that an animation's shorter side has at least, since programs that play one seldom enlarge it."""

FRAME, LAST_FRAME = 80, 1200  # milliseconds


def save(
    context: JobContext,
    path: str,
    pictures: Sequence[np.ndarray],
    about: Mapping[str, str] | None = None,
    milliseconds: int = FRAME,
) -> Job:
    """Write pictures (count, height, width, channels) of uint8 as the path's ending says.

    .png: one picture, or a sheet of several; `about` is kept in the file. .gif: each of `pictures` is a frame, itself
    one picture or (count, …) several; the last one stays for a moment.
    """
    target = Path(path)
    yield Progress(0, 1, "files")
    with explained(target):
        if target.suffix.lower() == ".gif":
            save_gif(target, [*_frames(pictures), *_rest(pictures, milliseconds)], milliseconds)
        elif target.suffix.lower() == ".png":
            several = np.asarray(pictures)
            save_png(target, several[0] if len(several) == 1 else grid(several), **(about or {}))
        else:
            raise StudioError(f"{target.name} ends in {target.suffix!r}; choose .png or .gif.")
    yield Artefact("file", target.name, str(target))
    return {"path": str(target)}


def _frames(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    sheets = [grid(frame) if frame.ndim == 4 else frame for frame in map(np.asarray, pictures)]
    factor = max(1, -(-SIDE // min(sheets[0].shape[:2])))
    return [enlarged(sheet, factor) for sheet in sheets]


def _rest(pictures: Sequence[np.ndarray], milliseconds: int) -> list[np.ndarray]:
    """The last frame again, so that it can be seen before the animation begins anew."""
    return _frames(pictures[-1:]) * (LAST_FRAME // milliseconds)
