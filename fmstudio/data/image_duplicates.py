"""Jobs that find pictures which are there twice, exactly or nearly, and that make a dataset without them."""

import hashlib
import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fmstudio.data import perceptual
from fmstudio.data.errors import DataError
from fmstudio.data.images import Images, ImageWriter, open_images
from fmstudio.data.intake import new_name
from fmstudio.data.pacing import Pace
from fmstudio.jobs import Artefact, Event, JobContext, Note, Progress, Sample
from fmstudio.workspace import DatasetRecord, Workspace, explained
from fmstudio.workspace.record_files import write_record

REMOVED = "removed.jsonl"
USUAL, FARTHEST = 4, 16  # bits of 64
WHICH = ("exact", "similar", "all")
_BATCH = 4 << 20  # bytes of pixels looked at in one go


@dataclass(slots=True)
class Duplicates:
    """Groups of numbers of pictures; of each group one is enough. An exact group is in a similar one by its first."""

    exact: list[list[int]] = field(default_factory=list)
    similar: list[list[int]] = field(default_factory=list)

    def removable(self, which: str) -> list[int]:
        """All but the first of each group."""
        groups = {"exact": self.exact, "similar": self.similar, "all": self.exact + self.similar}[which]
        return sorted({index for group in groups for index in group[1:]})


def find(
    context: JobContext, workspace: Workspace, dataset: str, distance: int = USUAL
) -> Generator[Event, None, dict[str, Any]]:
    """Yields a Sample "duplicates": exact and similar groups of numbers, and how many pictures could go.

    distance: how many of 64 bits the fingerprints of pictures that look alike may differ in.
    """
    if not 0 <= distance <= FARTHEST:
        raise DataError(f"distance is {distance}, but it must be a whole number from 0 to {FARTHEST}.")
    with open_images(workspace, dataset) as images:
        found = yield from _find(context, images, distance)
    removable = len(found.removable("all"))
    yield Sample("duplicates", "duplicates",
                 {"exact": found.exact, "similar": found.similar, "pictures": removable})  # fmt: skip
    return {"exact": len(found.exact), "similar": len(found.similar), "pictures": removable}


def _find(context: JobContext, images: Images, distance: int) -> Generator[Event, None, Duplicates]:
    """What is found by a stop is kept."""
    exact: dict[bytes, list[int]] = {}
    spectrum, thumbnails = [], []
    step, pace = max(1, _BATCH // max(1, images.pixels[0].nbytes)), Pace()
    for start in range(0, len(images), step):
        batch = np.ascontiguousarray(images.pixels[start : start + step])
        for number, picture in enumerate(batch, start):
            exact.setdefault(hashlib.blake2b(picture.data, digest_size=16).digest(), []).append(number)
        spectrum.append(perceptual.frequencies(batch))
        thumbnails.append(perceptual.thumbnails(batch))
        if pace.due():
            yield Progress(start + len(batch), len(images), "pictures", "Looking at pictures")
            if context.stopping:
                return Duplicates([group for group in exact.values() if len(group) > 1])
    firsts = np.array([group[0] for group in exact.values()])
    codes = perceptual.fingerprints(np.concatenate(spectrum))[firsts]
    alike = perceptual.Alike(codes, np.concatenate(thumbnails)[firsts], distance)
    for _ in alike.search():
        if pace.due():
            yield Progress(alike.done, alike.total, "comparisons", "Comparing pictures")
            if context.stopping:
                break
    similar = [firsts[group].tolist() for group in alike.groups()]
    return Duplicates([group for group in exact.values() if len(group) > 1], similar)


def remove(
    context: JobContext,
    workspace: Workspace,
    dataset: str,
    indices: Sequence[int] | None = None,
    which: str = "exact",
    distance: int = USUAL,
    name: str = "",
) -> Generator[Event, None, dict[str, Any]]:
    """Make a new dataset without some pictures; the old one stays, and removed.jsonl lists what is gone.

    indices: the pictures that go; left out, all but the first of each group of `which` ("exact", "similar", "all").
    """
    if which not in WHICH:
        raise DataError(f"which is {which!r}, but it must be one of {', '.join(WHICH)}.")
    name = new_name(workspace, name, workspace.free_name("datasets", f"{dataset[:70]}-unique"))
    folder = workspace.dataset_folder(name)
    with open_images(workspace, dataset) as images:
        gone = (
            set(indices) if indices is not None else set((yield from _find(context, images, distance)).removable(which))
        )
        _check(dataset, images, gone)
        with explained(folder), workspace.new_dataset(name) as temporary:
            with ImageWriter(temporary, *images.pixels.shape[1:]) as writer:
                complete = yield from _copy(context, images, gone, writer)
            entries = [{"index": index, **images.about(index)} for index in sorted(gone)]
            lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries]
            (temporary / REMOVED).write_text("".join(lines), "utf-8")
            record = DatasetRecord(name, "images", writer.count, writer.bytes,
                                   details=_details(workspace, dataset, writer, len(gone), complete))  # fmt: skip
            write_record(temporary, record)
    workspace.put_dataset(record)
    workspace.link(("dataset", dataset), ("dataset", name))
    yield Note(f"{len(gone):,} pictures of {dataset} were left out; {name} has {record.items:,}.")
    yield Artefact("dataset", name, str(folder))
    return {"dataset": name, "pictures": record.items, "bytes": record.bytes, "removed": len(gone)}


def _check(dataset: str, images: Images, gone: set[int]) -> None:
    outside = [index for index in gone if not 0 <= index < len(images)]
    if outside:
        raise DataError(f"Dataset {dataset!r} has no picture {outside[0]}; its pictures are 0 to {len(images) - 1:,}.")
    if len(gone) == len(images):
        raise DataError(f"No picture of {dataset!r} would be left; let at least one stay.")


def _copy(context: JobContext, images: Images, gone: set[int], writer: ImageWriter) -> Generator[Event, None, bool]:
    """Whether all that stays was copied before a stop."""
    pace = Pace()
    for index in range(len(images)):
        if index not in gone:
            writer.add(images.picture(index))
        if writer.count and pace.due():
            yield Progress(index + 1, len(images), "pictures", "Copying what stays")
            if context.stopping:
                return index + 1 == len(images)
    return True


def _details(workspace: Workspace, dataset: str, writer: ImageWriter, removed: int, complete: bool) -> dict[str, Any]:
    """Those of the old dataset, licence and sources among them, with what is new."""
    old = dict(workspace.dataset(dataset).details)
    complete = complete and bool(old.get("complete", True))
    return old | writer.details() | {"complete": complete, "made_from": dataset, "removed": removed}
