"""Language models: a decoder learns to predict the next token of a text, and with that much of what the text is about.

What is special to language is all here; the network is in `nn.decoder`, the loop in `training`.

- data: token shards of one or several datasets, drawn by weight; a window of context + 1 tokens is one example
- objective: at each position, the cross-entropy of the next token, so that one window gives `context` lessons at once
- validation: fixed windows spread over text that is never trained on, in nats a token and in bits a byte; the latter
  can be compared between tokenizers
- continued pre-training watches the loss on the data the model came from as well, so that forgetting is visible
"""

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fmstudio.data.tokenizer import TokenizerSettings, content_hash, find_tokenizer, vocabulary_size
from fmstudio.data.tokens import TokenisedDataset, TokenisedMixture, prepare
from fmstudio.errors import StudioError
from fmstudio.families.family import Family, Learner, Network, Phase, Plot, Recipe, ValidationResult
from fmstudio.families.running_text import TextWindows, shown_line
from fmstudio.jobs import Event, JobContext, Sample, TextDelta
from fmstudio.jobs.context import Job
from fmstudio.nn.decoder import Decoder, DecoderShape
from fmstudio.recipe import DatasetChoice, setting
from fmstudio.runtimes.adapter_base import is_adapter
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.text import (
    LanguageModel,
    TextSampling,
    generate_text,
    load_language_model,
    read_shape,
    save_language_model,
    stream_text,
)
from fmstudio.runtimes.torch_runtime import load_for_torch
from fmstudio.workspace import Workspace

WINDOWS_PER_VALIDATION_BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TextData:
    """The [data] section: which texts, and which part of them is held back."""

    datasets: list[DatasetChoice] = setting(
        [], "The texts to learn from; with several, weights say how often each is drawn.", simple=True
    )
    validation_fraction: float = setting(
        0.1, "Part of the documents held back to measure on, never trained on.", minimum=0.001, maximum=0.5
    )
    split_seed: int = setting(0, "Which documents are held back.", minimum=0, maximum=2**31 - 1)
    validation_tokens: int = setting(
        65_536,
        "How many of the held-back tokens each validation reads, spread evenly over all of them.",
        minimum=64,
        maximum=100_000_000,
        unit="tokens",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderSettings:
    """The [model] section: the decoder's shape."""

    context: int = setting(
        128, "How many tokens the model sees at once.", minimum=8, maximum=131_072, simple=True, unit="tokens"
    )
    layers: int = setting(4, "How many times tokens exchange information and are worked on.", minimum=1, maximum=256)
    width: int = setting(128, "Numbers in a token's vector between layers.", minimum=8, maximum=16_384)
    heads: int = setting(4, "Attention patterns per layer.", minimum=1, maximum=256)
    key_value_heads: int = setting(
        0, "Key and value heads, each shared by several query heads; 0 means as many as heads.", minimum=0, maximum=256
    )
    head_width: int = setting(0, "Numbers per head; 0 means width / heads.", minimum=0, maximum=1024)
    hidden_width: int = setting(
        0, "Width inside the feed-forward layers; 0 means about 8/3 of width.", minimum=0, maximum=131_072
    )
    rope_base: float = setting(
        10_000.0, "Base of the rotary positions' wavelengths; larger suits longer contexts.", minimum=10, maximum=1e9
    )
    query_key_norm: bool = setting(True, "Normalise queries and keys, which keeps large updates stable.")
    tied_embeddings: bool = setting(True, "Read tokens out with the matrix that reads them in: fewer parameters.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSettings:
    """The [sample] section: what the model is asked to continue at each validation."""

    prompt: str = setting("", "The text to continue; empty begins a new document.")
    tokens: int = setting(96, "How long the sample is.", minimum=0, maximum=4096, unit="tokens")
    temperature: float = setting(
        0.8, "How freely tokens are drawn; 0 always takes the likeliest.", minimum=0, maximum=5
    )


def shape_of(model: DecoderSettings, vocabulary_size: int) -> DecoderShape:
    """The decoder's shape with every 0 replaced by what it stands for; raises StudioError where it cannot be."""
    if not model.head_width and model.width % (2 * model.heads):
        raise StudioError(
            f"model.width is {model.width}, which {model.heads} heads cannot share in even parts; choose a multiple of "
            f"{2 * model.heads}, or set model.head_width."
        )
    return DecoderShape(
        vocabulary_size=vocabulary_size,
        layers=model.layers,
        width=model.width,
        heads=model.heads,
        key_value_heads=model.key_value_heads or model.heads,
        head_width=model.head_width or model.width // model.heads,
        hidden_width=model.hidden_width or 8 * math.ceil(model.width / 3),
        context=model.context,
        rope_base=model.rope_base,
        query_key_norm=model.query_key_norm,
        tied_embeddings=model.tied_embeddings,
    )


def settings_of(shape: DecoderShape) -> dict[str, Any]:
    """The [model] section that gives this shape: a continued model keeps the one it has."""
    names = ("context", "layers", "width", "heads", "key_value_heads", "head_width", "hidden_width", "rope_base",
             "query_key_norm", "tied_embeddings")  # fmt: skip
    return {name: getattr(shape, name) for name in names}


class LanguageNetwork(Network):
    """A decoder and its tokenizer."""

    def __init__(self, model: LanguageModel) -> None:
        self.decoder, self._tokenizer = model.decoder, model.tokenizer
        self.modules = {"network": self.decoder}

    def meaning(self) -> Mapping[str, Any]:
        """Which piece of text has which number."""
        return {"tokens": content_hash(self._tokenizer)}

    def save(self, folder: Path) -> None:
        """Write the decoder and its tokenizer as a Hugging Face model folder."""
        save_language_model(LanguageModel(self.decoder, self._tokenizer), folder)


class LanguageLearner(LanguageNetwork, Learner):
    """A decoder, the tokens it learns from, and those it is measured on."""

    unit = "tokens"

    def __init__(
        self,
        model: LanguageModel,
        recipe: Recipe,
        data: TokenisedMixture,
        old: Sequence[TokenisedDataset],
        device: torch.device,
    ) -> None:
        model.decoder.to(device)
        super().__init__(model)
        self._recipe, self._device = recipe, device
        self._context = self.decoder.shape.context
        self._windows = TextWindows(data.parts, model.tokenizer, self._context, "model.context")
        self._old = TextWindows(old, model.tokenizer, self._context, "model.context") if old else None
        self.units_per_step = recipe.training.batch_size * self._context
        self.loss = self.decoder.loss

    def compile(self) -> None:
        """Training goes through the decoder's `loss`, so that is what is compiled."""
        self.loss = torch.compile(self.decoder.loss)

    def phases(self) -> list[Phase]:
        """One: all of the decoder, by the next token's cross-entropy."""
        return [Phase("decoder", self.decoder, self._loss)]

    def _loss(self, batch: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        loss = self.loss(batch[:, :-1], batch[:, 1:])
        return loss, {"loss/training": loss}

    def batch(self, step: int) -> Tensor:
        """Windows of context + 1 tokens at random places, (batch, context + 1): a pure function of seed and step."""
        training = self._recipe.training
        rows = self._windows.drawn(training.seed, step, training.batch_size)
        return rows.to(self._device, non_blocking=True)

    def validate(self) -> Generator[None, None, ValidationResult]:
        """Loss on the mixture's held-back text, weighted as it is trained on, and on each old dataset."""
        tokens = self._recipe.data.validation_tokens
        metrics = yield from self._windows.measure_all(self._measured, tokens, WINDOWS_PER_VALIDATION_BATCH)
        for part in self._old.parts if self._old else ():
            assert self._old is not None
            measured = self._old.measure(part, self._measured, tokens, WINDOWS_PER_VALIDATION_BATCH)
            old_nats, old_per_byte = yield from measured
            metrics[f"loss/{part.name}"] = old_nats
            metrics[f"bits_per_byte/{part.name}"] = old_per_byte / math.log(2)
        return ValidationResult(metrics["loss/validation"], metrics)

    @torch.no_grad()
    def _measured(self, windows: Tensor) -> Tensor:
        batch = windows.to(self._device)
        return self.decoder.loss(batch[:, :-1], batch[:, 1:])

    def samples(self, step: int) -> Iterator[Event]:
        """The continuation of the recipe's fixed prompt, drawn with the recipe's seed."""
        wanted = self._recipe.sections["sample"]
        if not wanted.tokens:
            return
        sampling = TextSampling(
            prompt=wanted.prompt, seed=self._recipe.training.seed, temperature=wanted.temperature,
            maximum_tokens=min(wanted.tokens, self._context),
        )  # fmt: skip
        text = wanted.prompt
        for piece in generate_text(LanguageModel(self.decoder, self._tokenizer), sampling):
            text += piece
            yield TextDelta(piece, name="sample")
        yield Sample("sample", "text", text, step)


class LanguageFamily(Family):
    """Decoder-only transformers over byte-level tokens."""

    name = "language"
    title = "Language model"
    order = 10
    description = "A transformer that reads a text token by token and learns to tell which token comes next."
    objective = (
        "Every piece of text is its own lesson: the model sees the tokens so far and is asked for the next one. "
        "Nobody labels anything."
    )
    data_kind = "text"
    can_continue = True
    sections = {"data": TextData, "tokenizer": TokenizerSettings, "model": DecoderSettings, "sample": SampleSettings}
    sizes = {
        "Tiny": {"model.layers": 2, "model.width": 64, "model.heads": 2},
        "Small": {"model.layers": 4, "model.width": 128, "model.heads": 4},
        "Medium": {"model.layers": 6, "model.width": 256, "model.heads": 4},
        "Large": {"model.layers": 12, "model.width": 512, "model.heads": 8},
        "GPU": {"model.layers": 16, "model.width": 1024, "model.heads": 16},
    }
    plots = (
        Plot("loss", "Loss", "nats per token", tab="Nats"),
        Plot("bits_per_byte", "Loss", "bits per byte", tab="Bits per byte"),
        Plot("perplexity", "Perplexity", "tokens to choose among"),
        Plot("learning_rate", "Learning rate", "", small=True),
        Plot("gradient_norm", "Gradient norm", "", small=True),
        Plot("tokens_per_second", "Speed", "tokens/s", small=True),
    )
    card = {"library_name": "transformers", "pipeline_tag": "text-generation"}
    sampling = TextSampling

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Tokenise the datasets (once; they are kept), then build the decoder or load the one to continue from."""
        tokenizer = recipe.sections["tokenizer"]
        data = yield from _prepare(workspace, recipe, recipe.data.datasets, tokenizer)
        old: list[TokenisedDataset] = []
        if recipe.init:
            model = load_language_model(workspace.model_folder(recipe.init))
            for choice in _old_datasets(workspace, recipe):
                old += (yield from _prepare(workspace, recipe, [choice], tokenizer)).parts
        else:
            shape = shape_of(recipe.model, data.vocabulary_size)
            model = LanguageModel(Decoder(shape, recipe.training.seed), data.tokenizer)
        return LanguageLearner(model, recipe, data, old, device)

    def network(self, recipe: Recipe, folder: Path) -> Network:
        """The decoder and its tokenizer."""
        return LanguageNetwork(load_language_model(folder))

    def continued(self, workspace: Workspace, recipe: Recipe) -> Recipe:
        """The recipe with the shape of the model that it begins from, which cannot be chosen again."""
        workspace.model(recipe.init)
        folder = workspace.model_folder(recipe.init)
        if is_adapter(folder):
            raise StudioError(f"{recipe.init} is an adapter, not a whole model; continue from the model it belongs to.")
        recipe = recipe.with_values("model", **settings_of(read_shape(folder)))
        return recipe.with_values("tokenizer", kind="model", file=recipe.init)

    def outline(self, workspace: Workspace, recipe: Recipe) -> nn.Module:
        """The decoder's shapes. The vocabulary of a tokenizer not yet trained is taken at its chosen size."""
        with torch.device("meta"):
            return Decoder(_planned_shape(workspace, recipe), None)

    def activation_bytes(self, workspace: Workspace, recipe: Recipe) -> int:
        """About 8 widths and 4 hidden widths a token and layer, and thrice the logits."""
        shape = _planned_shape(workspace, recipe)
        per_token = shape.layers * (8 * shape.width + 4 * shape.hidden_width) + 3 * shape.vocabulary_size
        return 4 * per_token * self.units_per_step(recipe) // int(recipe.training.accumulation)

    def units_per_step(self, recipe: Recipe) -> int:
        """Tokens that one step predicts."""
        return int(recipe.training.batch_size) * int(recipe.model.context)

    def illustrate(self, context: JobContext, workspace: Workspace, recipe: Recipe) -> Generator[Event, None, None]:
        """A real line of the first dataset: the tokens that the model sees, and the one it must say after each."""
        tokenizer = recipe.sections["tokenizer"]
        data = yield from _prepare(workspace, recipe, recipe.data.datasets, tokenizer)
        shown = shown_line(workspace, recipe.data.datasets[0].name, data.tokenizer)
        yield Sample("objective", "objective", shown)

    def sample(self, context: JobContext, folder: Path, settings: TextSampling, device: torch.device) -> Job:
        """Continue `settings.prompt`, piece by piece."""
        return stream_text(context, load_for_torch(facts_of(folder)), settings, device)


def _planned_shape(workspace: Workspace, recipe: Recipe) -> DecoderShape:
    """The shape before there is a tokenizer: a vocabulary still to be learnt is taken at its chosen size."""
    chosen: TokenizerSettings = recipe.sections["tokenizer"]
    if chosen.kind == "bpe":
        return shape_of(recipe.model, chosen.vocabulary_size)
    return shape_of(recipe.model, vocabulary_size(find_tokenizer(workspace, chosen)))


def _prepare(
    workspace: Workspace, recipe: Recipe, datasets: Sequence[DatasetChoice], tokenizer: TokenizerSettings
) -> Generator[Event, None, TokenisedMixture]:
    if not datasets:
        raise StudioError("data.datasets is empty; name at least one text dataset of the workspace to train on.")
    return prepare(workspace, datasets, tokenizer, recipe.data.validation_fraction, recipe.data.split_seed)


def _old_datasets(workspace: Workspace, recipe: Recipe) -> list[DatasetChoice]:
    """What the model that is continued was trained on, as far as it is still here and not trained on again."""
    again = {choice.name for choice in recipe.data.datasets}
    present = {record.name for record in workspace.datasets()}
    names = workspace.model(recipe.init).details.get("datasets", [])
    return [DatasetChoice(name=name) for name in names if name in present - again]


FAMILY = LanguageFamily()
