"""Distillation: by distributions where both models read the same tokens, by answers elsewhere, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import kl_div

from fmstudio.errors import StudioError
from fmstudio.families.distillation import DistributionLearner
from fmstudio.families.instructions import InstructionLearner
from fmstudio.jobs import JobContext
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import Workspace
from tests.driving import run_job
from tests.families.adapters import assert_ends_alike, gradients, learner_of, stir
from tests.talks import add_tutor


def tables(objective: dict[str, Any] | None = None, **training: Any) -> dict[str, Any]:
    return {
        "family": "distillation", "name": "taught", "init": "tiny",
        "data": {"datasets": ["talks"], "validation_fraction": 0.3},
        "objective": {"teacher": "tutor", "tokens": 200} | (objective or {}), "adapter": {"rank": 4, "alpha": 8.0},
        "training": {"steps": 8, "batch_size": 2, "evaluate_every": 4, "checkpoint_every": 4, "device": "cpu",
                     "learning_rate": 0.01, "warmup_steps": 0} | training,
    }  # fmt: skip


def learner(workspace: Workspace, **objective: Any) -> InstructionLearner:
    made, _ = learner_of(InstructionLearner, workspace, tables(objective))
    return made


def test_the_loss_is_the_divergence_from_the_teacher_over_the_answers(talking: Workspace, tmp_path: Path) -> None:
    add_tutor(talking, tmp_path, layers=3)  # another shape with the same vocabulary
    made = learner(talking, temperature=2.0)
    assert isinstance(made, DistributionLearner)
    stir(made)
    batch = made.batch(1)
    loss = made.phases()[0].loss(batch)[0]
    loss.backward()
    found = gradients(made)
    made.adapter.zero_grad()
    sums, learnt = torch.zeros(()), 0
    for row in (made.rows.train[place].text for place in batch[0].tolist()):
        ids = torch.from_numpy(row.ids).long()[None]
        places = torch.from_numpy(row.predicted)
        now = (made.model.decoder(ids)[0, places] / 2).log_softmax(-1)
        with torch.no_grad():
            there = (made._teacher(ids)[0, places] / 2).log_softmax(-1)
        sums = sums + 4 * kl_div(now, there, reduction="sum", log_target=True)
        learnt += int(places.sum())
    expected = sums / learnt
    expected.backward()
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=0)
    for one, other in zip(found, (each.grad for each in made.adapter.parameters()), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))


def test_a_run_comes_nearer_to_its_teacher(talking: Workspace, tmp_path: Path) -> None:
    add_tutor(talking, tmp_path)
    result = run_job(pretrain(JobContext(), talking, tables(steps=30, keep="last")))[1]
    losses = talking.metrics(result["run"])["loss/validation"].values
    assert losses[-1] < 0.8 * losses[0]
    assert talking.model("taught").details["adapter_of"] == "tiny"


def test_an_adapter_teaches_its_base(talking: Workspace, tmp_path: Path) -> None:
    lessons = {"family": "instructions", "name": "adapter", "objective": None}
    recipe = {key: value for key, value in (tables() | lessons).items() if value is not None}
    run_job(pretrain(JobContext(), talking, recipe))
    made = learner(talking, teacher="adapter")
    assert isinstance(made, DistributionLearner)
    with torch.no_grad():
        assert float(made.phases()[0].loss(made.batch(1))[0]) > 1e-4


def test_where_tokens_differ_the_teachers_answers_are_learnt(talking: Workspace, tmp_path: Path) -> None:
    add_tutor(talking, tmp_path, vocabulary=290)
    made = learner(talking, tokens=400)
    assert type(made) is InstructionLearner
    row = made.rows.train[0]
    decode = made.model.tokenizer.decode
    said = decode(row.text.ids[row.text.last_answer :].tolist(), skip_special_tokens=True).strip()
    assert said == row.messages[-1].content != ""
    assert not said.startswith("The cat sat on ")


def test_answers_that_the_teacher_has_not_ended_are_told(talking: Workspace, tmp_path: Path) -> None:
    add_tutor(talking, tmp_path)
    with pytest.raises(StudioError, match=r"The teacher has ended none of its \d answers within 1 tokens"):
        run_job(pretrain(JobContext(), talking, tables({"method": "answers", "tokens": 1})))


def test_a_stopped_run_goes_on_and_ends_bit_identical(talking: Workspace, tmp_path: Path) -> None:
    add_tutor(talking, tmp_path)
    assert_ends_alike(talking, tables())


REFUSED = {
    "no teacher": ({"teacher": ""}, "objective.teacher is empty; name the model to learn from"),
    "itself": ({"teacher": "tiny"}, "tiny is to learn from itself, which teaches nothing"),
    "other tokens": ({"method": "distributions"}, "tiny and its teacher tutor read different tokens"),
    "unknown": ({"teacher": "nobody"}, "nobody"),
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_what_cannot_teach_is_refused_before_it_begins(talking: Workspace, tmp_path: Path, changes: Any) -> None:
    objective, sentence = changes
    add_tutor(talking, tmp_path, vocabulary=290)
    with pytest.raises(StudioError, match=sentence):
        run_job(pretrain(JobContext(), talking, tables(objective)))
