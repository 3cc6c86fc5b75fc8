"""What families have in common that adapt a language model."""

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from fmstudio.data.tuning.examples import Instruction, Message
from fmstudio.data.tuning.opened import open_examples
from fmstudio.errors import StudioError
from fmstudio.families.adapting import (
    AdapterNetwork,
    AdapterSettings,
    TuningSettings,
    check_base,
    open_model,
    shape_of_base,
)
from fmstudio.families.family import Family, Network, Plot, Recipe
from fmstudio.families.retention import RetentionSettings
from fmstudio.jobs import Event, JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.nn.decoder import Decoder
from fmstudio.nn.lora import new_adapter
from fmstudio.nn.lora_folder import load_adapter
from fmstudio.nn.token_loss import LOGITS_AT_ONCE
from fmstudio.runtimes.adapter_base import base_of, path_of_base
from fmstudio.runtimes.adapters import TEMPLATE
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.text import TextSampling, stream_text
from fmstudio.runtimes.torch_runtime import load_for_torch
from fmstudio.workspace import Workspace

SHARED_SECTIONS = {"adapter": AdapterSettings, "retention": RetentionSettings}
"""Sections of the recipes of all these families."""

SECTIONS_OF_EXAMPLES = {**SHARED_SECTIONS, "tuning": TuningSettings}
"""Those of families that learn from examples which are there, and not from what the model itself writes."""

SHARED_PLOTS = (
    Plot("forgetting", "Forgetting", "nats per token above the base"),
    Plot("replay", "Old text", "nats per token"),
    Plot("learning_rate", "Learning rate", "", small=True),
    Plot("gradient_norm", "Gradient norm", "", small=True),
    Plot("tokens_per_second", "Speed", "tokens/s", small=True),
)


class AdapterFamily(Family):
    """A family whose runs make adapters of a language model; its recipes have a section data, and
    SHARED_SECTIONS."""

    makes = "language"
    begins_from = "language"
    can_continue = True
    sizes = {
        "Small": {"adapter.rank": 4, "adapter.alpha": 8.0},
        "Medium": {"adapter.rank": 16, "adapter.alpha": 32.0},
        "Large": {"adapter.rank": 64, "adapter.alpha": 128.0},
    }
    card = {"library_name": "peft", "pipeline_tag": "text-generation"}
    sampling = TextSampling
    texts_per_example: ClassVar[int] = 1
    """Texts that a step reads for each example."""

    def network(self, recipe: Recipe, folder: Path) -> Network:
        """The adapter of a folder."""
        path_of_base(folder)  # raises where it is another by now
        template = folder / TEMPLATE
        told = template.read_text("utf-8") if template.is_file() else ""
        return AdapterNetwork(load_adapter(folder).requires_grad_(True), base_of(folder), told)

    def continued(self, workspace: Workspace, recipe: Recipe) -> Recipe:
        """Nothing of the recipe is decided by the base."""
        check_base(workspace, recipe.init)
        return recipe

    def outline(self, workspace: Workspace, recipe: Recipe) -> nn.Module:
        """The adapter's shapes."""
        shape = shape_of_base(workspace, recipe)
        with torch.device("meta"):
            return new_adapter(Decoder(shape, None), recipe.sections["adapter"].shape())

    def activation_bytes(self, workspace: Workspace, recipe: Recipe) -> int:
        """About 7 widths and 2 hidden widths a token and layer, 10 and 5 with what `nn.adapted_products` does not take,
        and the logits that are computed at once."""
        shape, adapter = shape_of_base(workspace, recipe), recipe.sections["adapter"]
        tokens = self._tokens_of(workspace, recipe) // int(recipe.training.accumulation)
        widths, hidden = (10, 5) if adapter.dropout or adapter.magnitudes else (7, 2)
        kept = tokens * shape.layers * (widths * shape.width + hidden * shape.hidden_width)
        return 4 * (kept + min(LOGITS_AT_ONCE, tokens * shape.vocabulary_size))

    def units_per_step(self, recipe: Recipe) -> int:
        """Tokens that one step reads, at a guess: a quarter of what fits."""
        return self.texts_per_example * int(recipe.training.batch_size) * int(recipe.data.length) // 4

    def _tokens_of(self, workspace: Workspace, recipe: Recipe) -> int:
        """The same from what the datasets hold: four letters to a token."""
        records = [workspace.dataset(choice.name) for choice in recipe.data.datasets]
        rows = sum(record.items for record in records)
        mean = sum(record.bytes for record in records) / 4 / max(1, rows)
        return max(1, round(min(mean, recipe.data.length) * int(recipe.training.batch_size)))

    def illustrate(self, context: JobContext, workspace: Workspace, recipe: Recipe) -> Generator[Event, None, None]:
        """A real conversation: what the model reads, and the token that it must say after each of an answer's."""
        check_base(workspace, recipe.init)
        base = yield from open_model(context, workspace, recipe.init)
        if not recipe.data.datasets:
            raise StudioError("data.datasets is empty; name at least one dataset of the workspace.")
        name = recipe.data.datasets[0].name
        with open_examples(workspace, name) as examples:
            example, source = examples[0], examples.source(0)
        messages = Instruction((*example.prompt, Message("assistant", example.answers[0]))).as_json()["messages"]
        tokens = base.reader().read(messages, getattr(recipe.data, "turns", "last") == "all")
        first = next(place for place, token in enumerate(tokens) if token.learnt)
        shown = [{"id": token.id, "text": token.text} for token in tokens[first - 1 : first + 23]]
        told = {"inputs": shown[:-1], "targets": shown[1:], "source": f"{source}, in {name}"}
        yield Sample("objective", "objective", told)

    def sample(self, context: JobContext, folder: Path, settings: TextSampling, device: torch.device) -> Job:
        """Continue `settings.prompt` with the adapter."""
        return stream_text(context, load_for_torch(facts_of(folder)), settings, device)


def training_defaults(**changes: Any) -> Mapping[str, Any]:
    """How adapters are usually trained."""
    return {
        "steps": 200, "batch_size": 8, "optimiser": "adamw", "learning_rate": 5e-4, "adam_beta2": 0.99,
        "warmup_steps": 10, "schedule": "cosine", "evaluate_every": 25, "checkpoint_every": 50,
    } | changes  # fmt: skip
