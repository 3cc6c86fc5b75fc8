"""A collection is indexed once, kept up to date, and survives whatever ends its indexing."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fmstudio.adapt import collections, indexing, opened_collections
from fmstudio.adapt.collection_store import CollectionStore
from fmstudio.adapt.retrieval import search
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Progress, Sample
from fmstudio.workspace import Workspace, WorkspaceError
from tests.adapt.words_encoder import REFERENCE, WordsEncoder
from tests.driving import of_kind, run_job, run_until


def shown(job):
    events, _ = run_job(job)
    return of_kind(events, Sample)[-1].data


def refresh(workspace):
    return run_job(collections.refresh(JobContext(), workspace, "shelf"))[1]


def described(workspace):
    (row,) = shown(collections.describe(JobContext(), workspace))["collections"]
    return row


def ids_in_the_index(workspace):
    collection = run_job_result(opened_collections.opened(JobContext(), workspace, "shelf"))
    return len(collection.index)


def run_job_result(job):
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


def found(workspace, question, **settings):
    return shown(search(JobContext(), workspace, "shelf", question, {"threshold": -1.0, **settings}))


def test_a_folder_becomes_a_collection(workspace, add, folder):
    result = add(folder)
    assert (result["documents"], result["changed"], result["removed"], result["skipped"]) == (2, 2, 0, [])
    row = described(workspace)
    assert row["state"] == "ready"
    assert row["done"] == row["total"] == row["chunks"] == result["chunks"] > 3
    assert row["sources"] == [str(folder)]
    assert row["options"] == {"by": "headings", "size": 40, "overlap": 8}
    assert workspace.collection("shelf").documents == 2


def test_what_can_be_chosen_is_told(workspace, encoder):
    data = shown(collections.describe(JobContext(), workspace))
    assert data["collections"] == []
    assert [each.path for each in data["options"]] == ["by", "size", "overlap"]
    assert [each.path for each in data["retrieval"]][:3] == ["method", "passages", "threshold"]
    assert data["embeddings"][0]["reference"] == "all-minilm-l6-v2"
    assert {".md", ".pdf", ".docx", ".html"} <= set(data["endings"])
    assert ".csv" not in data["endings"]


def test_documents_and_their_chunks_are_shown(workspace, add, folder):
    add(folder)
    listing = shown(collections.documents(JobContext(), workspace, "shelf", search="moon"))
    assert [(row["title"], row["state"]) for row in listing["rows"]] == [("moon", "ready")]
    document = shown(collections.document(JobContext(), workspace, "shelf", str(folder / "mixer.md")))
    warranty = next(chunk for chunk in document["chunks"] if chunk["headings"][-1] == "Warranty")
    assert document["text"][warranty["start"] : warranty["end"]].startswith("## Warranty\nThe warranty lasts")
    assert warranty["headings"] == ["Mixer handbook", "Warranty"]


def test_a_preview_cuts_as_the_index_will(workspace, add, folder):
    options = {"size": 40, "overlap": 8}
    path = str(folder / "mixer.md")
    before = shown(collections.preview(JobContext(), workspace, path, options, REFERENCE))
    add(folder)
    after = shown(collections.document(JobContext(), workspace, "shelf", path))
    assert before["text"] == after["text"]
    spans = [[(chunk["start"], chunk["end"], chunk["tokens"]) for chunk in each["chunks"]] for each in (before, after)]
    assert spans[0] == spans[1]


def test_only_what_has_changed_is_indexed_again(workspace, add, encoder, folder):
    add(folder)
    encoder.encoded.clear()
    assert refresh(workspace)["changed"] == 0
    # Touched but the same: its content is looked at, and nothing is done.
    (folder / "moon.txt").touch()
    assert refresh(workspace)["changed"] == 0
    assert encoder.encoded == []
    text = (folder / "mixer.md").read_text("utf-8")
    (folder / "mixer.md").write_text(text.replace("three years", "five years"), "utf-8")
    assert refresh(workspace)["changed"] == 1
    assert len(encoder.encoded) == 1, "chunks that read as before keep their vectors"
    assert "five years" in found(workspace, "How long does the warranty last")["rows"][0]["text"]


def test_a_vanished_file_is_dropped_everywhere(workspace, add, folder):
    add(folder)
    assert "moon" in found(workspace, "the moon and the earth")["rows"][0]["text"]
    before = ids_in_the_index(workspace)
    (folder / "moon.txt").unlink()
    result = refresh(workspace)
    assert (result["documents"], result["removed"]) == (1, 1)
    assert all("moon" not in row["text"] for row in found(workspace, "the moon and the earth")["rows"])
    assert ids_in_the_index(workspace) == result["chunks"] < before


def test_further_sources_join_a_collection(workspace, add, folder, tmp_path):
    add(folder)
    (tmp_path / "more.txt").write_text("Bread is baked at night.", "utf-8")
    assert add(tmp_path / "more.txt")["documents"] == 3
    with pytest.raises(StudioError, match="cut in another way; choose another name"):
        add(folder, size=30)


def test_stop_keeps_what_is_done_and_a_refresh_goes_on(workspace, encoder, folder, monkeypatch):
    monkeypatch.setattr(indexing, "BATCH_TOKENS", 100)
    (folder / "long.txt").write_text("\n\n".join(f"Paragraph {n} is about number {n}." for n in range(200)), "utf-8")
    context = JobContext()
    options = {"size": 16, "overlap": 0}
    job = collections.add(context, workspace, "shelf", [str(folder)], options, REFERENCE)
    run_until(job, lambda event: isinstance(event, Progress) and event.message == "Embedding" and event.done > 0)
    # Asked while it is paused: words of everything, vectors of what there is.
    during = found(workspace, "paragraph about number 199", method="words")
    assert "number 199" in during["rows"][0]["text"]
    assert 0 < during["state"]["done"] < during["state"]["total"]
    assert described(workspace)["state"] == "indexing"
    context.stop()
    run_job(job)
    row = described(workspace)
    assert row["state"] == "incomplete"
    assert row["done"] == during["state"]["done"]
    encoder.encoded.clear()
    refresh(workspace)
    assert len(encoder.encoded) == row["total"] - row["done"]
    assert described(workspace)["state"] == "ready"


def test_a_killed_indexing_goes_on_where_it_was(workspace, encoder, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number}.txt").write_text(f"Document {number} tells of subject {number}. " * 8, "utf-8")
    script = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from fmstudio.adapt import collections, indexing, sentence_models
        from fmstudio.jobs import JobContext, Progress
        from fmstudio.workspace import Workspace
        from tests.adapt.words_encoder import WordsEncoder
        sentence_models.open_encoder = lambda reference: WordsEncoder()
        indexing.BATCH_TOKENS = 100
        options = {{"size": 16, "overlap": 0}}
        job = collections.add(JobContext(), Workspace(Path({str(workspace.path)!r})), "shelf", [{str(folder)!r}],
                              options, "words")
        for event in job:
            if isinstance(event, Progress) and event.message == "Embedding" and event.done >= 32:
                print("there", flush=True)
                time.sleep(60)
    """)
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout.readline() == b"there\n"
        process.send_signal(signal.SIGKILL)
    row = described(workspace)
    assert (row["state"], row["documents"]) == ("incomplete", 30)
    assert 32 <= row["done"] < row["total"]
    result = refresh(workspace)
    assert result["changed"] == 0
    assert len(encoder.encoded) == row["total"] - row["done"]
    assert described(workspace)["state"] == "ready"


def test_a_cancelled_first_indexing_leaves_nothing_half_made(workspace, encoder, folder):
    job = collections.add(JobContext(), workspace, "shelf", [str(folder)], {"size": 40, "overlap": 8}, REFERENCE)
    run_until(job, lambda event: isinstance(event, Progress))
    job.close()
    assert workspace.collections() == []
    assert not workspace.collection_folder("shelf").exists()


def test_a_removed_collection_is_gone_and_its_documents_are_not(workspace, add, folder):
    add(folder)
    found(workspace, "warranty")
    run_job(collections.remove(JobContext(), workspace, "shelf"))
    assert shown(collections.describe(JobContext(), workspace))["collections"] == []
    assert (folder / "mixer.md").exists()
    with pytest.raises(WorkspaceError, match="no collection named 'shelf'"):
        found(workspace, "warranty")


def test_collections_come_back_when_the_workspaces_index_is_lost(workspace, add, folder):
    add(folder)
    opened_collections.close_all()
    workspace.close()
    workspace.index_path.unlink()
    again = Workspace(workspace.path)
    assert again.collection("shelf").documents == 2
    assert found(again, "How long does the warranty last")["rows"]
    again.close()


def test_pythons_reference_is_a_source(workspace, encoder, monkeypatch):
    from fmstudio.data import samples

    some = [document for document in samples.python_reference() if "statement" in document.title][:3]
    monkeypatch.setattr(samples, "python_reference", lambda: iter(some))
    job = collections.add(JobContext(), workspace, "shelf", ["python-reference"], {"size": 60, "overlap": 8}, REFERENCE)
    assert run_job(job)[1]["documents"] == 3
    (first, *_) = shown(collections.documents(JobContext(), workspace, "shelf"))["rows"]
    assert (first["source"], first["title"]) == ("help('assert')", 'The "assert" statement')
    assert refresh(workspace)["changed"] == 0


# What can be wrong.


def test_a_damaged_vector_file_is_built_again(workspace, add, folder):
    add(folder)
    before = [row["id"] for row in found(workspace, "warranty of the blades")["rows"]]
    opened_collections.close_all()
    (file,) = workspace.collection_folder("shelf").glob("*.usearch")
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:-100])
    assert [row["id"] for row in found(workspace, "warranty of the blades")["rows"]] == before
    refresh(workspace)
    (again,) = workspace.collection_folder("shelf").glob("*.usearch")
    assert again.stat().st_size == size
    opened_collections.close_all()
    assert [row["id"] for row in found(workspace, "warranty of the blades")["rows"]] == before


@pytest.mark.parametrize("damage", [b"this is no database at all, but it was once", b""])
def test_a_damaged_index_says_what_to_do_and_is_built_again(workspace, add, folder, damage):
    add(folder)
    opened_collections.close_all()
    index = workspace.collection_folder("shelf") / "index.db"
    for file in index.parent.glob("index.db*"):
        file.unlink()
    index.write_bytes(damage)
    with pytest.raises(StudioError, match="refresh the collection to build it again"):
        found(workspace, "warranty")
    row = described(workspace)
    assert row["state"] == "incomplete"
    assert "refresh" in row["problem"]
    assert refresh(workspace)["documents"] == 2
    assert found(workspace, "warranty")["rows"]


def test_an_index_that_is_built_anew_uses_no_vectors_of_the_former(workspace, add, folder):
    add(folder)
    opened_collections.close_all()
    for file in workspace.collection_folder("shelf").glob("index.db*"):
        file.unlink()
    (folder / "another.md").write_text("# Quartz\n\nA xylophone of quartz.", "utf-8")
    refresh(workspace)
    for question, words in (("A xylophone of quartz", "xylophone"), ("The moon turns around the earth", "moon")):
        assert words in found(workspace, question, method="vectors")["rows"][0]["text"]


def test_a_changed_embedding_model_is_told_and_followed(workspace, add, encoder, folder, monkeypatch):
    from fmstudio.adapt import sentence_models

    add(folder)
    newer = WordsEncoder("2")
    monkeypatch.setattr(sentence_models, "open_encoder", lambda reference: newer)
    with pytest.raises(StudioError, match="another version of the embedding model words; refresh"):
        found(workspace, "warranty")
    result = refresh(workspace)
    assert len(newer.encoded) == result["chunks"]
    assert found(workspace, "warranty")["rows"]


def test_an_embedding_model_is_fetched_where_it_is_missing(workspace, encoder, folder, monkeypatch):
    from fmstudio.adapt import sentence_models

    fetched = []

    def fetch(context, item):
        fetched.append(item)
        yield Progress(0, 1, "bytes", "Fetching")

    monkeypatch.setattr(sentence_models.catalogue, "fetch", fetch)
    job = collections.add(JobContext(), workspace, "shelf", [str(folder)], {"size": 40, "overlap": 8})
    run_job(job)
    assert set(fetched) == {"all-minilm-l6-v2"}


def test_wrong_wishes_are_refused_before_anything_is_made(workspace, add, folder):
    for sources, options, message in (
        ([], {}, "nothing to add"),
        ([folder / "missing"], {}, "does not exist"),
        ([folder], {"size": 400}, "size is 400, but words reads at most 64"),
        ([folder], {"by": "pages"}, "by is \"pages\""),
    ):  # fmt: skip
        with pytest.raises(StudioError, match=message):
            add(*sources, **options)
    assert workspace.collections() == []


def test_the_store_has_no_words_of_what_is_gone(workspace, add, folder):
    add(folder)
    (folder / "moon.txt").unlink()
    refresh(workspace)
    opened_collections.close_all()
    with CollectionStore(workspace.collection_folder("shelf"), check=True) as store:
        assert store.rows("SELECT count(*) FROM words WHERE words MATCH 'moon'") == [(0,)]
        store.rows("INSERT INTO words (words) VALUES ('integrity-check')")
