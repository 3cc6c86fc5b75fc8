"""Which file or array holds the labels of which pictures, told by their names, and the labels themselves."""

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from fmstudio.data.readers.picture_source import PictureFile

# As MNIST (images, idx3 and labels, idx1), Kuzushiji-MNIST (imgs), Keras (x_train, y_train) and others name them.
_LABELS = ("label", "class", "target")
_PAIRS = (("images", "labels"), ("imgs", "labels"), ("x_", "y_"), ("data", "labels"), ("data", "targets"), ("x", "y"))


class NoLabels(Exception):  # noqa: N818 - an answer about an array, not an error of the job
    """An array that tells no classes, and why."""


def partners(name: str) -> list[str]:
    """The names, in lower case, that the labels of something of this name may have; without the pictures' own."""
    name = name.lower()
    found = [name.replace(pictures, labels).replace("idx3", "idx1") for pictures, labels in _PAIRS if pictures in name]
    return [other for other in found if other != name]


def labels_file(pictures: Path) -> Path | None:
    """The file of labels beside a file of pictures. Whether one of them is compressed does not matter."""
    names = partners(pictures.name.removesuffix(".gz"))
    here = _names_in(pictures.parent, pictures.parent.stat().st_mtime_ns) if names else {}
    return next((pictures.parent / here[name] for name in names if name in here), None)


@lru_cache(maxsize=4)
def _names_in(folder: Path, changed: int) -> dict[str, str]:
    """The names of the files in a folder by how they are compared, as it was when it last changed."""
    return {name.lower().removesuffix(".gz"): name for name in os.listdir(folder)}


def candidates(name: str, count: int, others: Iterable[tuple[str, tuple[int, ...]]]) -> list[str]:
    """The arrays of an archive that may be the labels of the pictures `name`, those named so first."""
    fitting = [other for other, shape in others if shape[:1] == (count,) and len(shape) <= 2]
    return sorted(fitting, key=lambda other: (other.lower() not in partners(name), not is_named(other)))


def is_named(name: str) -> bool:
    """Whether a name says that it is labels."""
    return any(word in name.lower() for word in _LABELS) or name.lower().startswith("y")


def classes_of(labels: np.ndarray[Any, Any], named: bool = True) -> list[str]:
    """Labels as names of classes, one-hot ones too; numbers get zeros in front, so that 10 comes after 9.

    Raises NoLabels where they are none: fractions, and numbers that differ for each picture in what is not `named`.
    """
    if labels.ndim == 2 and labels.shape[1] > 1:
        if labels.dtype.kind not in "biuf" or not (np.isin(labels, (0, 1)).all() and (labels.sum(1) == 1).all()):
            raise NoLabels("its rows say no class each")
        labels = labels.argmax(1)
    flat = labels.reshape(-1)
    if flat.dtype.kind == "f" and np.array_equal(flat, np.rint(flat)):
        flat = flat.astype(np.int64)
    if flat.dtype.kind not in "USbiu":
        raise NoLabels("its numbers are fractions" if flat.dtype.kind == "f" else f"it is of type {flat.dtype}")
    if not named and len(np.unique(flat)) > max(2, len(flat) // 2):
        raise NoLabels(f"it has another {'text' if flat.dtype.kind in 'US' else 'number'} for each picture")
    if flat.dtype.kind == "S":
        return [label.decode("utf-8", "replace") for label in flat.tolist()]
    if flat.dtype.kind == "U":
        return [str(label) for label in flat]
    if flat.dtype.kind == "b":
        return ["yes" if label else "no" for label in flat]
    width = len(str(int(flat.max(initial=0))))
    return [f"{label:0{width}d}" for label in flat.tolist()]


def classes_or_note(
    labels: np.ndarray[Any, Any], what: str, source: PictureFile, named: bool = True
) -> list[str] | None:
    """As `classes_of`; None with a note where it is no labels, which costs no picture."""
    try:
        return classes_of(labels, named)
    except NoLabels as error:
        source.notes.append(f"{what} is no labels of classes: {error}")
        return None
