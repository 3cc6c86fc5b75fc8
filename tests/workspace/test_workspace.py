"""The workspace: what it keeps, what it says when it cannot, and that it loses nothing."""

import errno
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from fmstudio.workspace import (
    DatasetRecord,
    ModelRecord,
    RunRecord,
    Workspace,
    WorkspaceError,
    atomic_folder,
    explained,
    write_atomically,
)
from fmstudio.workspace.deleting import delete
from fmstudio.workspace.record_files import write_record
from fmstudio.workspace.schema import MIGRATIONS


def fill(workspace: Workspace) -> None:
    dataset = DatasetRecord("plays", "text", 36, 5_000_000, details={"licence": "MIT", "sources": ["a.txt"]})
    run = RunRecord(
        "run-1", "plays", "language", 'family = "language"\n', model="bard", details={"datasets": ["plays"]}
    )
    model = ModelRecord("bard", "language", 800_000, 3_200_000, run="run-1")
    for folder, record in (
        (workspace.dataset_folder("plays"), dataset),
        (workspace.run_folder("run-1"), run),
        (workspace.model_folder("bard"), model),
    ):
        folder.mkdir(parents=True)
        write_record(folder, record)
    workspace.put_dataset(dataset)
    workspace.put_run(run)
    workspace.put_model(model)
    workspace.add_metrics("run-1", [(1, 0.1, {"loss": 3.0}), (2, 0.2, {"loss": 2.0, "speed": 9.0})])
    (workspace.run_folder("run-1") / "metrics.jsonl").write_text(
        '{"step": 1, "seconds": 0.1, "values": {"loss": 3.0}}\n{"step": 2, "seconds": 0.2, "values": {"loss": 2.0}}\n'
    )
    clean = DatasetRecord("clean", "text", 30, 4_000_000, details={"made_from": "plays"})
    workspace.dataset_folder("clean").mkdir()
    write_record(workspace.dataset_folder("clean"), clean)
    workspace.put_dataset(clean)
    workspace.link(("dataset", "plays"), ("dataset", "clean"))
    workspace.link(("dataset", "plays"), ("run", "run-1"))
    workspace.link(("run", "run-1"), ("model", "bard"))


def test_what_is_put_in_is_found_again_by_another_opening(workspace: Workspace) -> None:
    fill(workspace)
    again = Workspace(workspace.path)
    try:
        assert again.datasets() == workspace.datasets()
        assert again.dataset("plays").details["licence"] == "MIT"
        assert again.run("run-1").model == "bard"
        assert again.model("bard").parameters == 800_000
        assert again.lineage() == [
            (("dataset", "plays"), ("dataset", "clean")),
            (("dataset", "plays"), ("run", "run-1")),
            (("run", "run-1"), ("model", "bard")),
        ]
    finally:
        again.close()


def test_metrics_come_back_as_arrays_in_order_and_not_a_number_stays_so(workspace: Workspace) -> None:
    workspace.add_metrics("r", [(2, 0.2, {"loss": float("nan")}), (1, 0.1, {"loss": 3.0})])
    workspace.add_metrics("r", [(3, 0.3, {"loss": 1.0})])
    series = workspace.metrics("r")["loss"]
    np.testing.assert_array_equal(series.steps, [1, 2, 3])
    np.testing.assert_array_equal(series.values, [3.0, np.nan, 1.0])
    workspace.remove_metrics("r", after_step=1)
    assert len(workspace.metrics("r")["loss"].steps) == 1


def test_changing_a_run_keeps_the_details_that_are_not_named(workspace: Workspace) -> None:
    fill(workspace)
    changed = workspace.update_run("run-1", status="failed", details={"reason": "memory"})
    assert changed == workspace.run("run-1")
    assert changed.details == {"datasets": ["plays"], "reason": "memory"}


def test_what_is_not_there_is_named_with_what_is(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no dataset named 'plays' in this workspace; there is no dataset yet"):
        workspace.dataset("plays")
    fill(workspace)
    with pytest.raises(
        WorkspaceError, match=r"no dataset named 'play' in this workspace; known are (clean, plays|plays, clean)"
    ):
        workspace.dataset("play")


def test_a_dataset_whose_files_were_deleted_says_so(workspace: Workspace) -> None:
    workspace.put_dataset(DatasetRecord("gone", "text", 1, 1))
    with pytest.raises(WorkspaceError, match="files of dataset 'gone' are gone"):
        workspace.dataset("gone")


def test_removing_takes_files_and_row_and_leaves_the_rest(workspace: Workspace) -> None:
    fill(workspace)
    delete(workspace, "dataset", "plays")
    assert not workspace.dataset_folder("plays").exists()
    assert [record.name for record in workspace.datasets()] == ["clean"]
    delete(workspace, "run", "run-1")
    assert workspace.runs() == []
    assert workspace.metrics("run-1") == {}
    assert workspace.model("bard").name == "bard"


def test_free_names_never_meet_one_that_is_taken(workspace: Workspace) -> None:
    fill(workspace)
    assert workspace.free_name("models", "new") == "new"
    assert workspace.free_name("models", "Bard") == "Bard-2", "Windows and macOS do not tell the case apart"


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "con\n", "x" * 100, "dot."])
def test_names_that_are_no_plain_folder_names_are_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be a name"):
        workspace.free_name("models", name)


def test_threads_may_write_at_once(workspace: Workspace) -> None:
    def write(number: int) -> None:
        for step in range(20):
            workspace.add_metrics(f"r{number}", [(step, 0.0, {"loss": 1.0})])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(workspace.metrics(f"r{number}")["loss"].steps) == 20 for number in range(4))


# Opening what cannot be opened.


def test_a_workspace_of_a_newer_studio_is_refused_and_left_alone(workspace: Workspace) -> None:
    fill(workspace)
    workspace.close()
    with sqlite3.connect(workspace.index_path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = workspace.index_path.read_bytes()
    with pytest.raises(WorkspaceError, match="made by a newer FM Studio"):
        Workspace(workspace.path)
    assert workspace.index_path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"this is no database" * 100, b"SQLite format 3\x00" + b"\x00" * 4000])
def test_a_damaged_index_is_kept_aside_and_built_anew_from_the_files(workspace: Workspace, damage: bytes) -> None:
    fill(workspace)
    datasets, runs, models, lineage = (
        workspace.datasets(), workspace.runs(), workspace.models(), workspace.lineage(),
    )  # fmt: skip
    workspace.close()
    workspace.index_path.write_bytes(damage)
    again = Workspace(workspace.path)
    try:
        assert sorted(again.datasets(), key=lambda each: each.name) == sorted(datasets, key=lambda each: each.name)
        assert again.runs() == runs
        assert again.models() == models
        assert sorted(again.lineage()) == sorted(lineage)
        np.testing.assert_array_equal(again.metrics("run-1")["loss"].values, [3.0, 2.0])
        kept = list(again.path.glob("studio.db.damaged-*"))
        assert [path.read_bytes() for path in kept] == [damage]
        assert kept[0].name in again.notice
    finally:
        again.close()


def test_a_deleted_index_is_built_anew(workspace: Workspace) -> None:
    fill(workspace)
    workspace.close()
    workspace.index_path.unlink()
    again = Workspace(workspace.path)
    try:
        assert {record.name for record in again.datasets()} == {"clean", "plays"}
    finally:
        again.close()


def test_an_index_that_another_program_locks_says_so(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fmstudio.workspace.database.PATIENCE", 0.05)
    workspace.close()
    holder = sqlite3.connect(workspace.index_path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(WorkspaceError, match=r"studio\.db is locked by another program"):
            workspace.put_dataset(DatasetRecord("a", "text", 1, 1))
    finally:
        holder.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match="file/below cannot be used: a part of its path is a file"):
        Workspace(tmp_path / "file" / "below")


def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    read_only = tmp_path / "read-only"
    read_only.mkdir()
    read_only.chmod(0o555)
    if os.access(read_only, os.W_OK):  # root may write anywhere but where the system itself forbids it
        read_only = Path("/proc/self/fd")
    with pytest.raises(WorkspaceError, match="cannot be used"):
        Workspace(read_only / "workspace")


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only disk"), (errno.EACCES, "may not be")],
)
def test_what_the_disk_raises_becomes_a_sentence(number: int, words: str) -> None:
    with pytest.raises(WorkspaceError, match=words), explained(Path("/somewhere")):
        raise OSError(number, os.strerror(number))


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """Fills a file system of one megabyte for real, where this process may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can be mounted only by root")
    try:
        write_atomically(disk / "file", "old")
        with pytest.raises(WorkspaceError, match="the disk is full"), explained(disk):
            write_atomically(disk / "file", b"x" * 4_000_000)
        assert [path.name for path in disk.iterdir()] == ["file"]
        assert (disk / "file").read_text() == "old"
        small = Workspace(disk / "workspace")
        try:
            with pytest.raises(WorkspaceError, match="disk is full"):
                for number in range(10_000):
                    small.put_dataset(DatasetRecord(f"d{number}", "text", 1, 1, details={"text": "x" * 10_000}))
        finally:
            small.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# One window a workspace.


def test_the_second_window_says_so_and_the_first_gives_it_back(workspace: Workspace) -> None:
    workspace.claim_window()
    code = (
        "import sys; from pathlib import Path; from fmstudio.workspace import Workspace\n"
        "Workspace(Path(sys.argv[1])).claim_window()"
    )
    second = [sys.executable, "-c", code, str(workspace.path)]
    refused = subprocess.run(second, capture_output=True, text=True)
    assert f"already open in another window (process {os.getpid()})" in refused.stderr
    workspace.close()
    assert subprocess.run(second, capture_output=True, text=True).returncode == 0


# Atomic writing.


def test_an_error_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "thing") as folder:
        (folder / "a").write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_folder(tmp_path / "thing") as folder:
        (folder / "a").write_text("new")
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir() if path.name != "user-data"] == ["thing"]
    assert (tmp_path / "thing" / "a").read_text() == "old"
    with atomic_folder(tmp_path / "thing") as folder:
        (folder / "b").write_text("newer")
    assert [path.name for path in (tmp_path / "thing").iterdir()] == ["b"]


def test_a_run_whose_process_was_killed_is_noted_as_interrupted(workspace: Workspace) -> None:
    fill(workspace)
    workspace.update_run("run-1", status="running")
    with workspace.claim_run("run-1"):
        workspace.note_interrupted_runs()
        assert workspace.run("run-1").status == "running"
    workspace.note_interrupted_runs()
    assert workspace.run("run-1").status == "interrupted"


def test_a_workspace_on_a_read_only_disk_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Workspace(tmp_path / "workspace")
    made.put_dataset(DatasetRecord("data", "text", 1, 2))
    made.close()
    before = sorted(path.name for path in made.path.iterdir())
    monkeypatch.setattr("fmstudio.workspace.database.os.access", lambda path, mode: False)
    workspace = Workspace(made.path)
    assert [record.name for record in workspace.datasets()] == ["data"]
    assert sorted(path.name for path in made.path.iterdir()) == before
    with pytest.raises(WorkspaceError, match=r"studio\.db cannot be written; choose a folder that can be"):
        workspace.put_dataset(DatasetRecord("other", "text", 1, 2))
    workspace.close()
