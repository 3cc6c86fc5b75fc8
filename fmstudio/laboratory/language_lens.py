"""The logit lens (nostalgebraist 2020): what a language model would guess if it ended after each of its layers.

The residual stream after a layer goes through the final norm and the read-out, as the last layer's does. In early
layers that reads a language which the model does not speak there yet, so early guesses are hints, not thoughts.
"""

from collections.abc import Generator
from typing import Any

import numpy as np
import torch

from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory.language_reading import (
    READ_OUT,
    Opened,
    Reading,
    cut_note,
    normalised,
    open_model,
    pieces_of,
    read,
    text_of,
    texts_of,
)
from fmstudio.workspace import Workspace

POSITIONS = 64
"""Positions that one question looks at: each is read out after every layer."""

GUESSES = 5


def lens(
    context: JobContext,
    workspace: Workspace,
    model: str,
    text: str,
    start: int = 0,
    chat: bool = False,
    system: str = "",
) -> Job:
    """Guesses after each layer at up to 64 positions from `start`: yields Sample "lens".

    "ids" and "probabilities" are (layers + 1, positions, 5), the likeliest first; row 0 is before the first layer, the
    last row the model's own prediction. "texts" has the text of every id among them. "appears" (positions,) is the
    first row whose guess is the final one, "settles" the first row from which it stays.
    """
    opened = yield from open_model(context, workspace, model)
    pieces = pieces_of(opened, text_of(opened, text, chat, system))
    seen = pieces[: opened.longest]
    first = max(0, min(start, (len(seen) - 1) // POSITIONS * POSITIONS))
    data: dict[str, Any] = {
        "tokens": [piece.to_json() for piece in seen[first : first + POSITIONS + 1]],
        "start": first,
        "count": len(seen),
        "layers": opened.decoder.shape.layers,
        "note": cut_note(opened, len(pieces), text),
    }
    if seen:
        reading = yield from read(opened.decoder, [piece.id for piece in seen])
        data |= yield from _guesses(opened, reading, first)
    yield Sample("lens", "lens", data)
    return {"positions": min(len(seen) - first, POSITIONS)}


def _guesses(opened: Opened, reading: Reading, first: int) -> Generator[Event, None, dict[str, Any]]:
    decoder, streams = opened.decoder, reading.streams
    positions = min(POSITIONS, len(reading.ids) - first)
    together = max(1, READ_OUT // positions)  # layers: the read-out's large matrix is fetched once for all of them
    ids, probabilities = [], []
    for row in range(0, len(streams), together):
        parts = torch.stack([stream[first : first + positions] for stream in streams[row : row + together]])
        with torch.no_grad():
            logits = decoder.logits(normalised(decoder, parts)).float()
            top = logits.topk(min(GUESSES, logits.shape[-1]))
            probabilities.append((top.values - logits.logsumexp(-1, keepdim=True)).exp())
        ids.append(top.indices)
        yield Progress(min(row + together, len(streams)), len(streams), "layers", "Reading out")
    chosen = torch.cat(ids).cpu().numpy()
    used = np.unique(chosen).tolist()
    appears, settles = arrivals(chosen[..., 0])
    return {
        "ids": chosen,
        "probabilities": torch.cat(probabilities).cpu().numpy(),
        "texts": dict(zip(used, texts_of(opened.tokenizer, used), strict=True)),
        "appears": appears,
        "settles": settles,
    }


def arrivals(guesses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first row at which each column has its last row's value, and the first from which it keeps it."""
    same = guesses == guesses[-1]
    return same.argmax(0), len(guesses) - np.logical_and.accumulate(same[::-1]).sum(0)
