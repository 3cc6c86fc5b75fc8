"""Jobs that show pictures: those of a dataset, page by page or one by one, and what an import would make of a file."""

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fmstudio.data.errors import DataError, Refused
from fmstudio.data.fitting import eight_bit, fit
from fmstudio.data.image_options import ImageImportOptions, PictureOptions, VideoImportOptions
from fmstudio.data.images import UNKNOWN, Images, open_images
from fmstudio.data.intake import guarded
from fmstudio.data.pacing import Pace
from fmstudio.data.readers import image_registry
from fmstudio.data.readers.picture_source import Decoded
from fmstudio.data.sources import Found
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.recipe import build
from fmstudio.workspace import Workspace

_ORIGINAL = 512  # pixels of the longer side of an original that is shown
_SEARCHES = 8  # whose results are kept, so that the next page need not search again
_FOUND: dict[tuple[str, str, str], np.ndarray] = {}
_LOOK = 256  # captions searched between two looks at the clock


def page(
    context: JobContext,
    workspace: Workspace,
    dataset: str,
    start: int = 0,
    count: int = 500,
    label: str | None = None,
    search: str = "",
) -> Generator[Event, None, dict[str, Any]]:
    """Show `count` pictures from number `start` on: of all, of a class (label), or with a text in their caption.

    Yields a Sample "page": total, start, complete, pictures (n, height, width, channels), labels, captions, indices.
    """
    with open_images(workspace, dataset) as images:
        key = (str(workspace.dataset_folder(dataset)), str(workspace.dataset(dataset).details.get("content")))
        chosen = yield from _chosen(context, images, key, label, search.strip().lower())
        total = len(images) if chosen is None else len(chosen)
        start = max(0, start)
        wanted = np.arange(start, min(start + count, total)) if chosen is None else chosen[start : start + count]
        # All is read as one slice where nothing is left out in between, which is many times faster.
        whole = chosen is None and len(wanted)
        pixels = images.pixels[start : start + count] if whole else images.pixels[wanted]
        yield Sample("page", "page", {"total": total, "start": start, "complete": not context.stopping,
                                      "pictures": np.array(pixels), **_told(images, wanted)})  # fmt: skip
        return {"total": total}


def _told(images: Images, indices: np.ndarray) -> dict[str, Any]:
    numbers = indices.tolist()
    return {
        "indices": numbers,
        "labels": [images.label(index) for index in numbers],
        "captions": [images.about(index)["caption"] for index in numbers],
    }


def _chosen(
    context: JobContext, images: Images, key: tuple[str, str], label: str | None, search: str
) -> Generator[Event, None, np.ndarray | None]:
    """The numbers of the pictures of a class with a text in their caption; None is all of them."""
    if label is None and not search:
        return None
    number = UNKNOWN if not label else images.classes.index(label) if label in images.classes else None
    of_class = np.arange(len(images))
    if label is not None:
        of_class = np.flatnonzero(np.asarray(images.labels) == number) if number is not None else np.arange(0)
    if not search:
        return of_class
    found = _FOUND.get((*key, search))
    if found is None:
        found = yield from _search(context, images, search)
        if not context.stopping:
            _remember((*key, search), found)
    return np.intersect1d(found, of_class)


def _remember(key: tuple[str, str, str], found: np.ndarray) -> None:
    _FOUND[key] = found
    if len(_FOUND) > _SEARCHES:
        del _FOUND[next(iter(_FOUND))]


def _search(context: JobContext, images: Images, search: str) -> Generator[Event, None, np.ndarray]:
    found, pace = [], Pace()
    for index in range(len(images)):
        if search in images.about(index)["caption"].lower():
            found.append(index)
        if index % _LOOK == 0 and pace.due():
            yield Progress(index, len(images), "pictures", f"Searching for {search!r}")
            if context.stopping:
                break
    return np.asarray(found, np.int64)


def one(context: JobContext, workspace: Workspace, dataset: str, index: int) -> Generator[Event, None, None]:
    """Show all that is known of a picture: a Sample "picture" with index, pixels, label, caption, attributes and what
    the original was.
    """
    with open_images(workspace, dataset) as images:
        _check(images, dataset, [index])
        shown = {"index": index, "pixels": np.array(images.pixels[index]), "label": images.label(index),
                 "attributes": images.attributes_of(index), **images.about(index)}  # fmt: skip
        yield Sample("picture", "picture", shown)


def some(context: JobContext, workspace: Workspace, dataset: str, indices: list[int]) -> Generator[Event, None, None]:
    """Show pictures from anywhere in a dataset: a Sample "some" with indices, pictures, labels and captions."""
    with open_images(workspace, dataset) as images:
        _check(images, dataset, indices)
        wanted = np.asarray(indices, np.int64)
        yield Sample("some", "some", {"pictures": np.array(images.pixels[wanted]), **_told(images, wanted)})


def _check(images: Images, dataset: str, indices: list[int]) -> None:
    wrong = [index for index in indices if not 0 <= index < len(images)]
    if wrong:
        raise DataError(f"Dataset {dataset!r} has no picture {wrong[0]}; its pictures are 0 to {len(images) - 1:,}.")


def fitting(
    context: JobContext, workspace: Workspace, source: str, options: Mapping[str, Any] | None = None
) -> Generator[Event, None, None]:
    """Show what an import would make of a file's first picture, or of the first picture in a folder.

    Yields a Sample "fitting": original (at most 512 pixels a side), fitted, width, height, mode, note.
    """
    path = _first_file(Path(source).expanduser())
    as_video = image_registry.is_video(path) and not image_registry.is_picture(path)
    chosen = build(VideoImportOptions if as_video else ImageImportOptions, options or {}, "options.")
    notes: list[str] = []
    try:
        decoded = yield from _first(path, chosen, as_video, notes)
        fitted = fit(decoded.image, chosen.fitting())
    except Refused as refusal:
        raise DataError(f"{path.name} cannot be imported: {refusal}.") from None
    shown = {"original": _shrunk(decoded.image), "fitted": fitted, "width": decoded.width, "height": decoded.height,
             "mode": decoded.mode, "note": ". ".join(note[:1].upper() + note[1:] for note in notes)}  # fmt: skip
    yield Sample("fitting", "fitting", shown)


def _first_file(path: Path) -> Path:
    """The path, or the first picture or video below it where it is a folder."""
    if not path.is_dir():
        return path
    known = (
        file for file in sorted(path.rglob("*")) if image_registry.is_picture(file) or image_registry.is_video(file)
    )
    first = next(known, None)
    if first is None:
        raise DataError(f"There is no picture in {path}; known endings are {' '.join(image_registry.PICTURES)}.")
    return first


def _first(path: Path, options: PictureOptions, as_video: bool, notes: list[str]) -> Generator[Event, None, Decoded]:
    if not path.is_file():
        raise Refused("it does not exist" if not path.exists() else "it is not a file")
    source = options.source(Found(path, path.name, path.stat().st_size), notes)
    source.side = max(source.side, _ORIGINAL)  # what is shown as the original is not to be coarser than the screen
    for decoded in guarded(image_registry.read(source, as_video)):
        if decoded is not None:
            return decoded
        yield Progress(source.done, source.size, "bytes", f"Reading {path.name}")
    raise Refused("it holds no picture")


def _shrunk(image: Image.Image) -> np.ndarray:
    """The original as (height, width, 3), on a chequered ground where it is transparent."""
    small = eight_bit(image)
    if max(small.size) > _ORIGINAL:
        scale = _ORIGINAL / max(small.size)
        small = small.resize((max(1, round(small.width * scale)), max(1, round(small.height * scale))), reducing_gap=3)
    if small.mode == "RGBA":
        rows, columns = np.indices((small.height, small.width)) // 8
        ground = np.where((rows + columns) % 2, np.uint8(255), np.uint8(224))
        canvas = Image.fromarray(ground).convert("RGB")
        canvas.paste(small, (0, 0), small)
        small = canvas
    return np.asarray(small.convert("RGB"))
