"""Sentence encoders: texts become vectors of length one that point the same way where the meanings are close.

Opens folders in the layout of `sentence-transformers` whose network is a BERT. Reading is fast because texts are sorted
by length and put together up to a number of tokens, so that nothing is computed for padding.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer

from fmstudio.data.catalogue import read_catalogue
from fmstudio.data.errors import DataError
from fmstudio.data.tokenizer import load_tokenizer
from fmstudio.errors import StudioError
from fmstudio.nn.sentence_encoder import BertEncoder, from_bert_config
from fmstudio.nn.threads import make_way_for_torch
from fmstudio.runtimes.model_cache import MODELS

BATCH_TOKENS = 2048
"""Tokens that go through the network together: enough for large matrices, few enough for the processor's caches."""
_MODULES = ("modules.json", "config.json", "model.safetensors", "tokenizer.json")
_OPTIONAL = ("sentence_bert_config.json", "config_sentence_transformers.json")
_POOLINGS = ("mean", "cls")


class EmbeddingError(StudioError):
    """A sentence encoder that cannot be opened."""


def open_encoder(reference: str | Path) -> "SentenceEncoder":
    """The encoder of that name in the catalogue, or in that folder; the last ones opened are kept in memory.

    Raises EmbeddingError where it is not fetched yet, is no sentence encoder, or of a kind that is not read here.
    """
    folder = _folder_of(str(reference))
    missing = [name for name in _MODULES if not (folder / name).is_file()]
    if missing:
        raise EmbeddingError(
            f"{folder} is no sentence encoder that can be opened: it has no {missing[0]}; choose a folder in the "
            "layout of sentence-transformers."
        )
    stamps = tuple((folder / name).stat().st_mtime_ns for name in _MODULES)
    key = ("sentence encoder", folder)
    found: SentenceEncoder | None = MODELS.get(key, stamps)
    if found is None:
        size = (folder / "model.safetensors").stat().st_size
        MODELS.make_room(size)
        found = SentenceEncoder(folder)
        MODELS.keep(key, found, size, stamps)
    return found


def _folder_of(reference: str) -> Path:
    item = read_catalogue().items.get(reference)
    if item is None or item.kind != "embeddings":
        return Path(reference).expanduser()
    if not item.fetched:
        raise EmbeddingError(f"{item.title} is not here yet; fetch {reference} first.")
    return item.folder


_UNKNOWN = ("[UNK]", "<unk>")
_TOO_MANY_UNKNOWN = 0.2


class SentenceEncoder:
    """A network that reads a text and gives its vector. Made by `open_encoder`."""

    def __init__(self, folder: Path, dtype: torch.dtype | None = None) -> None:
        """dtype: the format of the large matrices; None takes what this processor is fastest with."""
        self.folder, self.name = folder, folder.name
        config = _read(folder / "config.json")
        self._pooling = _pooling(folder)
        try:
            shape = from_bert_config(config)
            self._network = BertEncoder(shape, load_file(folder / "model.safetensors"), dtype)
        except StudioError as error:
            raise EmbeddingError(f"{folder} cannot be opened as a sentence encoder: {error}") from error
        except Exception as error:  # safetensors raises its own kind for a damaged file, torch another for odd shapes
            raise EmbeddingError(
                f"{folder} cannot be opened as a sentence encoder, its files are damaged ({error}); copy it again."
            ) from error
        self.dimension = shape.width
        self.maximum_tokens = _maximum_tokens(folder, shape.positions)
        self._counting, self._reading = _tokenizers(folder, self.maximum_tokens)
        self._lower_case = bool(_read_optional(folder / _OPTIONAL[0]).get("do_lower_case"))

    @cached_property
    def version(self) -> str:
        """A hash of everything that decides the vectors."""
        digest = hashlib.sha256(self._pooling.encode())
        for name in (*_MODULES, *_OPTIONAL):
            if (self.folder / name).is_file():
                digest.update(name.encode() + (self.folder / name).read_bytes())
        return digest.hexdigest()[:32]

    def count(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text is, those that begin and end it included; more than `maximum_tokens` are cut."""
        return [len(encoding.ids) for encoding in self._counting.encode_batch_fast(self._prepared(texts))]

    def reads(self, text: str) -> bool:
        """Whether it knows what a text is made of.

        All that a vocabulary lacks is one and the same to a model, so texts in a script that it never learnt are all
        alike to it, and a cosine says nothing of them.
        """
        encoding = self._counting.encode(self._prepared([text])[0])
        own = [token for token, mark in zip(encoding.tokens, encoding.special_tokens_mask, strict=True) if not mark]
        unknown = sum(token in _UNKNOWN for token in own)
        return unknown < _TOO_MANY_UNKNOWN * max(1, len(own))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts, (texts, dimension), each of length one."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        sequences = [encoding.ids for encoding in self._reading.encode_batch_fast(self._prepared(texts))]
        for places in batches([len(sequence) for sequence in sequences], BATCH_TOKENS):
            make_way_for_torch()
            vectors[places] = self._network.encode([sequences[place] for place in places], self._pooling).numpy()
        return vectors

    def _prepared(self, texts: Sequence[str]) -> list[str]:
        """Halves of a surrogate pair, which a window may hand over, are no text; the tokenizer would raise."""
        whole = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        return [text.lower() for text in whole] if self._lower_case else whole


def batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """The places of `lengths`, longest first, in groups that together have at most `tokens`, or one place alone."""
    group: list[int] = []
    filled = 0
    for place in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        if group and filled + lengths[place] > tokens:
            yield group
            group, filled = [], 0
        group.append(place)
        filled += lengths[place]
    if group:
        yield group


def _pooling(folder: Path) -> str:
    """How the tokens' vectors become one; raises EmbeddingError for a chain of modules that is not computed here."""
    pooling = ""
    for module in _read(folder / "modules.json", list):
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind == "Pooling":
            pooling = _pooling_mode(_read(folder / str(module.get("path", "")) / "config.json"))
        elif kind not in ("Transformer", "Normalize"):
            raise EmbeddingError(f"{folder} has a module {kind}, which is not computed here; choose another model.")
    if pooling not in _POOLINGS:
        raise EmbeddingError(
            f"{folder} pools its tokens by {pooling or 'nothing'}, but only {' and '.join(_POOLINGS)} are computed "
            "here; choose another model."
        )
    return pooling


def _pooling_mode(config: dict[str, Any]) -> str:
    """The name of the mode; older folders have a switch for each, and may have several on."""
    if "pooling_mode" in config:
        return str(config["pooling_mode"])
    names = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    on = [names.get(key, key) for key, value in config.items() if key.startswith("pooling_mode_") and value]
    return " and ".join(on) if on else "mean"


def _maximum_tokens(folder: Path, positions: int) -> int:
    """What the model was made to read at once; the rest of a longer text is cut."""
    wanted = _read_optional(folder / _OPTIONAL[0]).get("max_seq_length")
    wanted = wanted or _read_optional(folder / "tokenizer_config.json").get("model_max_length") or positions
    return int(min(wanted, positions))


def _tokenizers(folder: Path, maximum: int) -> tuple[Tokenizer, Tokenizer]:
    """One that reads texts whole, to count, and one that cuts them at `maximum`. Neither pads."""
    try:
        counting, reading = load_tokenizer(folder), load_tokenizer(folder)
    except DataError as error:
        raise EmbeddingError(f"{folder} cannot be opened as a sentence encoder: {error}") from error
    for each in (counting, reading):
        each.no_padding()
    counting.no_truncation()
    reading.enable_truncation(maximum)
    return counting, reading


def _read(path: Path, kind: type = dict) -> Any:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EmbeddingError(f"{path} cannot be read ({error}); copy the folder again.") from error
    if not isinstance(content, kind):
        raise EmbeddingError(f"{path} does not hold what it should; copy the folder again.")
    return content


def _read_optional(path: Path) -> dict[str, Any]:
    return _read(path) if path.is_file() else {}
