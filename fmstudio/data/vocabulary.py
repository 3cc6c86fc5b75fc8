"""Learns a vocabulary from datasets and keeps it beside the first of them, so that the same is never learnt twice."""

import hashlib
import json
import threading
import time
from collections.abc import Generator, Mapping, Sequence

import numpy as np
from tokenizers import Tokenizer

from fmstudio.data.errors import DataError
from fmstudio.data.sampling import sample_texts
from fmstudio.data.tokenizer import load_tokenizer, save_tokenizer, train_bpe
from fmstudio.jobs import Event, Progress
from fmstudio.recipe import DatasetChoice
from fmstudio.workspace import Workspace, explained, write_atomically

_BREATH = 0.05  # seconds of learning between two turns of others


def learn(
    workspace: Workspace, datasets: Sequence[DatasetChoice], size: int, masks: Mapping[str, np.ndarray] | None = None
) -> Generator[Event, None, Tokenizer]:
    """Byte-level BPE of `size` tokens over a sample of the datasets, each by its weight.

    masks: by dataset, the documents that may be looked at (training documents); all where it is not given.
    """
    if not datasets:
        raise DataError("No dataset is chosen to learn the vocabulary from; choose at least one.")
    parts = [(content(workspace, each.name), each.weight, digest(masks[each.name]) if masks else "all")
             for each in datasets]  # fmt: skip
    key = digest(json.dumps(["bpe", size, parts]))
    file = workspace.dataset_folder(datasets[0].name) / "tokenizers" / key / "tokenizer.json"
    if not file.exists():
        texts = yield from sample_texts(workspace, datasets, masks)
        trained = yield from _trained(texts, size)
        workspace.dataset(datasets[0].name)  # learning takes seconds, in which it may have been deleted
        with explained(file):
            write_atomically(file, save_tokenizer(trained))
    return load_tokenizer(file)


def _trained(texts: list[str], size: int) -> Generator[Event, None, Tokenizer]:
    """What `train_bpe` makes, by a thread of its own: it cannot be asked how far it is, nor be interrupted."""
    made: list[Tokenizer | BaseException] = []

    def train() -> None:
        try:
            made.append(train_bpe(iter(texts), size))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            made.append(error)

    thread = threading.Thread(target=train, name="vocabulary", daemon=True)
    thread.start()
    began = time.monotonic()
    while thread.is_alive():
        seconds = time.monotonic() - began
        yield Progress(0, None, "tokens", f"Learning a vocabulary of {size:,} tokens, {seconds:.0f} s so far")
        thread.join(_BREATH)
    if isinstance(made[0], BaseException):
        raise made[0]
    return made[0]


def content(workspace: Workspace, name: str) -> str:
    """The identifier of a dataset's texts."""
    identifier = workspace.dataset(name).details.get("content")
    if not identifier:
        raise DataError(
            f"Dataset {name!r} has no record of its content, so nothing made from it can be kept; add it again."
        )
    return str(identifier)


def digest(value: str | np.ndarray) -> str:
    """A short name for a value, the same for the same value."""
    return hashlib.sha256(value.encode() if isinstance(value, str) else value.tobytes()).hexdigest()[:20]
