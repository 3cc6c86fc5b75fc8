"""Words as directions: the nearest neighbours of a token, and a map of words or sentences with their cosines."""

from collections.abc import Generator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from fmstudio.data.tokenizer import vocabulary_size
from fmstudio.errors import StudioError
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory.language_reading import (
    Opened,
    normalised,
    open_model,
    pieces_of,
    read,
    special_ids,
    texts_of,
)
from fmstudio.laboratory.language_sentences import sentence_vectors
from fmstudio.nn.decoder import Decoder
from fmstudio.workspace import Workspace

MOST_ITEMS = 200
MOST_LETTERS = 2000
"""Letters of a word or sentence on the map."""

VECTORS = ("embedding", "hidden", "sentence")
STEP = 20  # items a step
BLOCK = 2000  # tokens a step


def neighbours(context: JobContext, workspace: Workspace, model: str, token: int | str, count: int = 20) -> Job:
    """The tokens whose input embeddings point in most nearly the same direction: yields Sample "neighbours".

    token: an id, or a text; of a text that is several tokens the last one is taken, and "pieces" tells all of them.
    "mean" is the token's mean cosine to the whole vocabulary: what a cosine without any likeness looks like here.
    """
    opened = yield from open_model(context, workspace, model)
    pieces = _pieces(opened, token)
    number = pieces[-1]
    table, size = opened.decoder.model.embed_tokens, vocabulary_size(opened.tokenizer)
    with torch.no_grad():
        lengths = _lengths(opened.decoder)[:size]  # further rows pad the matrix
        cosines = table.logits(table.row(number))[:size] / (lengths * lengths[number])
    others = cosines.index_fill(0, torch.tensor([number], device=cosines.device), -2.0)
    near = others.topk(min(count, size - 1))
    ids, special = near.indices.tolist(), special_ids(opened.tokenizer)
    rows = [
        {"id": other, "text": text, "cosine": float(cosine), "special": other in special}
        for other, text, cosine in zip(ids, texts_of(opened.tokenizer, ids), near.values, strict=True)
    ]
    data = {
        "id": number,
        "text": texts_of(opened.tokenizer, [number])[0],
        "special": number in special,
        "pieces": [{"id": each, "text": texts_of(opened.tokenizer, [each])[0]} for each in pieces],
        "rows": rows,
        "mean": float(cosines.mean()),
        "length": float(lengths[number]),
        "width": opened.decoder.shape.width,
        "vocabulary": size,
    }  # fmt: skip
    yield Sample("neighbours", "neighbours", data)
    return {"token": number}


def _pieces(opened: Opened, token: int | str) -> list[int]:
    """The ids that a person means."""
    size = vocabulary_size(opened.tokenizer)
    if isinstance(token, str):
        ids: list[int] = opened.tokenizer.encode(token, add_special_tokens=False).ids
        if not ids:
            raise StudioError("No token is given; type a word or a piece of one.")
        return ids
    if not 0 <= token < size:
        raise StudioError(f"There is no token {token:,}; the vocabulary has the ids 0 to {size - 1:,}.")
    return [token]


def _lengths(decoder: Decoder) -> Tensor:
    """Lengths of the input embeddings, (vocabulary,), measured once for each model."""
    if decoder not in _LENGTHS:
        _LENGTHS[decoder] = decoder.model.embed_tokens.lengths().clamp(min=1e-12)
    return _LENGTHS[decoder]


def complete(context: JobContext, workspace: Workspace, model: str, typed: str, count: int = 12) -> Job:
    """Tokens that begin with what was typed, blanks aside, short ones first: yields Sample "completions"."""
    opened = yield from open_model(context, workspace, model)
    vocabulary = yield from _vocabulary(opened)
    wanted = typed.strip().lower()
    found = [entry for entry in vocabulary if entry[0].startswith(wanted)] if wanted else []
    rows = [{"id": number, "text": text} for _, text, number in found[:count]]
    yield Sample("completions", "completions", {"typed": typed, "rows": rows})
    return {"found": len(found)}


Entry = tuple[str, str, int]
"""A token as one looks for it (small letters, no blanks around it), its text and its id."""

_LENGTHS: "WeakKeyDictionary[Decoder, Tensor]" = WeakKeyDictionary()
_VOCABULARIES: "WeakKeyDictionary[Decoder, list[Entry]]" = WeakKeyDictionary()


def _vocabulary(opened: Opened) -> Generator[Event, None, list[Entry]]:
    """All tokens of a model, short ones first; made once, in steps, for they are tens of thousands."""
    known = _VOCABULARIES.get(opened.decoder)
    if known is None:
        total, known = vocabulary_size(opened.tokenizer), []
        for start in range(0, total, BLOCK):
            ids = range(start, min(start + BLOCK, total))
            texts = texts_of(opened.tokenizer, ids)
            known += [(text.strip().lower(), text, number) for number, text in zip(ids, texts, strict=True)]
            yield Progress(ids.stop, total, "tokens", "Listing the vocabulary")
        known.sort(key=lambda entry: (len(entry[1]), entry[2]))
        _VOCABULARIES[opened.decoder] = known
    return known


def compare(
    context: JobContext,
    workspace: Workspace,
    model: str,
    items: Sequence[str],
    vectors: str = "embedding",
    towards: np.ndarray | None = None,
) -> Job:
    """Where words or sentences lie: yields Sample "map" with "points" (items, 2) and "cosines" (items, items).

    vectors: "embedding", the mean of a text's input embeddings; "hidden", the mean of the last layer's normalised
    states, in which each token knows those before it; "sentence", the starter set's sentence encoder.
    towards: the "components" of an earlier map, (2, width), so that the new one is not its mirror image.
    """
    if vectors not in VECTORS:
        raise StudioError(f"vectors is {vectors!r}, but it must be one of {', '.join(VECTORS)}.")
    kept = [item for item in items if item.strip()]
    if len(kept) > MOST_ITEMS:
        raise StudioError(f"{len(kept):,} lines are too many for a map; keep at most {MOST_ITEMS}.")
    texts = [item[:MOST_LETTERS] for item in kept]
    if vectors == "sentence":
        table = yield from sentence_vectors(context, texts)
    else:
        opened = yield from open_model(context, workspace, model)
        table = yield from _table_of(context, opened, texts, vectors)
    yield Sample("map", "map", {"items": kept[: len(table)], "vectors": vectors, **placed(table, towards)})
    return {"items": len(table)}


def _table_of(
    context: JobContext, opened: Opened, texts: Sequence[str], vectors: str
) -> Generator[Event, None, np.ndarray]:
    """A row for each text, (texts, width)."""
    rows = []
    for number, text in enumerate(texts, 1):
        # Behind a blank, as a word stands within a text: most vocabularies know it so.
        rows.append((yield from _vector(opened, " " + text.strip(), vectors)))
        if number % STEP == 0 or vectors == "hidden":
            yield Progress(number, len(texts), "texts", "Reading")
        if context.stopping:
            break
    return np.stack(rows) if rows else np.zeros((0, opened.decoder.shape.width), np.float32)


def _vector(opened: Opened, text: str, vectors: str) -> Generator[Event, None, np.ndarray]:
    """One vector for a text, (width,)."""
    ids = [piece.id for piece in pieces_of(opened, text)][: opened.longest]
    if vectors == "embedding":
        table = opened.decoder.model.embed_tokens
        states = table(torch.tensor(ids, device=opened.decoder.model.norm.weight.device)).detach()
    else:
        reading = yield from read(opened.decoder, ids)
        states = normalised(opened.decoder, reading.streams[-1])
    mean: np.ndarray = states.float().mean(0).cpu().numpy()
    return mean


def placed(table: np.ndarray, towards: np.ndarray | None = None) -> dict[str, Any]:
    """Principal components of vectors (items, width) and their cosines; shares are parts of the variance."""
    table = table.astype(np.float64)
    points, components, shares = principal_components(table, towards)
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    unit = table / np.maximum(lengths, 1e-12)
    return {
        "points": points.astype(np.float32),
        "components": components,
        "shares": shares.tolist(),
        "cosines": np.clip(unit @ unit.T, -1.0, 1.0).astype(np.float32),
    }


def principal_components(
    table: np.ndarray, towards: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (items, 2), directions (2, width) and parts of the variance (2,) by singular values (Pearson 1901).

    A direction's sign is chance: it is chosen to agree with `towards`, else so that its largest number is positive.
    """
    width = table.shape[1]
    centred = table - table.mean(0) if len(table) else table
    directions, spread = np.zeros((2, width)), np.zeros(0)
    if len(table) > 1:
        _, spread, found = np.linalg.svd(centred, full_matrices=False)
        directions[: len(found[:2])] = found[:2]
    if towards is None or towards.shape != directions.shape:
        agreement = directions[[0, 1], np.abs(directions).argmax(1)]
    else:
        agreement = (directions * towards).sum(1)
    directions *= np.where(agreement < 0, -1.0, 1.0)[:, None]
    total = max(float((spread**2).sum()), 1e-24)
    shares = np.zeros(2)
    shares[: len(spread[:2])] = spread[:2] ** 2 / total
    return centred @ directions.T, directions, shares
