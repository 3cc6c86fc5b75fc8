"""A bounded sample of some datasets' documents, by weight: enough for a vocabulary, whatever the size of the whole."""

from collections.abc import Generator, Mapping, Sequence

import numpy as np

from fmstudio.data.documents import Documents, open_documents
from fmstudio.jobs import Event, Progress
from fmstudio.recipe import DatasetChoice
from fmstudio.workspace import Workspace

# More text hardly changes what BPE learns, but this much trains in seconds.
SAMPLE_BYTES = 8_000_000
_STEP = 1_000_000


def sample_texts(
    workspace: Workspace,
    datasets: Sequence[DatasetChoice],
    masks: Mapping[str, np.ndarray] | None = None,
    budget: int = SAMPLE_BYTES,
) -> Generator[Event, None, list[str]]:
    """Texts of about `budget` bytes in all, each dataset's share by its weight, as far as it has so much.

    masks: the documents to draw from, by dataset; all where it has none. The same data gives the same sample.
    """
    weights = sum(choice.weight for choice in datasets)
    texts: list[str] = []
    for choice in datasets:
        with open_documents(workspace, choice.name) as documents:
            mask = masks[choice.name] if masks else np.ones(len(documents), bool)
            share = int(budget * choice.weight / weights)
            yield from _draw(documents, choice.name, np.flatnonzero(mask), share, texts)
    return texts


def _draw(
    documents: Documents, name: str, indices: np.ndarray, share: int, texts: list[str]
) -> Generator[Event, None, None]:
    sizes = documents.sizes
    if int(sizes[indices].sum()) > share:
        shuffled = np.random.default_rng(0).permutation(indices)
        enough = int(np.searchsorted(np.cumsum(sizes[shuffled]), share)) + 1
        indices = np.sort(shuffled[:enough])
    done, reported = 0, 0
    for index in indices:
        text = documents.text(int(index))[: max(0, share - done)]
        texts.append(text)
        done += len(text)
        if done - reported >= _STEP:
            reported = done
            yield Progress(done, share, "bytes", f"Sampling {name}")
