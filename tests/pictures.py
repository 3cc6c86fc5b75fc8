"""Pictures to test with: coloured shapes whose class and attributes can be seen."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fmstudio.data.images import ImageWriter, Picture
from fmstudio.workspace import DatasetRecord, Workspace
from fmstudio.workspace.record_files import write_record

COLOURS = {"red": (214, 50, 60), "green": (40, 160, 80), "blue": (50, 90, 210)}
SHAPES = ("circle", "cross", "square")
SIZES = {"large": 6.0, "small": 3.5}


def shape(index: int, side: int = 16) -> Picture:
    """The picture of a number: shapes, colours and sizes in turn, at a place of its own, on white."""
    name = SHAPES[index % 3]
    colour = tuple(COLOURS)[index // 3 % 3]
    size = tuple(SIZES)[index // 9 % 2]
    random = np.random.default_rng(index)
    centre = side / 2 + random.uniform(-1.5, 1.5, 2)
    rows, columns = np.abs(np.mgrid[:side, :side] + 0.5 - centre[:, None, None])
    radius = SIZES[size] * side / 16
    inside = {
        "circle": rows**2 + columns**2 < radius**2,
        "cross": (np.minimum(rows, columns) < radius / 3) & (np.maximum(rows, columns) < radius),
        "square": np.maximum(rows, columns) < radius * 0.8,
    }[name]
    pixels = np.where(inside[..., None], np.uint8(COLOURS[colour]), np.uint8(255))
    attributes = {"colour": colour, "size": size}
    caption = f"A {size} {colour} {name}"
    return Picture(pixels, name, attributes, caption, f"shapes/{name}/{index}.png", side, side, "RGB")


def shapes(count: int, side: int = 16) -> Iterator[Picture]:
    """The first `count` pictures."""
    return (shape(index, side) for index in range(count))


def keep_shapes(
    workspace: Workspace,
    name: str = "shapes",
    count: int = 60,
    side: int = 16,
    classes: tuple[str, str, str] = SHAPES,
) -> DatasetRecord:
    """Put them into a workspace as a dataset of three classes, which may be called otherwise, and two attributes."""
    folder = workspace.dataset_folder(name)
    folder.mkdir(parents=True)
    with ImageWriter(folder, side, side, 3) as writer:
        for picture in shapes(count, side):
            writer.add(replace(picture, label=classes[SHAPES.index(picture.label)]))
    details = {**writer.details(), "complete": True, "skipped": 0, "sources": ["drawn by the tests"]}
    record = DatasetRecord(name, "images", writer.count, writer.bytes, details=details)
    write_record(folder, record)
    workspace.put_dataset(record)
    return record
