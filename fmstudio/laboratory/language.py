"""How a language model cuts a text into tokens, and how much each of them surprises it.

Each job takes any model that our decoder opens (by whatever a person calls it) and a text: as it is, or with `chat` as
a user's message in the model's chat template. The window asks while one types, so a job works in small steps.
"""

import math
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory.language_reading import (
    READ_OUT,
    Opened,
    Piece,
    cut_note,
    normalised,
    open_model,
    pieces_of,
    read,
    text_of,
    texts_of,
)
from fmstudio.nn.decoder import Decoder
from fmstudio.workspace import Workspace

ALTERNATIVES = 10


def tokens(
    context: JobContext, workspace: Workspace, model: str, text: str, chat: bool = False, system: str = ""
) -> Job:
    """The tokens of a text: yields one Sample "tokens"."""
    opened = yield from open_model(context, workspace, model)
    full = text_of(opened, text, chat, system)
    pieces = pieces_of(opened, full)
    yield Sample("tokens", "tokens", _summary(opened, text, full, pieces))
    return {"tokens": len(pieces)}


def surprisal(
    context: JobContext, workspace: Workspace, model: str, text: str, chat: bool = False, system: str = ""
) -> Job:
    """What the model expected at each token: yields Sample "tokens", then Sample "surprisal".

    The surprisal of a token is -log2 of the probability that the model gave it after all tokens before (Shannon 1948).
    The first token has none: nothing stands before it. "alternatives" has one row more than there are tokens: row t is
    what was expected in the place of token t, the last row what comes next; row 0 is empty.
    """
    opened = yield from open_model(context, workspace, model)
    full = text_of(opened, text, chat, system)
    pieces = pieces_of(opened, full)
    yield Sample("tokens", "tokens", _summary(opened, text, full, pieces))
    if not pieces:
        return {"tokens": 0}
    seen = pieces[: opened.longest]
    reading = yield from read(opened.decoder, [piece.id for piece in seen])
    found = yield from _expectations(opened.decoder, normalised(opened.decoder, reading.streams[-1]), reading.ids)
    yield Sample("surprisal", "surprisal", _surprisal(opened, seen, found))
    return {"tokens": len(seen)}


def _summary(opened: Opened, text: str, full: str, pieces: Sequence[Piece]) -> dict[str, Any]:
    words = len(full.split())
    return {
        "tokens": [piece.to_json() for piece in pieces[: opened.longest]],
        "count": len(pieces),
        "characters": len(full),
        "bytes": len(full.encode()),
        "words": words,
        "special": sum(piece.special for piece in pieces),
        "tokens_per_word": len(pieces) / words if words else 0.0,
        "text": str(full),
        "chat": opened.chat,
        "context": opened.decoder.shape.context,
        "layers": opened.decoder.shape.layers,
        "heads": opened.decoder.shape.heads,
        "note": cut_note(opened, len(pieces), text),
    }


Expectations = dict[str, np.ndarray]


def _expectations(decoder: Decoder, hidden: Tensor, ids: Sequence[int]) -> Generator[Event, None, Expectations]:
    """For each position: nats and rank of the token that follows, entropy in bits, and the likeliest tokens."""
    following = torch.tensor([*ids[1:], -1], device=hidden.device)
    blocks = []
    for start in range(0, len(ids), READ_OUT):
        with torch.no_grad():
            blocks.append(_block(decoder, hidden[start : start + READ_OUT], following[start : start + READ_OUT]))
        yield Progress(min(start + READ_OUT, len(ids)), len(ids), "tokens", "Reading out")
    return {name: torch.cat([block[name] for block in blocks]).cpu().numpy() for name in blocks[0]}


def _block(decoder: Decoder, hidden: Tensor, following: Tensor) -> dict[str, Tensor]:
    logs = decoder.logits(hidden).float().log_softmax(-1)
    own = logs.gather(1, following.clamp(min=0)[:, None])
    top = logs.topk(min(ALTERNATIVES, logs.shape[1]))
    return {
        "nats": -own[:, 0],
        "rank": (logs > own).sum(1) + 1,
        "entropy": -(logs.exp() * logs).nan_to_num(0.0).sum(1) / math.log(2),
        "ids": top.indices,
        "probabilities": top.values.exp(),
    }


def _surprisal(opened: Opened, seen: Sequence[Piece], found: Expectations) -> dict[str, Any]:
    """Moves each expectation to the token that it is about, and adds the text's totals."""
    bits = found["nats"][:-1] / math.log(2)
    size = seen[-1].end - seen[0].end
    total = float(bits.sum())
    used = np.unique(found["ids"]).tolist()
    texts = dict(zip(used, texts_of(opened.tokenizer, used), strict=True))
    rows = [
        [{"id": number, "text": texts[number], "probability": chance} for number, chance in zip(*row, strict=True)]
        for row in zip(found["ids"].tolist(), found["probabilities"].tolist(), strict=True)
    ]
    return {
        "bits": np.concatenate([[np.nan], bits]).astype(np.float32),
        "rank": np.concatenate([[0], found["rank"][:-1]]),
        "entropy": np.concatenate([[np.nan], found["entropy"]]).astype(np.float32),
        "alternatives": [[], *rows],
        "total_bits": total,
        "bits_per_token": total / len(bits) if len(bits) else 0.0,
        "bits_per_byte": total / size if size else 0.0,
        "perplexity": 2.0 ** min(total / len(bits), 1000.0) if len(bits) else 0.0,
        "most": math.log2(opened.decoder.shape.vocabulary_size),
    }
