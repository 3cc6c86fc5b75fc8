"""What tests of all families share that put an adapter beside a base."""

from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from fmstudio.families.adapting import AdapterLearner
from fmstudio.jobs import JobContext
from fmstudio.training.loop import Trainer
from fmstudio.training.pretraining import pretrain, resume
from fmstudio.training.recipes import parse_recipe
from fmstudio.workspace import Workspace
from tests.driving import returned, run_job, run_until

Made = TypeVar("Made", bound=AdapterLearner)
CPU = torch.device("cpu")


def learner_of(kind: type[Made], workspace: Workspace, tables: Mapping[str, Any]) -> tuple[Made, Trainer]:
    """The learner of a recipe, which is to be of that kind, and what makes its steps."""
    recipe = parse_recipe(tables)
    made = returned(recipe.family.learner(JobContext(), workspace, recipe, CPU))
    assert isinstance(made, kind)
    return made, Trainer(made, recipe.training, CPU)


@torch.no_grad()
def stir(made: AdapterLearner) -> None:
    """Let an adapter do something: at its beginning the gradients of half the matrices are zero."""
    for _, part in made.adapter.parts():
        part.lora_B.normal_(0, 0.1, generator=torch.Generator().manual_seed(1))


def gradients(made: AdapterLearner) -> list[Tensor]:
    """Those of the adapter."""
    return [each.grad.clone() for each in made.adapter.parameters() if each.grad is not None]


def assert_alike(found: list[Tensor], expected: list[Tensor]) -> None:
    """Each within 1e-5 of the greatest number of what is expected."""
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5 * float(other.abs().max()))


def assert_ends_alike(workspace: Workspace, recipe: Mapping[str, Any]) -> None:
    """A run that is cut off at the checkpoint of step 4 goes on, as "stopped", to the bytes of a "whole" one."""
    run_job(pretrain(JobContext(), workspace, {**recipe, "name": "whole"}))
    job = pretrain(JobContext(), workspace, {**recipe, "name": "stopped"})
    run_until(job, lambda event: getattr(event, "name", "") == "step-000004")
    job.close()
    run_job(resume(JobContext(), workspace, "stopped"))
    weights = [next(workspace.model_folder(name).glob("*.safetensors")) for name in ("whole", "stopped")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
