"""Fine-tuning on instructions: what is learnt, that batches in any form are the same batch, and what is refused."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from fmstudio.adapt.generation import generate
from fmstudio.cli import main
from fmstudio.data import importing
from fmstudio.errors import StudioError
from fmstudio.families.adapting import NOISE
from fmstudio.families.chance import generator
from fmstudio.families.instructions import InstructionLearner
from fmstudio.jobs import JobContext, Note, Sample
from fmstudio.nn.lora_folder import load_adapter
from fmstudio.training.estimate import estimate
from fmstudio.training.loop import Trainer
from fmstudio.training.pretraining import pretrain, resume
from fmstudio.workspace import LinkedModel, Workspace
from tests.driving import of_kind, returned, run_job, run_until
from tests.families.adapters import assert_alike, assert_ends_alike, gradients, learner_of, stir
from tests.gguf_files import CHAT, tiny_language_model, write_gguf

CPU = torch.device("cpu")


def tables(**training: Any) -> dict[str, Any]:
    return {
        "family": "instructions", "name": "taught", "init": "tiny", "data": {"datasets": ["talks"]},
        "adapter": {"rank": 4, "alpha": 8.0},
        "training": {"steps": 8, "batch_size": 3, "evaluate_every": 4, "checkpoint_every": 4, "device": "cpu",
                     "learning_rate": 0.01, "warmup_steps": 0} | training,
    }  # fmt: skip


def learner(
    workspace: Workspace, changes: Mapping[str, Any] | None = None, **training: Any
) -> tuple[InstructionLearner, Trainer]:
    made, trainer = learner_of(InstructionLearner, workspace, tables(**training) | dict(changes or {}))
    stir(made)
    return made, trainer


def test_packed_rows_give_the_gradients_of_padded_ones(talking: Workspace) -> None:
    made, _ = learner(talking)
    batch = made.batch(1)
    made.phases()[0].loss(batch)[0].backward()
    packed = gradients(made)
    rows = [made.rows.train[place].text for place in batch[0].tolist()]
    longest = max(map(len, rows))
    tokens = torch.zeros(len(rows), longest, dtype=torch.int64)
    targets = torch.full((len(rows), longest), -100)
    for place, row in enumerate(rows):
        ids = torch.from_numpy(row.ids).long()
        tokens[place, : len(row)] = ids
        targets[place, : len(row) - 1] = torch.where(torch.from_numpy(row.learnt[1:]), ids[1:], -100)
    made.adapter.zero_grad()
    cross_entropy(made.model.decoder(tokens).flatten(0, 1), targets.flatten()).backward()
    assert_alike(packed, gradients(made))


def test_a_step_in_parts_is_the_step_of_the_whole(talking: Workspace) -> None:
    """Rows have different numbers of learnt tokens, so parts must not be weighed by their rows."""
    found = []
    for parts in (1, 3):
        changes = {"tuning": {"embedding_noise": 10.0}}
        made, trainer = learner(talking, changes, accumulation=parts, learning_rate=0.0)
        metrics = trainer.step()
        found.append([torch.as_tensor(metrics["loss/training"]), *gradients(made)])
    assert_alike(*found)


def test_the_second_matrices_learn_as_much_faster_as_is_wanted(talking: Workspace) -> None:
    """AdamW's first update of a number is its learning rate, up or down."""
    made, trainer = learner(talking, {"adapter": {"rank": 4, "alpha": 8.0, "b_rate": 16.0}}, learning_rate=1e-4)
    matrices = [(part.lora_A, part.lora_B) for _, part in made.adapter.parts()]
    before = [(first.detach().clone(), second.detach().clone()) for first, second in matrices]
    trainer.step()
    for now, was in zip(matrices, before, strict=True):
        moved = [float((one.detach() - other).abs().max()) for one, other in zip(now, was, strict=True)]
        assert moved == pytest.approx([1e-4, 16e-4], rel=1e-2)


def test_noise_is_added_to_what_is_read_of_the_examples_alone(talking: Workspace) -> None:
    """Against NEFTune's algorithm 1 written out for one conversation at a time."""
    quiet, _ = learner(talking)
    noisy, _ = learner(talking, {"tuning": {"embedding_noise": 5.0}})
    batch = noisy.batch(7)
    losses = [made.phases()[0].loss(made.batch(7))[0] for made in (noisy, quiet)]
    assert torch.equal(noisy.phases()[0].loss(noisy.batch(7))[0], losses[0])
    assert not torch.equal(losses[0], losses[1])
    chance, nats, count = generator(0, 7, NOISE), torch.zeros(()), 0
    decoder = quiet.model.decoder
    for place in batch[0].tolist():
        ids, learnt = (
            torch.from_numpy(each) for each in (quiet.rows.train[place].text.ids, quiet.rows.train[place].text.learnt)
        )
        uniform = 2 * torch.rand(len(ids), decoder.shape.width, generator=chance) - 1
        noise = uniform * 5.0 / (len(ids) * decoder.shape.width) ** 0.5
        hook = decoder.model.embed_tokens.register_forward_hook(lambda _, __, embedded, noise=noise: embedded + noise)
        logits = decoder(ids.long()[None])[0, :-1]
        hook.remove()
        targets = torch.where(learnt[1:], ids[1:].long(), -100)
        nats = nats + cross_entropy(logits, targets, reduction="sum")
        count += int(learnt[1:].sum())
    torch.testing.assert_close(losses[0], nats / count, rtol=1e-5, atol=0)
    for made in (noisy, quiet):
        made.adapter.eval()
    scores = [losses_of(made) for made in (noisy, quiet)]
    assert scores[0] == scores[1]


def losses_of(made: InstructionLearner) -> float:
    return float(returned(made.validate()).score)


def test_an_epoch_draws_each_row_once_and_the_next_in_another_order(talking: Workspace) -> None:
    made, _ = learner(talking, batch_size=1)
    count = len(made.rows.train)
    drawn = [int(made.batch(step)[0][0]) for step in range(1, 2 * count + 1)]
    assert sorted(drawn[:count]) == sorted(drawn[count:]) == list(range(count))
    assert drawn[:count] != drawn[count:]


def test_a_run_makes_an_adapter_that_is_talked_to_as_a_model_is(talking: Workspace) -> None:
    events, result = run_job(pretrain(JobContext(), talking, tables(steps=30)))
    losses = talking.metrics(result["run"])["loss/validation"].values
    assert losses[-1] < losses[0]
    record = talking.model(result["model"])
    assert (record.family, record.name) == ("language", "taught")
    files = {path.name for path in talking.model_folder("taught").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "adapter_base.json", "README.md"} <= files
    shown = [event for event in of_kind(events, Sample) if event.name == "sample"]
    assert all(row["base"] == row["now"] for row in shown[0].rows)
    assert [(row["question"], row["base"]) for row in shown[-1].rows] == [
        (row["question"], row["base"]) for row in shown[0].rows
    ]
    assert any(row["base"] != row["now"] for row in shown[-1].rows)
    asked = [{"role": "user", "content": "How long does a mat last?"}]
    settings = {"temperature": 0.0, "maximum_tokens": 8, "system": ""}
    answers = [
        run_job(generate(JobContext(), talking, model, messages=asked, settings=settings, backend="torch"))[1]["text"]
        for model in ("tiny", "taught", "tiny")
    ]
    assert answers[0] == answers[2] != answers[1]


def test_what_a_run_will_bring_first_keeps_nobody_from_starting_it(talking: Workspace) -> None:
    here = tables()
    (found,), _ = run_job(estimate(JobContext(), talking, here))
    assert (found.data["error"], found.data["parameters"] > 0) == ("", True)
    (found,), _ = run_job(estimate(JobContext(), talking, here | {"data": {"datasets": ["python-questions"]}}))
    assert found.data == {"error": "", "field": ""}


def test_a_command_asks_an_adapter_as_it_asks_its_base(talking: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    run_job(pretrain(JobContext(), talking, tables(steps=30)))
    written = []
    for model in ("tiny", "taught"):
        asked = ["--prompt", "How long does a mat last?", "--set", "maximum_tokens=8", "--set", "temperature=0"]
        assert main(["--workspace", str(talking.path), "sample", model, *asked]) == 0
        written.append(capsys.readouterr().out)
    assert written[0] != written[1]


def test_a_stopped_run_goes_on_and_ends_bit_identical(talking: Workspace) -> None:
    adapter = {"rank": 4, "alpha": 8.0, "dropout": 0.3, "b_rate": 4.0}
    recipe = tables() | {"adapter": adapter, "tuning": {"embedding_noise": 5.0}}
    assert_ends_alike(talking, recipe)


def test_an_adapter_is_refused_where_its_base_is_another_by_now(talking: Workspace) -> None:
    run_job(pretrain(JobContext(), talking, tables(steps=2)))
    base = Path(talking.linked_models()[0].path)
    before = json.loads((talking.model_folder("taught") / "adapter_base.json").read_text())["version"]
    write_gguf(base, tiny_language_model(seed=5), template=CHAT)
    with pytest.raises(StudioError, match=f"made for tiny of version {before}, but the one at .* is [0-9a-f]+"):
        run_job(generate(JobContext(), talking, "taught", prompt="Hello"))
    base.unlink()
    with pytest.raises(StudioError, match="needs its base tiny, which is not at"):
        run_job(generate(JobContext(), talking, "taught", prompt="Hello"))


def test_a_run_does_not_go_on_with_another_base(talking: Workspace) -> None:
    job = pretrain(JobContext(), talking, tables())
    run_until(job, lambda event: getattr(event, "name", "") == "step-000004")
    job.close()
    write_gguf(Path(talking.linked_models()[0].path), tiny_language_model(seed=5), template=CHAT)
    with pytest.raises(StudioError, match="made for tiny of version"):
        run_job(resume(JobContext(), talking, "taught"))


def lines(path: Path, *rows: Any) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


def test_rows_that_are_too_long_are_told_and_left_out(talking: Workspace, tmp_path: Path) -> None:
    row = {"prompt": "How long?", "completion": "It lasts three years. " * 60}
    source = lines(tmp_path / "long.jsonl", *[row, row | {"completion": "Short."}] * 3)
    run_job(importing.add(JobContext(), talking, [source], "long", kind="instructions"))
    job = pretrain(JobContext(), talking, tables(steps=1) | {"data": {"datasets": ["long"], "length": 64}})
    notes = [note.text for note in of_kind(run_job(job)[0], Note)]
    assert [
        text for text in notes if text.startswith("long: 3 rows are longer than 64 tokens and left out (rows 1, 3, 5)")
    ]


WITHOUT_ANSWERS = CHAT.replace("message['content']", "(message['content'] if message['role'] != 'assistant' else '')")
REFUSED = {
    "no model": ({"init": ""}, "init is empty; name the model to fine-tune"),
    "an adapter": ({"init": "taught"}, "taught is an adapter itself; merge it"),
    "no such model": ({"init": "nothing"}, "nothing"),
    "answers left out": ({"init": "silent"}, "Of row 1 of 'talks' nothing would be learnt"),
    "no data": ({"data": {"datasets": []}}, "data.datasets is empty"),
    "preferences": ({"data": {"datasets": ["pairs"]}}, "holds preferences, not instructions"),
    "nothing fits": ({"data": {"datasets": ["talks"], "length": 16}}, "has 0 rows that fit into 16 tokens"),
}


def test_what_cannot_be_trained_on_is_refused_before_it_begins(talking: Workspace, tmp_path: Path) -> None:
    pair = {"prompt": "Why?", "chosen": "So.", "rejected": "No."}
    source = lines(tmp_path / "pairs.jsonl", pair, pair | {"prompt": "When?"})
    run_job(importing.add(JobContext(), talking, [source], "pairs", kind="preferences"))
    silent = write_gguf(tmp_path / "silent.gguf", tiny_language_model(), template=WITHOUT_ANSWERS)
    talking.put_linked_model(LinkedModel("silent", str(silent)))
    run_job(pretrain(JobContext(), talking, tables(steps=1)))
    for changes, sentence in REFUSED.values():
        with pytest.raises(StudioError, match=sentence):
            run_job(pretrain(JobContext(), talking, tables(steps=1) | changes))


def test_a_model_that_only_continues_gets_turns_that_travel_with_its_adapter(
    talking: Workspace, tmp_path: Path
) -> None:
    plain = write_gguf(tmp_path / "plain.gguf", tiny_language_model())
    talking.put_linked_model(LinkedModel("plain", str(plain)))
    run_job(pretrain(JobContext(), talking, tables(steps=1) | {"init": "plain"}))
    asked = [{"role": "user", "content": "How long?"}]
    settings = {"maximum_tokens": 2, "system": ""}
    result = run_job(generate(JobContext(), talking, "taught", messages=asked, settings=settings))[1]
    assert result["prompt"] == "### User\nHow long?\n\n### Assistant\n"
    assert load_adapter(talking.model_folder("taught")).shape.rank == 4
