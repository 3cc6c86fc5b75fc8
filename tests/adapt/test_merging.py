"""Merging: the model that is made does what base and adapter do, says what that cost, and knows where it comes from."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGMLQuantizationType as Kind
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy

from fmstudio.adapt.held_out import portions, usual_text
from fmstudio.adapt.merging import merge
from fmstudio.cli import main
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext
from fmstudio.nn.decoder import Decoder
from fmstudio.nn.lora import LoraShape
from fmstudio.nn.lora_folder import WEIGHTS
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.opened import open_language_model
from fmstudio.runtimes.requantising import rounded
from fmstudio.runtimes.text import load_language_model, save_language_model
from fmstudio.workspace import LinkedModel, Workspace, files
from fmstudio.workspace.chain import chain
from fmstudio.workspace.renaming import rename
from tests.adapter_folders import SHAPES, add_adapter
from tests.driving import run_job
from tests.gguf_files import CHAT, tiny_language_model, write_gguf


def merged(workspace: Workspace, name: str = "whole", **more: Any) -> dict[str, Any]:
    return run_job(merge(JobContext(), workspace, "taught", name, **more))[1]


def loss(decoder: Decoder, workspace: Workspace) -> float:
    """The mean over all tokens that have one before them, by torch's own cross-entropy."""
    folder = workspace.model_folder("taught")
    rows = portions(facts_of(folder), open_language_model(folder), usual_text())
    with torch.no_grad():
        each = [cross_entropy(decoder(row[None])[0, :-1], row[1:], reduction="sum") for row in rows]
    return float(sum(each)) / sum(len(row) - 1 for row in rows)


@pytest.mark.parametrize("kind", [Kind.F32, Kind.Q8_0])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_the_merged_model_is_base_and_adapter(
    workspace: Workspace, tmp_path: Path, kind: Kind, shape: LoraShape
) -> None:
    base = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(hidden_width=128), template=CHAT, kind=kind)
    workspace.put_linked_model(LinkedModel("tiny", str(base)))
    folder = add_adapter(workspace, shape=shape)
    result = merged(workspace)
    whole, tokens = load_language_model(workspace.model_folder("whole")), torch.arange(40, 120)[None]
    with torch.no_grad():
        assert (whole.decoder(tokens) - open_language_model(folder).decoder(tokens)).abs().max() < 1e-3
    assert result["largest_difference"] < 1e-3
    losses = result["losses"]
    assert losses["base and adapter"] == pytest.approx(losses["merged"], abs=1e-4)
    assert losses["merged"] == pytest.approx(loss(whole.decoder, workspace), rel=1e-5)
    assert abs(losses["base"] - losses["merged"]) > 0.01
    facts = facts_of(workspace.model_folder("whole"))
    assert (facts.template, facts.ends, facts.licence) == (CHAT, facts_of(base).ends, facts_of(base).licence)


def test_what_it_costs_to_quantise_it_as_the_base_is_measured(workspace: Workspace, tmp_path: Path) -> None:
    base = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(hidden_width=128), kind=Kind.Q4_0)
    workspace.put_linked_model(LinkedModel("tiny", str(base)))
    add_adapter(workspace)
    losses = merged(workspace)["losses"]
    again = rounded(load_language_model(workspace.model_folder("whole")), lambda _: Kind.Q4_0)
    assert losses["merged, in Q4_0"] == pytest.approx(loss(again.decoder, workspace), rel=1e-5)
    assert list(losses) == ["base", "base and adapter", "merged", "merged, in Q4_0"]


def test_of_a_base_that_is_not_quantised_the_usual_kinds_are_told(talking: Workspace) -> None:
    add_adapter(talking)
    result = merged(talking)
    losses = result["losses"]
    assert [name for name in losses if "in " in name] == ["merged, in Q8_0", "merged, in Q4_0"]
    assert abs(losses["merged, in Q8_0"] - losses["merged"]) < abs(losses["merged, in Q4_0"] - losses["merged"])
    assert f"merged {losses['merged']:.4f}" in result["told"]


def test_an_adapter_that_quantising_would_undo_is_told(workspace: Workspace, tmp_path: Path) -> None:
    base = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(hidden_width=128), kind=Kind.Q4_0)
    workspace.put_linked_model(LinkedModel("tiny", str(base)))
    folder = add_adapter(workspace)
    weights = load_file(folder / WEIGHTS)
    small = {name: each * (0.002 if "lora_B" in name else 1) for name, each in weights.items()}
    strong = merged(workspace)
    save_file(small, folder / WEIGHTS)
    result = merged(workspace, "faint")
    assert (strong["undone_in"], result["undone_in"]) == ([], ["Q4_0"])
    assert "In Q4_0 the merged model is nearer to its base than to what was learnt" in result["told"]
    assert result["warning"].strip() in (workspace.model_folder("faint") / "README.md").read_text()


def test_less_of_an_adapter_can_be_merged(talking: Workspace) -> None:
    add_adapter(talking)
    result = merged(talking, scale=0.0)
    assert result["losses"]["merged"] == pytest.approx(result["losses"]["base"], abs=1e-5)
    with pytest.raises(StudioError, match=r"The scale is 2, but it must be a number from 0 to 1\.5"):
        merged(talking, "more", scale=2.0)


def test_it_knows_where_it_comes_from_whatever_that_is_called(talking: Workspace) -> None:
    add_adapter(talking)
    merged(talking)
    rename(talking, "model", "taught", "clever")
    rename(talking, "linked model", "tiny", "small")

    def told(model: str) -> dict[str, list[tuple[str, bool]]]:
        stages = {stage.title: stage.links for stage in chain(talking, model)}
        return {title: [(link.key, link.here) for link in links] for title, links in stages.items()}

    assert told("whole")["Merged from"] == [("small", True), ("clever", True)]
    assert (told("clever")["Adapts"], told("clever")["Merged as"]) == ([("small", True)], [("whole", True)])
    assert told("small")["Adapters"] == [("clever", True)]


@pytest.mark.parametrize(
    ("adapter", "name", "sentence"),
    [
        ("tiny", "whole", "'tiny' is no adapter"),
        ("taught", "taught", "a model named 'taught' already"),
        ("taught", "Tiny", "a model named 'Tiny' already"),
        ("taught", "smollm2-135m-instruct", "already; choose another name"),
        ("taught", "a/b", "cannot be a name here"),
    ],
)
def test_what_cannot_be_merged_is_refused_before_anything_is_read(
    talking: Workspace, adapter: str, name: str, sentence: str
) -> None:
    add_adapter(talking)
    with pytest.raises(StudioError, match=sentence):
        run_job(merge(JobContext(), talking, adapter, name))


def test_a_full_disk_leaves_no_half_of_a_model(talking: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    add_adapter(talking)
    monkeypatch.setattr(files, "_sync", full)
    with pytest.raises(StudioError, match="the disk is full"):
        merged(talking)
    assert [each.name for each in talking.models()] == ["taught"]
    assert [path.name for path in (talking.path / "models").iterdir()] == ["taught"]


def test_commands_list_adapters_and_merge_one(
    talking: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_language_model(tiny_language_model(), tmp_path / "base")
    talking.put_linked_model(LinkedModel("base", str(tmp_path / "base")))
    add_adapter(talking)
    add_adapter(talking, "other", base="base", shape=LoraShape(2, 4.0))
    (tmp_path / "base" / "model.safetensors").rename(tmp_path / "elsewhere.safetensors")
    command = ["--workspace", str(talking.path), "adapters"]
    assert main([*command, "list"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[:4] for row in rows] == [
        ["other", "on base", "rank 2", "α 4"],
        ["taught", "on tiny", "rank 4", "α 8"],
    ]
    assert ["was made for base of version" in row[5] for row in rows] == [True, False]
    assert rows[1][5] == "its base is there"
    assert main([*command, "merge", "taught", "--name", "whole"]) == 0
    assert "The largest difference of a logit between base with adapter and the merged" in capsys.readouterr().out
    assert main([*command, "merge", "other", "--name", "second", "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["event"] == "failed"
    workspace = ["--workspace", str(talking.path)]
    assert main([*workspace, "models", "list"]) == 0
    assert "merged from tiny and taught" in capsys.readouterr().out
    written = []
    for model in ("whole", "taught"):
        short = ["--set", "maximum_tokens=8", "--set", "temperature=0"]
        assert main([*workspace, "sample", model, "--prompt", "How long?", *short]) == 0
        written.append(capsys.readouterr().out)
    assert written[0] == written[1], "it is asked in its chat template, as base and adapter are"
