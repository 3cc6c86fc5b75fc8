"""Which file or array holds the labels of which pictures, told by their names, and the labels themselves."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from fmstudio.data.errors import Refused

# As MNIST (images, idx3 and labels, idx1), Kuzushiji-MNIST (imgs), Keras (x_train, y_train) and others name them.
_PAIRS = (("images", "labels"), ("imgs", "labels"), ("x_", "y_"), ("data", "labels"), ("data", "targets"), ("x", "y"))


def partners(name: str) -> list[str]:
    """The names, in lower case, that the labels of something of this name may have; without the pictures' own."""
    name = name.lower()
    found = [name.replace(pictures, labels).replace("idx3", "idx1") for pictures, labels in _PAIRS if pictures in name]
    return [other for other in found if other != name]


def labels_file(pictures: Path) -> Path | None:
    """The file of labels beside a file of pictures. Whether one of them is compressed does not matter."""
    here = {path.name.lower().removesuffix(".gz"): path for path in pictures.parent.iterdir()}
    for name in partners(pictures.name.removesuffix(".gz")):
        if name in here:
            return here[name]
    return None


def choose(name: str, count: int, others: Iterable[tuple[str, tuple[int, ...]]]) -> str | None:
    """The array of an archive with the labels of the pictures `name`: by its name, else the only one of this length."""
    fitting = [other for other, shape in others if shape in ((count,), (count, 1))]
    named = [other for other in fitting if other.lower() in partners(name)]
    if named:
        return named[0]
    return fitting[0] if len(fitting) == 1 else None


def names_of(labels: np.ndarray[Any, Any]) -> list[str]:
    """Labels as names of classes; numbers get zeros in front, so that 10 comes after 9."""
    flat = labels.reshape(-1)
    if flat.dtype.kind in "US":
        return [str(label) for label in flat.astype(str)]
    if flat.dtype.kind == "b":
        return ["yes" if label else "no" for label in flat]
    if flat.dtype.kind not in "iu":
        raise Refused(f"its labels are of type {flat.dtype}, but they must be whole numbers or texts")
    width = len(str(int(flat.max(initial=0))))
    return [f"{label:0{width}d}" for label in flat.tolist()]
