"""Where a language model looks: the attention weights of one layer's heads, or a survey of all layers and heads."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory.language_reading import Opened, cut_note, open_model, pattern, pieces_of, read, text_of
from fmstudio.workspace import Workspace

LONGEST = 512
"""Tokens whose attention is shown: the maps of a layer grow with the square of their number."""

SMALL = 64


def attention(
    context: JobContext,
    workspace: Workspace,
    model: str,
    text: str,
    layer: int = 0,
    chat: bool = False,
    system: str = "",
) -> Job:
    """The heads of one layer (from 0): yields Sample "attention" with "weights" (heads, tokens, tokens), rows sum to 1.

    layer -1 looks at all layers, one at a time: "weights" (layers, tokens, tokens) are the means over each one's heads.
    "mean" is the mean of the maps, and "small" each of them in at most 64 × 64, by the largest weight, the mean first.
    What `measures_of` tells of each head comes with it, (layers looked at, heads) each.
    """
    opened = yield from open_model(context, workspace, model)
    layers = opened.decoder.shape.layers
    if not -1 <= layer < layers:
        raise StudioError(f"layer is {layer}, but the model has the layers 0 to {layers - 1}; -1 asks for all of them.")
    pieces = pieces_of(opened, text_of(opened, text, chat, system))
    seen = pieces[: min(LONGEST, opened.longest)]
    if not seen:
        yield Sample("attention", "attention", _nothing(opened, layer))
        return {"tokens": 0}
    reading = yield from read(opened.decoder, [piece.id for piece in seen])
    maps, measures = [], []
    for number in range(layers) if layer < 0 else [layer]:
        heads = pattern(opened.decoder, reading, number)
        measures.append(measures_of(heads, reading.ids))
        maps.append(heads.mean(0, keepdim=True) if layer < 0 else heads)
        yield Progress(number + 1, layers, "layers", "Looking at attention")
        if context.stopping:
            break
    weights = torch.cat(maps)
    mean = weights.mean(0, keepdim=True)
    data = _nothing(opened, layer) | {
        "tokens": [piece.to_json() for piece in seen],
        "weights": weights.cpu().numpy(),
        "mean": mean[0].cpu().numpy(),
        "small": adaptive_max_pool2d(torch.cat([mean, weights]), min(SMALL, len(seen))).cpu().numpy(),
        "note": cut_note(opened, len(pieces), text, LONGEST),
        **{name: np.stack([each[name] for each in measures]) for name in measures[0]},
    }
    yield Sample("attention", "attention", data)
    return {"tokens": len(seen)}


def _nothing(opened: Opened, layer: int) -> dict[str, Any]:
    shape = opened.decoder.shape
    empty = np.zeros((0, 0, 0), np.float32)
    return {"layer": layer, "layers": shape.layers, "heads": shape.heads, "tokens": [], "weights": empty, "note": ""}


def measures_of(weights: Tensor, ids: Sequence[int]) -> dict[str, np.ndarray]:
    """What a head does on the whole, (heads,) each, from weights (heads, time, time) on the tokens `ids`.

    entropy: mean over the tokens in bits, 0 where it looks at one token alone; first, previous, own: the mean weight on
    the first token (an "attention sink", Xiao et al. 2024), on the one before and on itself; distance: how many tokens
    back it looks on average. The first token, which can look only at itself, does not count.
    repeat: of the tokens that stood in the text before, the mean weight on what followed them there (an "induction
    head", Olsson et al. 2022); 0 where none did.
    """
    rows = weights[:, 1:].double() if weights.shape[1] > 1 else weights.double()
    time = weights.shape[1]
    back = (torch.arange(time - rows.shape[1], time)[:, None] - torch.arange(time)).to(weights.device)
    found = {
        "entropy": -(rows * rows.clamp(min=1e-30).log()).sum(-1).mean(-1) / math.log(2),
        "first": rows[..., 0].mean(-1),
        "previous": (rows * (back == 1)).sum(-1).mean(-1),
        "own": (rows * (back == 0)).sum(-1).mean(-1),
        "distance": (rows * back).sum(-1).mean(-1),
        "repeat": _on_followers(weights.double(), torch.tensor(ids, device=weights.device)),
    }
    return {name: value.float().cpu().numpy() for name, value in found.items()}


def _on_followers(weights: Tensor, ids: Tensor) -> Tensor:
    """The mean weight on what followed the same token before, over the tokens that stood before: (heads,)."""
    time = len(ids)
    follows = torch.zeros(time, time, dtype=torch.bool, device=ids.device)
    follows[:, 1:] = ids[:, None] == ids[None, :-1]
    follows = follows.tril()  # token t looks at j, where j - 1 < t held the same token
    repeated = follows.any(1)
    if not repeated.any():
        return weights.new_zeros(len(weights))
    return (weights * follows).sum(-1)[:, repeated].mean(-1)
