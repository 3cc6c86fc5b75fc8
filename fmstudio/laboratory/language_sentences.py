"""Vectors of whole sentences by the encoder of the starter set, to be compared with those of a language model."""

import json
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
from safetensors.torch import load_file
from tokenizers import Tokenizer

from fmstudio.data.catalogue import fetch, read_catalogue
from fmstudio.data.tokenizer import load_tokenizer
from fmstudio.jobs import Event, JobContext, Progress
from fmstudio.laboratory.opened import opened
from fmstudio.nn.sentence_encoder import BertEncoder, from_bert_config
from fmstudio.workspace import explained

ENCODER = "all-minilm-l6-v2"
STEP = 20  # sentences a step


def sentence_vectors(context: JobContext, texts: Sequence[str]) -> Generator[Event, None, np.ndarray]:
    """Vectors of length one, (texts, width); the encoder is fetched where it is missing."""
    yield Progress(0, None, "texts", "Opening the sentence encoder")
    item = read_catalogue().items[ENCODER]
    if not item.fetched:
        yield from fetch(context, ENCODER)
    network, tokenizer = opened(item.folder, _load)
    rows = []
    for start in range(0, len(texts), STEP):
        ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts[start : start + STEP]))]
        rows.append(network.encode(ids).numpy())
        yield Progress(start + len(ids), len(texts), "texts", "Reading")
    return np.concatenate(rows) if rows else np.zeros((0, network.shape.width), np.float32)


def _load(folder: Path) -> tuple[BertEncoder, Tokenizer]:
    with explained(folder):
        shape = from_bert_config(json.loads((folder / "config.json").read_text("utf-8")))
        weights = load_file(folder / "model.safetensors")
    tokenizer = load_tokenizer(folder)
    tokenizer.no_padding()
    tokenizer.enable_truncation(shape.positions)
    return BertEncoder(shape, weights), tokenizer
