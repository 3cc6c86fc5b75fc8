"""The job that draws from a trained model."""

from collections.abc import Mapping
from typing import Any

from fmstudio.families import family_named
from fmstudio.jobs import JobContext
from fmstudio.jobs.context import Job
from fmstudio.recipe import build
from fmstudio.training.device import choose_device
from fmstudio.training.snapshot import model_folder
from fmstudio.workspace import Workspace


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
