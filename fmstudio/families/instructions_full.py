"""Fine-tuning of all weights on instructions: a copy of a model that is there learns to answer, and becomes a model of
its own, with the chat template and the tokens of its base.

A packed base is unpacked to float32 first. The base itself stays as it is, also in memory, where others may use it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from fmstudio.families.adapter_family import training_defaults
from fmstudio.families.adapting import NOISE, Base, TuningSettings, on_device, shape_of_base
from fmstudio.families.chance import generator
from fmstudio.families.family import Network, Phase, Recipe
from fmstudio.families.instructions import InstructionData, InstructionFamily, InstructionLearner
from fmstudio.families.retention import RetentionSettings
from fmstudio.nn.decoder import Decoder
from fmstudio.runtimes.chat_folder import save_chat_folder
from fmstudio.runtimes.conversation_tokens import facts_to_chat
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.merging import merged
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.text import LanguageModel, load_language_model
from fmstudio.workspace import Workspace


class ChatNetwork(Network):
    """A whole model that takes turns."""

    def __init__(self, model: LanguageModel, facts: ModelFacts) -> None:
        """facts: of the model or of its base, with a chat template."""
        self.model, self._facts = model, facts
        self.modules = {"network": model.decoder}

    def meaning(self) -> Mapping[str, Any]:
        """Which piece of text has which number."""
        return {"tokens": _vocabulary(self.model.tokenizer)}

    def save(self, folder: Path) -> None:
        """Write a Hugging Face model folder with all that a conversation needs."""
        save_chat_folder(self.model, self._facts, folder)


def _vocabulary(tokenizer: Tokenizer) -> str:
    """The same for tokenizers with the same pieces, whatever they put before a text."""
    pieces = sorted(tokenizer.get_vocab(with_added_tokens=True).items())
    return hashlib.sha256(repr(pieces).encode()).hexdigest()[:32]


class WholeLearner(InstructionLearner):
    """A copy of a base in float32 that learns with all its weights."""

    def build(self, base: Base) -> LanguageModel:
        """The copy, and the base to compare it with."""
        self._base_decoder = on_device(self.device, base.model.decoder).requires_grad_(False)
        self._read_out_of_base: Tensor = self._base_decoder.lm_head_weight
        own = merged(base.model)
        own.decoder.to(self.device).requires_grad_(True)
        self._network = ChatNetwork(own, base.facts)
        self.modules = self._network.modules
        return own

    def meaning(self) -> Mapping[str, Any]:
        """Which piece of text has which number."""
        return self._network.meaning()

    def save(self, folder: Path) -> None:
        """Write a Hugging Face model folder with all that a conversation needs."""
        self._network.save(folder)

    @contextmanager
    def at(self, strength: float) -> Iterator[Decoder]:
        """The base for 0, else the copy."""
        yield self.model.decoder if strength else self._base_decoder

    @property
    def read_out(self) -> Tensor:
        """The matrix that turns hidden states into logits, (vocabulary, width), which is learnt too."""
        return self.model.decoder.lm_head_weight

    def read_out_at(self, strength: float) -> Tensor:
        """The copy's own, or the base's."""
        return self.read_out if strength else self._read_out_of_base

    @property
    def _untouched(self) -> bool:
        return False  # whether a matrix is as it was cannot be seen from it

    def phases(self) -> list[Phase]:
        """One: all of the decoder, by the cross-entropy of the answers' tokens."""
        return [Phase("decoder", self.model.decoder, self._loss)]

    def begin(self, step: int, stream: int) -> None:
        """Draw noise anew, for a step."""
        self._noise_chance = generator(self.recipe.training.seed, step, NOISE)


class WholeFamily(InstructionFamily):
    """Models that learnt to answer as examples do, with all their weights."""

    name = "instructions-full"
    title = "Fine-tuning on instructions, all weights"
    order = 13
    description = (
        "A copy of a language model that is there learns from conversations how to answer, with all its weights, and "
        "becomes a model of its own. It can learn more than an adapter, forgets more, and needs several times the "
        "memory."
    )
    sections = {"data": InstructionData, "tuning": TuningSettings, "retention": RetentionSettings}
    sizes = {"As the model": {}}
    training_defaults = training_defaults(learning_rate=5e-5)
    card = {"library_name": "transformers", "pipeline_tag": "text-generation"}
    overfits_to = 0.9
    learner_type = WholeLearner

    def network(self, recipe: Recipe, folder: Path) -> Network:
        """The model of a folder."""
        model = load_language_model(folder)
        return ChatNetwork(model, facts_to_chat(facts_of(folder), model.tokenizer))

    def outline(self, workspace: Workspace, recipe: Recipe) -> nn.Module:
        """The decoder's shapes."""
        with torch.device("meta"):
            return Decoder(shape_of_base(workspace, recipe), None)


FAMILY = WholeFamily()
