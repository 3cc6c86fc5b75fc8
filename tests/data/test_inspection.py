"""What is shown of a dataset is what is in it."""

import pytest

from fmstudio.data import inspection, samples
from fmstudio.data.documents import Document
from fmstudio.data.inspection import preview, statistics
from fmstudio.data.languages import language_of
from fmstudio.data.text_intake import keep
from fmstudio.jobs import JobContext, Progress, Sample

TEXTS = [f"Text {number} about {'whales' if number % 3 == 0 else 'sails'}." for number in range(30)]


@pytest.fixture
def sea(workspace):
    keep(workspace, "sea", (Document(text, f"Title {n}", f"sea/{n}.txt") for n, text in enumerate(TEXTS)), {})
    return "sea"


def shown(ran):
    return ran.of(Sample)[-1].data


def test_pages(workspace, run, sea):
    page = shown(run(preview(JobContext(), workspace, sea, start=10, count=5)))
    assert (page["total"], page["start"]) == (30, 10)
    assert [document["text"] for document in page["documents"]] == TEXTS[10:15]
    assert page["documents"][0] == {
        "index": 10, "title": "Title 10", "source": "sea/10.txt", "bytes": len(TEXTS[10]), "text": TEXTS[10],
        "truncated": False}  # fmt: skip
    assert len(shown(run(preview(JobContext(), workspace, sea, start=28, count=5)))["documents"]) == 2
    assert shown(run(preview(JobContext(), workspace, sea, start=99)))["documents"] == []


def test_search_counts_all_and_shows_the_page_at_once(workspace, run, sea):
    ran = run(preview(JobContext(), workspace, sea, start=2, count=3, search="WHALES"))
    first, last = (sample.data for sample in ran.of(Sample))
    assert [document["index"] for document in last["documents"]] == [6, 9, 12]
    assert (first["complete"], last["complete"], last["total"]) == (False, True, 10)
    assert first["documents"] == last["documents"]


def test_search_looks_at_titles_and_may_find_nothing(workspace, run, sea):
    assert [d["index"] for d in shown(run(preview(JobContext(), workspace, sea, search="title 7")))["documents"]] == [7]
    assert shown(run(preview(JobContext(), workspace, sea, search="kraken")))["total"] == 0


def test_a_long_document_is_shown_where_the_words_are(workspace, run):
    keep(workspace, "long", iter([Document("x " * 40_000 + "Straße here" + " y" * 40_000)]), {})
    (document,) = shown(run(preview(JobContext(), workspace, "long", search="straße")))["documents"]
    assert "Straße here" in document["text"]
    assert len(document["text"]) < 20_010
    assert document["truncated"]


def test_statistics(workspace, run, add, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.txt").write_text("Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.", "utf-8")
    (tmp_path / "set" / "b.md").write_bytes("This is a sentence in plain English words.".encode("utf-16"))
    (tmp_path / "set" / "c.txt").write_bytes(b"")
    add(tmp_path / "set", documents="file")
    found = shown(run(statistics(JobContext(), workspace, "data")))
    assert found["documents"] == 2
    assert found["characters"] == 64 + 42
    assert found["bytes"] == found["characters"] + 4
    assert found["words"] == 10 + 8
    assert found["encodings"] == {"utf-8": 1, "utf-16": 1}
    assert found["kinds"] == {"txt": 1, "md": 1}
    assert found["languages"] == {"German": 1, "English": 1}
    assert found["skipped"] == [{"source": "set/c.txt", "reason": "it is empty"}]


def test_the_histogram_counts_every_document(workspace, run):
    keep(workspace, "d", (Document("x" * length) for length in (1, 1, 5, 80, 999, 1000)), {})
    histogram = shown(run(statistics(JobContext(), workspace, "d")))["length_histogram"]
    assert sum(histogram["counts"]) == 6
    assert (histogram["edges"][0], histogram["edges"][-1]) == (1, 1001)
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1
    keep(workspace, "one", iter([Document("x" * 7)]), {})
    assert shown(run(statistics(JobContext(), workspace, "one")))["length_histogram"] == {
        "edges": [7, 8],
        "counts": [1],
    }


def test_statistics_are_counted_once(workspace, run, sea, monkeypatch):
    first = run(statistics(JobContext(), workspace, sea))
    monkeypatch.setattr(inspection, "_count", None)
    assert shown(run(statistics(JobContext(), workspace, sea))) == shown(first)


def test_a_stopped_count_keeps_nothing(workspace, run, sea, monkeypatch):
    monkeypatch.setattr(inspection, "Pace", lambda: type("Always", (), {"due": lambda self: True})())
    context = JobContext()
    job = statistics(context, workspace, sea)
    assert isinstance(next(job), Progress)
    context.stop()
    assert run(job).of(Sample) == []
    monkeypatch.undo()
    assert shown(run(statistics(JobContext(), workspace, sea)))["documents"] == 30


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The quick brown fox jumps over the lazy dog and runs away.", "English"),
        ("Все счастливые семьи похожи друг на друга.", "Russian"),
        ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。", "Japanese"),
        ("Hi", "too short"),
    ],
)
def test_languages(text, language):
    assert language_of(text) == language


def test_the_sample_dataset(workspace, run):
    ran = run(samples.ensure(JobContext(), workspace))
    record = workspace.dataset("python-reference")
    assert record.items == ran.result["documents"] > 50
    assert record.details["licence"] == "PSF-2.0"
    page = shown(run(preview(JobContext(), workspace, "python-reference", search='The "for" statement')))
    assert 'The "for" statement' in [document["title"] for document in page["documents"]]
    assert run(samples.ensure(JobContext(), workspace)).events == []
