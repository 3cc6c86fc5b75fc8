"""What is known of a language model before it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fmstudio.data.control_tokens import NO_MARKS, Marks
from fmstudio.nn.decoder_shape import DecoderShape

Format = Literal["gguf", "folder"]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Everything that the picker shows and that a runtime needs to know, weights aside."""

    path: Path
    format: Format
    architecture: str
    parameters: int
    bytes: int
    """Size of the weights on the disk."""
    torch_bytes: int
    """Memory that the weights take in our torch decoder."""
    context: int
    """The longest text in tokens that the model was made for."""
    key_value_numbers: int
    """How many numbers its cache holds for each token: keys and values of all layers."""
    vocabulary_size: int
    shape: DecoderShape | None
    """Of our torch decoder; None where it cannot compute this model, and `torch_problem` says why."""
    backends: tuple[str, ...]
    licence: str = ""
    title: str = ""
    template: str = ""
    """The chat template in Jinja; empty for a base model."""
    special: Mapping[str, str] = field(default_factory=dict)
    """Texts of special tokens for the template: bos_token, eos_token …"""
    marks: Marks = NO_MARKS
    """The tokens that are letters in what people and documents say."""
    first_token: int | None = None
    """The token that every text begins with, where the model wants one."""
    ends: frozenset[int] = frozenset()
    """Tokens with which the model ends its answer."""
    torch_problem: str = ""
    base: Path | None = None
    """The model that this one only adapts; what is here is then counted without it."""
    stamp: tuple[Any, ...] = ()
    """Of the files that they were read from; see `stamp_of`."""

    @property
    def chat(self) -> bool:
        """Whether it takes turns; other models continue a text."""
        return bool(self.template)
