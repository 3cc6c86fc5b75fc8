"""Adapters as models that one talks to: how strong they are, and that they leave each other alone."""

from typing import Any

import pytest

from fmstudio.adapt.generation import generate
from fmstudio.cli import main
from fmstudio.jobs import JobContext, Note
from fmstudio.laboratory.language_next import continuation
from fmstudio.nn.lora import LoraShape
from fmstudio.workspace import Workspace
from tests.adapter_folders import DORA, add_adapter
from tests.driving import of_kind, run_job

SETTINGS = {"temperature": 0.0, "maximum_tokens": 24, "system": ""}


def written(workspace: Workspace, model: str, **settings: Any) -> dict[str, Any]:
    job = generate(
        JobContext(), workspace, model, prompt="How long does a mat last?", settings=SETTINGS | settings,
        backend="torch",
    )  # fmt: skip
    return run_job(job)[1]


@pytest.mark.parametrize("shape", [LoraShape(4, 8.0), DORA], ids=["lora", "dora"])
def test_without_strength_an_adapter_writes_as_its_base_and_with_it_as_it_learnt(
    talking: Workspace, shape: LoraShape
) -> None:
    add_adapter(talking, shape=shape)
    base, learnt = written(talking, "tiny"), written(talking, "taught")
    found = {scale: written(talking, "taught", **{"adapter.scale": scale}) for scale in (0, 1.0, 0.5, 1.5)}
    assert found[0]["text"] == base["text"] != learnt["text"]
    assert found[1.0]["text"] == learnt["text"], "what was read for another strength is not used again"
    assert len({base["text"], learnt["text"], found[0.5]["text"], found[1.5]["text"]}) == 4
    assert found[0.5]["settings"]["adapter.scale"] == 0.5
    again = written(talking, "taught", **found[0.5]["settings"])
    assert again["text"] == found[0.5]["text"]


def test_answers_of_different_strength_that_come_together_leave_each_other_alone(talking: Workspace) -> None:
    add_adapter(talking)
    alone = [written(talking, "taught", **{"adapter.scale": scale})["text"] for scale in (0.3, 1.0, 1.4)]
    jobs = [
        generate(JobContext(), talking, "taught", prompt="How long does a mat last?",
                 settings=SETTINGS | {"adapter.scale": scale}, backend="torch")
        for scale in (0.3, 1.0, 1.4)
    ]  # fmt: skip
    texts: dict[int, str] = {}
    while len(texts) < len(jobs):
        for place, job in enumerate(jobs):
            try:
                next(job)
            except StopIteration as end:
                texts.setdefault(place, end.value and end.value["text"])
    assert [texts[place] for place in range(3)] == alone


def test_a_look_inside_continues_with_the_strength_that_is_chosen(talking: Workspace) -> None:
    add_adapter(talking)

    def tokens(model: str, **settings: Any) -> list[int]:
        job = continuation(JobContext(), talking, model, "The cat", settings=SETTINGS | settings)
        return [event.data["id"] for event in run_job(job)[0] if getattr(event, "kind", "") == "next-token"]

    assert tokens("taught", **{"adapter.scale": 0.0}) == tokens("tiny") != tokens("taught")


def test_a_model_without_an_adapter_says_that_a_strength_changes_nothing(talking: Workspace) -> None:
    for backend in ("torch", "llama.cpp"):
        job = generate(
            JobContext(), talking, "tiny", prompt="Hello", settings=SETTINGS | {"adapter.scale": 0.5}, backend=backend
        )
        events, result = run_job(job)
        (note,) = of_kind(events, Note)
        assert note.text == "tiny has no adapter, so adapter.scale = 0.5 changes nothing."
        assert result["settings"]["adapter.scale"] == 1.0


def test_a_command_chooses_the_strength(talking: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    add_adapter(talking)

    def sample(model: str, *more: str) -> str:
        short = ["--set", "maximum_tokens=8", "--set", "temperature=0"]
        assert main(["--workspace", str(talking.path), "sample", model, "--prompt", "How long?", *short, *more]) == 0
        return capsys.readouterr().out

    base, learnt = sample("tiny"), sample("taught")
    assert sample("taught", "--set", "adapter.scale=0") == base != learnt
    assert sample("taught", "--set", "adapter.scale=1") == learnt
    asked = ["--workspace", str(talking.path), "sample", "taught", "--prompt", "How long?"]
    assert main([*asked, "--set", "adapter.scale=2"]) == 1
    assert "adapter.scale is 2, but it must be a number from 0.0 to 1.5." in capsys.readouterr().err
