"""Continued pre-training beside a base: a model that is there reads more text, and an adapter keeps what it learns.

- data and objective are those of pre-training: windows of running text, at each place the cross-entropy of what comes
  next; the tokens are the base's own, so any base will do, packed ones too
- where a base wants a token that begins every text, it stands before each window and is not learnt
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fmstudio.data.tokens import TokenisedMixture, tokenised
from fmstudio.errors import StudioError
from fmstudio.families.adapter_family import SECTIONS_OF_EXAMPLES, SHARED_PLOTS, AdapterFamily, training_defaults
from fmstudio.families.adapting import ASKED, AdapterLearner, Base, check_base, open_base, open_model
from fmstudio.families.example_rows import READ_AT_ONCE, TokenRow
from fmstudio.families.family import Learner, Phase, Plot, Recipe, ValidationResult
from fmstudio.families.language import TextData
from fmstudio.families.running_text import TextWindows, shown_line
from fmstudio.jobs import Event, JobContext, Sample
from fmstudio.recipe import setting
from fmstudio.runtimes.tokens import begun
from fmstudio.workspace import Workspace

DROPOUT = 26
"""The stream of chance of the adapter's dropout."""

BEGINNING = 24
"""Tokens of held-back text that are continued at each validation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuedData(TextData):
    """The [data] section: which texts, and how much of them is read at once."""

    validation_tokens: int = setting(
        8_192,
        "How many of the held-back tokens each validation reads, spread evenly over all of them.",
        minimum=64,
        maximum=100_000_000,
        unit="tokens",
    )
    context: int = setting(
        256,
        "How many tokens of a text are learnt together.",
        minimum=8,
        maximum=131_072,
        unit="tokens",
        title="Context",
    )


class ContinuedLearner(AdapterLearner):
    """A base with an adapter that learns, and the texts that it reads."""

    def __init__(self, base: Base, recipe: Recipe, data: TokenisedMixture, device: torch.device) -> None:
        super().__init__(base, recipe, device)
        context = min(recipe.data.context, base.facts.context - 2)
        self._windows = TextWindows(data.parts, base.model.tokenizer, context, "data.context")
        self._first = base.facts.first_token
        self.units_per_step = recipe.training.batch_size * context

    def phases(self) -> list[Phase]:
        """One: the adapter, by the next token's cross-entropy."""
        return [self.phase(self._loss)]

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Windows at random places, (batch, context + 1), and old text."""
        training = self.recipe.training
        self.begin(step, DROPOUT)
        windows = self._windows.drawn(training.seed, step, training.batch_size)
        return windows, self.old_windows(step, self.units_per_step)

    def _loss(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
        windows, old = batch
        loss = self._mean(windows, noisy=True)
        whole, told = self.with_old(loss, old)
        return whole, {"loss/training": loss, **told}

    def _mean(self, windows: Tensor, noisy: bool = False) -> Tensor:
        """The loss of some windows, in nats a token."""
        return self.nats([self._row(window) for window in windows.numpy()], noisy) / windows[:, 1:].numel()

    def _row(self, window: np.ndarray) -> TokenRow:
        ids = np.array(begun(window.tolist(), self._first), np.int32)
        return TokenRow(ids, np.arange(len(ids)) > len(ids) - len(window))

    @torch.no_grad()
    def validate(self) -> Generator[None, None, ValidationResult]:
        """Loss on the mixture's held-back text, weighted as it is trained on."""
        at_once = max(1, READ_AT_ONCE // self._windows.context)
        found = yield from self._windows.measure_all(self._mean, self.recipe.data.validation_tokens, at_once)
        return ValidationResult(found["loss/validation"], found)

    def asked(self) -> list[tuple[str, list[int]]]:
        """Beginnings of held-back text."""
        text = self._windows.parts[0].validation
        starts = np.linspace(0, max(0, len(text) - BEGINNING), ASKED).astype(np.int64)
        pieces = [text[start : start + BEGINNING].tolist() for start in starts]
        return [(self.model.tokenizer.decode(piece), begun(piece, self._first)) for piece in pieces]


class ContinuedFamily(AdapterFamily):
    """Adapters that have read more text."""

    name = "continued"
    title = "Continued pre-training, by an adapter"
    order = 11
    description = (
        "A language model that is there goes on reading: your field, your language, your style. What it learns is an "
        "adapter, a small set of numbers beside the model, which can be put on and taken off."
    )
    objective = (
        "As in pre-training every piece of text is its own lesson: the model sees the tokens so far and is asked for "
        "the next one. Nobody labels anything."
    )
    data_kind = "text"
    sections = {"data": ContinuedData, **SECTIONS_OF_EXAMPLES}
    training_defaults = training_defaults(batch_size=4)
    plots = (
        Plot("loss", "Loss", "nats per token", tab="Nats"),
        Plot("bits_per_byte", "Loss", "bits per byte", tab="Bits per byte"),
        Plot("perplexity", "Perplexity", "tokens to choose among"),
        *SHARED_PLOTS,
    )
    overfits_to = 0.95

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open the base, read the texts with its tokenizer, and put a new adapter beside it."""
        base = yield from open_base(context, workspace, recipe.init)
        data: ContinuedData = recipe.data
        if not data.datasets:
            raise StudioError("data.datasets is empty; name at least one text dataset of the workspace.")
        fraction, seed = data.validation_fraction, data.split_seed
        texts = yield from tokenised(workspace, data.datasets, base.model.tokenizer, fraction, seed)
        return ContinuedLearner(base, recipe, texts, device)

    def units_per_step(self, recipe: Recipe) -> int:
        """Tokens that one step predicts."""
        return int(recipe.training.batch_size) * int(recipe.data.context)

    def _tokens_of(self, workspace: Workspace, recipe: Recipe) -> int:
        return self.units_per_step(recipe)

    def illustrate(self, context: JobContext, workspace: Workspace, recipe: Recipe) -> Generator[Event, None, None]:
        """A real line of the first dataset: the tokens that the model sees, and the one it must say after each."""
        check_base(workspace, recipe.init)
        base = yield from open_model(context, workspace, recipe.init)
        if not recipe.data.datasets:
            raise StudioError("data.datasets is empty; name at least one text dataset of the workspace.")
        shown = shown_line(workspace, recipe.data.datasets[0].name, base.model.tokenizer)
        yield Sample("objective", "objective", shown)


FAMILY = ContinuedFamily()
