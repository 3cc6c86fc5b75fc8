"""The command line as a script sees it: what goes to stdout and stderr, and the exit codes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fmstudio.cli import main
from fmstudio.console import as_plain
from fmstudio.data.picture_files import save_png
from fmstudio.jobs import Failed, Finished, Metrics, TextDelta
from fmstudio.recipe import write_toml
from fmstudio.workspace import Workspace
from tests.pictures import shape
from tests.texts import write_texts


@pytest.fixture
def recipe(tables: dict[str, Any], tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(write_toml({key: value for key, value in tables.items() if key != "name"}))
    return str(path)


def fmstudio(workspace: Workspace, *arguments: str) -> int:
    return main(["--workspace", str(workspace.path), *arguments])


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_whole_thread_from_text_to_sample(
    workspace: Workspace, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = str(write_texts(tmp_path / "texts"))
    assert fmstudio(workspace, "datasets", "add", texts, "--name", "articles") == 0
    assert f"articles: {workspace.dataset('articles').items} documents, " in capsys.readouterr().out
    assert fmstudio(workspace, "datasets", "list") == 0
    assert "articles\ttext\t" in capsys.readouterr().out
    assert fmstudio(workspace, "run", recipe, "--set", "training.steps=6") == 0
    assert "model\tsmall" in capsys.readouterr().out
    assert fmstudio(workspace, "sample", "small", "--prompt", "The ", "--set", "maximum_tokens=8") == 0
    assert capsys.readouterr().out.strip()
    assert fmstudio(workspace, "resume", "small", "--steps", "9") == 0
    assert workspace.run("small").step == 9
    assert fmstudio(workspace, "export", "small", "--format", "huggingface", "--to", str(tmp_path / "out")) == 0
    assert "largest difference of a logit" in capsys.readouterr().out


def test_pictures_are_added_and_listed(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        save_png(folder / f"{number}.png", shape(number).pixels)
    arguments = ("datasets", "add", str(folder), "--name", "few", "--kind", "images", "--set", "size=8")
    assert fmstudio(workspace, *arguments) == 0
    assert "few: 3 pictures, 576 bytes" in capsys.readouterr().out
    assert fmstudio(workspace, "datasets", "list") == 0
    assert "few\timages\t3 pictures\t576 bytes" in capsys.readouterr().out


def test_json_prints_one_event_a_line_and_ends_with_the_result(
    stocked: Workspace,
    recipe: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fmstudio(stocked, "run", recipe, "--json") == 0
    events = lines(capsys.readouterr().out)
    assert events[0]["event"] == "artefact"
    assert {"metrics", "progress", "sample", "note"} <= {event["event"] for event in events}
    last = events[-1]
    assert (last["event"], last["run"], last["model"]) == ("finished", "small", "small")
    assert last["metrics"]["loss/validation"] > 0


def test_a_failed_job_exits_with_1_and_one_line_on_stderr(
    stocked: Workspace,
    recipe: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fmstudio(stocked, "run", recipe, "--json", "--set", "training.steps=0") == 1
    out, err = capsys.readouterr()
    assert err.strip() == "training.steps is 0, but it must be a whole number from 1 to 10000000."
    assert lines(out)[-1] == {"event": "failed", "reason": err.strip()}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "no-such-preset"], "There is no preset named 'no-such-preset'; known are"),
        (["sample", "absent"], "There is no model named 'absent'"),
        (["resume", "absent"], "There is no run named 'absent'"),
    ],
)
def test_what_does_not_exist_is_told_in_one_line(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert fmstudio(workspace, *arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert words in " ".join(err.split())
    assert "Traceback" not in err


def test_a_new_workspace_begins_with_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, texts = str(tmp_path / "new"), str(write_texts(tmp_path / "texts"))
    assert main(["--workspace", new, "datasets", "add", texts, "--name", "articles"]) == 0
    capsys.readouterr()
    assert main(["--workspace", new, "datasets", "list"]) == 0
    assert capsys.readouterr().out.startswith("python-reference\ttext\t")


def test_wrong_usage_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["run"])
    assert raised.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_samples_can_be_counted_and_written_to_a_file(
    stocked: Workspace,
    recipe: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fmstudio(stocked, "run", recipe) == 0
    capsys.readouterr()
    target = tmp_path / "samples.txt"
    sample = ["sample", "small", "--prompt", "The ", "--count", "2", "--set", "maximum_tokens=5", "--to", str(target)]
    assert fmstudio(stocked, *sample) == 0
    first, second = target.read_text().split("\n\nThe ")
    assert first.startswith("The ")
    assert first.removeprefix("The ") != second, "each sample has a seed of its own"
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to another process")
def test_ctrl_c_stops_a_run_and_keeps_it(stocked: Workspace, recipe: str) -> None:
    arguments = ["run", recipe, "--set", "training.steps=1000000", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "fmstudio", "--workspace", str(stocked.path), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    while json.loads(process.stdout.readline()).get("step", 0) < 10:
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert lines(out)[-1]["outcome"] == "stopped"
    assert stocked.run("small").status == "stopped"
    assert stocked.model("small").run == "small"


def test_events_become_plain_data() -> None:
    assert as_plain(TextDelta("a")) == {"event": "text_delta", "text": "a", "name": "output"}
    assert as_plain(Failed("why", "trace")) == {"event": "failed", "reason": "why"}
    assert as_plain(Finished("completed", {"run": "r"})) == {"event": "finished", "outcome": "completed", "run": "r"}
    assert as_plain(Metrics(1, {"loss": 2.0}))["values"] == {"loss": 2.0}
