"""Tuning on demonstrations (DITTO, Shaikh et al. 2024): what people wrote or corrected is preferred to the model's own.

- the model answers each prompt itself, before the first step and again every so many steps where that is wanted
- a demonstration and the model's own answer make a pair, and pairs teach as preferences do (DPO), so that few
  demonstrations suffice: they also say what is not wanted
- own answers are part of a checkpoint, since the weights that wrote them are other ones later
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fmstudio.data.tuning.examples import Example, Instruction, title_of
from fmstudio.errors import StudioError
from fmstudio.families.adapter_family import SECTIONS_OF_EXAMPLES, AdapterFamily, training_defaults
from fmstudio.families.adapting import Base, open_base
from fmstudio.families.chance import generator
from fmstudio.families.example_rows import ExampleData, Rows, TokenRow, conversation_row, read_rows
from fmstudio.families.family import Learner, Recipe
from fmstudio.families.kept_answers import KeptAnswers
from fmstudio.families.preferences import PreferenceLearner, PreferenceObjective, PreferenceRow, plots_of_pairs
from fmstudio.jobs import Event, JobContext, Progress
from fmstudio.nn.answers import Answer, write_answers
from fmstudio.nn.lora import at_strength
from fmstudio.recipe import setting
from fmstudio.runtimes.conversation_tokens import ConversationReader
from fmstudio.workspace import Workspace

WRITING = 26
"""The stream of chance of the model's own answers."""

WRITTEN_AT_ONCE = 16
"""Answers that are written side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemonstrationObjective:
    """The [objective] section: what a demonstration is compared with."""

    beta: float = setting(
        0.1,
        "How closely the model stays with its base: small lets it go far.",
        minimum=0.001,
        maximum=10.0,
        logarithmic=True,
    )
    likelihood_weight: float = setting(
        0.2,
        "How much a demonstration itself is learnt too, so that it does not become less likely.",
        minimum=0.0,
        maximum=10.0,
    )
    tokens: int = setting(
        64, "An own answer is cut after so many.", minimum=1, maximum=8192, unit="tokens", title="Longest own answer"
    )
    temperature: float = setting(1.0, "How freely own answers are written.", minimum=0.1, maximum=2.0)
    again: int = setting(
        0,
        "The model answers anew after so many steps, as it is by then. 0 keeps the base's answers.",
        minimum=0,
        maximum=1_000_000,
        unit="steps",
        title="Answer again every",
    )

    def as_preferences(self) -> PreferenceObjective:
        """The same as a comparison of pairs."""
        return PreferenceObjective(method="dpo", beta=self.beta, likelihood_weight=self.likelihood_weight)


class OwnAnswers(KeptAnswers):
    """The model's own answers to some rows, with their log-probabilities under the base, (rows,)."""

    base: Tensor

    def __init__(self, answers: int, most: int) -> None:
        super().__init__(answers, most)
        self.register_buffer("base", torch.zeros(answers))


class DemonstrationLearner(PreferenceLearner):
    """A base with an adapter that learns, and demonstrations beside what the model itself would say."""

    preparing = "writing answers"

    def __init__(self, base: Base, recipe: Recipe, rows: Rows[PreferenceRow], device: torch.device) -> None:
        self._answering: DemonstrationObjective = recipe.sections["objective"]
        super().__init__(base, recipe, rows, device, self._answering.as_preferences())
        self._own = OwnAnswers(len(rows.train), self._answering.tokens)
        if self._answering.again:
            self.modules = {**self.modules, "answers": self._own}
        self._shown = 0

    def answer(self) -> Iterator[Event]:
        """Let the base answer all prompts, and say what it thinks of both sides."""
        rows = [*self.rows.train, *self.rows.validation]
        answers: list[Answer] = []
        for done in range(0, len(rows), WRITTEN_AT_ONCE):
            yield Progress(done, len(rows), "rows", "Answering itself")
            for so_far in self._written(rows[done : done + WRITTEN_AT_ONCE], done, strength=0.0):
                found = so_far
                yield Progress(done, len(rows), "rows", "Answering itself")
            answers += found
        for row, answer in zip(rows, answers, strict=True):
            row.texts = (row.texts[0], _own_text(row.texts[0], answer.tokens, answer.end))
        yield from self.ask_base()
        self._own.keep(0, answers[: len(self.rows.train)])
        self._own.base.copy_(torch.tensor([row.base[1] for row in self.rows.train]))

    def _written(self, rows: Sequence[PreferenceRow], number: int, strength: float) -> Iterator[list[Answer]]:
        """The answers to some rows' prompts as they come; number: of what is drawn, so that each is drawn anew."""
        self.adapter.chance = None
        seed = generator(self.recipe.training.seed, number, WRITING).initial_seed()
        prompts = [row.texts[0].ids[: row.texts[0].last_answer].tolist() for row in rows]
        room = min(self._answering.tokens, self.model.decoder.shape.context - max(map(len, prompts)))
        writing = write_answers(
            self.model.decoder, prompts, self._ends, max(1, room), temperature=self._answering.temperature, seed=seed
        )
        while True:  # at a strength of its own only while it writes: others may use the adapter between two tokens
            with at_strength(self.adapter, strength):
                so_far = next(writing, None)
            if so_far is None:
                return
            yield so_far

    def prepare(self, step: int) -> Iterator[Event | None]:
        """Answer anew where it is time: the prompts of the steps until the next time."""
        again = self._answering.again
        first = step - (step - 1) % again if again else 1
        if first > 1 and not self._own.of(first):
            yield from self._answer_again(first)
        if self._shown != int(self._own.step):
            self._take_over()

    def _answer_again(self, first: int) -> Iterator[None]:
        training = self.recipe.training
        steps = range(first, first + self._answering.again)
        places = sorted(
            {place for step in steps for place in self.rows.drawn(training.seed, step, training.batch_size)}
        )
        rows = self.rows.train
        for start in range(0, len(places), WRITTEN_AT_ONCE):
            chosen = places[start : start + WRITTEN_AT_ONCE]
            found: list[Answer] = []
            for so_far in self._written([rows[place] for place in chosen], first * len(rows) + start, strength=1.0):
                found = so_far
                yield None
            texts = [
                _own_text(rows[place].texts[0], each.tokens, each.end)
                for place, each in zip(chosen, found, strict=True)
            ]
            with torch.no_grad():
                sums, _ = self.log_probabilities(texts, strength=0.0)
            self._own.put(chosen, found)
            self._own.base[chosen] = sums.cpu()
            yield None
        self._own.step.fill_(first)

    def _take_over(self) -> None:
        """Compare with the answers that are kept from now on."""
        for place, row in enumerate(self.rows.train):
            tokens = self._own.tokens[place, : int(self._own.lengths[place])].tolist()
            row.texts = (row.texts[0], _own_text(row.texts[0], tokens))
            row.base = (row.base[0], float(self._own.base[place]))
        self._shown = int(self._own.step)

    def batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """As pairs have it."""
        for _ in self.prepare(step):
            pass
        return super().batch(step)


def _own_text(demonstration: TokenRow, tokens: Sequence[int], end: int | None = None) -> TokenRow:
    """The prompt of a demonstration with another answer."""
    answer = [*tokens] if end is None else [*tokens, end]
    prompt = demonstration.ids[: demonstration.last_answer]
    learnt = np.append(np.zeros(len(prompt), bool), np.ones(len(answer), bool))
    return TokenRow(np.append(prompt, np.array(answer, np.int32)), learnt)


class DemonstrationFamily(AdapterFamily):
    """Adapters that teach a language model to answer as demonstrations do, and not as it would itself."""

    name = "demonstrations"
    title = "Tuning on demonstrations"
    order = 15
    description = (
        "A language model that is there learns from few answers that people wrote or corrected, each compared with "
        "what the model says by itself. What it learns is an adapter, a small set of numbers beside the model, which "
        "can be put on and taken off."
    )
    objective = (
        "The model answers each question by itself first. Then the answer that a person wrote is to become likelier "
        "than the model's own, compared with what the model thought of both before."
    )
    data_kind = "instructions"
    sections = {"data": ExampleData, "objective": DemonstrationObjective, **SECTIONS_OF_EXAMPLES}
    training_defaults = training_defaults(steps=60, batch_size=4, learning_rate=2e-4, evaluate_every=15)
    texts_per_example = 2
    plots = plots_of_pairs("Demonstration ahead")
    overfits_to = 0.85

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open the base, read the demonstrations as it does, and let it answer their prompts itself."""
        base = yield from open_base(context, workspace, recipe.init)
        reader = base.reader()
        rows = yield from read_rows(
            workspace, recipe.data, lambda *example: [_row(reader, *example)], base.facts.context
        )
        learner = DemonstrationLearner(base, recipe, rows, device)
        yield from learner.answer()
        return learner


def _row(reader: ConversationReader, example: Example, dataset: str, number: int) -> PreferenceRow:
    if not isinstance(example, Instruction):
        raise StudioError(
            f"Dataset {dataset!r} holds preferences, which have two sides already; choose instructions, or tune on "
            "preferences."
        )
    text = conversation_row(reader, example.messages, all_turns=False)
    return PreferenceRow((text, text), True, dataset, number, title_of(example))


FAMILY = DemonstrationFamily()
