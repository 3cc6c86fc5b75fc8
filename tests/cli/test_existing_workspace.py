"""A command that only reads makes no workspace where somebody mistyped its folder."""

from pathlib import Path

import pytest

from fmstudio.cli import main
from fmstudio.workspace import Workspace
from tests.gguf_files import tiny_language_model, write_gguf
from tests.test_cli import fmstudio

READING = [
    ["datasets", "list"],
    ["collections", "list"],
    ["collections", "ask", "python", "Why?"],
    ["feedback", "export", "OUT.jsonl"],
    ["sample", "small", "--prompt", "x"],
    ["sample", "run:small", "--prompt", "x"],
    ["export", "small", "--format", "huggingface", "--to", "OUT"],
    ["resume", "small"],
]


@pytest.mark.parametrize(
    ("arguments", "is_named"),
    [(each, is_named) for each in READING for is_named in (True, False)],
    ids=lambda each: " ".join(each[:2]) if isinstance(each, list) else "",
)
def test_reading_makes_no_workspace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str],
    is_named: bool,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    place = tmp_path / ("typo" if is_named else "default-workspace")
    assert main([*(["--workspace", str(place)] if is_named else []), *arguments]) == 1
    out, err = capsys.readouterr()
    assert (out, " ".join(err.split())) == (
        "",
        f"There is no workspace at {place}; check the folder, or make one there: open the window on it, or add "
        "something to it.",
    )
    assert list(tmp_path.iterdir()) == []


def test_fetching_what_the_catalogue_has_not_makes_no_workspace(tmp_path: Path) -> None:
    assert main(["--workspace", str(tmp_path / "typo"), "fetch", "nope"]) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_model_at_a_path_is_outside_of_any_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", tiny_language_model())
    for place in ([], ["--workspace", str(tmp_path / "none")]):
        assert main([*place, "sample", str(path), "--prompt", "The cat", "--set", "maximum_tokens=4"]) == 0
        assert capsys.readouterr().out.strip()
    assert list(tmp_path.iterdir()) == [path]


def test_a_workspace_whose_index_is_gone_is_one(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    workspace.close()
    workspace.index_path.unlink()
    assert fmstudio(workspace, "datasets", "list") == 0


def test_the_whole_log_has_one_form(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "log.jsonl"
    assert fmstudio(workspace, "feedback", "export", str(target), "--form", "conversational") == 2
    assert "The whole log has one form only" in capsys.readouterr().err
    assert not target.exists()
    assert fmstudio(workspace, "feedback", "export", str(target)) == 0
    preferences = ("--format", "preferences", "--form", "conversational")
    assert fmstudio(workspace, "feedback", "export", str(target), *preferences) == 0
