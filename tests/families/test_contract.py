"""What every family must do; a new one is tested here by being there."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

from fmstudio.errors import StudioError
from fmstudio.families import families
from fmstudio.families.family import Family, Recipe
from fmstudio.jobs import JobContext, Sample, TextDelta
from fmstudio.recipe import build
from fmstudio.training.loop import Trainer
from fmstudio.training.settings import TrainingSettings
from fmstudio.workspace import Workspace
from tests.driving import of_kind, returned, run_job
from tests.talks import add_tutor

CPU = torch.device("cpu")
DATASETS = {"text": "articles", "images": "shapes", "instructions": "talks", "preferences": "choices"}
SUPPLIED = {"text": "stocked", "images": "pictured", "instructions": "talking", "preferences": "talking"}
OBJECTIVE = {"teacher": "tutor", "updates": 7}
"""What some objectives need: another model, and that answers are learnt from more than once, as only then does their
loss fall, which is measured from the weights that wrote them."""


def smallest(family: Family) -> Recipe:
    """The family's smallest size, on the test's data."""
    tables: dict[str, Any] = {"training": {"steps": 40, "batch_size": 4, "warmup_steps": 0, "schedule": "constant"}}
    for path, value in next(iter(family.sizes.values())).items():
        section, _, name = path.partition(".")
        tables.setdefault(section, {})[name] = value
    tables["data"] = {"datasets": [DATASETS[family.data_kind]]}
    tables["init"] = "tiny" if family.begins_from else ""
    known = {each.path for each in family.settings(TrainingSettings)}
    tables["objective"] = {name: value for name, value in OBJECTIVE.items() if f"objective.{name}" in known}
    if not tables["objective"]:
        del tables["objective"]
    return family.parse(tables, TrainingSettings)


@pytest.fixture(params=families().values(), ids=families())
def family(request: pytest.FixtureRequest) -> Family:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def supplied(request: pytest.FixtureRequest, family: Family, tmp_path: Path) -> Workspace:
    """A workspace with the data that the family learns from."""
    workspace: Workspace = request.getfixturevalue(SUPPLIED[family.data_kind])
    if family.begins_from:
        request.getfixturevalue("talking")  # has the model "tiny"
        add_tutor(workspace, tmp_path)
    return workspace


def trainer(family: Family, workspace: Workspace, recipe: Recipe) -> Trainer:
    return Trainer(returned(family.learner(JobContext(), workspace, recipe, CPU)), recipe.training, CPU)


def test_each_phase_alone_overfits_one_batch(family: Family, supplied: Workspace) -> None:
    for number, name in enumerate(phase.name for phase in trainer(family, supplied, smallest(family)).learner.phases()):
        made = trainer(family, supplied, smallest(family))
        batch = made.learner.batch(1)
        made.learner.batch = lambda step, batch=batch: batch  # type: ignore[method-assign]
        phase = made.learner.phases()[number]
        before = phase.loss(batch)[0].item()
        for _ in range(40):
            made.step(only=[name])
        after = phase.loss(batch)[0].item()
        assert after < family.overfits_to * before, f"{name} alone went from {before:.3f} to {after:.3f}"


def test_a_batch_is_a_pure_function_of_the_step(family: Family, supplied: Workspace) -> None:
    made = trainer(family, supplied, smallest(family))
    first, other, again = (tensors(made.learner.batch(step)) for step in (7, 8, 7))
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


def tensors(batch: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """A batch is a tensor or a tuple of them."""
    return batch if isinstance(batch, tuple) else (batch,)


def test_its_model_folder_gives_the_same_samples_again(
    family: Family,
    supplied: Workspace,
    tmp_path: Path,
) -> None:
    made = trainer(family, supplied, smallest(family))
    for _ in range(3):
        made.step()
    drawn = []
    for name in ("once", "twice"):
        made.learner.save(tmp_path / name)
        events, _ = run_job(family.sample(JobContext(), tmp_path / name, build(family.sampling, {"seed": 3}), CPU))
        texts = "".join(event.text for event in of_kind(events, TextDelta))
        pictures = [event.data.tobytes() for event in of_kind(events, Sample) if event.kind == "images"]
        drawn.append(texts or pictures[-1])
    assert drawn[0] == drawn[1]


def test_a_model_folder_of_another_family_is_refused_by_name(family: Family, tmp_path: Path) -> None:
    if "language" in (family.name, family.makes):
        return  # a Hugging Face folder names no family
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "config.json").write_text('{"family": "something-else"}')
    with pytest.raises(StudioError, match="something-else"):
        run_job(family.sample(JobContext(), folder, build(family.sampling, {}), CPU))


def test_a_recipe_goes_to_toml_and_back(family: Family) -> None:
    recipe = smallest(family)
    again = family.parse(tomllib.loads(recipe.to_toml()), TrainingSettings)
    assert again.sections == recipe.sections


def test_its_outline_has_the_parameters_of_the_network(family: Family, supplied: Workspace) -> None:
    recipe = smallest(family)
    made = trainer(family, supplied, recipe)
    network = sum(p.numel() for module in made.learner.model_modules() for p in module.parameters())
    outline = sum(p.numel() for p in family.outline(supplied, recipe).parameters())
    # A tokenizer learnt from a small text may end up smaller than asked for, never larger.
    assert network <= outline


def test_every_size_and_setting_is_known_to_its_recipe(family: Family) -> None:
    paths = {each.path for each in family.settings(TrainingSettings)}
    for size in family.sizes.values():
        assert set(size) <= paths
    assert all(each.help and each.title for each in family.settings(TrainingSettings))
    assert any(each.simple for each in family.settings(TrainingSettings))
