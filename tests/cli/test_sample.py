"""What `sample` and `collections ask` refuse before any work, and what a file gets of a text."""

import os
from pathlib import Path

import pytest

from fmstudio.data.catalogue import read_catalogue
from fmstudio.workspace import LinkedModel, Workspace
from tests.gguf_files import CHAT, tiny_language_model, write_gguf
from tests.test_cli import fmstudio

SHORT = ("--set", "maximum_tokens=4", "--set", "temperature=0")


@pytest.fixture
def linked(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with a model that answers, "talks", and one that continues texts, "writes"."""
    for name, template in (("talks", CHAT), ("writes", "")):
        path = write_gguf(tmp_path / f"{name}.gguf", tiny_language_model(), template=template)
        workspace.put_linked_model(LinkedModel(name, str(path)))
    return workspace


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """What stderr says, in one line."""
    return " ".join(capsys.readouterr().err.split())


def test_a_file_gets_an_answer_alone_but_a_completion_with_its_beginning(
    linked: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = {}
    for name in ("talks", "writes"):
        arguments = ("sample", name, "--prompt", "The cat sat", *SHORT)
        assert fmstudio(linked, *arguments) == 0
        printed = capsys.readouterr().out.removesuffix("\n")
        assert printed
        target = tmp_path / "made" / "here" / f"{name}.txt"
        assert fmstudio(linked, *arguments, "--to", str(target)) == 0
        assert capsys.readouterr().out == ""
        written[name] = target.read_text("utf-8").replace(printed, "…", 1)
        assert [file.name for file in target.parent.iterdir() if file.name.startswith(".")] == []
    assert written == {"talks": "…", "writes": "The cat sat…"}
    assert fmstudio(linked, "sample", "talks", "--prompt", "The", "--set", "raw=true", *SHORT, "--to", str(target)) == 0
    assert target.read_text("utf-8").startswith("The"), "a chat model may continue a text as well"


@pytest.mark.parametrize("command", ["sample", "feedback"])
def test_where_nothing_can_be_written_is_told_before_the_work(
    linked: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def work(*_: object, **__: object) -> None:
        pytest.fail("the job was begun")

    for module in ("models", "feedback"):
        monkeypatch.setattr(f"fmstudio.cli.{module}.drive", work)
    (tmp_path / "file").write_text("in the way")
    for target, words in (
        (tmp_path / "file" / "x.txt", "a part of its path is a file"),
        (tmp_path, f"{tmp_path} is a folder; name a file in it."),
    ):
        to_sample = ("sample", "talks", "--prompt", "x", "--to", str(target))
        assert fmstudio(linked, *(to_sample if command == "sample" else ("feedback", "export", str(target)))) == 1
        assert words in told(capsys)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_without_permission_is_told_before_the_work(
    linked: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert fmstudio(linked, "sample", "talks", "--prompt", "x", "--to", str(tmp_path / "closed" / "x.txt")) == 1
    assert "it may not be written" in told(capsys)


def test_a_pictures_folder_is_made(pictured: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fmstudio.training.sampling.draws_pictures", lambda *_: True)
    monkeypatch.setattr("fmstudio.cli.chosen_model.check_model", lambda *_: "diffusion")
    target = tmp_path / "not" / "yet" / "grid.png"
    fmstudio(pictured, "sample", "absent", "--to", str(target))
    assert target.parent.is_dir()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("folder", "folder is a folder without a config.json, so it is no model folder"),
        ("notes.txt", "notes.txt is no model, as it does not end in .gguf"),
        ("folder/absent", "There is nothing at "),
        ("absent.gguf", "There is nothing at "),
    ],
)
@pytest.mark.parametrize("command", ["sample", "export"])
def test_what_is_wrong_with_a_path_is_told_of_that_path(
    linked: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, name: str, words: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    rest = ("--prompt", "x") if command == "sample" else ("--format", "huggingface", "--to", str(tmp_path / "out"))
    assert fmstudio(linked, command, str(tmp_path / name), *rest) == 1
    err = told(capsys)
    assert words in err
    assert str(tmp_path / name) in err
    assert "this workspace has writes, talks, the catalogue has smollm2-135m-instruct" in err


@pytest.mark.parametrize("name", ["nope", "", "all-minilm-l6-v2", "~nobody-of-this-name/x", "x" * 5000])
def test_an_unknown_name_is_told_with_those_that_there_are(
    linked: Workspace, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert fmstudio(linked, "sample", name, "--prompt", "x") == 1
    err = told(capsys)
    assert "Traceback" not in err
    if len(name) < 5000:
        assert all(item.name in err for item in read_catalogue().items.values() if item.kind == "model")
        assert "talks" in err


@pytest.mark.parametrize("count", ["0", "-1", "few", "1.5"])
def test_how_many_must_be_one_at_least(linked: Workspace, capsys: pytest.CaptureFixture[str], count: str) -> None:
    with pytest.raises(SystemExit) as raised:
        fmstudio(linked, "sample", "talks", "--prompt", "x", f"--count={count}")
    assert raised.value.code == 2
    assert "--count: " in (err := told(capsys))
    assert "must be a whole number from 1" in err


def test_a_model_that_answers_needs_a_message(linked: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    for nothing in ((), ("--prompt", " ")):
        assert fmstudio(linked, "sample", "talks", *nothing) == 2
        assert told(capsys) == "talks answers messages; say what to ask with --prompt TEXT."
        assert fmstudio(linked, "sample", "smollm2-135m-instruct", *nothing) == 2, "also before it is fetched"
        assert "--prompt" in told(capsys)
    assert fmstudio(linked, "sample", "writes", *SHORT) == 0
    assert fmstudio(linked, "sample", "talks", "--set", "raw=true", *SHORT) == 0


def test_a_question_to_no_model_is_refused_whatever_is_found(
    linked: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fmstudio(linked, "collections", "ask", "shelf", "Why?", "--model", "nope") == 1
    assert "There is no model named 'nope'" in told(capsys)
    assert fmstudio(linked, "collections", "ask", "shelf", "Why?", "--model", "talks") == 1
    assert "There is no collection named 'shelf'" in told(capsys)


def test_a_folder_of_another_architecture_is_told_with_what_to_do(
    linked: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["BertModel"], "vocab_size": 30522}')
    assert fmstudio(linked, "sample", str(folder), "--prompt", "x") == 1
    err = told(capsys)
    assert "The model's architecture is BertModel" in err
    assert err.endswith("; choose the folder of such a model.")


def test_a_link_to_a_file_stays_one(linked: Workspace, tmp_path: Path) -> None:
    target, link = tmp_path / "notes.txt", tmp_path / "link.txt"
    target.write_text("before")
    link.symlink_to(target)
    assert fmstudio(linked, "sample", "writes", "--prompt", "The cat", *SHORT, "--to", str(link)) == 0
    assert link.is_symlink()
    assert target.read_text("utf-8").startswith("The cat")
