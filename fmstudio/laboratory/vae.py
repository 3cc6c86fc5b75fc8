"""Looking inside a variational autoencoder: where pictures lie in its latent space, and what lies between them.

Every job opens the model by name and keeps it open, so that a drag through the latent space decodes at once.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from fmstudio.data.images import Images, open_images
from fmstudio.errors import StudioError
from fmstudio.families.conditions import Conditions
from fmstudio.families.pictures import CLASS, from_uint8, to_uint8
from fmstudio.families.vae import draw_pictures, load_vae
from fmstudio.families.vae_model import VaeModel
from fmstudio.families.vae_settings import VaeSampling
from fmstudio.jobs import Event, JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory.latent_survey import survey_latents
from fmstudio.laboratory.opened import opened
from fmstudio.recipe import build
from fmstudio.training.snapshot import RUN, model_folder
from fmstudio.workspace import Workspace

MOST_AT_ONCE = 1024
"""Pictures that one question may ask for."""


def open(context: JobContext, workspace: Workspace, model: str) -> Job:  # noqa: A001 - nothing here opens files
    """What a window must know of a model before it can ask for more: yields one Sample "vae"."""
    found = yield from opened_vae(context, workspace, model)
    step, datasets = yield from _origin(context, workspace, model)
    about = {
        "height": found.height,
        "width": found.width,
        "channels": found.channels,
        "kind": found.kind,
        "latent": found.latent,
        "codebook": found.settings.codebook_size if found.kind == "vector-quantised" else 0,
        "prior": found.settings.prior,
        "conditions": found.conditions.to_json(),
        "step": step,
        "datasets": datasets,
    }
    yield Sample("vae", "vae", about)
    return {"model": model}


def survey(context: JobContext, workspace: Workspace, model: str, dataset: str, count: int = 2000) -> Job:
    """Encode pictures spread over a dataset and measure the latent space that they fill: yields Sample "survey"."""
    found = yield from opened_vae(context, workspace, model)
    with _fitting_images(workspace, dataset, found) as images:
        indices = np.unique(np.linspace(0, len(images) - 1, min(max(2, count), len(images))).astype(np.int64))
        result = yield from survey_latents(context, found, images.pixels, indices)
        result |= {"labels": np.asarray(images.labels[indices]), "classes": images.classes, "indices": indices}
        known = np.asarray(images.attributes[indices])
        result["attributes"] = {
            name: {"values": values, "labels": known[:, column]}
            for column, (name, values) in enumerate(images.attribute_values.items())
        }
    yield Sample("survey", "survey", result)
    return {"pictures": len(indices)}


def reconstruct(context: JobContext, workspace: Workspace, model: str, dataset: str, indices: Sequence[int]) -> Job:
    """Pictures beside what the model makes of them: yields Sample "reconstructions"; errors are in grey levels."""
    found = yield from opened_vae(context, workspace, model)
    with _fitting_images(workspace, dataset, found) as images:
        originals, conditions = _chosen(images, dataset, indices, found.conditions)
    latents = found.encode(from_uint8(originals))
    again = to_uint8(found.decode(latents, conditions))
    errors = np.abs(again.astype(np.float32) - originals).mean((1, 2, 3))
    data = {"originals": originals, "reconstructions": again, "errors": errors.tolist(), "latents": latents.numpy()}
    yield Sample("reconstructions", "reconstructions", data)
    return {"pictures": len(originals)}


def decode(
    context: JobContext,
    workspace: Workspace,
    model: str,
    latents: Sequence[Sequence[float]] | np.ndarray,
    condition: Mapping[str, str] | None = None,
) -> Job:
    """The pictures of latents (pictures, latent): yields Sample "decoded"."""
    found = yield from opened_vae(context, workspace, model)
    wanted = np.asarray(latents, np.float32)
    if wanted.ndim != 2 or wanted.shape[1] != found.latent or not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise StudioError(
            f"The latents have the shape {wanted.shape}, but this model decodes 1 to {MOST_AT_ONCE} rows of "
            f"{found.latent} numbers."
        )
    conditions = found.conditions.tensor(condition or {}, len(wanted))
    yield Sample("decoded", "images", to_uint8(found.decode(torch.from_numpy(wanted), conditions)))
    return {"pictures": len(wanted)}


def interpolate(
    context: JobContext, workspace: Workspace, model: str, dataset: str, first: int, second: int, frames: int = 12
) -> Job:
    """The way from one picture to another, straight through latent space: yields Sample "interpolation"."""
    if not 2 <= frames <= MOST_AT_ONCE:
        raise StudioError(f"frames is {frames}, but it must be from 2, the two pictures, to {MOST_AT_ONCE}.")
    found = yield from opened_vae(context, workspace, model)
    with _fitting_images(workspace, dataset, found) as images:
        ends, conditions = _chosen(images, dataset, [first, second], found.conditions)
    start, end = found.encode(from_uint8(ends))
    part = torch.linspace(0, 1, frames)[:, None]
    halves = conditions[(part[:, 0] > 0.5).long()]  # a condition cannot be mixed: it changes half way
    yield Sample("interpolation", "images", to_uint8(found.decode(torch.lerp(start, end, part), halves)))
    return {"pictures": frames}


def prior(
    context: JobContext,
    workspace: Workspace,
    model: str,
    count: int = 16,
    seed: int = 0,
    temperature: float = 1.0,
    prior: str = "learnt",
    condition: Mapping[str, str] | None = None,
) -> Job:
    """Pictures of latents drawn from the learnt or the standard prior: yields Sample "prior"."""
    found = yield from opened_vae(context, workspace, model)
    asked = ", ".join(f"{name}={value}" for name, value in (condition or {}).items() if value)
    wishes = {"count": count, "seed": seed, "temperature": temperature, "prior": prior, "condition": asked}
    for event in (drawing := draw_pictures(context, found, build(VaeSampling, wishes))):
        if isinstance(event, Sample):
            yield Sample("prior", "images", event.data)
    drawing.close()
    return {"pictures": count}


# What the jobs share.


def opened_vae(context: JobContext, workspace: Workspace, model: str) -> Generator[Event, None, VaeModel]:
    """The model by whatever a person calls it; raises StudioError where it is of another family."""
    folder, _ = yield from model_folder(context, workspace, model)
    return opened(folder, load_vae)


def _origin(context: JobContext, workspace: Workspace, model: str) -> Generator[Event, None, tuple[int, list[str]]]:
    """The step that a model is from, and those of the datasets it learned from that are here."""
    folder, _ = yield from model_folder(context, workspace, model)
    details: Mapping[str, Any] = {}
    step = 0
    if model.startswith(RUN):
        details = workspace.run(model.removeprefix(RUN)).details
        step = int(folder.name.rpartition("-")[2])
    else:
        details = next((record.details for record in workspace.models() if record.name == model), {})
        step = int(details.get("step", 0))
    present = {record.name for record in workspace.datasets()}
    return step, [name for name in details.get("datasets", []) if name in present]


def _fitting_images(workspace: Workspace, dataset: str, model: VaeModel) -> Images:
    images = open_images(workspace, dataset)
    wanted = (model.height, model.width, model.channels)
    if images.pixels.shape[1:] != wanted:
        height, width, channels = images.pixels.shape[1:]
        images.close()
        raise StudioError(
            f"The pictures of dataset {dataset!r} are {width} × {height} with {channels} channels, but the model knows "
            f"{wanted[1]} × {wanted[0]} with {wanted[2]}; choose the dataset that it was trained on."
        )
    return images


def _chosen(
    images: Images, dataset: str, indices: Sequence[int], conditions: Conditions
) -> tuple[np.ndarray, torch.Tensor]:
    """Some pictures (count, height, width, channels), and what is known of each in the model's fields."""
    wanted = [int(index) for index in indices]
    if not 1 <= len(wanted) <= MOST_AT_ONCE or not all(0 <= index < len(images) for index in wanted):
        raise StudioError(
            f"Dataset {dataset!r} has the pictures 0 to {len(images) - 1}; ask for 1 to {MOST_AT_ONCE} of them."
        )
    rows = [conditions.encode(_known(images, index, conditions)) for index in wanted]
    return np.stack([images.pixels[index] for index in wanted]), torch.tensor(rows).reshape(len(wanted), -1).long()


def _known(images: Images, index: int, conditions: Conditions) -> dict[str, str]:
    """What is known of a picture, of that what the model can be asked for."""
    known = {CLASS: images.label(index)} | images.attributes_of(index)
    return {field.name: known[field.name] for field in conditions.fields if known.get(field.name) in field.values}
