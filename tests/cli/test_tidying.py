"""rename, delete and the bin without the window."""

import pytest

from fmstudio.cli import main
from fmstudio.workspace.bin import Bin
from tests.workspace.test_workspace import fill


@pytest.fixture
def told(workspace, capsys):
    """Runs a command in a workspace with a dataset, a run and a model; returns its exit code and what it printed."""
    fill(workspace)

    def run(*arguments):
        code = main(["--workspace", str(workspace.path), *arguments])
        return code, *capsys.readouterr()

    return run


def test_runs_and_models_are_listed(told):
    code, runs, _ = told("runs", "list")
    assert (code, runs.split("\t")[:4]) == (0, ["run-1", "plays", "language", "running"])
    code, models, _ = told("models", "list")
    assert (code, models.split("\t")[:3]) == (0, ["bard", "language", "800,000 parameters"])


def test_things_are_renamed(told, workspace):
    assert told("models", "rename", "bard", "poet")[:2] == (0, "The model bard is called poet now.\n")
    assert workspace.run("run-1").model == "poet"
    assert told("datasets", "rename", "plays", "clean")[0] == 1
    assert told("runs", "rename", "run-1", "first")[0] == 0
    assert workspace.run("run-1").name == "first"


def test_what_is_deleted_comes_back_from_the_bin(told, workspace):
    code, out, _ = told("datasets", "delete", "clean")
    (entry,) = Bin(workspace.path).entries()
    assert (code, out) == (0, f"The dataset clean is in the bin; fmstudio bin restore {entry.id} brings it back.\n")
    assert told("bin", "list")[1].split("\t")[:3] == [entry.id, "dataset", "clean"]
    assert told("bin", "restore", "clean", "--as", "tidy")[:2] == (0, "The dataset tidy is back.\n")
    assert workspace.dataset("tidy").items == 30


def test_what_is_needed_is_deleted_only_on_purpose(told, workspace):
    workspace.update_run("run-1", status="completed")
    code, _, sentences = told("datasets", "delete", "plays")
    assert (code, workspace.dataset("plays").name) == (1, "plays")
    assert sentences.splitlines() == [
        "The run “plays” cannot be trained longer without it.",
        "The dataset plays was not deleted; add --yes to delete it all the same.",
    ]
    assert told("datasets", "delete", "plays", "--yes")[0] == 0
    assert [each.name for each in workspace.datasets()] == ["clean"]


def test_a_tokenizer_is_deleted_and_comes_back(told, workspace):
    file = workspace.path / "tokenizers" / "bpe" / "tokenizer.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert told("tokenizers", "list")[1] == "bpe\tcannot be used\t2 bytes\n"
    assert told("tokenizers", "rename", "bpe", "pieces")[1] == "The tokenizer bpe is called pieces now.\n"
    file = workspace.path / "tokenizers" / "pieces" / "tokenizer.json"
    assert told("tokenizers", "delete", "pieces")[0] == 0
    assert not file.exists()
    assert told("bin", "restore", "pieces")[0] == 0
    assert file.read_text() == "{}"


def test_the_bin_is_emptied_whole_or_in_part(told, workspace):
    told("models", "delete", "bard")
    told("datasets", "delete", "clean")
    assert told("bin", "empty", "bard")[0] == 0
    assert [each.name for each in Bin(workspace.path).entries()] == ["clean"]
    code, out, _ = told("bin", "empty")
    assert code == 0
    assert out.endswith(" bytes are free again.\n")
    code, _, err = told("bin", "restore", "clean")
    assert (code, "it is empty" in err) == (1, True)
