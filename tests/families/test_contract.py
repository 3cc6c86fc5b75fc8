"""What every family must do; a new one is tested here by being there."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

from fmstudio.families import families
from fmstudio.families.family import Family, Recipe
from fmstudio.jobs import JobContext
from fmstudio.recipe import build
from fmstudio.training.loop import Trainer
from fmstudio.training.settings import TrainingSettings
from fmstudio.workspace import Workspace
from tests.driving import run_job

CPU = torch.device("cpu")
DATASETS = {"text": "articles"}


def smallest(family: Family) -> Recipe:
    """The family's smallest size, on the test's data."""
    tables: dict[str, Any] = {"training": {"steps": 40, "batch_size": 4, "warmup_steps": 0, "schedule": "constant"}}
    for path, value in next(iter(family.sizes.values())).items():
        section, _, name = path.partition(".")
        tables.setdefault(section, {})[name] = value
    tables["data"] = {"datasets": [DATASETS[family.data_kind]]}
    return family.parse(tables, TrainingSettings)


@pytest.fixture(params=families().values(), ids=families())
def family(request: pytest.FixtureRequest) -> Family:
    return request.param  # type: ignore[no-any-return]


def trainer(family: Family, workspace: Workspace, recipe: Recipe) -> Trainer:
    job = family.learner(JobContext(), workspace, recipe, CPU)
    while True:
        try:
            next(job)
        except StopIteration as end:
            return Trainer(end.value, recipe.training, CPU)


def test_it_overfits_one_batch(family: Family, stocked: Workspace) -> None:
    made = trainer(family, stocked, smallest(family))
    batch = made.learner.batch(1)
    made.learner.batch = lambda step: batch  # type: ignore[method-assign]
    losses = [float(made.step()["loss/training"]) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]


def test_a_batch_is_a_pure_function_of_the_step(family: Family, stocked: Workspace) -> None:
    made = trainer(family, stocked, smallest(family))
    first, other, again = (made.learner.batch(step) for step in (7, 8, 7))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_its_model_folder_gives_the_same_samples_again(
    family: Family,
    stocked: Workspace,
    tmp_path: Path,
) -> None:
    made = trainer(family, stocked, smallest(family))
    for _ in range(3):
        made.step()
    results = []
    for name in ("once", "twice"):
        made.learner.save(tmp_path / name)
        _, result = run_job(family.sample(JobContext(), tmp_path / name, build(family.sampling, {"seed": 3}), CPU))
        result.pop("tokens_per_second", None)
        results.append(result)
    assert results[0] == results[1]
    assert any(results[0].values())


def test_a_recipe_goes_to_toml_and_back(family: Family) -> None:
    recipe = smallest(family)
    again = family.parse(tomllib.loads(recipe.to_toml()), TrainingSettings)
    assert again.sections == recipe.sections


def test_its_outline_has_the_parameters_of_the_network(family: Family, stocked: Workspace) -> None:
    recipe = smallest(family)
    made = trainer(family, stocked, recipe)
    network = sum(p.numel() for module in made.learner.modules.values() for p in module.parameters())
    outline = sum(p.numel() for p in family.outline(stocked, recipe).parameters())
    # A tokenizer learnt from a small text may end up smaller than asked for, never larger.
    assert network <= outline


def test_every_size_and_setting_is_known_to_its_recipe(family: Family) -> None:
    paths = {each.path for each in family.settings(TrainingSettings)}
    for size in family.sizes.values():
        assert set(size) <= paths
    assert all(each.help and each.title for each in family.settings(TrainingSettings))
    assert any(each.simple for each in family.settings(TrainingSettings))
