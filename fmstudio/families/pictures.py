"""What families that draw pictures share: their data, the way between numbers and pixels, and model folders.

Pictures are float32 (batch, channels, height, width) scaled to [-1, 1], in channels-last memory, which convolutions on
CPUs prefer.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from fmstudio.data.images import UNKNOWN, Images, open_images
from fmstudio.errors import StudioError
from fmstudio.families.chance import philox
from fmstudio.families.conditions import Conditions, Field
from fmstudio.families.family import Family, Plot, Recipe
from fmstudio.jobs import Sample
from fmstudio.nn.tensor_file import save_tensors
from fmstudio.recipe import DatasetChoice, RecipeError, setting
from fmstudio.workspace import Workspace

CLASS = "class"
UNIT = "pictures"
_BATCH_STREAM, _SPLIT_STREAM = 1_000_001, 1_000_002


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureData:
    """The [data] section of a recipe that learns from pictures."""

    datasets: list[DatasetChoice] = setting([], "The pictures to learn from, all of one size.", simple=True)
    conditioning: str = setting(
        "none",
        "What can later be asked for: nothing, a class, or the attributes that the pictures come with.",
        choices={"none": "Nothing", "class": "Class", "attributes": "Attributes"},
        simple=True,
    )
    flip: bool = setting(
        False, "Show half of the pictures mirrored: more to learn from where left and right are alike."
    )
    validation_fraction: float = setting(
        0.05, "The part of the pictures that is held back to validate.", minimum=0.001, maximum=0.5
    )
    split_seed: int = setting(0, "Which pictures are held back.", minimum=0, maximum=2**31 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSampling:
    """How pictures are drawn from a model; a family adds its own."""

    count: int = setting(16, "How many pictures to draw.", minimum=1, maximum=10_000, simple=True, unit="pictures")
    seed: int = setting(0, "The same seed gives the same pictures.", minimum=0, maximum=2**31 - 1, simple=True)
    condition: str = setting(
        "", 'What to draw, such as "class=cat" or "eyes=round, mouth=smile"; empty leaves it open.', simple=True
    )


class _Part:
    """A dataset of the mixture: its pixels, its conditions in the mixture's fields, and which pictures validate."""

    def __init__(self, name: str, weight: float, images: Images, conditions: Conditions, data: PictureData) -> None:
        self.name, self.weight = name, weight
        self.pixels = images.pixels
        self.conditions = _rows(images, conditions)
        order = philox(data.split_seed, 0, _SPLIT_STREAM).permutation(len(images))
        held = min(max(1, round(data.validation_fraction * len(images))), len(images) - 1)
        self.validation, self.train = np.sort(order[:held]), np.sort(order[held:])


def _rows(images: Images, conditions: Conditions) -> np.ndarray:
    """What is known of each picture in the mixture's fields, (pictures, fields) of int64."""
    rows = np.full((len(images), len(conditions.fields)), UNKNOWN, np.int64)
    names = list(images.attribute_values)
    for column, field in enumerate(conditions.fields):
        if field.name == CLASS and CLASS not in names:
            values, known = images.classes, images.labels
        elif field.name in names:
            values, known = images.attribute_values[field.name], images.attributes[:, names.index(field.name)]
        else:
            continue
        places = np.array([*(field.values.index(value) for value in values), UNKNOWN], np.int64)
        rows[:, column] = places[known]
    return rows


class PictureMixture:
    """The pictures that a run learns from, drawn by the weight of their datasets, and those held back."""

    def __init__(self, parts: list[tuple[str, float, Images]], data: PictureData) -> None:
        self.height, self.width, self.channels = parts[0][2].pixels.shape[1:]
        for name, _, images in parts:
            _check(name, images, parts[0][0], (self.height, self.width, self.channels))
        self.conditions = _conditions([images for _, _, images in parts], data.conditioning, parts[0][0])
        self._parts = [_Part(name, weight, images, self.conditions, data) for name, weight, images in parts]
        self._flip = data.flip
        weights = np.array([part.weight for part in self._parts])
        self._shares = np.cumsum(weights / weights.sum())

    @property
    def train_count(self) -> int:
        """Pictures to learn from."""
        return sum(len(part.train) for part in self._parts)

    @property
    def validation_count(self) -> int:
        """Pictures held back."""
        return sum(len(part.validation) for part in self._parts)

    def batch(self, seed: int, step: int, count: int) -> tuple[Tensor, Tensor]:
        """`count` pictures (count, channels, height, width) and their conditions (count, fields)."""
        chance = philox(seed, step, _BATCH_STREAM)
        which = np.minimum(np.searchsorted(self._shares, chance.random(count), side="right"), len(self._parts) - 1)
        places, mirrored = chance.random(count), chance.random(count) < 0.5
        chosen = [(part := self._parts[number], part.train[int(place * len(part.train))])
                  for number, place in zip(which, places, strict=True)]  # fmt: skip
        pictures, conditions = self._gather(chosen)
        if self._flip:
            pictures[mirrored] = pictures[mirrored, :, ::-1]
        return from_uint8(pictures), conditions

    def validation(self, count: int) -> tuple[Tensor, Tensor]:
        """Up to `count` held-back pictures, spread evenly, and their conditions: the same ones each time."""
        every = [(part, index) for part in self._parts for index in part.validation]
        spread = np.unique(np.linspace(0, len(every) - 1, min(count, len(every))).astype(int))
        pictures, conditions = self._gather([every[place] for place in spread])
        return from_uint8(pictures), conditions

    def _gather(self, chosen: Sequence[tuple[_Part, Any]]) -> tuple[np.ndarray, Tensor]:
        pictures = np.stack([part.pixels[index] for part, index in chosen])
        rows = np.stack([part.conditions[index] for part, index in chosen])
        return pictures, torch.from_numpy(rows)


def open_pictures(workspace: Workspace, recipe: Recipe) -> PictureMixture:
    """The datasets that a recipe names; raises StudioError where there is none, or where they do not fit together."""
    data: PictureData = recipe.data
    if not data.datasets:
        raise StudioError("data.datasets is empty; name at least one dataset of pictures of the workspace to train on.")
    with ExitStack() as opened:  # what trains are the memory maps, which stay open by themselves
        parts = [(choice.name, choice.weight, opened.enter_context(open_images(workspace, choice.name)))
                 for choice in data.datasets]  # fmt: skip
        return PictureMixture(parts, data)


def _check(name: str, images: Images, first: str, shape: tuple[int, int, int]) -> None:
    if images.pixels.shape[1:] != shape:
        raise StudioError(
            f"Dataset {name!r} has pictures of {_size(images.pixels.shape[1:])}, but {first!r} of {_size(shape)}; "
            "add one of them again in the size of the other."
        )
    if len(images) < 2:
        raise StudioError(f"Dataset {name!r} has only one picture, so none can be held back to validate; add more.")


def _size(shape: Sequence[int]) -> str:
    height, width, channels = shape
    return f"{width} × {height} in {'colour' if channels == 3 else 'grey'}"


def _conditions(parts: Sequence[Images], conditioning: str, first: str) -> Conditions:
    """The fields that all datasets together have, each with all its values in alphabetical order."""
    values: dict[str, set[str]] = {}
    for images in parts:
        if conditioning == "class":
            values.setdefault(CLASS, set()).update(images.classes)
        elif conditioning == "attributes":
            for name, known in images.attribute_values.items():
                values.setdefault(name, set()).update(known)
    found = tuple(Field(name, tuple(sorted(known))) for name, known in values.items() if known)
    if conditioning != "none" and not found:
        noun = "classes" if conditioning == "class" else "attributes"
        raise RecipeError(
            f"data.conditioning is {conditioning!r}, but the pictures of {first!r} have no {noun}; choose none, or add "
            "pictures in folders named by class or with a metadata file.", "data.conditioning",
        )  # fmt: skip
    return Conditions(found)


class PictureFamily(Family):
    """What families that draw have in common."""

    data_kind = "images"
    small_plots = (
        Plot("learning_rate", "Learning rate", "", small=True),
        Plot("gradient_norm", "Gradient norm", "", small=True),
        Plot("pictures_per_second", "Speed", "pictures/s", small=True),
    )
    card = {"library_name": "fmstudio", "pipeline_tag": "unconditional-image-generation"}

    def units_per_step(self, recipe: Recipe) -> int:
        """Real pictures that one step sees."""
        return int(recipe.training.batch_size)


def illustration(recipe: Recipe, rows: Sequence[tuple[str, np.ndarray, Sequence[str]]]) -> Sample:
    """Rows of pictures that show an objective: what each row is, its pictures, and a caption for each or none."""
    names = " and ".join(choice.name for choice in recipe.data.datasets)
    shown = [{"title": title, "pictures": pictures, "captions": list(captions)} for title, pictures, captions in rows]
    return Sample("objective", "objective", {"rows": shown, "source": f"held-back pictures of {names}"})


# Numbers between files and networks.


def from_uint8(pictures: np.ndarray) -> Tensor:
    """(batch, height, width, channels) of uint8 to (batch, channels, height, width) in [-1, 1], channels last."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def to_uint8(pictures: Tensor) -> np.ndarray:
    """The opposite of `from_uint8`; what lies beyond [-1, 1] is cut off."""
    levels = pictures.detach().float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    array: np.ndarray = levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return array


# Model folders.


def save_model(folder: Path, family: str, config: Mapping[str, Any], module: nn.Module) -> None:
    """Write config.json, which names the family, and the module's weights as model.safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"family": family, "model_type": f"fmstudio-{family}", **config}
    (folder / "config.json").write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", "utf-8")
    weights = {name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
               for name, value in module.state_dict().items()}  # fmt: skip
    save_tensors(weights, folder / "model.safetensors", metadata={"format": "pt"})


def read_config(folder: Path, family: str) -> dict[str, Any]:
    """A model folder's config.json; raises StudioError where it is damaged or belongs to another family."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        found = config.get("family") or config.get("model_type") or "unknown"
    except (OSError, ValueError, AttributeError) as error:
        raise StudioError(f"{folder} is not a model folder ({error}); choose one with a config.json.") from error
    if found != family:
        raise StudioError(f"{folder} holds a model of the family {found!r}, not {family!r}; choose another model.")
    return dict(config)


def load_weights(folder: Path, module: nn.Module) -> None:
    """Fill a module from model.safetensors; raises StudioError where the file is missing, damaged or does not fit."""
    try:
        module.load_state_dict(load_file(folder / "model.safetensors"))
    except (OSError, SafetensorError, RuntimeError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise StudioError(
            f"The weights in {folder} do not fit its config.json ({first_line}); copy the folder again."
        ) from error
