"""A tiny diffusion model of the shapes, trained for a few steps, to be looked at."""

from typing import Any

from fmstudio.jobs import JobContext
from fmstudio.training import pretraining
from fmstudio.workspace import Workspace
from tests.driving import run_job


def recipe(**objective: Any) -> dict[str, Any]:
    """A recipe for a model of a few thousand parameters."""
    return {
        "family": "diffusion",
        "name": "small",
        "data": {"datasets": ["shapes"], "conditioning": "class"},
        "model": {"width": 16, "levels": 2, "embedding": 16},
        "objective": objective,
        "training": {"steps": 4, "batch_size": 4, "evaluate_every": 4, "checkpoint_every": 2, "device": "cpu"},
    }


def train_small(workspace: Workspace, **objective: Any) -> None:
    """Make the model "small", and its run of the same name."""
    run_job(pretraining.pretrain(JobContext(), workspace, recipe(**objective)))
