"""What all ways of adapting a language model share: a base that stays as it is, and an adapter that learns beside it.

- the base stays packed where it is quantised; what is saved is the adapter, with the base's name and version
- texts of a step stand one after the other in a single row, without padding, and do not see each other; each begins at
  the first position, as it does when one talks to the model
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.families.chance import generator
from fmstudio.families.example_rows import TokenRow
from fmstudio.families.extremes import Numbered, extremes
from fmstudio.families.family import Learner, Network, Phase, Recipe, Retained
from fmstudio.families.old_text import OldText, old_text_of
from fmstudio.families.retention import Retention, RetentionSettings, told
from fmstudio.jobs import Event, JobContext, Note, Sample, TextDelta
from fmstudio.nn.answers import write_answers
from fmstudio.nn.decoder import Decoder, DecoderShape
from fmstudio.nn.embedding_noise import embedding_noise
from fmstudio.nn.lora import LINEAR, Adapter, LoraShape, at_strength, new_adapter
from fmstudio.nn.lora_folder import save_adapter
from fmstudio.nn.token_loss import token_log_probabilities, token_loss
from fmstudio.recipe import setting
from fmstudio.runtimes.adapter_base import AdapterBase, is_adapter, write_base
from fmstudio.runtimes.adapters import TEMPLATE, adapted, sharing
from fmstudio.runtimes.conversation_tokens import ConversationReader, facts_to_chat
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.opened import loading
from fmstudio.runtimes.references import bring, catalogue_model, place_of_model
from fmstudio.runtimes.text import LanguageModel
from fmstudio.runtimes.torch_runtime import TorchRuntime
from fmstudio.runtimes.version import version_of
from fmstudio.workspace import Workspace

NOISE = 25
"""The stream of chance of the noise on embeddings."""

ASKED, ANSWERED = 3, 48
"""Held-back questions that are answered at each validation, and tokens of each answer."""

GROUPS = {"all": LINEAR, "attention": LINEAR[:4], "feed-forward": LINEAR[4:]}


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
    b_rate: float = setting(
        1.0,
        "Learning rate of an adapter's second matrix (B) over that of its first (A). LoRA+ takes 16, with a lower "
        "learning rate: wide models learn B too slowly at one rate for both.",
        minimum=0.01,
        maximum=1000.0,
        logarithmic=True,
        title="Rate of B over A (LoRA+)",
    )
    magnitudes: bool = setting(
        False, "Learn the length of each row apart from its direction (DoRA); slower.", title="Magnitudes apart"
    )

    def rate_of(self, parameter: str) -> float:
        """What the learning rate is multiplied by for a parameter of the adapter (LoRA+, Hayou et al. 2024, equation
        5: η_B = λ η_A)."""
        return self.b_rate if parameter.endswith("lora_B") else 1.0

    def shape(self) -> LoraShape:
        """As the adapter takes it."""
        return LoraShape(
            self.rank, self.alpha, self.dropout, GROUPS[self.layers], self.rank_stabilised, self.magnitudes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningSettings:
    """The [tuning] section: how examples are shown."""

    embedding_noise: float = setting(
        0.0,
        "Noise on what is read of the examples (NEFTune), against learning few of them by heart; usual are 5 to 15. "
        "0 is none.",
        minimum=0.0,
        maximum=1000.0,
    )


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A model, and how one talks to it. facts: with a chat template; `template` is that, where it has none itself."""

    model: LanguageModel
    facts: ModelFacts
    template: str
    identity: AdapterBase

    def reader(self) -> ConversationReader:
        """Reads conversations as the model does."""
        return ConversationReader(self.facts, self.model.tokenizer)


@dataclass(frozen=True, slots=True)
class Base(ChatModel):
    """The model that is adapted. old: what it learnt from, or what stands for that."""

    old: OldText


class AdapterNetwork(Network):
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


class AdapterLearner(AdapterNetwork, Learner):
    """A base with an adapter that learns."""

    unit = "tokens"

    def __init__(self, base: Base, recipe: Recipe, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
        self.model = self.build(base)
        self._ends = base.facts.ends
        self._before: list[str] = []
        self._noise_chance = torch.Generator()
        self.judged: list[tuple[Numbered, float]] = []
        """The held-back rows with the loss that each has had at the last validation."""
        reader, version = base.reader(), base.identity.version
        self._retention = Retention(base.old, base.model.tokenizer, reader, base.facts, version)
        self._replay = self._retention.replay(self._wanted)

    def build(self, base: Base) -> LanguageModel:
        """The model that learns, which leaves the base as it is, and what of it learns."""
        shape: LoraShape = self.recipe.sections["adapter"].shape()
        frozen = LanguageModel(on_device(self.device, base.model.decoder).requires_grad_(False), base.model.tokenizer)
        adapter = new_adapter(frozen.decoder, shape, self.recipe.training.seed).to(self.device)
        super().__init__(adapter, base.identity, base.template)
        return adapted(frozen, adapter)

    @contextmanager
    def at(self, strength: float) -> Iterator[Decoder]:
        """What computes with so much of what was learnt: 0 is the base."""
        with at_strength(self.adapter, strength):
            yield self.model.decoder

    def compile(self) -> None:
        """Rows of every length would be compiled anew."""

    def phase(self, loss: Callable[[Any], tuple[Tensor, Mapping[str, Tensor]]]) -> Phase:
        """The one update of a step: of the adapter, by a loss."""
        settings: AdapterSettings = self.recipe.sections["adapter"]
        return Phase("adapter", self.adapter, loss, settings.rate_of)

    def begin(self, step: int, stream: int) -> None:
        """Draw dropout and noise anew, for a step; stream: of the dropout's chance."""
        seed = self.recipe.training.seed
        self.adapter.chance = generator(seed, step, stream)
        self._noise_chance = generator(seed, step, NOISE)

    @cached_property
    def read_out(self) -> Tensor:
        """The matrix that turns hidden states into logits, (vocabulary, width); unpacked once for all steps."""
        return self.model.decoder.lm_head_weight

    def read_out_at(self, strength: float) -> Tensor:
        """The same of what computes with so much of what was learnt; adapters leave it as it is."""
        return self.read_out

    def read(self, texts: Sequence[np.ndarray], strength: float = 1.0, noisy: bool = False) -> tuple[Tensor, Tensor]:
        """All tokens of some texts, (tokens,), and what the model makes of them, (tokens, width).

        strength: of the adapter; 0 is the base. noisy: with the noise that the recipe wants on examples.
        """
        tokens = torch.from_numpy(np.concatenate(texts).astype(np.int64)).to(self.device)
        lengths = [len(text) for text in texts]
        noise = self._noise(lengths) if noisy else None
        with self.at(strength) as decoder:
            return tokens, decoder.hidden_states(tokens[None], lengths=lengths, noise=noise)[0]

    def _noise(self, lengths: Sequence[int]) -> Tensor | None:
        alpha: float = self.recipe.sections["tuning"].embedding_noise
        if not alpha:
            return None
        width = self.model.decoder.shape.width
        return embedding_noise(lengths, width, alpha, self._noise_chance)[None].to(self.device)

    def places(self, texts: Sequence[TokenRow]) -> Tensor:
        """Where, in texts read one after the other, what follows is to be learnt."""
        return torch.from_numpy(np.flatnonzero(np.concatenate([text.predicted for text in texts]))).to(self.device)

    def log_probabilities(
        self, texts: Sequence[TokenRow], strength: float = 1.0, noisy: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Log-probability of what is learnt of each text, and how many tokens that are, both (texts,)."""
        tokens, hidden = self.read([text.ids for text in texts], strength, noisy)
        places = self.places(texts)
        each = token_log_probabilities(hidden[places], self.read_out_at(strength), tokens[places + 1])
        counts = [int(text.predicted.sum()) for text in texts]
        sums = torch.stack([part.sum() for part in each.split(counts)])
        return sums, torch.tensor(counts, dtype=sums.dtype, device=sums.device)

    def nats(self, texts: Sequence[TokenRow], noisy: bool = False) -> Tensor:
        """The cross-entropy of all learnt tokens of some texts together, in nats."""
        tokens, hidden = self.read([text.ids for text in texts], noisy=noisy)
        places = self.places(texts)
        mean = token_loss(hidden[places], self.read_out, tokens[places + 1])
        return mean * len(places)

    @torch.no_grad()
    def forgotten(self) -> Generator[None, None, Mapping[str, float]]:
        """How much less likely has become what the base knew, in nats a token."""
        return (yield from self._retention.rises(
            lambda texts: self.log_probabilities(texts, 0.0)[0],
            None if self._untouched else lambda texts: self.log_probabilities(texts)[0],
        ))  # fmt: skip

    def old_windows(self, step: int, tokens: int, rows: int = 0) -> Tensor:
        """The old text that a step learns beside its examples of so many tokens, by rows of the batch, (rows, 4); 0 for
        as many as a batch has."""
        training = self.recipe.training
        return self._replay.drawn(training.seed, step, rows or training.batch_size, tokens)

    def with_old(self, loss: Tensor, windows: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of some rows with that of their old text, which counts as its share says, and what it was alone.

        windows: of these rows. A token of old text weighs the same in whichever part of a step it is.
        """
        rows = self._replay.rows(windows)
        if not self._replay.share or not float(windows[0, 3]):
            return loss, {}
        sums = self.log_probabilities(rows)[0].sum() if rows else loss.new_zeros(())
        old = -sums / (float(windows[0, 3]) * len(windows))
        return loss + self._replay.share * old, {"replay/training": old}

    def retained(self, metrics: Mapping[str, float]) -> Retained | None:
        """Whether more was lost than the recipe allows."""
        return told(metrics, self._wanted.allowed, self._retention.old.source)

    @property
    def _untouched(self) -> bool:
        """Whether the adapter does nothing yet."""
        return not any(bool(part.lora_B.any()) for _, part in self.adapter.parts())

    @property
    def _wanted(self) -> RetentionSettings:
        wanted: RetentionSettings = self.recipe.sections["retention"]
        return wanted

    def asked(self) -> Sequence[tuple[str, Sequence[int]]]:
        """Held-back questions, and the tokens that the model reads before it answers each."""
        return ()

    def samples(self, step: int) -> Iterator[Event]:
        """Answers to the same held-back questions each time, the base's and what has become of them; and the held-back
        rows that the model finds hardest and easiest."""
        asked = self.asked()
        prompts = [prompt for _, prompt in asked]
        self._before = self._before or self.answers(prompts, 0.0)
        now = self._before if self._untouched else self.answers(prompts, 1.0)
        answers = [{"question": question, "base": before, "now": after}
                   for (question, _), before, after in zip(asked, self._before, now, strict=True)]  # fmt: skip
        text = "\n\n".join("{question}\nBase: {base}\nNow: {now}".format(**each) for each in answers)
        yield TextDelta(text, name="sample")
        yield Sample("sample", "table", answers, step)
        if self.judged:
            yield Sample("rows", "table", extremes(self.judged), step)

    def answers(self, prompts: Sequence[Sequence[int]], strength: float) -> list[str]:
        """The likeliest answer to each prompt at a strength of the adapter, as far as it is shown."""
        with self.at(strength) as decoder:
            *_, written = [[], *write_answers(decoder, prompts, self._ends, ANSWERED)]
        decode = self.model.tokenizer.decode
        return [str(decode(answer.tokens, skip_special_tokens=True)).strip() for answer in written]


def open_base(context: JobContext, workspace: Workspace, reference: str) -> Generator[Event, None, Base]:
    """The model that a recipe begins from, with what it is measured on lest it forgets."""
    check_base(workspace, reference)
    opened = yield from open_model(context, workspace, reference)
    old = old_text_of(workspace, reference)
    why = f"which {reference} learnt from" if old.known else f"since what {reference} learnt from is not here"
    yield Note(f"What it forgets is measured on {old.source}, {why}, and on general questions.")
    return Base(opened.model, opened.facts, opened.template, opened.identity, old)


def open_model(context: JobContext, workspace: Workspace, reference: str) -> Generator[Event, None, ChatModel]:
    """A model to talk to, which may be an adapter; fetched where it is in the catalogue only."""
    yield from bring(context, workspace, reference)
    path = place_of_model(workspace, reference)
    facts = facts_of(path)
    runtime = (yield from loading(path, "torch")).runtime
    assert isinstance(runtime, TorchRuntime)
    chat = facts_to_chat(facts, runtime.model.tokenizer)
    precision = "quantised" if facts.torch_bytes < 4 * facts.parameters else "float32"
    identity = AdapterBase(reference, str(path.absolute()), version_of(path), precision)
    return ChatModel(runtime.model, chat, "" if facts.chat else chat.template, identity)


def check_base(workspace: Workspace, reference: str) -> None:
    """Raise StudioError where a model cannot be adapted."""
    if not reference:
        raise StudioError("init is empty; name the model to fine-tune, for example smollm2-135m-instruct.")
    if catalogue_model(workspace, reference) is not None:
        return
    path = place_of_model(workspace, reference)
    if is_adapter(path):
        raise StudioError(f"{reference} is an adapter itself; merge it into a model first, or begin from its base.")


def shape_of_base(workspace: Workspace, recipe: Recipe) -> DecoderShape:
    """The shape of the model that a recipe begins from; raises StudioError where our decoder cannot compute it."""
    check_base(workspace, recipe.init)
    facts = facts_of(place_of_model(workspace, recipe.init))
    if facts.shape is None:
        raise StudioError(facts.torch_problem)
    return facts.shape


def on_device(device: torch.device, decoder: Decoder) -> Decoder:
    """A decoder to train beside; the one that others use stays where it is. Packed weights are for processors only."""
    if device.type == "cpu":
        return sharing(decoder)
    copy = Decoder(decoder.shape, seed=None)
    copy.load_state_dict(decoder.state_dict())
    return copy.to(device)
