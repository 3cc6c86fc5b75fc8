"""How a language model goes on, token by token, with what else it could have said; and from another choice of token.

The draw at a position depends on the seed, the position and the text before it, and on nothing else. So a text that is
continued again from one of its own tokens is the same text, and it is what a chat with this model says by that seed.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory.language_reading import LONGEST_TEXT, Opened, open_model, pieces_of, text_of, texts_of
from fmstudio.nn.generation import Reader, reader_of
from fmstudio.nn.sampling_controls import SamplingControls, draw, next_token_probabilities, penalised
from fmstudio.recipe import build
from fmstudio.runtimes.text import TextSampling
from fmstudio.runtimes.torch_runtime import controls_of
from fmstudio.workspace import Workspace

ALTERNATIVES = 10
BLOCK = 128
"""Tokens of the prompt that are read in one step."""


def continuation(
    context: JobContext,
    workspace: Workspace,
    model: str,
    text: str,
    chosen: Sequence[int] = (),
    settings: Mapping[str, Any] | None = None,
    chat: bool = False,
    system: str = "",
) -> Job:
    """Continue a text after `chosen` tokens: yields Sample "token-0000", … for each new token, numbered from the
    text's end, so that the first has the number len(chosen).

    A sample has the token's "id", "text", "probability" (what the model said) and "chance" (with which it was drawn,
    after temperature, top-k and the other controls), "end" where it ends the text, and "alternatives": the ten
    likeliest with the same two numbers.
    """
    sampling = build(TextSampling, {"maximum_tokens": 40, **(settings or {})}, "")
    opened = yield from open_model(context, workspace, model)
    _check_length(text)
    told = [*_prompt(opened, text_of(opened, text, chat, system), chosen), *map(int, chosen)]
    reader, logits = yield from _read_prompt(opened, told, sampling)
    generator, number = _generator(sampling.seed, len(chosen)), len(chosen)
    while number < sampling.maximum_tokens:
        token, data = _draw(opened, logits, sampling, told, generator)
        data |= {"number": number, "end": token in opened.facts.ends}
        yield Sample(f"token-{number:04d}", "next-token", data)
        number += 1
        yield Progress(number, sampling.maximum_tokens, "tokens")
        if data["end"] or context.stopping or number == sampling.maximum_tokens or reader.length == reader.capacity:
            break
        told.append(token)
        logits = reader.read([token])
    return {"tokens": number}


def _check_length(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise StudioError(f"The text has {len(text):,} characters, but at most {LONGEST_TEXT:,} are read; shorten it.")


def _prompt(opened: Opened, text: str, chosen: Sequence[int]) -> list[int]:
    ids = [piece.id for piece in pieces_of(opened, text)] or [min(opened.facts.ends, default=0)]
    size, vocabulary = opened.decoder.shape.context, opened.decoder.shape.vocabulary_size
    if len(ids) + len(chosen) >= size:
        raise StudioError(
            f"The text has {len(ids) + len(chosen):,} tokens, but the model reads {size:,} with room for what follows; "
            "shorten the text."
        )
    if not all(0 <= token < vocabulary for token in chosen):
        raise StudioError(f"A chosen token is none of the model's {vocabulary:,} tokens; choose one that is shown.")
    return ids


def _read_prompt(
    opened: Opened, told: Sequence[int], sampling: TextSampling
) -> Generator[Event, None, tuple[Reader, Tensor]]:
    """Read the text so far in blocks; returns what goes on reading, and the logits of what follows."""
    room = min(opened.decoder.shape.context, len(told) + sampling.maximum_tokens)
    reader = reader_of(opened.decoder, room, sampling.adapter_scale)
    for start in range(0, len(told), BLOCK):
        logits = reader.read(list(told[start : start + BLOCK]))
        yield Progress(reader.length, len(told), "tokens", "Reading")
    return reader, logits


def _generator(seed: int, drawn: int) -> torch.Generator:
    """Where a seed's chance stands after so many tokens: `draw` takes one number a token, whatever token it was."""
    generator = torch.Generator().manual_seed(seed)
    torch.rand(drawn, dtype=torch.float64, generator=generator)
    return generator


def _draw(
    opened: Opened, logits: Tensor, sampling: TextSampling, before: Sequence[int], generator: torch.Generator
) -> tuple[int, dict[str, Any]]:
    """The next token, with what the model said of it and what else it could have been."""
    controls = controls_of(sampling)
    said, chances = logits.float().softmax(-1), _chances(logits, controls, before)
    token = draw(logits, controls, generator, before)
    top = said.topk(min(ALTERNATIVES, len(said))).indices.tolist()
    rows = [
        {"id": number, "text": text, "probability": float(said[number]), "chance": float(chances[number])}
        for number, text in zip(top, texts_of(opened.tokenizer, top), strict=True)
    ]
    data = {
        "id": token,
        "text": texts_of(opened.tokenizer, [token])[0],
        "probability": float(said[token]),
        "chance": float(chances[token]),
        "alternatives": rows,
    }
    return token, data


def _chances(logits: Tensor, controls: SamplingControls, before: Sequence[int]) -> Tensor:
    """The distribution that a token is drawn from, (vocabulary,); all on the likeliest at temperature 0."""
    logits = penalised(logits, before, controls.repetition_penalty)
    if controls.temperature == 0:
        return torch.zeros_like(logits, dtype=torch.float32).index_fill(0, logits.argmax(), 1.0)
    return next_token_probabilities(logits, controls.temperature, controls.top_k, controls.top_p, controls.min_p)
