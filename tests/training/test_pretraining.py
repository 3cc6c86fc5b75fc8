"""Runs through the public door: what a run yields, keeps and leaves, and that it goes on where it was."""

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from fmstudio.data import importing
from fmstudio.data.documents import Document
from fmstudio.data.text_intake import keep
from fmstudio.data.tokenizer import save_tokenizer, train_bpe
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Metrics, Note, Progress, Sample
from fmstudio.training.pretraining import pretrain, resume
from fmstudio.workspace import Workspace
from fmstudio.workspace.deleting import delete
from tests.driving import of_kind, run_job, run_until


def weights(workspace: Workspace, run: str, step: int) -> dict[str, str]:
    """Digests of everything that a checkpoint holds, but for how long it took."""
    folder = workspace.run_folder(run) / "checkpoints" / f"step-{step:06d}"
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.safetensors")}


def train(workspace: Workspace, tables: dict[str, Any], **training: Any) -> tuple[list[Any], dict[str, Any]]:
    recipe = tables | {"training": tables["training"] | training}
    return run_job(pretrain(JobContext(), workspace, recipe))


def test_a_run_ends_in_a_model_and_leaves_its_history(stocked: Workspace, tables: dict[str, Any]) -> None:
    events, result = train(stocked, tables)
    assert events[0] == Artefact("run", "small", str(stocked.run_folder("small")))
    assert result["run"] == "small"
    assert result["model"] == "small"
    run = stocked.run("small")
    assert (run.status, run.step, run.steps, run.model) == ("completed", 12, 12, "small")
    metrics = stocked.metrics("small")
    np.testing.assert_array_equal(metrics["loss/training"].steps, np.arange(1, 13))
    np.testing.assert_array_equal(metrics["loss/validation"].steps, [0, 6, 12])
    assert metrics["loss/training"].values[-1] < metrics["loss/training"].values[0]
    # At step 0 the model knows nothing: the loss is that of guessing among all tokens.
    assert metrics["loss/validation"].values[0] == pytest.approx(math.log(257), rel=0.02)
    nats = metrics["loss/validation"].values[-1]
    assert metrics["perplexity/validation"].values[-1] == pytest.approx(math.exp(nats))
    assert sorted(path.name for path in (stocked.run_folder("small") / "samples").iterdir()) == [
        "step-000000.txt", "step-000006.txt", "step-000012.txt",
    ]  # fmt: skip
    assert [event.step for event in of_kind(events, Sample)] == [0, 6, 12]
    assert (("dataset", "articles"), ("run", "small")) in stocked.lineage()
    assert (("run", "small"), ("model", "small")) in stocked.lineage()


def test_bits_per_byte_of_byte_tokens_are_the_nats_of_a_token(stocked: Workspace, tables: dict[str, Any]) -> None:
    train(stocked, tables)
    metrics = stocked.metrics("small")
    nats = metrics["loss/validation"].values
    # The end of a text is a token of no bytes, so the two agree up to those few.
    np.testing.assert_allclose(metrics["bits_per_byte/validation"].values, nats / math.log(2), rtol=0.01)


def sentence_pieces() -> Tokenizer:
    """Pieces with "▁" for a blank; what has no letter of its own is written byte by byte."""
    made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse(), decoders.Metaspace()])
    return learnt(made, trainers.BpeTrainer, [f"<0x{number:02X}>" for number in range(256)])


def lower_word_pieces() -> Tokenizer:
    """WordPiece without capitals and accents; blanks are lost."""
    made = Tokenizer(models.WordPiece(unk_token="<unk>"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    return learnt(made, trainers.WordPieceTrainer, [])


def learnt(made: Tokenizer, trainer: Any, more: list[str]) -> Tokenizer:
    text = "The quick brown fox jumps over the lazy dog and runs on, as it is told in every language but one."
    made.train_from_iterator(
        [text] * 3,
        trainer(vocab_size=400, special_tokens=["<unk>", "</s>", *more], limit_alphabet=40, show_progress=False),
    )
    content = json.loads(made.to_str())
    content["added_tokens"] = [each for each in content["added_tokens"] if each["content"] in ("<unk>", "</s>")]
    return Tokenizer.from_str(json.dumps(content))


@pytest.mark.parametrize("made", [sentence_pieces, lower_word_pieces])
def test_bits_per_byte_are_of_the_text_whatever_the_tokenizer(
    stocked: Workspace, tables: dict[str, Any], tmp_path: Path, made: Callable[[], Tokenizer]
) -> None:
    """Nats per token times tokens per byte, over all that is held back; the true bytes are those of the documents."""
    text = "Über die Straße läuft der Fluß – 👨‍👩‍👧 – and on.\n\tThe fox.\n"
    file = tmp_path / "tokenizer.json"
    made().save(str(file))
    with_text(stocked, "others", [text * 40 + str(number) for number in range(8)])
    data = {"datasets": ["others"], "validation_tokens": 1_000_000}
    train(stocked, tables | {"data": data, "tokenizer": {"kind": "file", "file": str(file)}})
    part = next(stocked.dataset_folder("others").rglob("validation.bin"))
    about = json.loads(next(part.parent.glob("*.json")).read_text())
    tokens, size = len(np.memmap(part, about["type"], "r")), about["validation_bytes"]
    metrics = stocked.metrics("small")
    expected = metrics["loss/validation"].values / math.log(2) * tokens / size
    np.testing.assert_allclose(metrics["bits_per_byte/validation"].values, expected, rtol=0.03)


def with_text(workspace: Workspace, name: str, texts: list[str]) -> None:
    keep(workspace, name, (Document(text, str(number)) for number, text in enumerate(texts)), {})


def test_the_model_card_states_data_licence_recipe_and_losses(stocked: Workspace, tables: dict[str, Any]) -> None:
    train(stocked, tables)
    card = (stocked.model_folder("small") / "README.md").read_text()
    for part in ("- articles: ", "loss/validation", "[training]", "steps = 12", "licence"):
        assert part in card


def test_the_same_recipe_gives_the_same_model_and_another_seed_another(
    stocked: Workspace, tables: dict[str, Any]
) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(stocked, tables | {"name": name}, seed=seed)
    assert weights(stocked, "a", 12) == weights(stocked, "b", 12)
    assert weights(stocked, "a", 12) != weights(stocked, "c", 12)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("optimiser", ["muon", "adamw"])
def test_a_stopped_run_goes_on_and_ends_bit_identical(
    stocked: Workspace, tables: dict[str, Any], optimiser: str
) -> None:
    train(stocked, tables | {"name": "whole"}, optimiser=optimiser)
    context = JobContext()
    recipe = tables | {"name": "parts", "training": tables["training"] | {"optimiser": optimiser}}
    job = pretrain(context, stocked, recipe)
    run_until(job, lambda event: isinstance(event, Metrics) and event.step == 7)
    context.stop()
    _, result = run_job(job)
    assert stocked.run("parts").status == "stopped"
    assert result["model"] == "parts", "a stop keeps what there is"
    events, _ = run_job(resume(JobContext(), stocked, "parts"))
    assert min(event.step for event in of_kind(events, Metrics)) == 8
    assert weights(stocked, "parts", 12) == weights(stocked, "whole", 12)
    for name in ("loss/validation", "loss/training"):
        assert stocked.metrics("parts")[name].values[-1] == stocked.metrics("whole")[name].values[-1]
    assert stocked.model("parts").details["step"] == stocked.model("whole").details["step"]
    assert stocked.run("parts").status == "completed"
    np.testing.assert_array_equal(stocked.metrics("parts")["loss/training"].steps, np.arange(1, 13))


def test_a_cancelled_run_keeps_its_checkpoints_and_makes_no_model(stocked: Workspace, tables: dict[str, Any]) -> None:
    job = pretrain(JobContext(), stocked, tables)
    run_until(job, lambda event: isinstance(event, Metrics) and event.step == 7)
    job.close()
    assert stocked.run("small").status == "cancelled"
    assert stocked.models() == []
    assert not list(stocked.path.rglob(".partial-*"))
    run_job(resume(JobContext(), stocked, "small"))
    assert stocked.model("small").run == "small"


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(stocked: Workspace, tables: dict[str, Any]) -> None:
    train(stocked, tables | {"name": "whole"})
    job = pretrain(JobContext(), stocked, tables)
    run_until(job, lambda event: isinstance(event, Artefact) and event.name == "step-000010")
    job.close()
    damaged = stocked.run_folder("small") / "checkpoints" / "step-000010" / "model.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    events, _ = run_job(resume(JobContext(), stocked, "small"))
    warnings = [event.text for event in of_kind(events, Note) if event.level == "warning"]
    assert len(warnings) == 1
    assert "step-000010 is damaged" in warnings[0]
    assert min(event.step for event in of_kind(events, Metrics)) == 6
    assert weights(stocked, "small", 12) == weights(stocked, "whole", 12)


def test_what_a_kill_left_half_written_is_swept_away_by_the_resumed_run(
    stocked: Workspace, tables: dict[str, Any]
) -> None:
    job = pretrain(JobContext(), stocked, tables)
    run_until(job, lambda event: isinstance(event, Metrics) and event.step == 7)
    job.close()
    half = stocked.run_folder("small") / "checkpoints" / ".partial-0123-step-000010"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    run_job(resume(JobContext(), stocked, "small"))
    assert not list(stocked.run_folder("small").rglob(".partial-*"))
    assert stocked.run("small").status == "completed"


def test_a_finished_run_can_be_trained_longer_but_not_resumed(stocked: Workspace, tables: dict[str, Any]) -> None:
    train(stocked, tables)
    with pytest.raises(StudioError, match="is complete at step 12"):
        run_job(resume(JobContext(), stocked, "small"))
    run_job(resume(JobContext(), stocked, "small", steps=16))
    assert (stocked.run("small").step, stocked.run("small").steps) == (16, 16)
    assert len(stocked.models()) == 1


def test_early_stopping_and_the_best_model(stocked: Workspace, tables: dict[str, Any]) -> None:
    """A learning rate that ruins the model: the best validation is an early one, and its weights are kept."""
    events, _ = train(
        stocked, tables, steps=60, evaluate_every=2, patience=3, learning_rate=2.0, adam_learning_rate=2.0,
        warmup_steps=20, gradient_clip=0,
    )  # fmt: skip
    assert any("Stopped early" in event.text for event in of_kind(events, Note))
    series = stocked.metrics("small")["loss/validation"]
    best = int(series.steps[np.argmin(series.values)])
    assert stocked.run("small").step == best + 6
    assert stocked.model("small").details["step"] == best
    assert stocked.model("small").details["metrics"]["loss/validation"] == pytest.approx(series.values.min())


@pytest.mark.parametrize(("batch", "accumulation"), [(8, 4), (8, 3), (8, 5), (2, 8)])
def test_accumulated_parts_give_the_update_of_the_whole_batch(
    stocked: Workspace, tables: dict[str, Any], batch: int, accumulation: int
) -> None:
    train(stocked, tables | {"name": "whole"}, batch_size=batch)
    train(stocked, tables | {"name": "parts"}, batch_size=batch, accumulation=accumulation)
    whole, parts = (stocked.metrics(name)["loss/training"].values for name in ("whole", "parts"))
    np.testing.assert_allclose(parts, whole, rtol=2e-3)


class Slow:
    """A clock of which each look is later by what the machine takes just now."""

    def __init__(self) -> None:
        self.now, self.each = 0.0, 0.01

    def __call__(self) -> float:
        self.now += self.each
        return self.now


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    clock = Slow()
    monkeypatch.setattr("fmstudio.training.clock.time.perf_counter", clock)
    return clock


def rates(workspace: Workspace, run: str) -> np.ndarray:
    return workspace.metrics(run)["learning_rate"].values


def test_a_run_with_a_time_limit_follows_the_clock_though_the_machine_becomes_ten_times_as_slow(
    stocked: Workspace, tables: dict[str, Any], slow: Slow
) -> None:
    limited = {"minutes": 0.5, "evaluate_every": 1000, "checkpoint_every": 1000}
    job = pretrain(JobContext(), stocked, tables | {"training": tables["training"] | limited})
    events = run_until(job, lambda event: isinstance(event, Metrics) and event.step == 20)
    planned = of_kind(events, Progress)[-1].total
    slow.each *= 10
    rest, _ = run_job(job)
    made = stocked.run("small").step
    assert (stocked.run("small").status, stocked.run("small").steps) == ("completed", made)
    assert 20 < made < planned / 2
    assert of_kind(rest, Progress)[-1].total == made
    assert slow.now < 50
    # The learning rate has come down to where the plan ends, in no more steps than there were.
    falling = rates(stocked, "small")
    assert falling[5] == max(falling)
    assert falling[-1] < 0.15 * max(falling)
    assert (np.diff(falling[5:]) <= 1e-12).all()
    notes = [event.text for event in of_kind(events + rest, Note)]
    assert any("for 0.5 minutes: how many steps these are" in note and "follows the clock" in note for note in notes)
    assert f"The 0.5 minutes are over: {made:,} steps were made." in notes


def test_no_number_of_steps_is_told_before_there_are_three_measurements(
    stocked: Workspace, tables: dict[str, Any], slow: Slow
) -> None:
    job = pretrain(JobContext(), stocked, tables | {"training": tables["training"] | {"minutes": 0.1}})
    events = run_until(job, lambda event: isinstance(event, Progress) and event.done == 3)
    job.close()
    steps = [event for event in of_kind(events, Progress) if event.unit == "steps"]
    assert {event.total for event in steps if event.done < 3} == {None}
    assert steps[-1].total is not None


def test_a_run_with_a_time_limit_has_the_rest_of_its_time_when_it_goes_on(
    stocked: Workspace, tables: dict[str, Any], slow: Slow
) -> None:
    context = JobContext()
    job = pretrain(context, stocked, tables | {"training": tables["training"] | {"minutes": 0.1}})
    run_until(job, lambda event: isinstance(event, Metrics) and event.step == 20)
    context.stop()
    run_job(job)
    assert stocked.run("small").status == "stopped"
    slow.now += 1000  # it stands still meanwhile
    before = slow.now
    run_job(resume(JobContext(), stocked, "small"))
    assert slow.now - before < 6
    made = stocked.run("small").step
    assert stocked.run("small").steps == made > 20
    run_job(resume(JobContext(), stocked, "small", steps=made + 2))
    assert stocked.run("small").step == made + 2


def test_continued_training_watches_the_old_data(stocked: Workspace, tables: dict[str, Any], tmp_path: Path) -> None:
    from fmstudio.data import importing

    train(stocked, tables, steps=30)
    other = tmp_path / "other"
    other.mkdir()
    for number in range(12):
        (other / f"{number}.txt").write_text(" ".join(str(each * each) for each in range(number, number + 400)))
    run_job(importing.add(JobContext(), stocked, [str(other)], "squares"))
    train(
        stocked, tables | {"name": "next", "init": "small", "data": {"datasets": ["squares"], "validation_tokens": 512}}
    )
    metrics = stocked.metrics("next")
    last_of_old_run = stocked.model("small").details["metrics"]["loss/validation"]
    assert metrics["loss/articles"].values[0] == pytest.approx(last_of_old_run, rel=1e-4)
    assert metrics["loss/articles"].values[-1] > metrics["loss/articles"].values[0], "it forgets what it no longer sees"
    assert metrics["loss/validation"].values[-1] < metrics["loss/validation"].values[0]
    assert (("model", "small"), ("run", "next")) in stocked.lineage()


def test_progress_names_the_pace_in_tokens(stocked: Workspace, tables: dict[str, Any]) -> None:
    events, _ = train(stocked, tables)
    last = of_kind(events, Progress)[-1]
    assert (last.total, last.unit, last.rate_unit) == (12, "steps", "tokens/s")
    assert last.rate is not None
    assert last.rate > 0


# What can go wrong.


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("training", {"step": 5}, "training.step is not a setting"),
        ("training", {"steps": "many"}, 'training.steps is "many", but it must be a whole number'),
        ("training", {"steps": -1}, "training.steps is -1, but it must be a whole number from 1"),
        ("model", {"width": 33}, "model.width is 33, which 2 heads cannot share"),
        ("data", {"datasets": ["absent"]}, "There is no dataset named 'absent'"),
        ("data", {"datasets": []}, "data.datasets is empty"),
        ("training", {"device": "mps"}, "this machine has no such device"),
    ],
)
def test_a_recipe_that_cannot_run_says_why_and_starts_nothing(
    stocked: Workspace, tables: dict[str, Any], section: str, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(StudioError) as raised:
        run_job(pretrain(JobContext(), stocked, tables | {section: tables[section] | values}))
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert stocked.models() == []


def test_a_text_shorter_than_the_context_is_told(stocked: Workspace, tables: dict[str, Any]) -> None:
    with pytest.raises(StudioError, match=r"'articles' is too short: .* lower model.context"):
        run_job(pretrain(JobContext(), stocked, tables | {"model": tables["model"] | {"context": 100_000}}))
    assert stocked.run("small").status == "failed"
    assert "too short" in stocked.run("small").details["reason"]


def test_a_loss_that_explodes_is_explained(stocked: Workspace, tables: dict[str, Any]) -> None:
    with pytest.raises(StudioError, match=r"became (nan|inf) at step .* lower training.learning_rate"):
        train(stocked, tables, steps=200, optimiser="adamw", learning_rate=10.0, weight_decay=10.0, gradient_clip=0,
              warmup_steps=0, schedule="constant")  # fmt: skip
    assert stocked.run("small").status == "failed"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_too_little_memory_is_explained(
    stocked: Workspace, tables: dict[str, Any], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def raises(*_: Any) -> None:
        raise error

    monkeypatch.setattr("fmstudio.nn.decoder.Decoder.hidden_states", raises)
    recipe = tables | {"training": tables["training"] | {"evaluate_every": 1000}}
    with pytest.raises(StudioError, match=r"memory was not enough for step 1; lower training\.batch_size"):
        run_job(pretrain(JobContext(), stocked, recipe))
    assert stocked.run("small").status == "failed"


def test_a_dataset_deleted_during_a_run_does_not_harm_the_run(stocked: Workspace, tables: dict[str, Any]) -> None:
    job = pretrain(JobContext(), stocked, tables)
    run_until(job, lambda event: isinstance(event, Metrics) and event.step == 3)
    delete(stocked, "dataset", "articles")
    _, result = run_job(job)
    assert result["model"] == "small"
    with pytest.raises(StudioError, match="no dataset named 'articles'"):
        run_job(resume(JobContext(), stocked, "small", steps=20))


def replaced(workspace: Workspace, tmp_path: Path, name: str, text: str) -> None:
    """Put another dataset in the place of one."""
    (tmp_path / "other.txt").write_text(text, "utf-8")
    delete(workspace, "dataset", name)
    run_job(importing.add(JobContext(), workspace, [str(tmp_path / "other.txt")], name))


def test_a_run_does_not_go_on_with_other_data_under_the_same_name(
    stocked: Workspace, tables: dict[str, Any], tmp_path: Path
) -> None:
    train(stocked, tables | {"tokenizer": {"kind": "bpe", "vocabulary_size": 300}})
    model = stocked.model_folder("small")
    kept = {path.name: path.read_bytes() for path in model.iterdir()}
    replaced(stocked, tmp_path, "articles", "Der alte Mann sass am Fluss.\n\n" * 400)
    with pytest.raises(StudioError, match=r"'articles' is not the one that the run 'small' began with.*'small'"):
        run_job(resume(JobContext(), stocked, "small", steps=16))
    assert {path.name: path.read_bytes() for path in model.iterdir()} == kept
    assert (stocked.run("small").status, stocked.run("small").steps) == ("completed", 12)


def test_a_run_goes_on_where_its_dataset_was_added_again(
    stocked: Workspace, tables: dict[str, Any], tmp_path: Path
) -> None:
    train(stocked, tables)
    delete(stocked, "dataset", "articles")
    run_job(importing.add(JobContext(), stocked, [str(tmp_path / "texts")], "articles"))
    run_job(resume(JobContext(), stocked, "small", steps=16))
    assert stocked.run("small").step == 16


def test_a_run_does_not_go_on_with_another_vocabulary(
    stocked: Workspace, tables: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text(save_tokenizer(train_bpe(iter(["the old man and the sea"] * 9), 280)), "utf-8")
    train(stocked, tables | {"tokenizer": {"kind": "file", "file": str(file)}})
    kept = (stocked.model_folder("small") / "tokenizer.json").read_bytes()
    file.write_text(save_tokenizer(train_bpe(iter(["der alte mann und das meer"] * 9), 280)), "utf-8")
    with pytest.raises(StudioError, match="'small' cannot go on: its tokens would be others"):
        run_job(resume(JobContext(), stocked, "small", steps=16))
    assert (stocked.model_folder("small") / "tokenizer.json").read_bytes() == kept


def test_weights_of_wrong_shapes_are_refused(stocked: Workspace, tables: dict[str, Any]) -> None:
    train(stocked, tables)
    train(stocked, tables | {"name": "wide", "model": tables["model"] | {"width": 64}})
    wrong = (stocked.model_folder("wide") / "model.safetensors").read_bytes()
    (stocked.model_folder("small") / "model.safetensors").write_bytes(wrong)
    with pytest.raises(StudioError, match="do not fit its config"):
        run_job(pretrain(JobContext(), stocked, tables | {"name": "next", "init": "small"}))


def test_one_run_is_trained_by_one_process_only(stocked: Workspace, tables: dict[str, Any]) -> None:
    job = pretrain(JobContext(), stocked, tables)
    run_until(job, lambda event: isinstance(event, Metrics) and event.step == 3)
    with pytest.raises(StudioError, match="being trained by another program"):
        run_job(resume(JobContext(), stocked, "small"))
    job.close()
