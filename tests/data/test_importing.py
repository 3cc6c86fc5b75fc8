"""Files become a dataset; whatever is bad is listed with its reason and left out."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fmstudio.data import importing
from fmstudio.data.documents import DocumentWriter, open_documents
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Progress
from fmstudio.workspace import Workspace


def texts(workspace: Workspace, name: str = "data") -> list[str]:
    with open_documents(workspace, name) as documents:
        return [document.text for document in documents]


def titles(workspace: Workspace, name: str = "data") -> list[str]:
    with open_documents(workspace, name) as documents:
        return [document.title for document in documents]


def reasons(ran) -> dict[str, str]:
    return {entry["source"]: entry["reason"] for entry in ran.result["skipped"]}


def left_over(workspace: Workspace) -> list[str]:
    return [path.name for path in (workspace.path / "datasets").iterdir()]


def test_a_text_becomes_a_dataset_that_is_found_again(workspace, add, tmp_path):
    (tmp_path / "a note.txt").write_text("One line.\r\nAnother.\r\n", "utf-8")
    ran = add(tmp_path / "a note.txt")
    assert ran.result == {"dataset": "data", "documents": 1, "bytes": 18, "skipped": []}
    assert texts(workspace) == ["One line.\nAnother."]
    assert titles(workspace) == ["a note"]
    assert workspace.dataset("data").items == 1
    assert ran.of(Artefact) == [Artefact("dataset", "data", str(workspace.dataset_folder("data")))]
    assert ran.of(Progress)[-1].done == ran.of(Progress)[-1].total == 21


def test_the_index_is_rebuilt_from_the_dataset_folder(workspace, add, tmp_path):
    (tmp_path / "a.txt").write_text("A text.", "utf-8")
    add(tmp_path / "a.txt")
    before = workspace.dataset("data")
    workspace.close()
    workspace.index_path.write_bytes(b"no database at all" * 100)
    again = Workspace(workspace.path)
    assert again.dataset("data") == before
    again.close()


@pytest.mark.parametrize(
    ("encoding", "detected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1251", "cp1251"),
        ("cp1252", None),
    ],
)
def test_the_encoding_is_detected(workspace, add, tmp_path, encoding, detected):
    text = "Où est la bibliothèque ? Là-bas, près du café où l’été s’achève, très doucement. " * 5
    if encoding == "cp1251":
        text = "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. " * 5
    if encoding.startswith("utf-16-"):
        text = "A plain English text without a mark in front. " * 5
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    add(tmp_path / "a.txt")
    assert texts(workspace) == [text.strip()]
    with open_documents(workspace, "data") as documents:
        assert detected is None or documents.about(0)["encoding"] == detected


def test_a_named_encoding_is_used(workspace, add, tmp_path):
    (tmp_path / "a.txt").write_bytes("naïve".encode("cp437"))
    add(tmp_path / "a.txt", encoding="cp437")
    assert texts(workspace) == ["naïve"]
    with pytest.raises(StudioError, match="'klingon' is not known"):
        add(tmp_path / "a.txt", name="other", encoding="klingon")


def test_what_was_asked_for_can_be_asked_again(workspace, run, add, tmp_path):
    (tmp_path / "a.txt").write_bytes("Příliš žluťoučký".encode("iso8859_2"))
    add(tmp_path / "a.txt", name="first", documents="file")
    asked = workspace.dataset("first").details["asked"]
    assert asked == {"sources": [str(tmp_path / "a.txt")], "kind": "text", "options": {"documents": "file"}}
    asked["options"]["encoding"] = "iso8859_2"
    run(importing.add(JobContext(), workspace, name="second", **asked))
    with open_documents(workspace, "second") as documents:
        assert documents.text(0) == "Příliš žluťoučký"


def test_invalid_utf8_is_repaired_and_said(workspace, add, tmp_path):
    text = "Die Größe der Häuser und die Müdigkeit der Bäcker. ".encode() * 20
    (tmp_path / "a.txt").write_bytes(text + b"\xff\xfe broken " + text)
    ran = add(tmp_path / "a.txt", documents="file")
    (found,) = texts(workspace)
    assert found.count("\ufffd") == 2
    assert found.count("Größe") == 40
    assert "a.txt: invalid bytes replaced by \ufffd (read as utf-8): 2." in ran.notes


def test_invalid_utf8_far_behind_the_head_is_noticed(workspace, add, tmp_path, prose):
    """A megabyte of plain letters says nothing about the accents that follow."""
    (tmp_path / "a.txt").write_bytes(prose(1_500_000).encode() + "Le café d’été est fermé.".encode("cp1252"))
    add(tmp_path / "a.txt")
    assert texts(workspace)[-1].endswith("Le café d’été est fermé.")


BAD = {
    "empty.txt": (b"", "it is empty"),
    "blank.txt": (b" \n\n\t\n", "it holds no text"),
    "binary.txt": (bytes(range(256)) * 20, "it is binary data, not text"),
    "picture.txt": (b"\x89PNG\r\n\x1a\n" + bytes(50), "it is not text but a PNG picture"),
    "zero.pdf": (b"", "it is empty"),
    "broken.pdf": (b"%PDF-1.7\nnot really", "it is not a PDF, or damaged"),
    "broken.docx": (b"PK\x03\x04 nothing", "it is not a Word document (.docx), or damaged"),
    "old.docx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password or in an older format"),
    "broken.epub": (b"no archive", "it is not an e-book (.epub), or damaged"),
    "broken.parquet": (b"PAR1 and then nothing at all", "it is not a Parquet table, or damaged"),
    "broken.json": (b'{"text": ', "it is not valid JSON"),
    "prose.jsonl": (b"these are\nonly words\n", "its lines are not JSON objects"),
    "numbers.csv": (b"a,b\n1,2\n3,4\n", "no column looks like text; choose one of its columns: a, b"),
    "empty.csv": (b"", "it is empty"),
}


def test_bad_files_are_listed_and_the_good_ones_imported(workspace, add, tmp_path):
    folder = tmp_path / "mixed"
    (folder / "deep" / "er").mkdir(parents=True)
    for name, (content, _) in BAD.items():
        (folder / name).write_bytes(content)
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / ".hidden.txt").write_text("not for you", "utf-8")
    (folder / "deep" / "er" / "z.md").write_text("# Last\nThe last one.", "utf-8")
    (folder / "deep" / "a.txt").write_text("The first one.", "utf-8")
    ran = add(folder)
    assert texts(workspace) == ["The first one.", "# Last\nThe last one."]
    found = reasons(ran)
    for name, (_, reason) in BAD.items():
        assert reason in found.pop(f"mixed/{name}")
    assert found == {"mixed/photo.jpg": "files ending in .jpg are not read in a folder"}
    lines = (workspace.dataset_folder("data") / "skipped.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == ran.result["skipped"]
    assert "mixed/empty.txt was skipped: it is empty." in ran.notes


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_alone_is_refused_in_one_sentence(workspace, add, tmp_path, name):
    (tmp_path / name).write_bytes(BAD[name][0])
    with pytest.raises(StudioError) as error:
        add(tmp_path / name)
    assert str(error.value).startswith(f"{name} cannot be imported: ")
    assert BAD[name][1] in str(error.value)
    assert "\n" not in str(error.value)
    assert left_over(workspace) == []


def test_when_all_files_are_bad_the_job_says_so(add, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(StudioError, match=r"None of the 2 files can be imported; the first, a.txt, .* it is empty\."):
        add(tmp_path / "a.txt", tmp_path / "b.txt")


def test_a_missing_file_and_an_empty_folder(add, tmp_path):
    with pytest.raises(StudioError, match=r"nowhere\.txt cannot be imported: it does not exist\."):
        add(tmp_path / "nowhere.txt")
    (tmp_path / "bare").mkdir()
    with pytest.raises(StudioError, match=r"There is no file to read in .*bare"):
        add(tmp_path / "bare")


def test_a_file_of_unknown_ending_is_text_when_named(workspace, add, tmp_path):
    (tmp_path / "poem.verse").write_text("Shall I compare thee", "utf-8")
    add(tmp_path / "poem.verse")
    assert texts(workspace) == ["Shall I compare thee"]


def test_a_file_chosen_twice_is_imported_once(workspace, add, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.txt").write_text("Once.", "utf-8")
    add(tmp_path / "set", tmp_path / "set" / "a.txt")
    assert texts(workspace) == ["Once."]


def test_a_file_that_breaks_at_its_end_leaves_no_half(workspace, add, tmp_path, monkeypatch):
    """The first rows of the bad file were written when its end turned out to be unreadable."""
    from fmstudio.data.documents import Document
    from fmstudio.data.readers import text

    honest = text.read

    def read(source):
        if source.name == "b.txt":
            yield Document("half of b")
            raise RuntimeError("the rest is gone")
        yield from honest(source)

    monkeypatch.setattr(text, "read", read)
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(f"All of {name}", "utf-8")
    ran = add(*(tmp_path / name for name in ("a.txt", "b.txt", "c.txt")))
    assert texts(workspace) == ["All of a.txt", "All of c.txt"]
    assert titles(workspace) == ["a", "c"]
    assert "the rest is gone" in reasons(ran)["b.txt"]


def test_a_cancelled_import_leaves_nothing(workspace, tmp_path, prose, monkeypatch):
    monkeypatch.setattr(importing, "_BREATH", 0.0)
    (tmp_path / "a.txt").write_text(prose(200_000), "utf-8")
    job = importing.add(JobContext(), workspace, [str(tmp_path / "a.txt")], "data")
    for _ in range(10):
        assert isinstance(next(job), Progress)
    assert left_over(workspace) != []
    job.close()
    assert left_over(workspace) == []
    assert workspace.datasets() == []


def test_a_stopped_import_keeps_what_it_has(workspace, tmp_path, prose, monkeypatch):
    monkeypatch.setattr(importing, "_BREATH", 0.0)
    (tmp_path / "a.txt").write_text(prose(200_000), "utf-8")
    context = JobContext()
    job = importing.add(context, workspace, [str(tmp_path / "a.txt")], "data")
    for _ in range(10):
        next(job)
    context.stop()
    list(job)
    assert 0 < workspace.dataset("data").items < 15
    assert workspace.dataset("data").details["complete"] is False


def test_a_stop_between_short_files_is_heard(workspace, run, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "_BREATH", 0.0)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(f"Text {number}", "utf-8")
    context = JobContext()
    sources = [str(tmp_path / f"{number}.txt") for number in range(5)]
    job = importing.add(context, workspace, sources, "data")
    while (progress := next(job)).done == 0 or progress.unit != "bytes":
        pass
    context.stop()
    assert run(job).result["documents"] == 1


MEASURE = """
import re, sys
from pathlib import Path
from fmstudio.data import importing
from fmstudio.jobs import JobContext
from fmstudio.workspace import Workspace
result = list(importing.add(JobContext(), Workspace(Path(sys.argv[1])), [sys.argv[2]], "large"))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures memory by Linux's means")
def test_a_large_file_streams(workspace, tmp_path, prose):
    """Memory does not grow with the file: 200 MB of text pass through much less."""
    large = tmp_path / "large.txt"
    text = prose(1_000_000).encode()
    with large.open("wb") as file:
        for _ in range(200):
            file.write(text)
    command = [sys.executable, "-c", MEASURE, str(workspace.path), str(large)]
    peak = int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    large.unlink()
    assert workspace.dataset("large").bytes > 199_000_000
    assert peak < 120_000  # kB


def test_a_full_disk_is_one_sentence(workspace, add, tmp_path, monkeypatch):
    def full(self, document):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(DocumentWriter, "add", full)
    (tmp_path / "a.txt").write_text("text", "utf-8")
    with pytest.raises(StudioError, match="the disk is full; free some space and try again"):
        add(tmp_path / "a.txt")
    assert left_over(workspace) == []


def test_names(workspace, add, tmp_path):
    (tmp_path / "my book.txt").write_text("text", "utf-8")
    assert add(tmp_path / "my book.txt", name="").result["dataset"] == "my book"
    assert add(tmp_path / "my book.txt", name="").result["dataset"] == "my book-2"
    with pytest.raises(StudioError, match="There is a dataset named 'my book' already"):
        add(tmp_path / "my book.txt", name="my book")
    with pytest.raises(StudioError, match="cannot be a name here"):
        add(tmp_path / "my book.txt", name="../outside")


def test_options_are_checked(add, tmp_path):
    (tmp_path / "a.txt").write_text("text", "utf-8")
    with pytest.raises(StudioError, match=r"options.lenght is not a setting.*did you mean options.length"):
        add(tmp_path / "a.txt", lenght=3)
    with pytest.raises(StudioError, match=r'options.documents is "pages", but it must be one of "automatic", "file"'):
        add(tmp_path / "a.txt", documents="pages")
    with pytest.raises(StudioError, match=r"options.separator is empty"):
        add(tmp_path / "a.txt", documents="separator", separator=" ")


def write_all(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"The text of {name}", "utf-8")
    return folder


def test_linked_files_and_folders_are_followed_once(workspace, add, tmp_path):
    write_all(tmp_path / "elsewhere", "e.txt")
    folder = write_all(tmp_path / "folder", "a.txt")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "again").symlink_to(tmp_path / "elsewhere")
    (folder / "linked" / "round").symlink_to(folder)
    (folder / "above").symlink_to(tmp_path)
    (folder / "self.txt").symlink_to("self.txt")
    (folder / "gone.txt").symlink_to("nowhere.txt")
    ran = add(folder)
    assert sorted(texts(workspace)) == ["The text of a.txt", "The text of e.txt"]
    reason = "it is a link that leads nowhere"
    assert reasons(ran) == {"folder/self.txt": reason, "folder/gone.txt": reason}


def test_folders_that_cannot_be_read_are_told(add, tmp_path, monkeypatch):
    write_all(tmp_path / "folder", "a.txt")
    locked = write_all(tmp_path / "folder" / "locked", "b.txt")
    honest = os.scandir

    def scandir(path):
        if not isinstance(path, int) and Path(path) == locked:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return honest(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert reasons(add(tmp_path / "folder")) == {"folder/locked": "the folder cannot be read (Permission denied)"}
    with pytest.raises(StudioError, match=r"locked cannot be imported: the folder cannot be read"):
        add(locked, name="other")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_names_that_are_no_utf8(workspace, add, tmp_path):
    folder = write_all(tmp_path / "folder", "a.txt")
    for name in (b"caf\xe9.xyz", b"caf\xe9.txt"):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_text("A text.")
    ran = add(folder)
    assert sorted(texts(workspace)) == ["A text.", "The text of a.txt"]
    assert list(reasons(ran)) == ["folder/caf\ufffd.xyz"]
    add(os.fsdecode(bytes(folder) + b"/caf\xe9.txt"), name="one")
    assert workspace.dataset("one").details["sources"] == [f"{folder}/caf\ufffd.txt"]


def test_two_imports_of_one_name_lose_nothing(workspace, add, tmp_path, prose, monkeypatch):
    monkeypatch.setattr(importing, "_BREATH", 0.0)
    write_all(tmp_path / "folder", "a.txt")
    (tmp_path / "b.txt").write_text(prose(200_000), "utf-8")
    slow = importing.add(JobContext(), workspace, [str(tmp_path / "b.txt")], "data")
    while not left_over(workspace):
        next(slow)
    with pytest.raises(StudioError, match="'data' already, or it is being made just now; choose another name"):
        add(tmp_path / "folder")
    (workspace.path / "datasets" / "DATA").mkdir()  # made by another program, whatever the case of its name
    (workspace.path / "datasets" / "data").mkdir()
    with pytest.raises(StudioError, match="'data' already, or it is being made just now"):
        list(slow)
    assert sorted(left_over(workspace)) == ["DATA", "data"]


KILLED = """
import os, sys
from pathlib import Path
from fmstudio.workspace import Workspace
with Workspace(Path(sys.argv[1])).new_dataset("killed") as folder:
    (folder / "documents.bin").write_text("half")
    os._exit(9)
"""


def test_what_a_killed_import_left_is_swept_and_what_lives_is_not(workspace, tmp_path):
    datasets = workspace.path / "datasets"
    subprocess.run([sys.executable, "-c", KILLED, str(workspace.path)], check=False)
    (datasets / ".partial-old-12345678-kept").mkdir()
    assert len(left_over(workspace)) == 2
    with workspace.new_dataset("living") as folder:
        Workspace(workspace.path).close()
        assert folder.is_dir()
        assert sorted(left_over(workspace)) == sorted([folder.name, ".partial-old-12345678-kept"])
    (datasets / ".partial-old-12345678-kept").rmdir()
    assert left_over(workspace) == ["living"]
