"""The GAN laboratory's jobs: seeds, walks, truncation, and steps that no saved run hears of."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Metrics, Progress, Sample
from fmstudio.laboratory import gan
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import Workspace
from tests.driving import of_kind, run_job
from tests.pictures import keep_shapes

TABLES: dict[str, Any] = {
    "family": "gan", "name": "small", "data": {"datasets": ["shapes"], "conditioning": "class"},
    "model": {"latent": 8, "features": 4, "maximum_features": 8},
    "training": {"steps": 4, "batch_size": 6, "evaluate_every": 4, "checkpoint_every": 2, "device": "cpu"},
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the run and the model "small", which no test changes."""
    workspace = Workspace(tmp_path_factory.mktemp("trained") / "workspace")
    keep_shapes(workspace)
    run_job(pretrain(JobContext(), workspace, TABLES))
    yield workspace
    workspace.close()


def pictures(job: Any) -> np.ndarray:
    events, _ = run_job(job)
    data: np.ndarray = of_kind(events, Sample)[-1].data
    return data


def contents(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("model", ["small", "run:small"])
def test_opening_tells_what_can_be_asked(trained: Workspace, model: str) -> None:
    events, _ = run_job(gan.open(JobContext(), trained, model))
    (event,) = of_kind(events, Sample)
    assert event.name == event.kind == "gan"
    about = event.data
    assert (about["height"], about["width"], about["channels"], about["latent"]) == (16, 16, 3, 8)
    assert about["conditions"] == [{"name": "class", "values": ["circle", "cross", "square"]}]
    assert about["step"] == 4
    assert min(about["parameters"].values()) > 0


def test_a_seed_is_the_same_picture_in_any_company(trained: Workspace) -> None:
    asked = gan.generate(JobContext(), trained, "small", [3, 1, 3], {"class": "cross"})
    first, second, third = pictures(asked)
    assert np.array_equal(first, third)
    assert not np.array_equal(first, second)
    (alone,) = pictures(gan.generate(JobContext(), trained, "small", [1], {"class": "cross"}))
    assert np.array_equal(alone, second)


def test_a_walk_goes_through_its_stations(trained: Workspace) -> None:
    stations = pictures(gan.generate(JobContext(), trained, "small", [3, 1, 4], truncation=0.8))
    way = pictures(gan.walk(JobContext(), trained, "small", [3, 1, 4], frames=5, truncation=0.8))
    assert len(way) == 11
    for station, frame in zip(stations, way[::5], strict=True):
        assert np.abs(station.astype(int) - frame).max() <= 1
    jumps = [np.abs(np.diff(some.astype(int), axis=0)).mean((1, 2, 3)).max() for some in (way, stations)]
    assert jumps[0] < 0.6 * jumps[1]


def test_no_truncation_left_is_one_picture(trained: Workspace) -> None:
    drawn = pictures(gan.generate(JobContext(), trained, "small", [1, 2], {"class": "cross"}, truncation=0.0))
    assert np.array_equal(drawn[0], drawn[1])


@pytest.mark.parametrize(
    ("job", "arguments", "sentence"),
    [
        (gan.generate, {"seeds": []}, "one or more"),
        (gan.generate, {"seeds": [-1]}, "none below 0"),
        (gan.walk, {"seeds": [1]}, "two seeds"),
        (gan.walk, {"seeds": [1, 2], "frames": 1_000_000}, "at most 2,048"),
        (gan.generate, {"seeds": [1], "condition": {"class": "moon"}}, "moon.*circle, cross, square"),
        (gan.generate, {"seeds": [1], "condition": {"hat": "red"}}, "hat"),
    ],
)
def test_what_cannot_be_drawn_is_refused(trained: Workspace, job: Any, arguments: Any, sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        run_job(job(JobContext(), trained, "small", **arguments))


def test_steps_go_on_from_a_run_and_never_touch_it(trained: Workspace) -> None:
    before = contents(trained.run_folder("small"))
    metrics = trained.metrics("small").keys()
    events, result = run_job(gan.steps(JobContext(), trained, "small", count=2, reset=True))
    assert [event.step for event in of_kind(events, Metrics)] == [5, 6]
    assert result["step"] == 6
    _, result = run_job(gan.steps(JobContext(), trained, "run:small"))
    assert result["step"] == 7, "the session is kept, by either name of the run"
    _, result = run_job(gan.steps(JobContext(), trained, "small", reset=True))
    assert result["step"] == 5
    assert contents(trained.run_folder("small")) == before
    assert trained.metrics("small").keys() == metrics


def test_each_step_shows_losses_scores_and_pictures(pictured: Workspace) -> None:
    events, _ = run_job(gan.steps(JobContext(), pictured, TABLES, reset=True))
    (metrics,) = of_kind(events, Metrics)
    assert metrics.values.keys() >= {
        "loss/discriminator", "loss/generator", "gradient_penalty/real", "gradient_penalty/generated",
        "diversity/real", "diversity/generated",
    }  # fmt: skip
    scores, sample = of_kind(events, Sample)
    assert (scores.name, sample.name) == ("scores", "sample")
    assert scores.data["real"]
    assert scores.data["generated"]
    assert scores.data["collapse"] == ""
    assert sample.data.shape == (36, 16, 16, 3)
    assert isinstance(events[-1], Progress)


def test_one_side_can_step_alone(pictured: Workspace) -> None:
    run_job(gan.steps(JobContext(), pictured, TABLES, reset=True))
    events, _ = run_job(gan.steps(JobContext(), pictured, TABLES, which="generator", count=20))
    gains = [np.mean(event.data["generated"]) for event in of_kind(events, Sample) if event.name == "scores"]
    assert gains[-1] > gains[0], "alone, the generator must win"
    assert not any("loss/discriminator" in event.values for event in of_kind(events, Metrics))
    sheets = [event.data for event in of_kind(events, Sample) if event.name == "sample"]
    events, _ = run_job(gan.steps(JobContext(), pictured, TABLES, which="discriminator"))
    assert "loss/generator" not in of_kind(events, Metrics)[0].values
    assert not np.array_equal(sheets[0], sheets[-1])


def test_steps_can_be_stopped_in_between(pictured: Workspace) -> None:
    context = JobContext()
    job = gan.steps(context, pictured, TABLES, count=1000, reset=True)
    while not isinstance(next(job), Metrics):
        pass
    context.stop()
    _, result = run_job(job)
    assert result == {"step": 1}


def test_a_recipe_of_another_family_has_no_sides(pictured: Workspace) -> None:
    with pytest.raises(StudioError, match=r"'language'.*'gan'"):
        run_job(gan.steps(JobContext(), pictured, {"family": "language"}))
    with pytest.raises(StudioError, match="both, discriminator, generator"):
        run_job(gan.steps(JobContext(), pictured, TABLES, which="neither"))
