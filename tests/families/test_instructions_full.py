"""Fine-tuning of all weights: a model of its own comes out, its base stays as it is, and a resumed run ends alike."""

from pathlib import Path
from typing import Any

import gguf
import pytest
import torch

from fmstudio.adapt.generation import generate
from fmstudio.cli import main
from fmstudio.jobs import JobContext
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.opened import loading
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import LinkedModel, Workspace
from tests.driving import returned, run_job
from tests.families.adapters import assert_ends_alike
from tests.gguf_files import CHAT, tiny_language_model, write_gguf


def tables(**training: Any) -> dict[str, Any]:
    return {
        "family": "instructions-full", "name": "taught", "init": "tiny", "data": {"datasets": ["talks"]},
        "training": {"steps": 8, "batch_size": 3, "evaluate_every": 4, "checkpoint_every": 4, "device": "cpu",
                     "learning_rate": 0.001, "warmup_steps": 0} | training,
    }  # fmt: skip


def opened(path: Path) -> Any:
    return returned(loading(path, "torch")).runtime


def test_a_packed_base_gives_a_whole_model_that_is_talked_to_and_stays_as_it_is(
    talking: Workspace, tmp_path: Path
) -> None:
    path = write_gguf(
        tmp_path / "packed.gguf", tiny_language_model(), template=CHAT, kind=gguf.GGMLQuantizationType.Q8_0
    )
    talking.put_linked_model(LinkedModel("packed", str(path)))
    runtime = opened(path)
    before = {name: weight.clone() for name, weight in runtime.model.decoder.state_dict().items()}
    _, result = run_job(pretrain(JobContext(), talking, tables(steps=30) | {"init": "packed"}))
    losses = talking.metrics(result["run"])["loss/validation"].values
    assert losses[-1] < 0.8 * losses[0]
    after = runtime.model.decoder.state_dict()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())
    record = talking.model("taught")
    assert record.family == "language"
    assert "adapter_of" not in record.details
    assert record.parameters == sum(weight.numel() for weight in tiny_language_model().decoder.parameters())
    facts = facts_of(talking.model_folder("taught"))
    assert (facts.template, facts.ends) == (facts_of(path).template, facts_of(path).ends)
    asked = [{"role": "user", "content": "How long does a mat last?"}]
    settings = {"temperature": 0.0, "maximum_tokens": 8, "system": ""}
    answers = [
        run_job(generate(JobContext(), talking, model, messages=asked, settings=settings, backend="torch"))[1]
        for model in ("packed", "taught")
    ]
    assert answers[0]["prompt"] == answers[1]["prompt"]
    assert answers[0]["text"] != answers[1]["text"]


def test_a_command_asks_it_in_its_chat_template(talking: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    run_job(pretrain(JobContext(), talking, tables(steps=4)))
    settings = {"temperature": 0.0, "maximum_tokens": 8, "seed": 0}
    asked = run_job(generate(JobContext(), talking, "taught", prompt="How long?", settings=settings))[1]
    assert "<|im_start|>" in asked["prompt"]
    command = ["sample", "taught", "--prompt", "How long?", "--set", "maximum_tokens=8", "--set", "temperature=0"]
    assert main(["--workspace", str(talking.path), *command]) == 0
    assert capsys.readouterr().out.strip() == asked["text"].strip()


def test_a_stopped_run_goes_on_and_ends_bit_identical(talking: Workspace) -> None:
    assert_ends_alike(talking, tables())
