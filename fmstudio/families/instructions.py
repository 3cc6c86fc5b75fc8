"""Fine-tuning on instructions: a model that is there learns to answer as examples do, by an adapter beside it.

- data: conversations; only the answers, with the token that ends each, carry loss
- a loss in parts is the loss of the whole: it is divided by the learnt tokens of the whole step
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from fmstudio.data.tuning.examples import Example, Instruction, Messages, title_of
from fmstudio.errors import StudioError
from fmstudio.families.adapter_family import SECTIONS_OF_EXAMPLES, SHARED_PLOTS, AdapterFamily, training_defaults
from fmstudio.families.adapting import ASKED, AdapterLearner, Base, open_base
from fmstudio.families.example_rows import ExampleData, Rows, TokenRow, conversation_row, in_portions, read_rows
from fmstudio.families.family import Learner, Phase, Plot, Recipe, ValidationResult
from fmstudio.jobs import Event, JobContext
from fmstudio.recipe import setting
from fmstudio.runtimes.conversation_tokens import ConversationReader
from fmstudio.workspace import Workspace

DROPOUT = 22
"""The stream of chance of the adapter's dropout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionData(ExampleData):
    """The [data] section: which conversations, and what of them is learnt."""

    turns: str = setting(
        "all",
        "Which answers of a conversation are learnt.",
        choices={"all": "Every answer", "last": "The last answer"},
    )


@dataclass(frozen=True, slots=True)
class InstructionRow:
    """A conversation to learn from. number: in its dataset, from 1. question: what was asked last, for one line."""

    text: TokenRow
    dataset: str
    number: int
    question: str
    messages: Messages

    @property
    def longest(self) -> int:
        """Its tokens."""
        return len(self.text)


class InstructionLearner(AdapterLearner):
    """A base with an adapter that learns, and the conversations that it learns from."""

    def __init__(self, base: Base, recipe: Recipe, rows: Rows[InstructionRow], device: torch.device) -> None:
        super().__init__(base, recipe, device)
        self.rows = rows
        mean = sum(row.longest for row in rows.train) / len(rows.train)
        self.units_per_step = max(1, round(mean * recipe.training.batch_size))

    def phases(self) -> list[Phase]:
        """One: the adapter, by the cross-entropy of the answers' tokens."""
        return [self.phase(self._loss)]

    def batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """(places of the rows, learnt tokens that a row of the step has on average), both (batch,), and old text."""
        training = self.recipe.training
        self.begin(step, DROPOUT)
        places = self.rows.drawn(training.seed, step, training.batch_size)
        texts = [self.rows.train[place].text for place in places]
        learnt = sum(int(text.predicted.sum()) for text in texts)
        old = self.old_windows(step, sum(map(len, texts)))
        return torch.tensor(places), torch.full((len(places),), learnt / len(places)), old

    def _loss(self, batch: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
        places, learnt_each, windows = batch
        rows = [self.rows.train[place] for place in places.tolist()]
        loss = self._nats(rows, noisy=True) / (float(learnt_each[0]) * len(rows))
        whole, told = self.with_old(loss, windows)
        return whole, {"loss/training": loss, **told}

    def _nats(self, rows: Sequence[InstructionRow], noisy: bool = False) -> Tensor:
        """The cross-entropy of all learnt tokens of some rows together, in nats."""
        return self.nats([row.text for row in rows], noisy)

    def _nats_of_each(self, rows: Sequence[InstructionRow]) -> Tensor:
        """The same of each row alone, (rows,), to be measured and not learnt from."""
        return -self.log_probabilities([row.text for row in rows])[0]

    @torch.no_grad()
    def validate(self) -> Generator[None, None, ValidationResult]:
        """The loss of the held-back answers, in nats a token."""
        found = []
        for rows in in_portions(self.rows.validation):
            found.append(self._nats_of_each(rows))
            yield
        nats = torch.cat(found)
        tokens = nats.new_tensor([int(row.text.predicted.sum()) for row in self.rows.validation])
        self.judged = list(zip(self.rows.validation, (nats / tokens).tolist(), strict=True))
        loss = float(nats.sum() / tokens.sum())
        return ValidationResult(loss, {"loss/validation": loss, "perplexity/validation": float(np.exp(min(loss, 700)))})

    def asked(self) -> list[tuple[str, list[int]]]:
        """The first held-back questions."""
        rows = self.rows.validation[:ASKED]
        return [(row.question, row.text.ids[: row.text.last_answer].tolist()) for row in rows]


class InstructionFamily(AdapterFamily):
    """Adapters that teach a language model to answer as examples do."""

    name = "instructions"
    title = "Fine-tuning on instructions"
    order = 12
    description = (
        "A language model that is there learns from conversations how to answer. What it learns is an adapter, a small "
        "set of numbers beside the model, which can be put on and taken off."
    )
    objective = (
        "The model reads a whole conversation and is asked for each token of the answers; the questions are given. "
        "People wrote, chose or corrected the answers."
    )
    data_kind = "instructions"
    sections = {"data": InstructionData, **SECTIONS_OF_EXAMPLES}
    training_defaults = training_defaults()
    plots = (
        Plot("loss", "Loss", "nats per token of an answer"),
        Plot("perplexity", "Perplexity", "tokens to choose among"),
        *SHARED_PLOTS,
    )
    overfits_to = 0.7
    learner_type: ClassVar[type[InstructionLearner]] = InstructionLearner

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open the base, read the conversations as it does, and put a new adapter beside it."""
        base = yield from open_base(context, workspace, recipe.init)
        data: InstructionData = recipe.data
        reader, all_turns = base.reader(), data.turns == "all"
        rows = yield from read_rows(
            workspace, data, lambda *example: [row_of(reader, all_turns, *example)], base.facts.context
        )
        return self.learner_type(base, recipe, rows, device)


def row_of(reader: ConversationReader, all_turns: bool, example: Example, dataset: str, number: int) -> InstructionRow:
    """A conversation to learn from; raises StudioError where it is none."""
    if not isinstance(example, Instruction):
        raise StudioError(f"Dataset {dataset!r} holds preferences, not instructions; choose one of instructions.")
    text = conversation_row(reader, example.messages, all_turns)
    return InstructionRow(text, dataset, number, title_of(example), example.messages)


FAMILY = InstructionFamily()
