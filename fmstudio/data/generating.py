"""The job that makes a dataset of pictures out of nothing but a seed: avatars, as many as wanted, each described."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fmstudio.data.avatars import AvatarStyle, choose_style, draw, readable
from fmstudio.data.errors import DataError
from fmstudio.data.fitting import colour
from fmstudio.data.images import ImageWriter, Picture
from fmstudio.data.intake import Report, new_name
from fmstudio.data.naming import description_setting, title_setting
from fmstudio.data.pacing import Pace
from fmstudio.data.svg import drawn
from fmstudio.jobs import Artefact, Event, JobContext, Note, Progress, Sample
from fmstudio.recipe import build, setting
from fmstudio.workspace import DatasetRecord, Workspace, explained
from fmstudio.workspace.record_files import write_record

MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratingOptions:
    """How avatars are drawn."""

    size: int = setting(32, "Height and width of the pictures.", minimum=8, maximum=512, unit="pixels", simple=True)
    seed: int = setting(
        0, "Another seed draws other pictures; the same one draws the same.", minimum=0, maximum=2**31 - 1, simple=True
    )
    background: str = setting("white", "The colour behind the avatar where it has none: a name or #rrggbb.")
    subject: str = setting("", "What captions call the picture, such as robot; left empty, it is the style's name.")
    title: str = title_setting()
    description: str = description_setting()


def generate(
    context: JobContext,
    workspace: Workspace,
    style: str,
    count: int = 6_000,
    name: str = "",
    options: Mapping[str, Any] | None = None,
    origin: str = "",
) -> Generator[Event, None, dict[str, Any]]:
    """Draw `count` avatars of a DiceBear style as a dataset with attributes, captions and classes.

    options: fields of GeneratingOptions. A stopped job keeps what is drawn; a cancelled one leaves nothing. Returns
    {"dataset", "pictures", "bytes", "skipped"}.
    """
    chosen: GeneratingOptions = build(GeneratingOptions, options or {}, "options.")
    avatars = choose_style(style)
    if not 1 <= count <= MOST:
        raise DataError(f"count is {count}, but it must be a whole number from 1 to {MOST:,}.")
    name = new_name(workspace, name, style)
    report = Report([origin or f"dicebear:{style}"])
    folder = workspace.dataset_folder(name)
    with explained(folder), workspace.new_dataset(name) as temporary:
        with ImageWriter(temporary, chosen.size, chosen.size, 3) as writer:
            yield from _draw(context, avatars, count, chosen, writer, report)
        if not writer.count:
            raise DataError("The job was stopped before the first picture was drawn, so there is no dataset.")
        details = _details(avatars, chosen, writer, report)
        record = DatasetRecord(name, "images", writer.count, writer.bytes, details=details)
        report.write(temporary)
        write_record(temporary, record)
    workspace.put_dataset(record)
    if not report.complete:
        yield Note("The job was stopped; what had been drawn by then is kept.", "warning")
    yield Artefact("dataset", name, str(folder))
    return {"dataset": name, "pictures": record.items, "bytes": record.bytes, "skipped": []}


def preview(
    context: JobContext, workspace: Workspace, style: str, options: Mapping[str, Any] | None = None, count: int = 12
) -> Generator[Event, None, None]:
    """Show the first pictures that `generate` would draw. Yields one Sample "drawn" of (count, size, size, 3)."""
    chosen: GeneratingOptions = build(GeneratingOptions, options or {}, "options.")
    pictures = []
    for picture in _pictures(choose_style(style), count, chosen):
        pictures.append(picture.pixels)
        if context.stopping:
            return
        yield Progress(len(pictures), count, "pictures", "Drawing")
    yield Sample("drawn", "images", np.stack(pictures))


def _draw(
    context: JobContext, style: AvatarStyle, count: int, options: GeneratingOptions, writer: ImageWriter, report: Report
) -> Iterator[Event]:
    pace = Pace()
    yield Progress(0, count, "pictures", f"Drawing {style.title}")
    for picture in _pictures(style, count, options):
        writer.add(picture)
        if pace.due() or writer.count == count:
            yield Progress(writer.count, count, "pictures", f"Drawing {style.title}")
            if context.stopping and writer.count < count:
                report.complete = False
                return


def _pictures(style: AvatarStyle, count: int, options: GeneratingOptions) -> Iterator[Picture]:
    subject = options.subject or f"{style.title.lower()} avatar"
    background, canvas = colour(options.background), style.definition["canvas"]
    for number in range(count):
        seed = f"{options.seed}-{number}"
        drawing = draw(style, seed, subject)
        yield Picture(
            pixels=drawn(drawing.svg, options.size, background, stretch=True),
            label=drawing.label,
            attributes=drawing.attributes,
            caption=drawing.caption,
            source=f"dicebear:{style.name}:{seed}",
            width=canvas["width"],
            height=canvas["height"],
            mode="SVG",
        )


def _details(style: AvatarStyle, options: GeneratingOptions, writer: ImageWriter, report: Report) -> dict[str, Any]:
    creator = f" by {style.creator}" if style.creator else ""
    described = f"{style.title} avatars{creator}, drawn by DiceBear from seeds."
    return {
        **report.details(),
        **writer.details(),
        "title": options.title or f"{style.title} avatars",
        "description": options.description or described,
        "licence": style.licence,
        "creator": style.creator,
        "style": style.name,
        "seed": options.seed,
        "class_is": readable(style.label),
    }
