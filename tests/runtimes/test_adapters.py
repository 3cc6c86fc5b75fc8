"""Adapters as models that one talks to: how strong they are, and that they leave each other alone."""

import warnings
from pathlib import Path
from typing import Any

import pytest
from gguf import GGMLQuantizationType as Kind

from fmstudio.adapt.generation import generate
from fmstudio.adapt.models import link, listing
from fmstudio.cli import main
from fmstudio.jobs import JobContext, Note
from fmstudio.laboratory.language_next import continuation
from fmstudio.nn.lora import LoraShape
from fmstudio.runtimes import opened
from fmstudio.runtimes.model_cache import MODELS
from fmstudio.runtimes.opened import open_language_model
from fmstudio.runtimes.references import place_of_model
from fmstudio.runtimes.text import save_language_model
from fmstudio.workspace import LinkedModel, Workspace
from tests.adapter_folders import DORA, add_adapter
from tests.driving import of_kind, run_job
from tests.gguf_files import CHAT, tiny_language_model, write_gguf

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


def test_an_adapter_that_peft_made_is_linked_and_talked_to(workspace: Workspace, tmp_path: Path) -> None:
    made_by_peft(tmp_path)
    run_job(link(JobContext(), workspace, str(tmp_path / "adapter")))
    answers = {model: written(workspace, model)["text"] for model in ("adapter", str(tmp_path / "adapter"))}
    assert (
        answers["adapter"] == answers[str(tmp_path / "adapter")] != written(workspace, str(tmp_path / "base"))["text"]
    )
    (shown,), _ = run_job(listing(JobContext(), workspace))
    row = next(row for row in shown.data if row["reference"] == "adapter")
    assert (row["adapter_of"], row["problem"]) == (str(tmp_path / "base"), "")


def made_by_peft(folder: Path) -> None:
    """A model in the folder "base", and an adapter of it in the folder "adapter"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM

        save_language_model(tiny_language_model(), folder / "base")
        base = AutoModelForCausalLM.from_pretrained(folder / "base", local_files_only=True)
        config = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "up_proj"], init_lora_weights=False)
        get_peft_model(base, config).save_pretrained(folder / "adapter")


NAMES = [f"taught-{number}" for number in range(10)]


@pytest.fixture(params=["gguf", "folder"])
def many(workspace: Workspace, tmp_path: Path, request: pytest.FixtureRequest) -> Workspace:
    """A workspace with ten adapters on one base, which is packed, or a folder."""
    if request.param == "gguf":
        base = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(hidden_width=128), template=CHAT, kind=Kind.Q8_0)
    else:
        base = tmp_path / "tiny"
        save_language_model(tiny_language_model(), base)
    workspace.put_linked_model(LinkedModel("tiny", str(base)))
    for number, name in enumerate(NAMES):
        add_adapter(workspace, name, shape=DORA if number == 3 else None, seed=number)
    opened.unload(base)
    return workspace


def test_ten_adapters_share_one_base_in_memory(many: Workspace) -> None:
    for name in NAMES:
        written(many, name, maximum_tokens=1)
    others = {entry.path.stem: entry for entry in opened.loaded()}
    base = others.pop("tiny")
    assert sorted(others) == NAMES
    assert all(entry.bytes == entry.facts.torch_bytes < base.bytes / 100 for entry in others.values())
    places = [{weight.data_ptr() for weight in open_language_model(entry.path).decoder.parameters()}
              for entry in (base, *others.values())]  # fmt: skip
    assert all(each == places[0] for each in places)
    assert opened.unload(base.path) == base.bytes + sum(entry.bytes for entry in others.values())
    assert opened.loaded() == []


def test_switching_among_ten_gives_what_each_gives_when_it_is_loaded_anew(many: Workspace) -> None:
    fresh = {}
    for name in ("tiny", *NAMES):
        for entry in opened.loaded():
            opened.unload(entry.path)
        fresh[name] = written(many, name)["text"]
    assert len(set(fresh.values())) == len(fresh)
    for name in ("tiny", *NAMES, *reversed(NAMES), "tiny"):
        assert written(many, name)["text"] == fresh[name]


def test_adapters_that_nobody_uses_go_before_their_base(many: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES[:3]:
        written(many, name, maximum_tokens=1)
    written(many, NAMES[0], maximum_tokens=1)
    left = []
    monkeypatch.setattr(MODELS, "_fits", lambda needed: len(MODELS.models()) <= needed)
    for count in (3, 2, 1, 0):
        MODELS.make_room(count)
        left.append({entry.path.stem for entry in opened.loaded()})
    assert left == [{"tiny", NAMES[2], NAMES[0]}, {"tiny", NAMES[0]}, {"tiny"}, set()]


def test_a_base_stays_while_room_is_made_for_its_adapter(many: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    written(many, "tiny", maximum_tokens=1)
    written(many, NAMES[0], maximum_tokens=1)
    before = opened.open_runtime(place_of_model(many, "tiny"), "torch")
    monkeypatch.setattr(MODELS, "_fits", lambda needed: len(MODELS.models()) < 2)
    written(many, NAMES[1], maximum_tokens=1)
    assert {entry.path.stem for entry in opened.loaded()} == {"tiny", NAMES[1]}
    assert opened.open_runtime(place_of_model(many, "tiny"), "torch") is before


def test_a_row_tells_what_an_adapter_takes_with_its_base_and_without(many: Workspace) -> None:
    def memory() -> dict[str, int]:
        (shown,), _ = run_job(listing(JobContext(), many))
        return {row["reference"]: row["memory_in"]["torch"] for row in shown.data if row["source"] != "catalogue"}

    alone = memory()
    written(many, "tiny", maximum_tokens=1)
    beside = memory()
    assert alone[NAMES[0]] == alone["tiny"] + beside[NAMES[0]]
    assert beside[NAMES[0]] < alone["tiny"] / 100
