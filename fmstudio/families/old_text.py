"""Text of the kind that a model learnt from before it is adapted: what it was trained on here, else one that is always
here.

A part of it is held back, to measure on; the rest can be learnt again on the way, so that it is not forgotten.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from fmstudio.data.documents import open_documents
from fmstudio.data.errors import DataError
from fmstudio.data.samples import python_reference
from fmstudio.data.splits import validation_mask
from fmstudio.workspace import Workspace
from fmstudio.workspace.records import parsed_recipe

GENERIC = "Python's reference"
"""The text that is always here."""

PIECE = 2_000
"""Bytes of a piece of text: a few hundred tokens."""

MEASURED, LEARNT = 8, 400
"""Pieces to measure on, and to learn again."""

FRACTION = 0.1
"""Part that is held back where no recipe tells."""

Sides = tuple[list[str], list[str]]


@dataclass(frozen=True, slots=True)
class OldText:
    """Pieces of text that were held back, and others. source: what they are from; known: the model learnt from it."""

    source: str
    known: bool
    held_back: list[str]
    others: list[str]


def old_text_of(workspace: Workspace, reference: str) -> OldText:
    """What a model was trained on as far as the workspace knows it and still has it, else Python's reference."""
    names, sides = [], []
    for name, fraction, seed in _datasets_of(workspace, reference):
        try:
            with open_documents(workspace, name) as documents:
                sides.append(_sides(name, documents.sizes, documents.raw, fraction, seed))
        except DataError:
            continue  # what is damaged by now is as good as gone; the run does not need it
        names.append(name)
    if not sides:
        texts = [document.text.encode() for document in python_reference()]
        sizes = np.array([len(text) for text in texts])
        return OldText(GENERIC, False, *_sides(GENERIC, sizes, texts.__getitem__, FRACTION, 0))
    held_back, others = ([piece for side in each for piece in side] for each in zip(*sides, strict=True))
    return OldText(", ".join(names), True, held_back[:: len(sides)], others[:: len(sides)])


def _datasets_of(workspace: Workspace, reference: str) -> Iterator[tuple[str, float, int]]:
    """The texts that a model and those before it were trained on, each once, with what decides what is held back."""
    models = {record.name: record for record in workspace.models()}
    runs = {record.id: record for record in workspace.runs()}
    texts = {record.name for record in workspace.datasets() if record.kind == "text"}
    while reference in models:
        record = models.pop(reference)
        recipe = parsed_recipe(runs[record.run].recipe) if record.run in runs else {}
        data = recipe.get("data", {})
        for name in record.details.get("datasets", []):
            if name in texts:
                texts.remove(name)
                yield name, data.get("validation_fraction", FRACTION), data.get("split_seed", 0)
        reference = str(record.details.get("init", ""))


def _sides(name: str, sizes: np.ndarray, raw: Callable[[int], bytes], fraction: float, seed: int) -> Sides:
    """Pieces of the documents that are held back, and of the others."""
    mask = validation_mask(name, sizes, fraction, seed)
    held_back, others = (
        list(_spread(np.flatnonzero(side), sizes, raw, count)) for side, count in ((mask, MEASURED), (~mask, LEARNT))
    )
    return held_back, others


def _spread(numbers: np.ndarray, sizes: np.ndarray, raw: Callable[[int], bytes], count: int) -> Iterator[str]:
    """Up to `count` pieces that lie evenly in the documents of these numbers; each document is read once."""
    ends = np.cumsum(-(-sizes[numbers] // PIECE))  # in pieces
    if not ends[-1]:
        return
    chosen = np.unique(np.linspace(0, ends[-1] - 1, count).astype(np.int64))
    places = np.searchsorted(ends, chosen, side="right")
    for place in np.unique(places):
        text = raw(int(numbers[place]))
        first = int(ends[place - 1]) if place else 0
        for piece in (chosen[places == place] - first).tolist():
            yield text[piece * PIECE : (piece + 1) * PIECE].decode("utf-8", "ignore")
