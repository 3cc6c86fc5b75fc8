"""Fine-tuning on instructions: a model that is there learns to answer as examples do, by an adapter beside it.

- data: conversations; only the answers, with the token that ends each, carry loss
- packing: the conversations of a step stand one after the other in a single row, without padding, and do not see each
  other; each begins at the first position, as it does when one talks to the model
- the base stays as it is, packed where it is quantised; what is saved is the adapter, with the base's name and version
- a loss in parts is the loss of the whole: it is divided by the learnt tokens of the whole step
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fmstudio.data.catalogue import fetch
from fmstudio.data.tuning.examples import Instruction, Message
from fmstudio.data.tuning.opened import open_examples
from fmstudio.errors import StudioError
from fmstudio.families.chance import generator
from fmstudio.families.family import Family, Learner, Network, Phase, Plot, Recipe, ValidationResult
from fmstudio.families.instruction_rows import InstructionRows, TokenRow, read_rows
from fmstudio.jobs import Event, JobContext, Sample, TextDelta
from fmstudio.jobs.context import Job
from fmstudio.nn.decoder import Decoder, DecoderShape
from fmstudio.nn.generation import generate_tokens
from fmstudio.nn.lora import LINEAR, Adapter, LoraShape, new_adapter
from fmstudio.nn.lora_folder import load_adapter, save_adapter
from fmstudio.nn.token_loss import token_loss
from fmstudio.recipe import DatasetChoice, setting
from fmstudio.runtimes.adapter_base import AdapterBase, base_of, is_adapter, path_of_base, write_base
from fmstudio.runtimes.adapters import TEMPLATE, adapted, sharing
from fmstudio.runtimes.conversation_tokens import ConversationReader, facts_to_chat
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.opened import loading
from fmstudio.runtimes.references import catalogue_model, place_of_model
from fmstudio.runtimes.text import LanguageModel, TextSampling, stream_text
from fmstudio.runtimes.torch_runtime import TorchRuntime, load_for_torch
from fmstudio.runtimes.version import version_of
from fmstudio.workspace import Workspace

DROPOUT = 22
"""The stream of chance of the adapter's dropout."""

VALIDATED_AT_ONCE = 2048
"""Tokens that a validation reads before other jobs may go first."""

ASKED, ANSWERED = 3, 48
"""Held-back questions that are answered at each validation, and tokens of each answer."""

GROUPS = {"all": LINEAR, "attention": LINEAR[:4], "feed-forward": LINEAR[4:]}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionData:
    """The [data] section: which conversations, and what of them is learnt."""

    datasets: list[DatasetChoice] = setting(
        [], "The conversations to learn from; weights say how often each set is drawn.", simple=True
    )
    turns: str = setting(
        "all",
        "Which answers of a conversation are learnt.",
        choices={"all": "Every answer", "last": "The last answer"},
    )
    length: int = setting(
        1024,
        "Conversations of more tokens are left out, and told; none is ever cut.",
        minimum=16,
        maximum=131_072,
        unit="tokens",
    )
    validation_fraction: float = setting(
        0.1, "Part of the conversations held back to measure on.", minimum=0.001, maximum=0.5
    )
    split_seed: int = setting(0, "Which conversations are held back.", minimum=0, maximum=2**31 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSettings:
    """The [adapter] section: the shape of what is learnt beside the base."""

    rank: int = setting(
        16, "Rows of each low-rank matrix: how much an adapter can hold.", minimum=1, maximum=1024, simple=True
    )
    alpha: float = setting(
        32.0, "Strength of the adapter, in relation to its rank.", minimum=0.001, maximum=65_536, title="Alpha"
    )
    dropout: float = setting(0.0, "Part of the adapter's inputs left out at each step.", minimum=0.0, maximum=0.9)
    layers: str = setting(
        "all",
        "Which linear layers are adapted.",
        choices={"all": "All", "attention": "Attention", "feed-forward": "Feed-forward"},
    )
    rank_stabilised: bool = setting(
        False, "Divide by the rank's root instead of the rank (rsLoRA), for large ranks.", title="Rank-stabilised"
    )
    magnitudes: bool = setting(
        False, "Learn the length of each row apart from its direction (DoRA); slower.", title="Magnitudes apart"
    )

    def shape(self) -> LoraShape:
        """As the adapter takes it."""
        return LoraShape(
            self.rank, self.alpha, self.dropout, GROUPS[self.layers], self.rank_stabilised, self.magnitudes
        )


@dataclass(frozen=True, slots=True)
class Base:
    """The model that is adapted. facts: with a chat template; `template` is that, where the model has none itself."""

    model: LanguageModel
    facts: ModelFacts
    template: str
    identity: AdapterBase

    def reader(self) -> ConversationReader:
        """Reads conversations as the model does."""
        return ConversationReader(self.facts, self.model.tokenizer)


class InstructionNetwork(Network):
    """An adapter, and what it was made for."""

    def __init__(self, adapter: Adapter, base: AdapterBase, template: str) -> None:
        """template: the chat template, where the base has none."""
        self.adapter, self._base, self._template = adapter, base, template
        self.modules = {"adapter": adapter}

    def meaning(self) -> Mapping[str, Any]:
        """The base, and with it the vocabulary."""
        return {"bases": self._base.version}

    def save(self, folder: Path) -> None:
        """Write the adapter in PEFT's layout, with what it was made for."""
        save_adapter(self.adapter, folder, self._base.reference)
        write_base(folder, self._base)
        if self._template:
            (folder / TEMPLATE).write_text(self._template, "utf-8")


class InstructionLearner(InstructionNetwork, Learner):
    """A base with an adapter that learns, and the conversations that it learns from."""

    unit = "tokens"

    def __init__(self, base: Base, recipe: Recipe, rows: InstructionRows, device: torch.device) -> None:
        shape: LoraShape = recipe.sections["adapter"].shape()
        frozen = LanguageModel(sharing(base.model.decoder).requires_grad_(False), base.model.tokenizer)
        adapter = new_adapter(frozen.decoder, shape, recipe.training.seed)
        super().__init__(adapter, base.identity, base.template)
        self.model = adapted(frozen, adapter)
        self.model.decoder.to(device)
        adapter.to(device)
        self._ends = base.facts.ends
        self._recipe, self.rows, self._device = recipe, rows, device
        mean = sum(map(len, rows.train)) / len(rows.train)
        self.units_per_step = max(1, round(mean * recipe.training.batch_size))
        self._orders: dict[int, np.ndarray] = {}
        self._before: dict[int, str] = {}

    def compile(self) -> None:
        """Rows of every length would be compiled anew."""

    def phases(self) -> list[Phase]:
        """One: the adapter, by the cross-entropy of the answers' tokens."""
        return [Phase("adapter", self.adapter, self._loss)]

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """(places of the rows, learnt tokens that a row of the step has on average), both (batch,)."""
        training = self._recipe.training
        self.adapter.chance = generator(training.seed, step, DROPOUT)
        places = [self._place(training.seed, (step - 1) * training.batch_size + each) for each in
                  range(training.batch_size)]  # fmt: skip
        learnt = sum(int(self.rows.train[place].learnt[1:].sum()) for place in places)
        return torch.tensor(places), torch.full((len(places),), learnt / len(places))

    def _place(self, seed: int, number: int) -> int:
        """The row that is drawn as the `number`th of the run."""
        per_epoch = len(self._order(seed, 0))
        epoch, place = divmod(number, per_epoch)
        return int(self._order(seed, epoch)[place])

    def _order(self, seed: int, epoch: int) -> np.ndarray:
        if epoch not in self._orders:
            first = self._orders.get(0)
            self._orders = {epoch: self.rows.epoch(seed, epoch)} | ({} if first is None else {0: first})
        return self._orders[epoch]

    def _loss(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
        places, learnt_each = batch
        rows = [self.rows.train[place] for place in places.tolist()]
        loss = self._nats(rows) / (float(learnt_each[0]) * len(rows))
        return loss, {"loss/training": loss}

    def _nats(self, rows: Sequence[TokenRow]) -> Tensor:
        """The cross-entropy of all learnt tokens of some rows together, in nats."""
        tokens = torch.from_numpy(np.concatenate([row.ids for row in rows]).astype(np.int64)).to(self._device)
        # What stands before a learnt token predicts it; the first token of a row has nothing before it.
        learnt = np.concatenate([np.append(row.learnt[1:], False) for row in rows])
        places = torch.from_numpy(np.flatnonzero(learnt)).to(self._device)
        hidden = self.model.decoder.hidden_states(tokens[None], lengths=[len(row) for row in rows])[0]
        mean = token_loss(hidden[places], self.model.decoder.lm_head_weight, tokens[places + 1])
        return mean * len(places)

    @torch.no_grad()
    def validate(self) -> Generator[None, None, ValidationResult]:
        """The loss of the held-back answers, in nats a token."""
        nats, learnt = 0.0, 0
        for rows in _in_portions(self.rows.validation, VALIDATED_AT_ONCE):
            nats += float(self._nats(rows))
            learnt += sum(int(row.learnt[1:].sum()) for row in rows)
            yield
        loss = nats / learnt
        return ValidationResult(loss, {"loss/validation": loss, "perplexity/validation": float(np.exp(min(loss, 700)))})

    def samples(self, step: int) -> Iterator[Event]:
        """Answers to the same held-back questions each time: the base's, and what has become of them."""
        told = []
        for place, row in enumerate(self.rows.validation[:ASKED]):
            prompt = row.ids[: row.last_answer].tolist()
            if place not in self._before:
                self._before[place] = self._answer(prompt, 0.0)
            told.append(f"{row.question}\nBase: {self._before[place]}\nNow: {self._answer(prompt, 1.0)}")
        text = "\n\n".join(told)
        yield TextDelta(text, name="sample")
        yield Sample("sample", "text", text, step)

    @torch.no_grad()
    def _answer(self, prompt: list[int], strength: float) -> str:
        """What the model answers at a strength of the adapter, always its likeliest token."""
        was, self.adapter.strength = self.adapter.strength, strength
        try:
            room = self.model.decoder.shape.context - len(prompt)
            drawn = generate_tokens(self.model.decoder, prompt, temperature=0.0)
            answer = []
            for _, token in zip(range(min(ANSWERED, room)), drawn, strict=False):
                if token in self._ends:
                    break
                answer.append(token)
        finally:
            self.adapter.strength = was
        text: str = self.model.tokenizer.decode(answer, skip_special_tokens=True)
        return text.strip()


class InstructionFamily(Family):
    """Adapters that teach a language model to answer as examples do."""

    name = "instructions"
    title = "Fine-tuning on instructions"
    order = 12
    makes = "language"
    begins_from = "language"
    description = (
        "A language model that is there learns from conversations how to answer. What it learns is an adapter, a small "
        "set of numbers beside the model, which can be put on and taken off."
    )
    objective = (
        "The model reads a whole conversation and is asked for each token of the answers; the questions are given. "
        "People wrote, chose or corrected the answers."
    )
    data_kind = "instructions"
    can_continue = True
    sections = {"data": InstructionData, "adapter": AdapterSettings}
    training_defaults = {
        "steps": 200, "batch_size": 8, "optimiser": "adamw", "learning_rate": 5e-4, "adam_beta2": 0.99,
        "warmup_steps": 10, "schedule": "cosine", "evaluate_every": 25, "checkpoint_every": 50,
    }  # fmt: skip
    sizes = {
        "Small": {"adapter.rank": 4, "adapter.alpha": 8.0},
        "Medium": {"adapter.rank": 16, "adapter.alpha": 32.0},
        "Large": {"adapter.rank": 64, "adapter.alpha": 128.0},
    }
    plots = (
        Plot("loss", "Loss", "nats per token of an answer"),
        Plot("perplexity", "Perplexity", "tokens to choose among"),
        Plot("learning_rate", "Learning rate", "", small=True),
        Plot("gradient_norm", "Gradient norm", "", small=True),
        Plot("tokens_per_second", "Speed", "tokens/s", small=True),
    )
    overfits_to = 0.7
    card = {"library_name": "peft", "pipeline_tag": "text-generation"}
    sampling = TextSampling

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open the base, read the conversations as it does, and put a new adapter beside it."""
        base = yield from open_base(context, workspace, recipe.init)
        data: InstructionData = recipe.data
        rows = yield from read_rows(
            workspace, data.datasets, base.reader(), all_turns=data.turns == "all",
            longest=min(data.length, base.facts.context), fraction=data.validation_fraction, seed=data.split_seed,
        )  # fmt: skip
        return InstructionLearner(base, recipe, rows, device)

    def network(self, recipe: Recipe, folder: Path) -> Network:
        """The adapter of a folder."""
        path_of_base(folder)  # raises where it is another by now
        template = folder / TEMPLATE
        told = template.read_text("utf-8") if template.is_file() else ""
        return InstructionNetwork(load_adapter(folder).requires_grad_(True), base_of(folder), told)

    def continued(self, workspace: Workspace, recipe: Recipe) -> Recipe:
        """Nothing of the recipe is decided by the base."""
        check_base(workspace, recipe.init)
        return recipe

    def outline(self, workspace: Workspace, recipe: Recipe) -> nn.Module:
        """The adapter's shapes."""
        shape = _shape_of(workspace, recipe)
        with torch.device("meta"):
            return new_adapter(Decoder(shape, None), recipe.sections["adapter"].shape())

    def activation_bytes(self, workspace: Workspace, recipe: Recipe) -> int:
        """About 10 widths and 5 hidden widths a token and layer, and thrice the logits of a third of the tokens."""
        shape = _shape_of(workspace, recipe)
        per_token = shape.layers * (10 * shape.width + 5 * shape.hidden_width) + shape.vocabulary_size
        return 4 * per_token * self.units_per_step_of(workspace, recipe) // int(recipe.training.accumulation)

    def units_per_step(self, recipe: Recipe) -> int:
        """Tokens that one step reads, at a guess: half as many a row as fit."""
        return int(recipe.training.batch_size) * int(recipe.data.length) // 4

    def units_per_step_of(self, workspace: Workspace, recipe: Recipe) -> int:
        """The same from what the datasets hold: four letters to a token."""
        records = [workspace.dataset(choice.name) for choice in recipe.data.datasets]
        rows = sum(record.items for record in records)
        mean = sum(record.bytes for record in records) / 4 / max(1, rows)
        return max(1, round(min(mean, recipe.data.length) * int(recipe.training.batch_size)))

    def illustrate(self, context: JobContext, workspace: Workspace, recipe: Recipe) -> Generator[Event, None, None]:
        """A real conversation: what the model reads, and the token that it must say after each of an answer's."""
        base = yield from open_base(context, workspace, recipe.init)
        if not recipe.data.datasets:
            raise StudioError("data.datasets is empty; name at least one dataset of instructions of the workspace.")
        name = recipe.data.datasets[0].name
        with open_examples(workspace, name) as examples:
            example, source = examples[0], examples.source(0)
        messages = Instruction((*example.prompt, Message("assistant", example.answers[0]))).as_json()["messages"]
        tokens = base.reader().read(messages, recipe.data.turns == "all")
        first = next(place for place, token in enumerate(tokens) if token.learnt)
        shown = [{"id": token.id, "text": token.text} for token in tokens[first - 1 : first + 23]]
        told = {"inputs": shown[:-1], "targets": shown[1:], "source": f"{source}, in {name}"}
        yield Sample("objective", "objective", told)

    def sample(self, context: JobContext, folder: Path, settings: TextSampling, device: torch.device) -> Job:
        """Continue `settings.prompt` with the adapter."""
        return stream_text(context, load_for_torch(facts_of(folder)), settings, device)


def open_base(context: JobContext, workspace: Workspace, reference: str) -> Generator[Event, None, Base]:
    """The model that a recipe begins from, fetched where it is in the catalogue only, and its identity."""
    if not reference:
        raise StudioError("init is empty; name the model to fine-tune, for example smollm2-135m-instruct.")
    item = catalogue_model(workspace, reference)
    if item is not None and not item.fetched:
        yield from fetch(context, item.name)
    check_base(workspace, reference)
    path = place_of_model(workspace, reference)
    facts = facts_of(path)
    runtime = (yield from loading(path, "torch")).runtime
    assert isinstance(runtime, TorchRuntime)
    chat = facts_to_chat(facts, runtime.model.tokenizer)
    precision = "quantised" if facts.torch_bytes < 4 * facts.parameters else "float32"
    identity = AdapterBase(reference, str(path.absolute()), version_of(path), precision)
    return Base(runtime.model, chat, "" if facts.chat else chat.template, identity)


def check_base(workspace: Workspace, reference: str) -> None:
    """Raise StudioError where a model cannot be adapted."""
    if catalogue_model(workspace, reference) is not None:
        return
    path = place_of_model(workspace, reference)
    if is_adapter(path):
        raise StudioError(f"{reference} is an adapter itself; merge it into a model first, or begin from its base.")


def _shape_of(workspace: Workspace, recipe: Recipe) -> DecoderShape:
    check_base(workspace, recipe.init)
    facts = facts_of(place_of_model(workspace, recipe.init))
    if facts.shape is None:
        raise StudioError(facts.torch_problem)
    return facts.shape


def _in_portions(rows: Sequence[TokenRow], tokens: int) -> Iterator[list[TokenRow]]:
    """Rows together as long as they have so many tokens at most; a longer one is alone."""
    portion: list[TokenRow] = []
    for row in rows:
        if portion and sum(map(len, portion)) + len(row) > tokens:
            yield portion
            portion = []
        portion.append(row)
    if portion:
        yield portion


FAMILY = InstructionFamily()
