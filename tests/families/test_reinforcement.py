"""Reinforcement by rules: its objective in numbers, what a step learns from, what a run makes, shows and refuses."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from fmstudio.data import importing
from fmstudio.errors import StudioError
from fmstudio.families.policy_losses import base_divergence, clipped_gain, group_advantages, mean_of_answers
from fmstudio.families.reinforcement import ReinforcementLearner
from fmstudio.jobs import JobContext, Sample
from fmstudio.training.loop import Trainer
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import Workspace
from tests.driving import of_kind, run_job, run_until
from tests.families.adapters import assert_ends_alike, gradients, learner_of, stir

RULES = {
    "short_answer": {"weight": 1.0, "most": 3}, "ended": {"weight": 0.5},
    "matching_pattern": {"weight": 0.0, "pattern": ""},
}  # fmt: skip


def tables(rules: dict[str, Any] = RULES, data: str = "talks", **training: Any) -> dict[str, Any]:
    objective = {"answers": 4, "tokens": 12, "asked": 2} | training.pop("objective", {})
    return {
        "family": "reinforcement", "name": "rewarded", "init": "tiny",
        "data": {"datasets": [data], "validation_fraction": 0.3}, "objective": objective, **rules,
        "adapter": {"rank": 4, "alpha": 8.0},
        "training": {"steps": 6, "batch_size": 2, "accumulation": 1, "evaluate_every": 3, "checkpoint_every": 2,
                     "device": "cpu", "learning_rate": 0.01, "warmup_steps": 0} | training,
    }  # fmt: skip


def learner(workspace: Workspace, **settings: Any) -> tuple[ReinforcementLearner, Trainer]:
    made, trainer = learner_of(ReinforcementLearner, workspace, tables(**settings))
    stir(made)
    return made, trainer


def test_advantages_are_those_of_the_papers() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.5, 0.5], [2.0, 2.0, 2.0, 2.0]])
    deviation = math.sqrt((0.25 + 0.25) / 3)
    expected = [0.5 / (deviation + 1e-4), -0.5 / (deviation + 1e-4), 0, 0]
    assert group_advantages(rewards, normalised=True)[0].tolist() == pytest.approx(expected)
    assert group_advantages(rewards, normalised=False)[0].tolist() == [0.5, -0.5, 0, 0]
    assert not group_advantages(rewards, normalised=True)[1].any()


def test_an_answer_gains_nothing_beyond_the_clip() -> None:
    then, advantages = torch.zeros(2, 3), torch.tensor([2.0, -2.0])
    now = torch.tensor([math.log(1.1), math.log(3), math.log(0.1)]).repeat(2, 1)
    gains = clipped_gain(now, then, advantages, 0.2)
    assert gains.flatten().tolist() == pytest.approx([2.2, 2.4, 0.2, -2.2, -6.0, -1.6], rel=1e-5)


def test_the_estimate_of_the_divergence_is_right_on_average_and_never_negative() -> None:
    chance = torch.Generator().manual_seed(0)
    now, base = (torch.randn(20, generator=chance).log_softmax(-1) for _ in range(2))
    each = base_divergence(now, base)
    assert bool((each >= 0).all())
    assert float((now.exp() * each).sum()) == pytest.approx(float((now.exp() * (now - base)).sum()), rel=1e-4)


def test_an_answer_is_measured_by_its_own_length_or_by_one_for_all() -> None:
    values, written = torch.tensor([[1.0, 2.0, 9.0], [3.0, 3.0, 3.0]]), torch.tensor([[True, True, False], [True] * 3])
    assert mean_of_answers(values, written).tolist() == [1.5, 3.0]
    assert mean_of_answers(values, written, 6).tolist() == [0.5, 1.5]


def test_the_first_gradient_is_that_of_rewarded_log_probabilities(talking: Workspace) -> None:
    """REINFORCE with the group's mean as its baseline, which the clipped ratio is at its beginning."""
    made, _ = learner(talking, objective={"beta": 0.0, "method": "dr_grpo"})
    batch = made.batch(1)
    made.phases()[0].loss(batch)[0].backward()
    found = gradients(made)
    made.adapter.zero_grad()
    tokens, lengths, places, advantages = batch[:4]
    assert bool(advantages.any())
    for text, length, place, advantage in zip(tokens, lengths, places, advantages, strict=True):
        prompt = torch.from_numpy(made.rows.train[int(place)].ids).long()
        whole = torch.cat([prompt, text[:length]])
        scores = made.model.decoder(whole[None])[0].log_softmax(-1)[len(prompt) - 1 : -1]
        gain = scores.gather(1, text[:length, None]).sum() * advantage / 12 / len(places)
        (-gain).backward()
    for one, other in zip(found, gradients(made), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))


@pytest.mark.parametrize("method", ["grpo", "dr_grpo"])
def test_a_step_in_parts_is_the_step_of_the_whole(talking: Workspace, method: str) -> None:
    found = []
    for parts in (1, 3):
        made, trainer = learner(talking, accumulation=parts, learning_rate=0.0, objective={"method": method})
        metrics = trainer.step()
        found.append([torch.as_tensor(metrics["loss/training"]), *gradients(made)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5 * float(other.abs().max()))


def test_several_updates_learn_from_the_same_answers(talking: Workspace) -> None:
    made, trainer = learner(talking, objective={"updates": 3})
    written = []
    for _ in range(6):
        trainer.step()
        written.append(made.group.tokens.clone())
    assert torch.equal(written[0], written[1])
    assert torch.equal(written[0], written[2])
    assert torch.equal(written[3], written[5])
    assert not torch.equal(written[2], written[3])


def test_a_run_earns_more_and_shows_what_it_was_given(talking: Workspace) -> None:
    events, result = run_job(pretrain(JobContext(), talking, tables(steps=40, keep="last", evaluate_every=40)))
    told = talking.metrics(result["run"])
    rewards = told["reward/training"].values
    assert rewards[-5:].mean() > rewards[:5].mean() + 0.2
    assert {"rule/short_answer", "rule/ended", "held_back/ended", "length/training", "ended/validation",
            "divergence/training", "divergence/validation"} <= set(told)  # fmt: skip
    assert told["divergence/validation"].values[0] == pytest.approx(0, abs=1e-6)
    assert told["divergence/validation"].values[-1] > 0
    shown = [event for event in of_kind(events, Sample) if event.name == "group"]
    assert [event.step for event in shown] == list(range(1, 41))
    for row in shown[0].rows:
        assert row["reward"] == pytest.approx(row["rewards"]["short_answer"] + 0.5 * row["rewards"]["ended"])
        assert row["rewards"]["ended"] == float(row["ended"])
    assert sum(row["advantage"] for row in shown[0].rows[:4]) == pytest.approx(0, abs=1e-4)
    assert len({row["prompt"] for row in shown[0].rows[:4]}) == 1
    assert talking.model("rewarded").details["adapter_of"] == "tiny"


@pytest.mark.parametrize("updates", [1, 3])
def test_a_stopped_run_goes_on_and_ends_bit_identical(talking: Workspace, updates: int) -> None:
    """The checkpoint of step 4 lies between two updates from the same answers."""
    recipe = tables(objective={"updates": updates}) | {"adapter": {"rank": 4, "alpha": 8.0, "dropout": 0.3}}
    assert_ends_alike(talking, recipe)


def test_a_stop_while_answers_are_written_ends_before_the_step(talking: Workspace) -> None:
    context = JobContext()
    job = pretrain(context, talking, tables())
    events = run_until(job, lambda event: getattr(event, "name", "") == "step-000002")
    run_until(job, lambda event: getattr(event, "message", "") == "writing answers")
    context.stop()
    events, result = run_job(job)
    assert talking.run(result["run"]).step == 2
    assert result["model"] == "rewarded"
    assert not [event for event in of_kind(events, Sample) if event.name == "group"]


def test_prompts_come_from_preferences_too_and_answers_of_the_data_are_compared_with(
    talking: Workspace, tmp_path: Path
) -> None:
    rows = [{"prompt": f"{n} + {n}?", "chosen": f"It is {2 * n}.", "rejected": "No."} for n in range(8)]
    source = tmp_path / "sums.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    run_job(importing.add(JobContext(), talking, [str(source)], "sums", kind="preferences"))
    rules = {"right_number": {"weight": 1.0}, "short_answer": {"weight": 0.0}, "ended": {"weight": 0.0}}
    made, _ = learner(talking, rules=rules, data="sums")
    by_number = {row.number: row for row in made.rows.train}
    assert by_number
    assert all(row.expected == f"It is {2 * (number - 1)}." for number, row in by_number.items())


REFUSED = {
    "no rule": ({name: {"weight": 0.0} for name in ("short_answer", "ended")}, "No rule counts"),
    "a bad pattern": ({"matching_pattern": {"weight": 1.0, "pattern": "["}}, "is no regular expression"),
    "too long": ({"objective": {"tokens": 600}}, "objective.tokens is 600, but tiny reads 512 tokens in all"),
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_rewarded_is_refused_before_it_begins(talking: Workspace, changes: Any) -> None:
    settings, sentence = changes
    with pytest.raises(StudioError, match=sentence):
        run_job(pretrain(JobContext(), talking, tables() | settings))
