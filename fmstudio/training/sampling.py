"""The jobs that draw from a trained model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fmstudio.data.picture_files import grid, save_png
from fmstudio.errors import StudioError
from fmstudio.families import family_named
from fmstudio.families.pictures import PictureSampling
from fmstudio.jobs import Artefact, JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import build
from fmstudio.training.device import choose_device
from fmstudio.training.snapshot import family_name, model_folder
from fmstudio.workspace import Workspace, explained


def sample(
    context: JobContext,
    workspace: Workspace,
    model: str,
    prompt: str | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
) -> Job:
    """Draw from a model of the workspace, by name, from a model folder, by path, or from a run, as "run:<id>".

    Its family decides what comes: a stream of text, or pictures.
    """
    folder, family_name = yield from model_folder(context, workspace, model)
    family = family_named(family_name)
    values = dict(settings or {}) | ({} if prompt is None else {"prompt": prompt})
    return (yield from family.sample(context, folder, build(family.sampling, values), choose_device(device)))


def draw(context: JobContext, workspace: Workspace, model: str, to: str, settings: Mapping[str, Any]) -> Job:
    """Draw pictures as `sample` does and write them as one PNG, side by side; raises StudioError for another ending."""
    target = Path(to).expanduser()
    if target.suffix.lower() != ".png":
        raise StudioError(f"{to} does not end in .png, but pictures are written as PNG; choose such a name.")
    drawing, pictures = sample(context, workspace, model, settings=settings), None
    while True:
        try:
            event = next(drawing)
        except StopIteration as end:
            result = dict(end.value or {})
            break
        if isinstance(event, Sample) and isinstance(event.data, np.ndarray):
            pictures = event.data
        yield event
    if pictures is None:
        return result
    with explained(target):
        save_png(target, grid(pictures))
    yield Artefact("file", target.name, str(target))
    return {**result, "path": str(target)}


def draws_pictures(workspace: Workspace, model: str) -> bool:
    """Whether a model's samples are pictures; raises WorkspaceError where there is no such model."""
    return issubclass(family_named(family_name(workspace, model)).sampling, PictureSampling)
