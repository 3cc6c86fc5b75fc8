"""Reading lines into the log: the whole log without loss, and files that are not as they should be."""

import json

import numpy as np
import pytest

from fmstudio.data.picture_files import save_png
from fmstudio.feedback.exporting import as_line, export
from fmstudio.feedback.importing import load
from fmstudio.feedback.statistics import statistics
from fmstudio.jobs import JobContext
from fmstudio.workspace import FeedbackFilter, FeedbackRecord, WorkspaceError
from tests.driving import run_job

RICH = FeedbackRecord(
    "text", "small", "Ü\n字", "out\u2028put", "v1", "better", -1, 3, ("a", "b c"), "why",
    {"seed": 1, "chunks": [{"id": 2}]},
)  # fmt: skip


def read(workspace, tmp_path, *lines):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return run_job(load(JobContext(), workspace, str(path)))[1]


def test_a_whole_log_comes_back_without_loss_and_only_once(workspace, make_workspace, tmp_path):
    picture = FeedbackRecord("image", "m", "", "4×4 picture", score=5)
    workspace.feedback.add_all([RICH, picture])
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    save_png(workspace.feedback.picture_path(picture.id), pixels)
    path = tmp_path / "log.jsonl"
    run_job(export(JobContext(), workspace, str(path)))
    other = make_workspace("other")
    assert run_job(load(JobContext(), other, str(path)))[1]["imported"] == 2
    assert [other.feedback.get(each.id) for each in (RICH, picture)] == [RICH, picture]
    kept = other.feedback.picture_path(picture.id).read_bytes()
    assert kept == workspace.feedback.picture_path(picture.id).read_bytes()
    assert run_job(load(JobContext(), other, str(path)))[1]["duplicates"] == 2
    assert other.feedback.count() == 2


NESTED = "[" * 600 + "]" * 600

BAD = [
    (b"{", "not JSON"),
    (b"\xff\xfe{}", "UTF-8"),
    (b"[1]", "not an object"),
    (b"[" * 100_000, "nested"),
    (b'{"prompt": "x"}', "'kind'"),
    (b'{"prompt": 3, "completion": "x"}', "'prompt'"),
    (b'{"prompt": "x", "completion": " "}', "'completion' is empty"),
    (b'{"prompt": [{"role": "robot", "content": "x"}], "completion": "y"}', "role"),
    (b'{"prompt": "x", "chosen": "a", "rejected": null}', "'rejected'"),
    (b'{"prompt": "x", "completion": "\\ud800"}', "surrogate"),
    (json.dumps(as_line(RICH) | {"score": 9}), "score"),
    (json.dumps(as_line(RICH) | {"score": True}), "'score'"),
    (json.dumps(as_line(RICH) | {"id": "../../escape"}), "'id'"),
    (json.dumps(as_line(RICH) | {"created": "yesterday"}), "'created'"),
    (json.dumps(as_line(RICH) | {"created": "2024-01-01T00:00:00"}), "'created'"),
    (json.dumps(as_line(RICH) | {"created": "0001-01-01T00:00:00+23:00"}), "'created'"),
    (json.dumps(as_line(RICH) | {"updated": "9999-12-31T23:59:59-01:00"}), "'updated'"),
    (json.dumps(as_line(RICH) | {"details": []}), "'details'"),
    (json.dumps(as_line(RICH) | {"more": 1}), "'more'"),
    ('{"kind": "text", "model": "m", "prompt": "p", "output": "o", "details": {"messages": 5}}', "list of messages"),
    ('{"prompt": 1' + "0" * 5000 + "}", "too many digits"),
    (json.dumps(as_line(RICH) | {"details": {"a": NESTED}}).replace('"[', "[").replace(']"', "]"), "100 levels"),
    ('{"prompt": "x", "completion": "y", "more": ' + NESTED + "}", "100 levels"),
]


def test_bad_lines_are_counted_and_listed_and_the_others_kept(workspace, tmp_path):
    good = '{"prompt": "Hi", "completion": "Hello"}'
    result = read(workspace, tmp_path, good, "", *(line for line, _ in BAD), good)
    assert (result["imported"], result["duplicates"], result["bad_lines"]) == (1, 1, len(BAD))
    assert [each["line"] for each in result["bad"]] == list(range(3, 3 + len(BAD)))
    for each, (_, words) in zip(result["bad"], BAD, strict=True):
        assert words in each["reason"]
    assert not list(tmp_path.rglob("*escape*"))


ASKED = {"role": "user", "content": "Which river flows through Vienna?"}
SYSTEM = {"role": "system", "content": "Be brief."}
DANUBE, RHINE = ({"role": "assistant", "content": text} for text in ("The Danube.", "The Rhine."))
QUESTION = ASKED["content"]
FIRST = [ASKED, {"role": "assistant", "content": "Guess."}, {"role": "user", "content": "No."}]


@pytest.mark.parametrize(
    ("line", "prompt", "messages"),
    [
        ({"chosen": [ASKED, DANUBE], "rejected": [ASKED, RHINE]}, QUESTION, [ASKED]),
        ({"chosen": [SYSTEM, ASKED, DANUBE], "rejected": [SYSTEM, ASKED, RHINE]}, f"Be brief.\n\n{QUESTION}",
         [SYSTEM, ASKED]),
        ({"chosen": [*FIRST, DANUBE], "rejected": [*FIRST, RHINE]}, f"{QUESTION}\n\nGuess.\n\nNo.", FIRST),
        ({"prompt": QUESTION, "chosen": [ASKED, DANUBE], "rejected": [ASKED, RHINE]}, QUESTION, [ASKED]),
        ({"prompt": [SYSTEM, ASKED], "chosen": [ASKED, DANUBE], "rejected": [ASKED, RHINE]}, f"Be brief.\n\n{QUESTION}",
         [SYSTEM, ASKED]),
        ({"prompt": "No.", "chosen": [*FIRST, DANUBE], "rejected": [*FIRST, RHINE]}, f"{QUESTION}\n\nGuess.\n\nNo.",
         FIRST),
        ({"question": QUESTION, "chosen": "The Danube.", "rejected": "The Rhine."}, QUESTION, []),
        ({"system": "Be brief.", "question": QUESTION, "chosen": "The Danube.", "rejected": "The Rhine."},
         f"Be brief.\n\n{QUESTION}", [SYSTEM, ASKED]),
        ({"instruction": "Name it.", "input": "Vienna", "chosen": "The Danube.", "rejected": "The Rhine."},
         "Name it.\n\nVienna", []),
        ({"chosen": f"\n\nHuman: {QUESTION}\n\nAssistant: The Danube.",
          "rejected": f"\n\nHuman: {QUESTION}\n\nAssistant: The Rhine."}, f"\n\nHuman: {QUESTION}\n\nAssistant:", []),
    ],
)  # fmt: skip
def test_a_prompt_that_stands_in_both_answers_or_has_another_name_is_found(workspace, tmp_path, line, prompt, messages):
    assert read(workspace, tmp_path, json.dumps(line))["bad"] == []
    (record,) = workspace.feedback.records()
    assert (record.prompt, record.output, record.correction) == (prompt, "The Rhine.", "The Danube.")
    assert record.details.get("messages", []) == messages


def test_answers_without_one_prompt_are_told(workspace, tmp_path):
    other = {"role": "user", "content": "Another?"}
    bad = read(
        workspace, tmp_path,
        json.dumps({"chosen": "The Danube.", "rejected": "The Rhine."}),
        json.dumps({"chosen": [ASKED, DANUBE], "rejected": [other, RHINE]}),
        json.dumps({"prompt": "Another?", "chosen": [ASKED, DANUBE], "rejected": [ASKED, RHINE]}),
        json.dumps({"prompt": "p", "chosen": "", "rejected": "The Rhine."}),
    )["bad"]  # fmt: skip
    assert [each["reason"][:24] for each in bad] == [
        "It has no prompt: neithe", "'chosen' and 'rejected' ", "The prompt is not what b", "'chosen' is empty.",
    ]  # fmt: skip


def test_a_completion_that_is_not_wanted_is_not_liked(workspace, tmp_path):
    lines = ({"prompt": "p", "completion": text, "label": text == "good"} for text in ("good", "bad"))
    read(workspace, tmp_path, *map(json.dumps, lines))
    assert {record.output: record.thumbs for record in workspace.feedback.records()} == {"good": 1, "bad": -1}


def test_times_of_every_zone_and_form_are_kept_as_the_logs_own_in_order_of_time(workspace, tmp_path):
    written = {
        "week": ("2024-W01-1T00:00:00+00:00", "2024-01-01T00:00:00+00:00"),
        "compact": ("20240101T010203.5+0000", "2024-01-01T01:02:03+00:00"),
        "east": ("2024-01-02T01:00:00+05:00", "2024-01-01T20:00:00+00:00"),
        "west": ("2024-01-01 17:00:00-05:00", "2024-01-01T22:00:00+00:00"),
        "zulu": ("2024-01-02T00:00:00Z", "2024-01-02T00:00:00+00:00"),
    }
    lines = [as_line(RICH) | {"id": name, "created": time, "updated": time} for name, (time, _) in written.items()]
    assert read(workspace, tmp_path, *map(json.dumps, reversed(lines)))["imported"] == len(written)
    kept = list(workspace.feedback.records())
    assert [(each.id, each.created, each.updated) for each in kept] == [
        (name, time, time) for name, (_, time) in written.items()
    ]
    assert workspace.feedback.ids(FeedbackFilter(since="2024-01-02")) == ["zulu"]
    told = run_job(statistics(JobContext(), workspace))[0][-1].data["periods"]
    assert [(row["name"], row["entries"]) for row in told] == [("2024-01-01", 4), ("2024-01-02", 1)]


def test_a_file_that_is_not_there_is_told(workspace, tmp_path):
    with pytest.raises(WorkspaceError, match=r"none\.jsonl"):
        run_job(load(JobContext(), workspace, str(tmp_path / "none.jsonl")))


def test_a_stopped_import_keeps_nothing(workspace, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"prompt": "Hi", "completion": "Hello"}\n' * 3)
    context = JobContext()
    context.stop()
    assert run_job(load(context, workspace, str(path)))[1]["imported"] == 0
    assert workspace.feedback.count() == 0


def test_entries_appear_all_at_once_or_not_at_all(workspace, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'{{"prompt": "{number}", "completion": "Hello"}}\n' for number in range(250)))
    job = load(JobContext(), workspace, str(path))
    seen = {workspace.feedback.count() for event in job if workspace.feedback.count() or event}
    assert seen == {0, 250}
    other = load(JobContext(), workspace, str(path.with_name("more.jsonl")))
    path.rename(path.with_name("more.jsonl"))
    workspace.feedback.remove(workspace.feedback.ids())
    for event in other:
        if getattr(event, "message", "") == "Keeping them":
            break
    other.close()
    assert (workspace.feedback.count(), workspace.feedback.reveal()) == (0, 0)


def test_two_imports_at_once_do_not_mix(workspace, tmp_path):
    for name in ("one", "two"):
        lines = "".join(f'{{"prompt": "{name} {number}", "completion": "Hello"}}\n' for number in range(150))
        (tmp_path / f"{name}.jsonl").write_text(lines)
    first = load(JobContext(), workspace, str(tmp_path / "one.jsonl"))
    next(event for event in first if getattr(event, "message", "") == "Keeping them")
    with pytest.raises(WorkspaceError, match="being imported into this feedback log already"):
        run_job(load(JobContext(), workspace, str(tmp_path / "two.jsonl")))
    workspace.feedback.forget_hidden()  # as a window that is opened meanwhile does
    assert run_job(first)[1]["imported"] == 150 == workspace.feedback.count()
