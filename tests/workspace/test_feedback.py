"""The feedback log in the index: kept, found, changed, deleted and brought back."""

import dataclasses
import sqlite3
import threading

import pytest

from fmstudio.workspace import FeedbackFilter, FeedbackRecord, Workspace, WorkspaceError, database


def entry(prompt="What is the capital of France?", output="Paris.", **changes):
    return FeedbackRecord(**{"kind": "text", "model": "small", "prompt": prompt, "output": output, **changes})


def test_an_entry_comes_back_as_it_was_kept(workspace):
    record = entry(
        model_version="abc", correction="Paris, the city.", thumbs=-1, score=2, tags=("short", "geo"),
        comment="Naïve – 字", details={"settings": {"seed": 7}, "chunks": [1, None, "x"]},
    )  # fmt: skip
    assert workspace.feedback.get(workspace.feedback.add(record)) == record


def test_a_change_keeps_the_rest_and_the_words_follow_it(workspace):
    kept = workspace.feedback.add(entry(details={"seed": 7}))
    changed = workspace.feedback.update(kept, correction="Lutetia", tags=["a", " a ", ""], details={"more": 1})
    assert workspace.feedback.get(kept) == changed
    assert (changed.tags, changed.details, changed.output) == (("a",), {"seed": 7, "more": 1}, "Paris.")
    assert workspace.feedback.count(FeedbackFilter(text="lutetia")) == 1
    workspace.feedback.update(kept, correction="")
    assert workspace.feedback.count(FeedbackFilter(text="lutetia")) == 0


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "video"), ("thumbs", 2), ("score", 6), ("score", -1)], ids=lambda each: str(each)
)
def test_what_the_log_cannot_keep_is_refused_by_name(workspace, field, value):
    with pytest.raises(WorkspaceError, match=field):
        workspace.feedback.add(entry(**{field: value}))
    assert workspace.feedback.count() == 0


def test_of_several_entries_all_are_kept_or_none(workspace):
    first = entry()
    with pytest.raises(WorkspaceError, match="already"):
        workspace.feedback.add_all([first, entry(), first])
    assert workspace.feedback.count() == 0


def test_an_entry_that_is_not_there_is_named(workspace):
    with pytest.raises(WorkspaceError, match="'f-none'"):
        workspace.feedback.get("f-none")


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"kind": "image"}, "d"),
        ({"model": "large"}, "bd"),
        ({"rating": "up"}, "a"),
        ({"rating": "down"}, "b"),
        ({"rating": "high"}, "a"),
        ({"rating": "low"}, "c"),
        ({"rating": "corrected"}, "c"),
        ({"rating": "rated"}, "abc"),
        ({"rating": "unrated"}, "d"),
        ({"tag": "geo"}, "ab"),
        ({"tag": "ge"}, ""),
        ({"since": "2026-01-02", "until": "2026-01-04"}, "bc"),
        ({"text": "capital of fra"}, "a"),
        ({"text": "ESPANA"}, "b"),
        ({"text": 'AND "NEAR( *'}, ""),
        ({"text": "?!"}, ""),
        ({"text": "🦊"}, "d"),
        ({"text": "👍🏽 "}, "c"),
        ({"text": "👍🏽 hel"}, "c"),
        ({"text": "hel 👍🏽"}, ""),
        ({"text": "hello 👍🏽"}, "c"),
        ({"text": "hello 🦊"}, ""),
        ({"text": "% 🦊"}, ""),
        ({"text": "___"}, ""),
        ({"text": " ".join(map(chr, range(0x2190, 0x2B00)))}, ""),
        ({"rating": "rated", "model": "small"}, "ac"),
    ],
    ids=str,
)
def test_filters_choose(workspace, chosen, found):
    for name, day, changes in (
        ("a", 1, {"thumbs": 1, "score": 5, "tags": ("geo",)}),
        ("b", 2, {"prompt": "¿España?", "thumbs": -1, "tags": ("geo", "x"), "model": "large"}),
        ("c", 3, {"prompt": "Hello", "score": 1, "correction": "Hello!", "comment": "👍🏽"}),
        ("d", 4, {"prompt": "eyes: round🦊", "kind": "image", "model": "large"}),
    ):
        workspace.feedback.add(entry(id=name, created=f"2026-01-{day:02}T10:00:00+00:00", **changes))
    assert "".join(workspace.feedback.ids(FeedbackFilter(**chosen))) == found
    assert workspace.feedback.count(FeedbackFilter(**chosen)) == len(found)


def test_a_list_is_sorted_and_read_page_by_page(workspace):
    for number, score in enumerate((3, 5, 3, 1)):
        workspace.feedback.add(entry(id=str(number), score=score))
    pages = [workspace.feedback.search(sort="score", start=start, count=2) for start in (0, 2, 4)]
    assert [[row.id for row in page] for page in pages] == [["1", "2"], ["0", "3"], []]
    with pytest.raises(WorkspaceError, match="'evil; DROP'"):
        workspace.feedback.search(sort="evil; DROP")


def test_a_list_carries_only_the_beginning_of_a_long_text(workspace):
    kept = workspace.feedback.add(entry(output="word " * 2_000_000 + "needle"))
    assert len(workspace.feedback.search()[0].output) < 300
    assert len(workspace.feedback.get(kept).output) == 10_000_006
    assert workspace.feedback.count(FeedbackFilter(text="needle")) == 1


def test_a_deleted_entry_is_nowhere_and_comes_back_exactly(workspace):
    kept, doomed = entry(tags=("x",)), entry(tags=("y",), model="other", score=4)
    workspace.feedback.add_all([kept, doomed])
    assert workspace.feedback.remove([doomed.id, "f-unknown"]) == 1
    with pytest.raises(WorkspaceError):
        workspace.feedback.get(doomed.id)
    assert (workspace.feedback.ids(), workspace.feedback.models(), workspace.feedback.tags()) == (
        [kept.id], ["small"], ["x"],
    )  # fmt: skip
    assert workspace.feedback.count(FeedbackFilter(text="Paris")) == 1
    assert workspace.feedback.restore([doomed.id]) == 1
    assert workspace.feedback.get(doomed.id) == doomed


def test_a_deletion_is_final_once_it_is_purged_or_the_bin_knows_nothing_of_it(workspace):
    first, second = entry(kind="image"), entry()
    workspace.feedback.add_all([first, second])
    workspace.feedback.picture_path(first.id).write_bytes(b"png")
    workspace.feedback.remove([first.id, second.id])
    assert workspace.feedback.picture_path(first.id).exists()
    assert workspace.feedback.purge([first.id, "f-unknown"]) == 1
    assert not workspace.feedback.picture_path(first.id).exists()
    assert workspace.feedback.restore([first.id]) == 0
    workspace.claim_window()
    assert workspace.feedback.restore([second.id]) == 0


def test_what_was_deleted_can_be_kept_anew(workspace):
    first = entry(output="before")
    workspace.feedback.add(first)
    workspace.feedback.remove([first.id])
    again = dataclasses.replace(first, output="after")
    workspace.feedback.add(again)
    assert workspace.feedback.restore([first.id]) == 0
    assert workspace.feedback.get(first.id) == again


def test_threads_write_at_the_same_time(workspace):
    def write():
        for _ in range(20):
            workspace.feedback.update(workspace.feedback.add(entry()), thumbs=1)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert workspace.feedback.count(FeedbackFilter(rating="up")) == 80


def test_a_locked_index_is_told_in_a_sentence(workspace, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    impatient = Workspace(workspace.path)
    other = sqlite3.connect(workspace.index_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(WorkspaceError, match="locked by another program"):
            impatient.feedback.add(entry())
    finally:
        other.execute("ROLLBACK")
        other.close()
        impatient.close()


def test_an_sqlite_without_full_text_search_is_told_in_a_sentence(tmp_path, monkeypatch):
    class Poor(sqlite3.Connection):
        def execute(self, statement, *values):
            if "fts5" in statement:
                raise sqlite3.OperationalError("no such module: fts5")
            return super().execute(statement, *values)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **named: connect(*given, **named, factory=Poor))
    with pytest.raises(WorkspaceError, match="FTS5"):
        Workspace(tmp_path / "poor")


def test_scripts_without_blanks_are_found_within_a_sentence(workspace):
    log = workspace.feedback
    log.add(FeedbackRecord("text", "m", "多少天内可以退货", "顾客可以在收到商品后三十天内申请退货。iPhone手机"))
    log.add(FeedbackRecord("text", "m", "x", "สุนัขนำทางเข้าได้"))
    found = {
        text: log.count(FeedbackFilter(text=text))
        for text in ("三十天", "退货", "นำทาง", "iphone手机", "天气", "m 退货")
    }
    assert found == {"三十天": 1, "退货": 1, "นำทาง": 1, "iphone手机": 1, "天气": 0, "m 退货": 0}
