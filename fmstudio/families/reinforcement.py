"""Reinforcement by rules (GRPO): a model that is there answers, a program judges, and what was better gets likelier.

- each step writes several answers to each of a few prompts, rewards them by rules (`data/tuning/rules.py`), and
  compares the answers to one prompt with each other: nobody has to say what the right answer is
- what was written is a pure function of the seed, the step and the weights, and is part of a checkpoint, since several
  updates may be made from it
- every answer is shown with what each rule gave it and how far it is ahead of the others
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fmstudio.data.tuning.examples import Example, Message, title_of
from fmstudio.data.tuning.rules import RULES, Answered, Rule, judged, rules_that_count, total
from fmstudio.errors import StudioError
from fmstudio.families.adapter_family import SHARED_PLOTS, SHARED_SECTIONS, AdapterFamily, training_defaults
from fmstudio.families.adapting import ASKED, AdapterLearner, Base, open_base
from fmstudio.families.chance import generator
from fmstudio.families.example_rows import ExampleData, Rows, conversation_row, in_portions, read_rows
from fmstudio.families.family import Learner, Phase, Plot, Recipe, ValidationResult
from fmstudio.families.kept_answers import KeptAnswers
from fmstudio.families.policy_losses import base_divergence, clipped_gain, group_advantages, mean_of_answers
from fmstudio.jobs import Event, JobContext, Sample
from fmstudio.nn.answers import Answer, write_answers
from fmstudio.nn.token_loss import divergences, token_log_probabilities
from fmstudio.recipe import DatasetChoice, setting
from fmstudio.runtimes.conversation_tokens import ConversationReader
from fmstudio.workspace import Workspace

DROPOUT, WRITING = 27, 25
"""The streams of chance of the adapter's dropout, and of the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptData(ExampleData):
    """The [data] section: which prompts."""

    datasets: list[DatasetChoice] = setting(
        [], "Whose prompts are answered, instructions or preferences; weights say how often each is drawn.", simple=True
    )
    length: int = setting(
        512, "Longer prompts are left out, and told; none is ever cut.", minimum=8, maximum=131_072, unit="tokens"
    )
    validation_fraction: float = setting(
        0.1, "Part of the prompts held back to measure on.", minimum=0.001, maximum=0.5
    )
    split_seed: int = setting(0, "Which prompts are held back.", minimum=0, maximum=2**31 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyObjective:
    """The [objective] section: how answers are written and compared."""

    method: str = setting(
        "grpo",
        "GRPO measures an answer's lead in standard deviations of its group, and each answer by its own length; "
        "Dr. GRPO does neither, which favours no prompt and no length.",
        choices={"grpo": "GRPO", "dr_grpo": "Dr. GRPO"},
    )
    answers: int = setting(
        8, "Answers to each prompt, which are compared with each other.", minimum=2, maximum=256, simple=True
    )
    tokens: int = setting(
        64,
        "An answer is cut after so many.",
        minimum=1,
        maximum=8192,
        simple=True,
        unit="tokens",
        title="Longest answer",
    )
    temperature: float = setting(
        1.0, "How freely answers are written: where all are alike, nothing can be learnt.", minimum=0.1, maximum=2.0
    )
    updates: int = setting(
        1, "Steps that learn from the same answers before new ones are written.", minimum=1, maximum=64,
        title="Updates from a group",
    )  # fmt: skip
    clip: float = setting(
        0.2,
        "With several updates, how far an answer's odds may move before it is left alone.",
        minimum=0.01,
        maximum=10.0,
    )
    beta: float = setting(0.04, "How strongly the model is held to its base. 0 lets it go.", minimum=0.0, maximum=10.0)
    asked: int = setting(
        16, "Held-back prompts that are answered at each validation.", minimum=1, maximum=10_000, unit="prompts",
        title="Asked at validations",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PromptRow:
    """A prompt as the model reads it before it answers, (tokens,), with the answer that the data have."""

    ids: np.ndarray
    expected: str
    dataset: str
    number: int
    question: str

    @property
    def longest(self) -> int:
        """Its tokens."""
        return len(self.ids)


class Group(KeptAnswers):
    """The answers of a step with what rules gave each, (answers, rules), and with the log-probabilities of their tokens
    under the model that wrote them and under its base, (answers, tokens)."""

    rewards: Tensor
    then: Tensor
    base: Tensor

    def __init__(self, answers: int, most: int, rules: int) -> None:
        super().__init__(answers, most)
        self.register_buffer("rewards", torch.zeros(answers, rules))
        self.register_buffer("then", torch.zeros(answers, most))
        self.register_buffer("base", torch.zeros(answers, most))


class ReinforcementLearner(AdapterLearner):
    """A base with an adapter that learns, the prompts that it answers, and the rules that judge."""

    preparing = "writing answers"

    def __init__(
        self, base: Base, recipe: Recipe, rows: Rows[PromptRow], rules: Mapping[str, Rule], device: torch.device
    ) -> None:
        super().__init__(base, recipe, device)
        self.rows, self.rules = rows, rules
        self._objective: PolicyObjective = recipe.sections["objective"]
        self._weights = torch.tensor([rule.weight for rule in rules.values()])
        answers = recipe.training.batch_size * self._objective.answers
        self.group = Group(answers, self._objective.tokens, len(rules))
        self.modules = {**self.modules, "answers": self.group}
        mean = sum(row.longest for row in rows.train) / len(rows.train)
        self.units_per_step = max(1, round((mean + self._objective.tokens) * answers))

    def phases(self) -> list[Phase]:
        """One: the adapter, by what its answers gained."""
        return [self.phase(self._loss)]

    def _first(self, step: int) -> int:
        """The step whose answers a step learns from."""
        return step - (step - 1) % self._objective.updates

    def _places(self, first: int) -> list[int]:
        """The prompts of a group, each as often as it is answered."""
        wanted, training = self._objective, self.recipe.training
        drawn = self.rows.drawn(training.seed, (first - 1) // wanted.updates + 1, training.batch_size)
        return [place for place in drawn for _ in range(wanted.answers)]

    def prepare(self, step: int) -> Iterator[Event | None]:
        """Write the answers that the step learns from, and judge them."""
        first, wanted = self._first(step), self._objective
        if self.group.of(first):
            return
        self.adapter.chance = None
        places = self._places(first)
        prompts = [self.rows.train[place].ids.tolist() for place in places[:: wanted.answers]]
        seed = generator(self.recipe.training.seed, first, WRITING).initial_seed()
        writing = write_answers(
            self.model.decoder, prompts, self._ends, wanted.tokens, temperature=wanted.temperature, seed=seed,
            each=wanted.answers,
        )  # fmt: skip
        answers: list[Answer] = []
        for so_far in writing:
            answers = so_far
            yield None
        rewards = [self._judge(self.rows.train[place], answer) for place, answer in zip(places, answers, strict=True)]
        self.group.rewards.copy_(torch.tensor([list(each.values()) for each in rewards]))
        yield from self._look_back(places, answers)
        self.group.keep(first, answers)
        yield Sample("group", "table", self._told(places, answers, rewards), step)

    def _judge(self, row: PromptRow, answer: Answer) -> dict[str, float]:
        return judged(self.rules, Answered(self._text(answer), answer.ended, row.expected))

    def _text(self, answer: Answer) -> str:
        return str(self.model.tokenizer.decode(answer.tokens, skip_special_tokens=True)).strip()

    @torch.no_grad()
    def _look_back(self, places: Sequence[int], answers: Sequence[Answer]) -> Iterator[None]:
        """What the model as it is now, and its base, think of each token: needed only where they are compared with."""
        group, wanted = self.group, self._objective
        group.keep(0, answers)
        for kept, strength, needed in ((group.then, 1.0, wanted.updates > 1), (group.base, 0.0, wanted.beta > 0)):
            for part in torch.arange(len(places)).split(wanted.answers) if needed else ():
                chosen = [places[number] for number in part.tolist()]
                kept[part] = self._of_answers(chosen, group.tokens[part], group.lengths[part], strength).cpu()
                yield None

    def _told(
        self, places: Sequence[int], answers: Sequence[Answer], rewards: Sequence[Mapping[str, float]]
    ) -> list[dict[str, object]]:
        """The answers as rows to look at, those to one prompt together."""
        told = zip(places, answers, rewards, self._advantages().tolist(), strict=True)
        return [
            {
                "prompt": self.rows.train[place].question, "answer": self._text(answer), "ended": answer.ended,
                "rewards": dict(each), "reward": total(self.rules, each), "advantage": advantage,
            }
            for place, answer, each, advantage in told
        ]  # fmt: skip

    def _advantages(self) -> Tensor:
        rewards = (self.group.rewards @ self._weights).view(-1, self._objective.answers)
        return group_advantages(rewards, self._objective.method == "grpo").flatten()

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """(tokens, lengths, places of the prompts, advantages, rewards, π when they were written, π of the base, old
        text), each of (answers, …)."""
        for _ in self.prepare(step):
            pass
        self.begin(step, DROPOUT)
        group, places = self.group, torch.tensor(self._places(self._first(step)))
        found = (group.tokens, group.lengths, places, self._advantages(), group.rewards, group.then, group.base)
        read = int(group.lengths.sum()) + sum(self.rows.train[place].longest for place in places.tolist())
        return *(each.clone() for each in found), self.old_windows(step, read, rows=len(places))

    def _loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Mapping[str, Tensor]]:
        tokens, lengths, places, advantages, rewards, then, base, windows = batch
        wanted, device = self._objective, self.device
        now = self._of_answers(places.tolist(), tokens, lengths)
        written = (torch.arange(tokens.shape[1]) < lengths[:, None]).to(device)
        before = then.to(device) if wanted.updates > 1 else now.detach()
        gains = clipped_gain(now, before, advantages.to(device), wanted.clip)
        divergence = base_divergence(now, base.to(device)) if wanted.beta else torch.zeros_like(now)
        longest = 0 if wanted.method == "grpo" else wanted.tokens
        loss = mean_of_answers(wanted.beta * divergence - gains, written, longest).mean()
        whole, old = self.with_old(loss, windows)
        told = {"loss/training": loss, "reward/training": (rewards @ self._weights).mean()}
        told |= {f"rule/{name}": each for name, each in zip(self.rules, rewards.mean(dim=0), strict=True)}
        told |= {"length/training": lengths.float().mean()}
        if wanted.beta:
            told |= {"divergence/training": mean_of_answers(divergence, written).mean()}
        return whole, told | old

    def _of_answers(self, places: Sequence[int], tokens: Tensor, lengths: Tensor, strength: float = 1.0) -> Tensor:
        """The log-probability of each token of some answers at the temperature at which they are written, (answers,
        tokens), zero beyond their ends. tokens: (answers, tokens), lengths: (answers,)."""
        prompts = [self.rows.train[place].ids for place in places]
        answers = [each[:length].numpy() for each, length in zip(tokens, lengths.tolist(), strict=True)]
        texts = [np.concatenate(both) for both in zip(prompts, answers, strict=True)]
        read, hidden = self.read(texts, strength)
        ends = np.cumsum([len(text) for text in texts])
        spans = [np.arange(end - len(answer) - 1, end - 1) for end, answer in zip(ends, answers, strict=True)]
        chosen = torch.from_numpy(np.concatenate(spans)).to(self.device)
        scaled = hidden[chosen] / self._objective.temperature
        each = token_log_probabilities(scaled, self.read_out, read[chosen + 1])
        written = (torch.arange(tokens.shape[1]) < lengths[:, None]).to(self.device)
        return each.new_zeros(written.shape).masked_scatter(written, each)

    @torch.no_grad()
    def validate(self) -> Generator[None, None, ValidationResult]:
        """What the rules give the likeliest answers to held-back prompts, and how far these are from the base."""
        rows = self.rows.validation[: self._objective.asked]
        answers: list[Answer] = []
        prompts = [row.ids.tolist() for row in rows]
        for so_far in write_answers(self.model.decoder, prompts, self._ends, self._objective.tokens):
            answers = so_far
            yield
        rewards = [self._judge(row, answer) for row, answer in zip(rows, answers, strict=True)]
        reward = sum(total(self.rules, each) for each in rewards) / len(rows)
        nats, tokens = 0.0, 0
        written = [Written(row.ids, answer) for row, answer in zip(rows, answers, strict=True)]
        for portion in in_portions(written):
            each = self._divergences(portion)
            nats, tokens = nats + float(each.sum()), tokens + len(each)
            yield
        told = {f"held_back/{name}": sum(each[name] for each in rewards) / len(rows) for name in self.rules}
        lengths = sum(len(answer.tokens) for answer in answers) / len(rows)
        told |= {
            "reward/validation": reward, "length/validation": lengths, "divergence/validation": nats / max(1, tokens),
            "ended/validation": sum(answer.ended for answer in answers) / len(rows),
        }  # fmt: skip
        return ValidationResult(-reward, told)

    def _divergences(self, texts: Sequence["Written"]) -> Tensor:
        """How far the model is from its base at each token that it wrote, in nats, (tokens,)."""
        ids = [np.concatenate([text.prompt, np.array(text.answer.tokens, np.int64)]) for text in texts]
        ends = np.cumsum([len(each) for each in ids])
        spans = [np.arange(end - len(text.answer.tokens) - 1, end) for end, text in zip(ends, texts, strict=True)]
        places = torch.from_numpy(np.concatenate(spans)).to(self.device)
        now, before = (self.read(ids, strength)[1][places] for strength in (1.0, 0.0))
        return divergences(now, before, self.read_out)

    def asked(self) -> list[tuple[str, list[int]]]:
        """The first held-back prompts, each once."""
        return list({row.question: row.ids.tolist() for row in self.rows.validation}.items())[:ASKED]


@dataclass(frozen=True, slots=True)
class Written:
    """An answer behind its prompt."""

    prompt: np.ndarray
    answer: Answer

    @property
    def longest(self) -> int:
        """Tokens of both."""
        return len(self.prompt) + len(self.answer.tokens)


class ReinforcementFamily(AdapterFamily):
    """Adapters that teach a language model to answer by rules that a program can check."""

    name = "reinforcement"
    title = "Reinforcement by rules"
    order = 16
    description = (
        "A language model that is there answers prompts several times, and a program rewards what keeps your rules: at "
        "most so many words, valid JSON, the right number. What it learns is an adapter, a small set of numbers beside "
        "the model, which can be put on and taken off."
    )
    objective = (
        "The model answers the same prompt several times, rules that a program checks reward each answer, and those "
        "that got more than the others become likelier. Nobody has to write the right answer: the rules are yours."
    )
    data_kind = "instructions"
    also_reads = ("preferences",)
    sections = {"data": PromptData, "objective": PolicyObjective, **RULES, **SHARED_SECTIONS}
    training_defaults = training_defaults(
        steps=60, batch_size=2, learning_rate=2e-4, accumulation=4, warmup_steps=5, evaluate_every=10,
        checkpoint_every=10, schedule="constant",
    )  # fmt: skip
    plots = (
        Plot("reward", "Reward", "sum of the rules by weight"),
        Plot("rule", "Reward by rule", "0 to 1"),
        Plot("held_back", "Reward by rule, held back", "0 to 1", tab="Held back"),
        Plot("length", "Length of answers", "tokens"),
        Plot("ended", "Answers that end by themselves", "share", tab="Ended"),
        Plot("divergence", "Divergence from the base", "nats per token"),
        Plot("loss", "Loss", "nats per token of an answer"),
        *SHARED_PLOTS,
    )

    def units_per_step(self, recipe: Recipe) -> int:
        """Tokens that one step reads at a guess: prompts are short beside what fits."""
        wanted: PolicyObjective = recipe.sections["objective"]
        return int(recipe.training.batch_size) * wanted.answers * (wanted.tokens + int(recipe.data.length) // 8)

    def _tokens_of(self, workspace: Workspace, recipe: Recipe) -> int:
        wanted: PolicyObjective = recipe.sections["objective"]
        return super()._tokens_of(workspace, recipe) * wanted.answers + (
            int(recipe.training.batch_size) * wanted.answers * wanted.tokens
        )

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open the base, read the prompts as it does, and put a new adapter beside it."""
        rules = rules_that_count(recipe.sections)
        base = yield from open_base(context, workspace, recipe.init)
        room = base.facts.context - recipe.sections["objective"].tokens
        if room < 1:
            raise StudioError(
                f"objective.tokens is {recipe.sections['objective'].tokens}, but {recipe.init} reads "
                f"{base.facts.context} tokens in all; choose fewer, so that there is room for a prompt."
            )
        reader = base.reader()
        rows = yield from read_rows(workspace, recipe.data, lambda *example: [_row(reader, *example)], room)
        return ReinforcementLearner(base, recipe, rows, rules, device)


def _row(reader: ConversationReader, example: Example, dataset: str, number: int) -> PromptRow:
    text = conversation_row(reader, (*example.prompt, Message("assistant", example.answers[0])), all_turns=False)
    return PromptRow(text.ids[: text.last_answer], example.answers[0], dataset, number, title_of(example))


FAMILY = ReinforcementFamily()
