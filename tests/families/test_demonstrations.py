"""Tuning on demonstrations: what they are compared with, what a run makes, and that it ends the same after a stop."""

from typing import Any

import pytest
import torch

from fmstudio.errors import StudioError
from fmstudio.families.demonstrations import DemonstrationLearner
from fmstudio.jobs import JobContext
from fmstudio.nn.answers import write_answers
from fmstudio.training.loop import Trainer
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import Workspace
from tests.driving import run_job
from tests.families.adapters import assert_ends_alike, learner_of


def tables(again: int = 0, **training: Any) -> dict[str, Any]:
    return {
        "family": "demonstrations", "name": "shown", "init": "tiny",
        "data": {"datasets": ["talks"], "validation_fraction": 0.3}, "objective": {"tokens": 12, "again": again},
        "adapter": {"rank": 4, "alpha": 8.0},
        "training": {"steps": 8, "batch_size": 2, "evaluate_every": 4, "checkpoint_every": 2, "device": "cpu",
                     "learning_rate": 0.01, "warmup_steps": 0} | training,
    }  # fmt: skip


def learner(workspace: Workspace, **settings: Any) -> tuple[DemonstrationLearner, Trainer]:
    made, trainer = learner_of(DemonstrationLearner, workspace, tables(**settings))
    return made, trainer


def own_answers(made: DemonstrationLearner) -> list[list[int]]:
    return [row.texts[1].ids[row.texts[1].last_answer :].tolist() for row in made.rows.train]


def test_a_demonstration_is_compared_with_what_the_base_says(talking: Workspace) -> None:
    made, _ = learner(talking)
    row = made.rows.train[0]
    demonstration, own = row.texts
    assert own.ids[: own.last_answer].tolist() == demonstration.ids[: demonstration.last_answer].tolist()
    said = made.model.tokenizer.decode(demonstration.ids[demonstration.last_answer :].tolist())
    assert said.startswith("The cat sat on ")
    assert 1 <= len(own) - own.last_answer <= 12
    sums, _ = made.log_probabilities(row.texts, strength=0.0)
    assert row.base == pytest.approx(sums.tolist(), rel=1e-5)
    again, _ = learner(talking)
    assert own_answers(again) == own_answers(made)


def test_the_model_answers_again_as_it_is_by_then(talking: Workspace) -> None:
    made, trainer = learner(talking, again=3, learning_rate=0.03)
    before = own_answers(made)
    for _ in range(3):
        trainer.step()
    assert own_answers(made) == before
    list(made.prepare(4))
    drawn = {place for step in (4, 5, 6) for place in made.rows.drawn(0, step, 2)}
    after = own_answers(made)
    assert any(after[place] != before[place] for place in drawn)
    assert all(after[place] == before[place] for place in range(len(before)) if place not in drawn)
    row = made.rows.train[min(drawn)]
    sums, _ = made.log_probabilities(row.texts, strength=0.0)
    assert row.base == pytest.approx(sums.tolist(), rel=1e-4)


def test_a_run_prefers_demonstrations_to_its_own_answers(talking: Workspace) -> None:
    result = run_job(pretrain(JobContext(), talking, tables(steps=30, keep="last")))[1]
    told = talking.metrics(result["run"])
    assert told["reward/chosen"].values[0] == pytest.approx(0, abs=1e-4)
    assert told["reward/chosen"].values[-1] > told["reward/rejected"].values[-1]
    assert told["accuracy/validation"].values[-1] == 1.0
    assert talking.model("shown").details["adapter_of"] == "tiny"


@pytest.mark.parametrize("again", [0, 3])
def test_a_stopped_run_goes_on_and_ends_bit_identical(talking: Workspace, again: int) -> None:
    """The checkpoint of step 4 holds answers that the weights of step 3 wrote."""
    recipe = tables(again) | {"adapter": {"rank": 4, "alpha": 8.0, "dropout": 0.3}}
    assert_ends_alike(talking, recipe)


def test_answers_are_drawn_from_the_base_and_not_from_the_adapter(talking: Workspace) -> None:
    made, _ = learner(talking)
    rows = [*made.rows.train, *made.rows.validation]
    prompts = [row.texts[0].ids[: row.texts[0].last_answer].tolist() for row in rows]
    with torch.no_grad():
        for _, part in made.adapter.parts():
            part.lora_B.normal_(0, 0.3, generator=torch.Generator().manual_seed(1))
    *_, changed = write_answers(made.model.decoder, prompts, made._ends, 12)
    before = own_answers(made)
    list(made.answer())
    assert own_answers(made) == before
    assert [answer.tokens for answer in changed[: len(before)]] != before


def test_preferences_have_two_sides_already(talking: Workspace) -> None:
    with pytest.raises(StudioError, match="Dataset 'choices' holds preferences, which have two sides already"):
        run_job(pretrain(JobContext(), talking, tables() | {"data": {"datasets": ["choices"]}}))
