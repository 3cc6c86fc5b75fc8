"""Forgetting: what is measured, and what a run says that forgets."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from fmstudio.adapt.models import listing
from fmstudio.cli import main
from fmstudio.data.documents import open_documents
from fmstudio.data.splits import validation_mask
from fmstudio.families.old_text import GENERIC, old_text_of
from fmstudio.families.retention import general_questions
from fmstudio.jobs import JobContext, Note, Sample
from fmstudio.training.pretraining import pretrain, resume
from fmstudio.workspace import Workspace
from tests.driving import of_kind, returned, run_job, run_until
from tests.families.adapters import assert_alike, assert_ends_alike, gradients
from tests.families.test_instructions import learner, tables
from tests.talks import TALKS

PRETRAINING: dict[str, Any] = {
    "family": "language", "name": "small", "tokenizer": {"kind": "byte"}, "sample": {"tokens": 0},
    "data": {"datasets": ["articles"], "validation_fraction": 0.3, "split_seed": 7, "validation_tokens": 512},
    "model": {"context": 400, "layers": 1, "width": 32, "heads": 2},
    "training": {"steps": 1, "batch_size": 1, "device": "cpu"},
}  # fmt: skip


def values(workspace: Workspace, run: str, name: str) -> list[float]:
    return workspace.metrics(run)[name].values.tolist()


def test_what_a_model_learnt_from_here_is_what_it_is_measured_on(stocked: Workspace) -> None:
    run_job(pretrain(JobContext(), stocked, PRETRAINING))
    old = old_text_of(stocked, "small")
    assert (old.source, old.known) == ("articles", True)
    with open_documents(stocked, "articles") as documents:
        mask = validation_mask("articles", documents.sizes, 0.3, 7)
        sides = [[documents.text(int(number)) for number in np.flatnonzero(side)] for side in (mask, ~mask)]
    for pieces, texts, others in zip((old.held_back, old.others), sides, reversed(sides), strict=True):
        assert pieces
        assert all(any(piece in text for text in texts) for piece in pieces)
        assert not any(piece in text for text in others for piece in pieces)


def test_a_model_from_elsewhere_is_measured_on_what_is_always_here(talking: Workspace) -> None:
    old = old_text_of(talking, "tiny")
    assert (old.source, old.known) == (GENERIC, False)
    assert min(len(old.held_back), len(old.others)) > 1
    assert not set(old.held_back) & set(old.others)


@torch.no_grad()
def test_the_rise_is_that_of_the_loss_on_the_words_that_count(talking: Workspace) -> None:
    made, _ = learner(talking)
    found = returned(made.forgotten())
    losses = []
    for strength in (0.0, 1.0):
        made.adapter.strength = strength
        nats, count = 0.0, 0
        for row in made._retention.rows["forgetting/questions"]:
            logits = made.model.decoder(torch.from_numpy(row.ids)[None].long())[0, :-1]
            each = cross_entropy(logits, torch.from_numpy(row.ids[1:]).long(), reduction="none")
            counts = torch.from_numpy(row.learnt[1:])
            nats, count = nats + float(each[counts].sum()), count + int(counts.sum())
        losses.append(nats / count)
    assert abs(found["forgetting/questions"] - (losses[1] - losses[0])) < 1e-4
    assert losses[0] != losses[1]


def test_of_an_answer_the_fact_counts(talking: Workspace) -> None:
    made, _ = learner(talking)
    rows, decode = made._retention.rows["forgetting/questions"], made.model.tokenizer.decode
    found = [str(decode(row.ids[row.learnt].tolist())).strip() for row in rows]
    assert found == [each["answer"] for each in general_questions()]


def test_a_run_that_forgets_says_so_wherever_its_model_is_met(
    talking: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tables(steps=12, learning_rate=0.05, keep="last")
    events, result = run_job(pretrain(JobContext(), talking, recipe | {"retention": {"allowed": 0.0}}))
    rises = {name: values(talking, result["run"], name) for name in ("forgetting/text", "forgetting/questions")}
    assert all(found[0] == 0.0 != found[-1] for found in rises.values())
    assert result["forgets"] is True
    assert result["metrics"]["forgetting/text"] == rises["forgetting/text"][-1]
    (warning,) = [note.text for note in of_kind(events, Note) if note.level == "warning"]
    assert warning.startswith("It forgets: compared with its base, its loss is +")
    assert GENERIC in warning
    assert talking.run(result["run"]).details["forgets"] is True
    assert talking.model("taught").details["retained"] == warning
    assert warning in (talking.model_folder("taught") / "README.md").read_text("utf-8")
    (shown,) = of_kind(run_job(listing(JobContext(), talking))[0], Sample)
    assert {row["reference"]: row["forgets"] for row in shown.rows if row["source"] == "workspace"} == {
        "taught": warning
    }
    assert main(["--workspace", str(talking.path), "models", "list"]) == 0
    assert "\tforgets" in capsys.readouterr().out


def test_a_run_that_keeps_to_what_is_allowed_says_that(talking: Workspace) -> None:
    _, result = run_job(pretrain(JobContext(), talking, tables(steps=2) | {"retention": {"allowed": 100.0}}))
    assert result["forgets"] is False
    assert result["retained"].startswith("It keeps what it knew: ")


def test_a_run_that_goes_on_measures_what_an_unbroken_one_does(talking: Workspace) -> None:
    run_job(pretrain(JobContext(), talking, tables() | {"name": "whole"}))
    job = pretrain(JobContext(), talking, tables() | {"name": "stopped"})
    run_until(job, lambda event: getattr(event, "name", "") == "step-000004")
    job.close()
    run_job(resume(JobContext(), talking, "stopped"))
    found = [values(talking, run, "forgetting/questions") for run in ("whole", "stopped")]
    assert len(found[0]) == 3
    assert found[0] == found[1]


def replaying(share: float = 0.5) -> dict[str, Any]:
    return {"retention": {"replay": share, "replay_from": "any"}}


def test_a_share_of_old_text_is_learnt_that_seed_and_step_decide(talking: Workspace) -> None:
    """Of what is held back to measure on nothing is ever learnt."""
    made, _ = learner(talking, replaying())
    again, _ = learner(talking, replaying())
    for step in (1, 2, 7):
        places, _, windows = made.batch(step)
        assert torch.equal(windows, again.batch(step)[2])
        wanted = 0.5 * sum(len(made.rows.train[place].text) for place in places.tolist())
        rows = made._replay.rows(windows)
        assert abs(sum(map(len, rows)) - wanted) <= len(rows)
        texts = [str(made.model.tokenizer.decode(row.ids[2:-2].tolist())) for row in rows]
        old = made._retention.old
        assert all(any(text.strip("\ufffd") in other for other in old.others) for text in texts)
    assert not torch.equal(made.batch(1)[2], made.batch(2)[2])


def test_without_known_old_data_there_is_replay_only_where_one_asks_for_it(talking: Workspace) -> None:
    assert learner(talking)[0]._replay.share == 0
    assert learner(talking, replaying(0.1))[0]._replay.share == 0.1


def test_a_step_with_old_text_is_the_same_in_parts(talking: Workspace) -> None:
    found = []
    for parts in (1, 3):
        made, trainer = learner(talking, replaying(), accumulation=parts, learning_rate=0.0)
        metrics = trainer.step()
        found.append([torch.as_tensor(metrics["replay/training"]), *gradients(made)])
    assert_alike(*found)


@pytest.mark.parametrize("family", ["instructions", "preferences"])
def test_a_stopped_run_with_old_text_ends_bit_identical(talking: Workspace, family: str) -> None:
    recipe = tables() | replaying() | {"family": family}
    recipe["data"] = {"datasets": ["talks" if family == "instructions" else "choices"]}
    assert_ends_alike(talking, recipe)
    assert len(values(talking, "stopped", "replay/training")) == 8


def test_the_hardest_and_the_easiest_rows_are_kept_with_the_run(talking: Workspace) -> None:
    recipe = tables(steps=4) | {"data": {"datasets": ["talks"], "validation_fraction": 0.5}}
    _, result = run_job(pretrain(JobContext(), talking, recipe))
    kept = talking.run_folder(result["run"]) / "samples" / "rows-step-000004.json"
    rows = json.loads(kept.read_text("utf-8"))
    worst, best = ([row["loss"] for row in rows if row["side"] == side] for side in ("worst", "best"))
    assert (len(worst), len(best)) == (2, 1)
    assert [*worst, *reversed(best)] == sorted([*worst, *best], reverse=True)
    assert all(TALKS[row["number"] - 1]["messages"][2]["content"] == row["question"] for row in rows)
    answers = json.loads((kept.parent / "step-000004.json").read_text("utf-8"))
    assert all(set(row) == {"question", "base", "now"} for row in answers)
