"""What a family tells the studio of itself, and what it hands the training loop.

A *family* is a description (its settings, its plots, its objective in words) and a few operations on folders. A
*learner* is one network being trained: the loop asks it for a batch, for the losses of that batch, for a validation
and for samples, and knows nothing else of it. Language models, GANs and diffusion all fit that shape, so there is one
loop, one checkpoint format, one form and one command line for them all.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from fmstudio.jobs import Event, JobContext
from fmstudio.jobs.context import Job
from fmstudio.recipe import RecipeError, Setting, build, settings, values_of, write_toml
from fmstudio.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Plot:
    """A quantity with a plot of its own; metrics named "<name>/<series>" or "<name>" are drawn in it.

    Large plots share one place, where `tab` chooses between them; small ones stand beneath.
    """

    name: str
    title: str
    unit: str
    small: bool = False
    tab: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a run needs. `sections` holds an instance of each of the family's settings dataclasses."""

    family: "Family"
    name: str
    init: str
    sections: Mapping[str, Any]

    @property
    def data(self) -> Any:
        """What to train on."""
        return self.sections["data"]

    @property
    def model(self) -> Any:
        """The network's shape."""
        return self.sections["model"]

    @property
    def training(self) -> Any:
        """How to train."""
        return self.sections["training"]

    def with_values(self, section: str, **changes: Any) -> "Recipe":
        """A copy with some values of one section changed."""
        changed = dataclasses.replace(self.sections[section], **changes)
        return dataclasses.replace(self, sections={**self.sections, section: changed})

    def to_tables(self) -> dict[str, Any]:
        """The recipe as nested plain values, as its TOML file holds them."""
        head = {"family": self.family.name, "name": self.name, "init": self.init}
        return head | {name: values_of(section) for name, section in self.sections.items()}

    def to_toml(self) -> str:
        """The recipe as a TOML file."""
        return write_toml(self.to_tables())


def _as_the_recipe_says(parameter: str) -> float:
    return 1.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One update of one network from one loss. A GAN has two of them a step, most families one.

    loss(batch) returns a scalar to minimise, and further scalars to report by metric name. rate_of(name) tells what the
    recipe's learning rate is multiplied by for a parameter of the network.
    """

    name: str
    module: nn.Module
    loss: Callable[[Any], tuple[Tensor, Mapping[str, Tensor]]]
    rate_of: Callable[[str], float] = _as_the_recipe_says


@dataclass(frozen=True, slots=True)
class Retained:
    """What is left of what a model knew before its run, in a sentence; forgets: less than the recipe wants."""

    forgets: bool
    sentence: str


@dataclass(slots=True)
class ValidationResult:
    """What a validation found. `score` is what the best model is chosen by: lower is better."""

    score: float
    metrics: dict[str, float] = field(default_factory=dict)


class Network(ABC):
    """What training makes, without the data that it is made of: enough to turn a checkpoint into a model folder."""

    modules: Mapping[str, nn.Module]
    """All that a checkpoint must hold, by name. One named "average" is a running average of another's weights."""

    def model_modules(self) -> list[nn.Module]:
        """The networks that make up the model: what its number of parameters counts."""
        return [module for name, module in self.modules.items() if name != "average"]

    @abstractmethod
    def meaning(self) -> Mapping[str, Any]:
        """What the numbers at its inputs and outputs stand for, each part under a plural noun.

        Weights that were trained with one meaning are worthless with another, even where they fit.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write config.json, model.safetensors and whatever else a model folder of this family holds."""


class Learner(Network):
    """One network being trained, on one device, with what it learns from.

    Whatever a learner draws at random is a pure function of the recipe's seed and the step, so that a resumed run
    needs no random state and ends bit-identical to an uninterrupted one.
    """

    unit: str = "samples"
    """What `units_per_step` counts, in the plural: tokens, pictures."""

    units_per_step: int = 0
    preparing: str = "preparing the step"
    """What it does in `prepare`."""

    @abstractmethod
    def phases(self) -> Sequence[Phase]:
        """The updates of one step, in order."""

    def prepare(self, step: int) -> Iterator[Event | None]:
        """Work before a step that takes longer than a step should, such as writing what is to be judged.

        Its time counts as training. Yields what there is to see, or None, so that other jobs can go first. `batch` does
        it itself where nobody has.
        """
        return iter(())

    @abstractmethod
    def batch(self, step: int) -> Any:
        """The data of a step, on the learner's device."""

    @abstractmethod
    def validate(self) -> Generator[None, None, ValidationResult]:
        """Measure on held-out data; yields between batches so that other jobs can go first."""

    def forgotten(self) -> Generator[None, None, Mapping[str, float]]:
        """Measure with each validation what is lost of what the model knew before; yields as `validate` does."""
        return {}
        yield

    def retained(self, metrics: Mapping[str, float]) -> Retained | None:
        """What to say of that at the end, from the metrics of the model's step; None where it is not measured."""
        return None

    @abstractmethod
    def samples(self, step: int) -> Iterator[Event]:
        """Things to look at after a validation: texts or pictures made from fixed prompts or latents."""

    def glimpses(self, step: int) -> Iterator[Event]:
        """Cheap things to look at while it trains, asked for about twice a second; must change nothing."""
        return iter(())

    def compile(self) -> None:
        """Let torch compile what a training step runs."""
        for module in self.modules.values():
            module.compile()

    def after_step(self, step: int) -> None:
        """Called when the step's updates are done, e.g. to move an average of the weights."""


class Family(ABC):
    """A kind of model that can be trained, saved and sampled from."""

    name: ClassVar[str]
    title: ClassVar[str]
    order: ClassVar[int] = 100
    """Place in lists of families."""

    description: ClassVar[str]
    objective: ClassVar[str]
    """One sentence on what the network learns from data that nobody labelled."""

    data_kind: ClassVar[str]
    also_reads: ClassVar[tuple[str, ...]] = ()
    """Further kinds of datasets that it can learn from."""

    can_continue: ClassVar[bool] = False
    """Whether a run may begin from a model."""

    makes: ClassVar[str] = ""
    """The family of the models that a run makes, where it is another: an adapter is used as a language model is."""

    begins_from: ClassVar[str] = ""
    """The family of the models that a run has to begin from, where it cannot begin from nothing."""

    sections: ClassVar[Mapping[str, type]]
    """Settings dataclasses by section name, `data` and `model` among them. The loop adds `training`."""

    training_defaults: ClassVar[Mapping[str, Any]] = {}
    sizes: ClassVar[Mapping[str, Mapping[str, Any]]]
    """Named shapes for the short form: values by dotted path."""

    plots: ClassVar[tuple[Plot, ...]]
    overfits_to: ClassVar[float] = 0.5
    """What is left of the loss after forty small steps on one batch of four, in the smallest size: a health check."""

    card: ClassVar[Mapping[str, str]] = {}
    """What the head of a model card says of all models of the family, in the Hub's words."""

    sampling: ClassVar[type]
    """The settings dataclass of `sample`."""

    @abstractmethod
    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Make the data ready, build the network (or load the one that `recipe.init` names) and return both."""

    @abstractmethod
    def network(self, recipe: Recipe, folder: Path) -> Network:
        """The network of a model folder of this family, with all that a checkpoint of such a recipe holds.

        It needs no data: what the data decided (a vocabulary, sizes, conditions) stands in the folder.
        """

    def continued(self, workspace: Workspace, recipe: Recipe) -> Recipe:
        """The recipe with the shape of the model that it begins from, which cannot be chosen again."""
        raise RecipeError(f"init is {recipe.init!r}, but a {self.name} model cannot be continued; leave init empty.")

    @abstractmethod
    def outline(self, workspace: Workspace, recipe: Recipe) -> nn.Module:
        """The network on the meta device: its shapes without its numbers."""

    @abstractmethod
    def activation_bytes(self, workspace: Workspace, recipe: Recipe) -> int:
        """Estimate of what one training step keeps for the backward pass, in bytes at float32."""

    @abstractmethod
    def units_per_step(self, recipe: Recipe) -> int:
        """How many tokens or pictures one step sees."""

    @abstractmethod
    def illustrate(self, context: JobContext, workspace: Workspace, recipe: Recipe) -> Generator[Event, None, None]:
        """Show the objective on a real piece of the recipe's data."""

    @abstractmethod
    def sample(self, context: JobContext, folder: Path, settings: Any, device: torch.device) -> Job:
        """Draw from the model in `folder`; `settings` is an instance of `sampling`."""

    def parse(self, tables: Mapping[str, Any], training: type) -> Recipe:
        """A recipe of this family from nested plain values; raises RecipeError on the first that is not allowed."""
        sections = {**self.sections, "training": training}
        for key in tables:
            if key not in sections and key not in ("family", "name", "init", "title", "description"):
                known = ", ".join(("family", "name", "init", *sections))
                raise RecipeError(f"{key} is not a part of a {self.name} recipe; known are {known}.")
        built = {name: build(section, self._values(tables, name), f"{name}.") for name, section in sections.items()}
        return Recipe(self, _text(tables, "name"), _text(tables, "init"), built)

    def _values(self, tables: Mapping[str, Any], section: str) -> dict[str, Any]:
        given = tables.get(section, {})
        if not isinstance(given, Mapping):
            raise RecipeError(f"{section} is {given!r}, but it must be a section with settings.")
        return {**(self.training_defaults if section == "training" else {}), **given}

    def settings(self, training: type) -> list[Setting]:
        """All settings of a recipe of this family, with this family's defaults."""
        found = [
            each for name, section in {**self.sections, "training": training}.items()
            for each in settings(section, f"{name}.")
        ]  # fmt: skip
        defaults = {f"training.{name}": value for name, value in self.training_defaults.items()}
        return [dataclasses.replace(each, default=defaults.get(each.path, each.default)) for each in found]


def _text(tables: Mapping[str, Any], key: str) -> str:
    value = tables.get(key, "")
    if not isinstance(value, str):
        raise RecipeError(f"{key} is {value!r}, but it must be a text.")
    return value
