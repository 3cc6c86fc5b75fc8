"""Continued pre-training beside a base: what it computes, what it makes, and that packed bases will do."""

from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from torch.nn.functional import cross_entropy

from fmstudio.errors import StudioError
from fmstudio.families.continued import ContinuedLearner
from fmstudio.jobs import JobContext, Sample
from fmstudio.training.estimate import estimate, objective
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import LinkedModel, Workspace
from tests.driving import of_kind, run_job
from tests.families.adapters import assert_ends_alike, learner_of
from tests.gguf_files import CHAT, tiny_language_model, write_gguf


@pytest.fixture
def read(stocked: Workspace, talking: Workspace) -> Workspace:
    """A workspace with the text "articles" and the model "tiny"."""
    assert stocked is talking
    return talking


def tables(**training: Any) -> dict[str, Any]:
    return {
        "family": "continued", "name": "well-read", "init": "tiny",
        "data": {"datasets": ["articles"], "context": 64, "validation_tokens": 512},
        "adapter": {"rank": 4, "alpha": 8.0},
        "training": {"steps": 8, "batch_size": 3, "evaluate_every": 4, "checkpoint_every": 4, "device": "cpu",
                     "learning_rate": 0.01, "warmup_steps": 0} | training,
    }  # fmt: skip


def test_the_loss_is_that_of_every_next_token(read: Workspace) -> None:
    made, _ = learner_of(ContinuedLearner, read, tables())
    windows, old = made.batch(1)
    assert windows.shape == (3, 65)
    loss = made.phases()[0].loss((windows, old))[0]
    logits = made.model.decoder(windows)[:, :-1]
    expected = cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=0)


def test_a_run_on_a_packed_base_makes_an_adapter_that_writes_like_the_text(read: Workspace, tmp_path: Path) -> None:
    packed = write_gguf(
        tmp_path / "packed.gguf", tiny_language_model(), template=CHAT, kind=gguf.GGMLQuantizationType.Q8_0
    )
    read.put_linked_model(LinkedModel("packed", str(packed)))
    events, result = run_job(pretrain(JobContext(), read, tables(steps=40) | {"init": "packed"}))
    series = read.metrics(result["run"])
    assert series["loss/validation"].values[-1] < 0.9 * series["loss/validation"].values[0]
    assert series["bits_per_byte/validation"].values[-1] < series["bits_per_byte/validation"].values[0]
    files = {path.name for path in read.model_folder("well-read").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "adapter_base.json"} <= files
    assert read.model("well-read").details["adapter_of"] == "packed"
    shown = [event for event in of_kind(events, Sample) if event.name == "sample"][-1]
    assert any(row["base"] != row["now"] for row in shown.rows)


def test_a_stopped_run_goes_on_and_ends_bit_identical(read: Workspace) -> None:
    assert_ends_alike(read, tables())


def test_it_is_shown_and_its_cost_told_before_it_begins(read: Workspace) -> None:
    shown = [each.data for each in of_kind(run_job(objective(JobContext(), read, tables()))[0], Sample)][-1]
    assert [each["text"] for each in shown["targets"]][:-1] == [each["text"] for each in shown["inputs"]][1:]
    assert shown["source"].endswith("in articles")
    (found,), _ = run_job(estimate(JobContext(), read, tables()))
    assert (found.data["error"], found.data["units_per_step"]) == ("", 3 * 64)


def test_a_text_that_is_too_short_is_told(read: Workspace) -> None:
    data = {"datasets": ["articles"], "context": 400, "validation_fraction": 0.001}
    with pytest.raises(StudioError, match=r"Dataset 'articles' is too short: .* lower data\.context"):
        run_job(pretrain(JobContext(), read, tables() | {"data": data}))
