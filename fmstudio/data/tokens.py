"""Datasets as memory-mapped tokens: what training reads. Made once for a dataset, a tokenizer and a split, then kept.

A token file holds one document after the other, each followed by the end-of-text token, as little-endian 16-bit
numbers, or 32-bit ones where the vocabulary has more than 65,536.
"""

import json
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from fmstudio.data.documents import Documents, open_documents
from fmstudio.data.errors import DataError
from fmstudio.data.splits import validation_mask
from fmstudio.data.tokenizer import (
    TokenizerSettings,
    byte_tokenizer,
    content_hash,
    end_of_text,
    find_tokenizer,
    vocabulary_size,
)
from fmstudio.data.vocabulary import content, digest, learn
from fmstudio.jobs import Event, Progress
from fmstudio.recipe import DatasetChoice
from fmstudio.workspace import Workspace, WorkspaceError, atomic_folder, explained, sweep_left_behind

ABOUT = "tokens.json"
PARTS = ("training", "validation")
_BATCH = 1 << 20  # bytes of text encoded at once: some 30 MB of memory, a fraction of a second
_PIECE = 1 << 18  # longer documents are encoded in pieces of about so many characters
_BETWEEN_WORDS = re.compile(r"(?<=\S)(?=[ \n]\S)")


@dataclass(frozen=True, slots=True)
class TokenisedDataset:
    """One dataset of a mixture. The bytes are those of the split's documents as UTF-8, for losses per byte."""

    name: str
    weight: float
    train: np.ndarray
    validation: np.ndarray
    train_bytes: int
    validation_bytes: int


@dataclass(frozen=True, slots=True)
class TokenisedMixture:
    """All that training needs of its data."""

    parts: list[TokenisedDataset]
    tokenizer: Tokenizer
    vocabulary_size: int
    end_of_text: int


def prepare(
    workspace: Workspace,
    datasets: Sequence[DatasetChoice],
    tokenizer: TokenizerSettings,
    validation_fraction: float,
    split_seed: int,
) -> Generator[Event, None, TokenisedMixture]:
    """Train or load the tokenizer and tokenise every dataset, taking from the cache what was done before.

    BPE is trained on the training documents only, each dataset by its weight. Close the generator to cancel: nothing
    half-written stays. Raises a StudioError for a missing dataset and for one that is too small to split.
    """
    if not datasets:
        raise DataError("No dataset is chosen; choose at least one.")
    if tokenizer.kind == "bpe":
        training = {each.name: ~_mask(workspace, each.name, validation_fraction, split_seed) for each in datasets}
        found = yield from learn(workspace, datasets, tokenizer.vocabulary_size, training)
    else:
        found = find_tokenizer(workspace, tokenizer)
    return (yield from tokenised(workspace, datasets, found, validation_fraction, split_seed))


def tokenised(
    workspace: Workspace,
    datasets: Sequence[DatasetChoice],
    tokenizer: Tokenizer,
    validation_fraction: float,
    split_seed: int,
) -> Generator[Event, None, TokenisedMixture]:
    """Every dataset as the tokens of a tokenizer; what was done before comes from the cache. Raises as `prepare`."""
    if not datasets:
        raise DataError("No dataset is chosen; choose at least one.")
    parts: list[TokenisedDataset] = []
    for choice in datasets:
        mask = _mask(workspace, choice.name, validation_fraction, split_seed)
        part = yield from _tokenised(workspace, choice, tokenizer, mask)
        parts.append(part)
    return TokenisedMixture(parts, tokenizer, vocabulary_size(tokenizer), end_of_text(tokenizer))


def _mask(workspace: Workspace, name: str, fraction: float, seed: int) -> np.ndarray:
    with open_documents(workspace, name) as documents:
        return validation_mask(name, documents.sizes, fraction, seed)


def _tokenised(
    workspace: Workspace, choice: DatasetChoice, tokenizer: Tokenizer, mask: np.ndarray
) -> Generator[Event, None, TokenisedDataset]:
    key = digest("-".join((content(workspace, choice.name), content_hash(tokenizer), digest(mask))))
    folder = workspace.dataset_folder(choice.name) / "tokens" / key
    if not (folder / ABOUT).exists():
        with open_documents(workspace, choice.name) as documents, _not_deleted(workspace, choice.name):
            yield from _write(folder, choice.name, documents, tokenizer, mask)
    return _open(folder, choice)


@contextmanager
def _not_deleted(workspace: Workspace, name: str) -> Iterator[None]:
    """Explain what the disk raises; where the dataset was deleted meanwhile, say that instead."""
    try:
        with explained(workspace.dataset_folder(name)):
            yield
    except WorkspaceError:
        workspace.dataset(name)
        raise


def _write(folder: Path, name: str, documents: Documents, tokenizer: Tokenizer, mask: np.ndarray) -> Iterator[Event]:
    encode = encoder(tokenizer)
    sizes = documents.sizes
    about: dict[str, Any] = {"type": token_type(vocabulary_size(tokenizer)).str}
    done, total = 0, int(sizes.sum())
    if folder.parent.is_dir():
        sweep_left_behind(folder.parent)
    with atomic_folder(folder) as temporary:
        for part, indices in zip(PARTS, (np.flatnonzero(~mask), np.flatnonzero(mask)), strict=True):
            about[f"{part}_bytes"] = int(sizes[indices].sum())
            with (temporary / f"{part}.bin").open("wb") as file:
                for batch in _batches(indices, sizes):
                    file.write(encode([documents.text(index) for index in batch]).astype(about["type"]).tobytes())
                    done += int(sizes[batch].sum())
                    yield Progress(done, total, "bytes", f"Tokenising {name}")
        (temporary / ABOUT).write_text(json.dumps(about), "utf-8")


def token_type(vocabulary_size: int) -> np.dtype[Any]:
    """The smallest little-endian type for ids below `vocabulary_size`."""
    return np.dtype("<u2" if vocabulary_size <= 65_536 else "<u4")


def _batches(indices: np.ndarray, sizes: np.ndarray) -> Iterator[np.ndarray]:
    """The indices in runs of about a batch's bytes each."""
    ends = np.cumsum(sizes[indices])
    start = 0
    while start < len(indices):
        reached = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, reached + _BATCH, side="right")))
        yield indices[start:end]
        start = end


def encoder(tokenizer: Tokenizer) -> Callable[[list[str]], np.ndarray]:
    """A function from texts to their tokens in one array, each text followed by the end-of-text token.

    A text that happens to contain the words of a special token is data: it is encoded letter by letter.
    """
    end = end_of_text(tokenizer)
    if content_hash(tokenizer) == content_hash(byte_tokenizer()):
        return lambda texts: _bytes_as_tokens(texts, end)
    own = Tokenizer.from_str(tokenizer.to_str())
    own.encode_special_tokens = True
    return lambda texts: _encode(own, texts, end)


def _bytes_as_tokens(texts: list[str], end: int) -> np.ndarray:
    arrays = []
    for text in texts:
        arrays += [np.frombuffer(text.encode("utf-8"), np.uint8).astype(np.uint32), np.array([end], np.uint32)]
    return np.concatenate(arrays)


def _encode(tokenizer: Tokenizer, texts: list[str], end: int) -> np.ndarray:
    pieces, last = [], []
    for text in texts:
        own = _pieces(text)
        pieces += own
        last += [False] * (len(own) - 1) + [True]
    ids: list[int] = []
    for encoding, is_last in zip(tokenizer.encode_batch_fast(pieces, add_special_tokens=False), last, strict=True):
        ids += encoding.ids
        if is_last:
            ids.append(end)
    return np.array(ids, np.uint32)


def _pieces(text: str) -> list[str]:
    """A long text in pieces that byte-level BPE encodes as it would the whole: cut before a blank between words."""
    pieces, start = [], 0
    while len(text) - start > 2 * _PIECE:
        found = _BETWEEN_WORDS.search(text, start + _PIECE, start + 2 * _PIECE)
        end = found.start() if found else start + 2 * _PIECE
        pieces.append(text[start:end])
        start = end
    return [*pieces, text[start:]]


def _open(folder: Path, choice: DatasetChoice) -> TokenisedDataset:
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        train, validation = (np.memmap(folder / f"{part}.bin", about["type"], "r") for part in PARTS)
        bytes_of = [int(about[f"{part}_bytes"]) for part in PARTS]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"The tokens of dataset {choice.name!r} are damaged ({error}); delete {folder}.") from error
    return TokenisedDataset(choice.name, choice.weight, train, validation, *bytes_of)
