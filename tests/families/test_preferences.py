"""Preference tuning: its objectives in numbers, steps that are the same in any form, what a run makes and refuses."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from fmstudio.data import importing
from fmstudio.errors import StudioError
from fmstudio.families.preference_losses import dpo_loss, kto_drift, kto_loss, orpo_loss
from fmstudio.families.preferences import PreferenceLearner
from fmstudio.jobs import JobContext
from fmstudio.training.loop import Trainer
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import Workspace
from tests.driving import run_job
from tests.families.adapters import assert_ends_alike, gradients, learner_of, stir

METHODS = ("dpo", "kto", "orpo")


def tables(method: str = "dpo", **training: Any) -> dict[str, Any]:
    return {
        "family": "preferences", "name": "preferring", "init": "tiny", "data": {"datasets": ["choices"]},
        "objective": {"method": method}, "adapter": {"rank": 4, "alpha": 8.0},
        "training": {"steps": 8, "batch_size": 3, "evaluate_every": 4, "checkpoint_every": 4, "device": "cpu",
                     "learning_rate": 0.01, "warmup_steps": 0} | training,
    }  # fmt: skip


def learner(workspace: Workspace, changed: bool = True, **settings: Any) -> tuple[PreferenceLearner, Trainer]:
    """changed: with an adapter that is not at its beginning, where half the gradients are zero."""
    made, trainer = learner_of(PreferenceLearner, workspace, tables(**settings))
    if changed:
        stir(made)
    return made, trainer


def test_the_objectives_are_those_of_their_papers() -> None:
    chosen, rejected, base_chosen, base_rejected = (torch.tensor([each]) for each in (-12.0, -15.0, -14.0, -13.0))
    margin = 0.1 * ((-12 + 14) - (-15 + 13))
    assert float(dpo_loss(chosen, rejected, base_chosen, base_rejected, 0.1)) == pytest.approx(
        math.log1p(math.exp(-margin))
    )
    answers, base, good = torch.tensor([-12.0, -15.0]), torch.tensor([-14.0, -13.0]), torch.tensor([True, False])
    drift = kto_drift(torch.tensor([-9.0, -7.0]), torch.tensor([-10.0, -9.0]))
    assert float(drift) == 1.5
    assert float(kto_drift(base, answers - 9)) > 0 == float(kto_drift(answers - 9, base))
    sigmoids = [1 / (1 + math.exp(-0.1 * (2 - 1.5))), 1 / (1 + math.exp(-0.1 * (1.5 + 2)))]
    expected = [1 - sigmoids[0], 3 * (1 - sigmoids[1])]
    assert kto_loss(answers, base, good, drift, 0.1, 3.0).tolist() == pytest.approx(expected)
    odds = [math.exp(each) / (1 - math.exp(each)) for each in (-0.5, -2.0)]
    ratio = odds[0] / odds[1]
    found = orpo_loss(torch.tensor([-0.5]), torch.tensor([-2.0]), 0.1)
    assert float(found) == pytest.approx(-0.1 * math.log(ratio / (1 + ratio)), rel=1e-5)
    assert bool(torch.isfinite(orpo_loss(torch.zeros(1), torch.tensor([-1e4]), 0.1)).all())


def test_a_pair_begins_with_no_side_ahead(talking: Workspace) -> None:
    made, trainer = learner(talking, changed=False)
    metrics = {name: float(value) for name, value in trainer.step().items()}
    rows = [made.rows.train[place] for place in made.batch(1)[0].tolist()]
    mean = sum(row.base[0] / int(row.texts[0].predicted.sum()) for row in rows) / len(rows)
    assert metrics["loss/training"] == pytest.approx(math.log(2) - 0.2 * mean, rel=1e-5)
    assert metrics["margin/training"] == pytest.approx(0, abs=1e-4)


def test_what_is_computed_together_is_what_each_text_has_alone(talking: Workspace) -> None:
    made, _ = learner(talking)
    row = made.rows.train[0]
    sums, counts = made.log_probabilities(row.texts)
    for place, text in enumerate(row.texts):
        ids = torch.from_numpy(text.ids).long()
        targets = torch.where(torch.from_numpy(text.learnt), ids, -100)[1:]
        nats = cross_entropy(made.model.decoder(ids[None])[0, :-1], targets, ignore_index=-100, reduction="sum")
        torch.testing.assert_close(sums[place], -nats, rtol=1e-5, atol=0)
        assert counts[place] == (targets >= 0).sum()


@pytest.mark.parametrize("method", METHODS)
def test_a_step_in_parts_is_the_step_of_the_whole(talking: Workspace, method: str) -> None:
    found = []
    for parts in (1, 3):
        made, trainer = learner(talking, method=method, accumulation=parts, learning_rate=0.0)
        metrics = trainer.step()
        found.append([torch.as_tensor(metrics["loss/training"]), *gradients(made)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5 * float(other.abs().max()))


@pytest.mark.parametrize("method", METHODS)
def test_a_run_teaches_what_is_preferred(talking: Workspace, method: str) -> None:
    result = run_job(pretrain(JobContext(), talking, tables(method, steps=30, keep="last")))[1]
    told = talking.metrics(result["run"])
    chosen, rejected = (told[f"reward/{side}"].values for side in ("chosen", "rejected"))
    assert chosen[0] == pytest.approx(0, abs=1e-4) == rejected[0]
    assert chosen[-1] > rejected[-1]
    assert (
        told["divergence/validation"].values[-1] > told["divergence/validation"].values[0] == pytest.approx(0, abs=1e-6)
    )
    assert talking.model("preferring").details["adapter_of"] == "tiny"


def test_the_base_is_asked_as_it_was_before_anything_was_learnt(talking: Workspace) -> None:
    made, trainer = learner(talking, changed=False)
    before = [row.base for row in made.rows.train]
    trainer.step()
    list(made.ask_base())
    assert [row.base for row in made.rows.train] == before


def test_a_stopped_run_goes_on_and_ends_bit_identical(talking: Workspace) -> None:
    recipe = tables("kto") | {"adapter": {"rank": 4, "alpha": 8.0, "dropout": 0.3}}
    assert_ends_alike(talking, recipe)


def test_answers_that_were_judged_alone_need_the_method_for_them(talking: Workspace, tmp_path: Path) -> None:
    rows = [{"prompt": f"How long {n}?", "completion": f"{n} years.", "label": n % 2 == 0} for n in range(12)]
    source = tmp_path / "thumbs.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    run_job(importing.add(JobContext(), talking, [str(source)], "thumbs", kind="preferences"))
    data = {"data": {"datasets": ["thumbs"], "validation_fraction": 0.3}}
    with pytest.raises(StudioError, match=r"Row 1 of 'thumbs' is an answer that was judged alone, .* \"kto\""):
        run_job(pretrain(JobContext(), talking, tables(steps=1) | data))
    result = run_job(pretrain(JobContext(), talking, tables("kto", steps=20, keep="last") | data))[1]
    told = talking.metrics(result["run"])
    assert told["reward/chosen"].values[-1] > told["reward/rejected"].values[-1]


def test_instructions_are_no_preferences(talking: Workspace) -> None:
    with pytest.raises(StudioError, match="Dataset 'talks' holds instructions, not preferences"):
        run_job(pretrain(JobContext(), talking, tables(steps=1) | {"data": {"datasets": ["talks"]}}))
