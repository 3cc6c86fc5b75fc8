"""The job that draws from a trained model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmstudio.families import family_named
from fmstudio.jobs import JobContext
from fmstudio.jobs.context import Job
from fmstudio.recipe import build
from fmstudio.training.device import choose_device
from fmstudio.workspace import Workspace


def sample(
    context: JobContext,
    workspace: Workspace,
    model: str,
    prompt: str | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
) -> Job:
    """Draw from a model of the workspace, by name, or from a model folder, by path; its family decides what comes."""
    folder, family_name = find_model(workspace, model)
    family = family_named(family_name)
    values = dict(settings or {}) | ({} if prompt is None else {"prompt": prompt})
    return (yield from family.sample(context, folder, build(family.sampling, values), choose_device(device)))


def find_model(workspace: Workspace, model: str) -> tuple[Path, str]:
    """The folder of a model and the name of its family; raises WorkspaceError that lists the models there are."""
    if model not in {record.name for record in workspace.models()} and (Path(model) / "config.json").is_file():
        return Path(model), "language"
    record = workspace.model(model)
    return workspace.model_folder(record.name), record.family
