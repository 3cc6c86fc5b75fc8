"""Preference tuning: a model that is there learns which of its answers people want, by an adapter beside it.

- pairs of a chosen and a rejected answer to the same messages (DPO, ORPO), or answers that were judged one by one (KTO)
- what the base thinks of each answer is computed once, before the first step, and kept
- shown on the way: the reward that each side implies, how often the chosen one is ahead, and the log-probability of
  both sides, since a loss can fall while both become unlikely
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fmstudio.data.tuning.examples import Example, Instruction, Judgement, Message, title_of
from fmstudio.errors import StudioError
from fmstudio.families.adapter_family import SECTIONS_OF_EXAMPLES, SHARED_PLOTS, AdapterFamily, training_defaults
from fmstudio.families.adapting import ASKED, AdapterLearner, Base, open_base
from fmstudio.families.example_rows import ExampleData, Rows, TokenRow, conversation_row, in_portions, read_rows
from fmstudio.families.family import Learner, Phase, Plot, Recipe, ValidationResult
from fmstudio.families.preference_losses import dpo_loss, kto_drift, kto_loss, orpo_loss
from fmstudio.jobs import Event, JobContext, Progress
from fmstudio.nn.token_loss import divergences
from fmstudio.recipe import setting
from fmstudio.runtimes.conversation_tokens import ConversationReader
from fmstudio.workspace import Workspace

DROPOUT = 23
"""The stream of chance of the adapter's dropout."""


PAIRS = ("dpo", "orpo")
"""Methods that compare two answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceObjective:
    """The [objective] section: how preferences become a loss."""

    method: str = setting(
        "dpo",
        "DPO compares pairs, KTO takes answers judged one by one (pairs too), ORPO teaches the chosen answer as well "
        "and needs no base to compare with.",
        choices={"dpo": "DPO", "kto": "KTO", "orpo": "ORPO"},
        simple=True,
    )
    beta: float = setting(
        0.1,
        "How closely the model stays with its base: small lets it go far. For ORPO, the weight of the comparison.",
        minimum=0.001,
        maximum=10.0,
        logarithmic=True,
    )
    likelihood_weight: float = setting(
        0.2,
        "With DPO, how much the chosen answer itself is learnt too, so that it does not become less likely.",
        minimum=0.0,
        maximum=10.0,
    )
    bad_weight: float = setting(
        0.0,
        "With KTO, how much a bad answer counts beside a good one. 0 lets all bad ones count as all good ones do.",
        minimum=0.0,
        maximum=100.0,
    )


@dataclass(slots=True, eq=False)
class PreferenceRow:
    """What is drawn for a step: two answers to compare, or one with whether it is good.

    texts: (chosen, rejected), or (answer, the answer of another prompt in its place), which tells how far the model is
    from its base. base: their log-probabilities under the base.
    """

    texts: tuple[TokenRow, TokenRow]
    good: bool
    dataset: str
    number: int
    question: str
    base: tuple[float, ...] = ()

    @property
    def longest(self) -> int:
        """Tokens of its longest text."""
        return max(map(len, self.texts))


class PreferenceLearner(AdapterLearner):
    """A base with an adapter that learns, and the preferences that it learns from."""

    def __init__(
        self,
        base: Base,
        recipe: Recipe,
        rows: Rows[PreferenceRow],
        device: torch.device,
        objective: PreferenceObjective | None = None,
    ) -> None:
        """objective: how preferences become a loss; that of the recipe where none is given."""
        super().__init__(base, recipe, device)
        self.rows = rows
        self._objective: PreferenceObjective = objective or recipe.sections["objective"]
        self._pairs = self._objective.method in PAIRS
        mean = sum(len(text) for row in rows.train for text in self._learnt(row)) / len(rows.train)
        self.units_per_step = max(1, round(mean * recipe.training.batch_size))
        good = sum(row.good for row in rows.train)
        balanced = good / max(1, len(rows.train) - good) or 1.0
        self._bad_weight = self._objective.bad_weight or balanced

    def _learnt(self, row: PreferenceRow) -> tuple[TokenRow, ...]:
        """The texts that gradients come from."""
        return row.texts if self._pairs else row.texts[:1]

    @torch.no_grad()
    def ask_base(self) -> Iterator[Event]:
        """Let the base say what it thinks of every answer, which the objective compares with."""
        rows = [*self.rows.train, *self.rows.validation]
        done = 0
        for portion in in_portions(rows):
            yield Progress(done, len(rows), "rows", "Asking the base")
            sums, _ = self.log_probabilities([text for row in portion for text in row.texts], strength=0.0)
            for row, told in zip(portion, sums.view(-1, 2).tolist(), strict=True):
                row.base = tuple(told)
            done += len(portion)

    def phases(self) -> list[Phase]:
        """One: the adapter, by the chosen objective."""
        return [self.phase(self._loss)]

    def batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """(places of the rows, how far the model is from its base), both (batch,), and old text."""
        training = self.recipe.training
        self.adapter.chance = None
        places = self.rows.drawn(training.seed, step, training.batch_size)
        drift = torch.zeros(()) if self._pairs else self._drift([self.rows.train[place] for place in places])
        self.begin(step, DROPOUT)
        tokens = sum(len(text) for place in places for text in self._learnt(self.rows.train[place]))
        return torch.tensor(places), drift.expand(len(places)), self.old_windows(step, tokens)

    @torch.no_grad()
    def _drift(self, rows: Sequence[PreferenceRow]) -> Tensor:
        base = torch.tensor([row.base[1] for row in rows])
        sums, _ = self.log_probabilities([row.texts[1] for row in rows])
        return kto_drift(sums.cpu(), base)

    def _loss(self, batch: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
        places, drift, windows = batch
        found = self._measure(
            [self.rows.train[place] for place in places.tolist()], drift[0].to(self.device), noisy=True
        )
        loss = found.losses.mean()
        told = {"loss/training": loss}
        if self._pairs:
            told |= {"margin/training": found.margins.mean(), "accuracy/training": found.ahead.mean()}
        whole, of_old = self.with_old(loss, windows)
        return whole, told | of_old

    def _measure(self, rows: Sequence[PreferenceRow], drift: Tensor, noisy: bool = False) -> "Measured":
        wanted, each = self._objective, 2 if self._pairs else 1
        texts = [text for row in rows for text in self._learnt(row)]
        sums, counts = self.log_probabilities(texts, noisy=noisy)
        sums, means = sums.view(-1, each), (sums / counts).view(-1, each)
        base = torch.tensor([row.base[:each] for row in rows], device=self.device)
        if wanted.method == "kto":
            good = torch.tensor([row.good for row in rows], device=self.device)
            losses = kto_loss(sums[:, 0], base[:, 0], good, drift, wanted.beta, self._bad_weight)
        elif wanted.method == "dpo":
            losses = dpo_loss(sums[:, 0], sums[:, 1], base[:, 0], base[:, 1], wanted.beta)
            losses = losses - wanted.likelihood_weight * means[:, 0]
        else:
            losses = orpo_loss(means[:, 0], means[:, 1], wanted.beta) - means[:, 0]
        return Measured(losses, wanted.beta * (sums - base).detach(), means.detach())

    @torch.no_grad()
    def validate(self) -> Generator[None, None, ValidationResult]:
        """The loss of the held-back examples, and what both sides have become."""
        rows, nats, tokens = self.rows.validation, 0.0, 0
        drift = torch.zeros(()) if self._pairs else self._drift(rows)
        found = []
        for portion in in_portions(rows):
            found.append(self._measure(portion, drift))
            yield
            each = self._divergences(portion)
            nats, tokens = nats + float(each.sum()), tokens + len(each)
            yield
        whole = Measured(*(torch.cat(parts) for parts in zip(*found, strict=True)))
        loss = float(whole.losses.mean())
        self.judged = list(zip(rows, whole.losses.tolist(), strict=True))
        told = {"loss/validation": loss, "divergence/validation": nats / tokens}
        if self._pairs:
            told |= {"margin/validation": float(whole.margins.mean()), "accuracy/validation": float(whole.ahead.mean())}
        is_good = torch.tensor([row.good for row in rows], device=self.device)
        for name, answers in self._sides(whole, is_good):
            if len(answers.means):
                told[f"reward/{name}"] = float(answers.rewards.mean())
                told[f"log_probability/{name}"] = float(answers.means.mean())
        return ValidationResult(loss, told)

    def _sides(self, whole: "Measured", is_good: Tensor) -> list[tuple[str, "Measured"]]:
        """What was measured of the wanted and of the unwanted answers."""
        if self._pairs:
            return [(name, Measured(whole.losses, whole.rewards[:, [side]], whole.means[:, [side]]))
                    for side, name in enumerate(("chosen", "rejected"))]  # fmt: skip
        return [(name, Measured(*(part[chosen] for part in whole))) for name, chosen in
                (("chosen", is_good), ("rejected", ~is_good))]  # fmt: skip

    def _divergences(self, rows: Sequence[PreferenceRow]) -> Tensor:
        """How far the model is from its base at each token of the first texts, in nats."""
        texts = [row.texts[0] for row in rows]
        places = self.places(texts)
        now, before = (self.read([text.ids for text in texts], strength)[1][places] for strength in (1.0, 0.0))
        return divergences(now, before, self.read_out)

    def asked(self) -> list[tuple[str, list[int]]]:
        """The first held-back questions, each once."""
        asked = {row.question: row.texts[0].ids[: row.texts[0].last_answer].tolist() for row in self.rows.validation}
        return list(asked.items())[:ASKED]


class Measured(NamedTuple):
    """What was found of some rows: losses (rows,); rewards and mean log-probabilities of a token of each text that is
    learnt from, (rows, texts)."""

    losses: Tensor
    rewards: Tensor
    means: Tensor

    @property
    def margins(self) -> Tensor:
        """How far the chosen answer is ahead, (rows,)."""
        return self.rewards[:, 0] - self.rewards[:, 1]

    @property
    def ahead(self) -> Tensor:
        """1 where it is, (rows,)."""
        return (self.margins > 0).to(self.rewards.dtype)


def plots_of_pairs(ahead: str) -> tuple[Plot, ...]:
    """What is shown of pairs; ahead: what one calls it that the better side is likelier."""
    return (
        Plot("loss", "Loss", "nats per example"),
        Plot("reward", "Reward", "nats, times beta"),
        Plot("log_probability", "Log-probability", "nats per token of an answer"),
        Plot("accuracy", ahead, "share of pairs"),
        Plot("margin", "Margin", "nats, times beta"),
        Plot("divergence", "Divergence from the base", "nats per token"),
        *SHARED_PLOTS,
    )


class PreferenceFamily(AdapterFamily):
    """Adapters that teach a language model which answers people prefer."""

    name = "preferences"
    title = "Preference tuning"
    order = 14
    description = (
        "A language model that is there learns from answers that people preferred to others, or found good or bad. "
        "What it learns is an adapter, a small set of numbers beside the model, which can be put on and taken off."
    )
    objective = (
        "The model reads a question with each of its answers, and the preferred one is to become likelier than the "
        "other, compared with what the model thought of both before. People said which they prefer."
    )
    data_kind = "preferences"
    sections = {"data": ExampleData, "objective": PreferenceObjective, **SECTIONS_OF_EXAMPLES}
    training_defaults = training_defaults(steps=100, batch_size=8, learning_rate=1e-4, evaluate_every=20)
    texts_per_example = 2
    plots = plots_of_pairs("Chosen ahead")
    overfits_to = 0.85

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open the base, read the preferences as it does, ask it for its own view, and put a new adapter beside it."""
        base = yield from open_base(context, workspace, recipe.init)
        reader, pairs = base.reader(), recipe.sections["objective"].method in PAIRS
        rows = yield from read_rows(
            workspace, recipe.data, lambda *example: _rows(reader, pairs, *example), base.facts.context
        )
        if not pairs:
            for side in (rows.train, rows.validation):
                _mismatch(side, base.facts.context)
        learner = PreferenceLearner(base, recipe, rows, device)
        yield from learner.ask_base()
        return learner


def _rows(reader: ConversationReader, pairs: bool, example: Example, dataset: str, number: int) -> list[PreferenceRow]:
    if isinstance(example, Instruction):
        raise StudioError(f"Dataset {dataset!r} holds instructions, not preferences; choose one of preferences.")
    texts = [conversation_row(reader, (*example.prompt, Message("assistant", answer)), all_turns=False)
             for answer in example.answers]  # fmt: skip
    question = title_of(example)
    if isinstance(example, Judgement):
        if pairs:
            raise StudioError(
                f"Row {number:,} of {dataset!r} is an answer that was judged alone, but pairs are compared here; set "
                'objective.method to "kto", which takes both.'
            )
        return [PreferenceRow((texts[0], texts[0]), example.good, dataset, number, question)]
    if pairs:
        return [PreferenceRow((texts[0], texts[1]), True, dataset, number, question)]
    return [
        PreferenceRow((text, text), good, dataset, number, question)
        for text, good in zip(texts, (True, False), strict=True)
    ]


def _mismatch(rows: Sequence[PreferenceRow], most: int) -> None:
    """Put beside each answer the answer of the next prompt in its place (KTO, section 4.1)."""
    for row, other in zip(rows, [*rows[1:], *rows[:1]], strict=True):
        own, text = row.texts[0], other.texts[0]
        ids = np.concatenate([own.ids[: own.last_answer], text.ids[text.last_answer :]])[:most]
        learnt = np.concatenate([np.zeros(own.last_answer, bool), text.learnt[text.last_answer :]])[:most]
        row.texts = (own, TokenRow(ids, learnt))


FAMILY = PreferenceFamily()
