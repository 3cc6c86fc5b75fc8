"""An output is made again by the job that made it: the same to the last character and pixel, or told to be another."""

import dataclasses
import json

import numpy as np
import pytest

from fmstudio.adapt.generation import generate
from fmstudio.errors import StudioError
from fmstudio.feedback.entries import detail
from fmstudio.feedback.pictures import keep, to_plain
from fmstudio.feedback.replay import replay
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.request import from_plain
from fmstudio.laboratory import diffusion
from fmstudio.laboratory.diffusion_editing import edit
from fmstudio.workspace import FeedbackRecord
from tests.adapter_folders import add_adapter
from tests.driving import of_kind, run_job
from tests.laboratory.diffusion_models import train_small
from tests.laboratory.language_models import keep_language_model

SETTINGS = {"temperature": 1.0, "top_k": 20, "seed": 5, "maximum_tokens": 12}
WALK = "fmstudio.laboratory.diffusion:walk"


def again(workspace, entry):
    return run_job(replay(JobContext(), workspace, entry))[1]


def changed(workspace, entry, **fields):
    """A copy of an entry that says something else."""
    record = dataclasses.replace(workspace.feedback.get(entry), id="f-copy", **fields)
    return workspace.feedback.add(record)


@pytest.mark.parametrize("asked", [{"prompt": "The if statement"}, {"messages": [{"role": "user", "content": "Hi"}]}])
def test_a_text_comes_out_the_same(workspace, asked):
    keep_language_model(workspace, chat="messages" in asked)
    result = run_job(generate(JobContext(), workspace, "tiny", settings=SETTINGS, log=True, **asked))[1]
    found = again(workspace, result["feedback"])
    assert (found["same"], found["output"], found["model_changed"]) == (True, result["text"], False)
    other = again(workspace, changed(workspace, result["feedback"], output="Something else", model_version="old"))
    assert (other["same"], other["output"], other["model_changed"]) == (False, result["text"], True)


def test_an_adapters_text_is_made_again_with_the_strength_that_it_had(talking):
    add_adapter(talking)
    settings = SETTINGS | {"adapter.scale": 0.5}
    result = run_job(generate(JobContext(), talking, "taught", prompt="Hi", settings=settings, log=True))[1]
    assert talking.feedback.get(result["feedback"]).details["settings"]["adapter.scale"] == 0.5
    assert again(talking, result["feedback"])["same"]
    whole = run_job(generate(JobContext(), talking, "taught", prompt="Hi", settings=SETTINGS))[1]
    assert whole["text"] != result["text"]


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({}, "imported"),
        ({"replay": {"target": "shutil:rmtree", "arguments": {"path": "/"}}}, "'shutil:rmtree'"),
        ({"replay": {"target": "fmstudio.laboratory.picture_export:save", "arguments": {}}}, "no job that makes"),
        ({"replay": {"target": WALK, "arguments": {"pixels": {"array of": "object"}}}}, "is damaged"),
        ({"replay": {"target": WALK, "arguments": [1]}}, "is damaged"),
        ({"replay": {"target": WALK, "arguments": {"a": [{"array of": "u1", "shape": 5, "bytes": ""}]}}}, "is damaged"),
        ({"replay": {"target": WALK, "arguments": {"a": {"array of": ",<?O", "bytes": ""}}}}, "is damaged"),
        ({"replay": {"target": WALK, "arguments": {}, "index": "abc"}}, "is picture 'abc' of its job"),
        ({"replay": {"target": WALK, "arguments": {}, "index": None}}, "is picture 'None' of its job"),
        ({"replay": {"target": WALK, "arguments": {}, "index": -1}}, "is picture '-1' of its job"),
        ({"settings": 5}, "imported"),
    ],
)
def test_no_code_is_run_that_a_file_may_have_named(workspace, details, words):
    entry = workspace.feedback.add(FeedbackRecord("text", "m", "p", "o", details=details))
    with pytest.raises(StudioError, match=words):
        again(workspace, entry)


def test_arguments_that_the_job_does_not_take_are_told(workspace):
    keep_language_model(workspace)
    details = {"replay": {"target": "fmstudio.adapt.generation:generate", "arguments": {"model": "tiny", "tempo": 3}}}
    entry = workspace.feedback.add(FeedbackRecord("text", "tiny", "p", "o", details=details))
    with pytest.raises(StudioError, match=r"not known to this version .*tempo"):
        again(workspace, entry)


@pytest.fixture
def small(pictured):
    train_small(pictured)
    return pictured


def walk(workspace, job=diffusion.walk, **arguments):
    steps = of_kind(run_job(job(JobContext(), workspace, **arguments))[0], Sample)
    return [step for step in steps if step.kind == "diffusion-step"]


def rate(workspace, step, index, arguments, target=WALK, view="denoised"):
    picture = step.data[view][index]
    job = keep(JobContext(), workspace, picture, "small", target, arguments, index, step.name, view)
    return run_job(job)[1]["entry"]


def test_a_picture_comes_out_the_same_and_is_kept_once(small):
    arguments = {"model": "small", "settings": {"steps": 3, "count": 2, "seed": 4}, "condition": {}}
    steps = walk(small, **arguments)
    middle, last = rate(small, steps[1], 1, arguments), rate(small, steps[-1], 0, arguments)
    assert rate(small, steps[1], 1, arguments) == middle
    assert small.feedback.count() == 2
    for entry in (middle, last):
        assert again(small, entry) == {
            "entry": entry, "kind": "image", "model_changed": False, "same": True, "largest_difference": 0,
        }  # fmt: skip
    shown = run_job(detail(JobContext(), small, middle))[0][-1].data
    assert shown["picture_path"] == str(small.feedback.picture_path(middle))
    assert (shown["details"]["seed"], shown["kind"], shown["prompt"]) == (4, "image", "seed 4")
    # Kept as another seed's picture, it is told to be another one.
    wrong = small.feedback.get(last).details["replay"] | {
        "arguments": {**arguments, "settings": {"steps": 3, "seed": 9}}
    }
    small.feedback.update(last, details={"replay": wrong})
    assert again(small, last)["largest_difference"] > 0


def test_a_picture_made_from_a_picture_keeps_it_and_survives_json(small):
    source = np.full((16, 16, 3), 200, np.uint8)
    mask = np.zeros((16, 16), bool)
    mask[4:12, 4:12] = True
    arguments = {
        "model": "small",
        "picture": source,
        "mask": mask,
        "strength": 0.5,
        "settings": {"steps": 2, "count": 1},
    }
    step = walk(small, edit, **arguments)[-1]
    entry = rate(small, step, 0, arguments, "fmstudio.laboratory.diffusion_editing:edit")
    assert json.loads(json.dumps(small.feedback.get(entry).details)) == small.feedback.get(entry).details
    assert again(small, entry)["same"]


def test_arguments_come_back_from_json_with_arrays_at_any_depth():
    arguments = {
        "settings": {"mask": np.eye(2, dtype=bool), "steps": 3},
        "pairs": [[np.arange(6, dtype=np.float32).reshape(2, 3), "x"], {}],
        "picture": np.zeros((1, 2, 3), np.uint8),
        "nothing": None,
    }
    again = from_plain(json.loads(json.dumps(to_plain(arguments))))
    assert again.keys() == arguments.keys()
    np.testing.assert_equal(again, arguments)
    assert [again["settings"]["mask"].dtype, again["pairs"][0][0].dtype] == [bool, np.float32]


def test_a_picture_whose_file_is_gone_is_told(small):
    arguments = {"model": "small", "settings": {"steps": 2, "count": 1}}
    entry = rate(small, walk(small, **arguments)[-1], 0, arguments)
    small.feedback.picture_path(entry).unlink()
    with pytest.raises(StudioError, match="gone from the workspace"):
        again(small, entry)
    with pytest.raises(StudioError, match="cannot draw"):
        run_job(keep(JobContext(), small, np.zeros((2, 2, 3), np.uint8), "small", "os:remove", {}))
