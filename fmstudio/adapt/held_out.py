"""How well a model expects a text that it was not taught on, to tell what a change of its weights costs."""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from fmstudio.jobs import Event, Progress
from fmstudio.nn.token_loss import token_loss
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.text import LanguageModel
from fmstudio.runtimes.tokens import TextReader

TOKENS, AT_ONCE = 2048, 512
"""Tokens of a text that are measured, and those that see each other."""

_LETTERS = 40 * TOKENS


TEXT = "The last topics of Python's reference"


def usual_text() -> str:
    """English with examples, which every machine has."""
    from pydoc_data.topics import topics

    return "\n".join(text for _, text in sorted(topics.items()))[-_LETTERS:]


def portions(facts: ModelFacts, model: LanguageModel, text: str) -> list[Tensor]:
    """The beginning of a text as rows of tokens, (time,) each."""
    ids = TextReader(facts, model.tokenizer).read(text[:_LETTERS], len(text) + 2)[:TOKENS]
    rows = torch.tensor(ids).split(min(AT_ONCE, model.decoder.shape.context))
    return [row for row in rows if len(row) > 1]


@torch.no_grad()
def loss_of(model: LanguageModel, rows: Sequence[Tensor], doing: str) -> Generator[Event, None, float]:
    """The mean negative log-likelihood of the tokens of some rows but their first, in nats a token."""
    nats, count = 0.0, 0
    for number, row in enumerate(rows):
        yield Progress(number, len(rows), "portions", doing)
        hidden = model.decoder.hidden_states(row[None])[0, :-1]
        nats += float(token_loss(hidden, model.decoder.lm_head_weight, row[1:])) * len(hidden)
        count += len(hidden)
    return nats / count
