"""Tables become examples: each shape that people have, and each way in which a row can be wrong."""

import json
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from fmstudio.data import importing, inspection
from fmstudio.data.errors import DataError
from fmstudio.data.tuning.opened import open_examples
from fmstudio.jobs import JobContext, Note, Sample
from fmstudio.workspace import Workspace
from tests.driving import of_kind, run_job

ASKED = [{"role": "user", "content": "What is a tuple?"}]
SAID = [{"role": "assistant", "content": "A sequence that cannot change."}]
WORSE = [{"role": "assistant", "content": "A list."}]
CHAT = {"messages": [*ASKED, *SAID]}


def add(workspace: Workspace, path: Path, kind: str = "instructions", **options: Any) -> tuple[list[Any], list[str]]:
    """The examples of a file as they are kept, and what the import told."""
    events, result = run_job(importing.add(JobContext(), workspace, [str(path)], "set", kind=kind, options=options))
    with open_examples(workspace, "set") as examples:
        found = [examples[place].as_json() for place in range(len(examples))]
    assert result["examples"] == len(found) == workspace.dataset("set").items
    return found, [note.text for note in of_kind(events, Note)]


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" if not isinstance(row, str) else f"{row}\n" for row in rows))
    return path


@pytest.mark.parametrize(
    "row",
    [
        CHAT,
        {
            "conversations": [
                {"from": "human", "value": "What is a tuple?"},
                {"from": "gpt", "value": SAID[0]["content"]},
            ]
        },
        {"instruction": "What is a tuple?", "input": "", "output": SAID[0]["content"]},
        {"prompt": "What is a tuple?", "completion": SAID[0]["content"]},
        {"prompt": ASKED, "completion": SAID},
        {"Question": "What is a tuple?", "Answer": SAID[0]["content"]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is a tuple?"}]}, *SAID]},
    ],
    ids=["messages", "sharegpt", "alpaca", "prompt-completion", "conversational", "questions", "parts"],
)
def test_an_instruction_is_found_in_each_usual_shape(workspace: Workspace, tmp_path: Path, row: Any) -> None:
    assert add(workspace, lines(tmp_path / "rows.jsonl", row))[0] == [CHAT]


def test_an_input_follows_its_instruction_and_a_system_prompt_begins(workspace: Workspace, tmp_path: Path) -> None:
    row = {"system": "Be brief.", "instruction": "Sum up.", "input": "A long text.", "output": "Short."}
    assert add(workspace, lines(tmp_path / "rows.jsonl", row))[0] == [
        {"messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Sum up.\n\nA long text."},
            {"role": "assistant", "content": "Short."},
        ]}
    ]  # fmt: skip


def test_tables_of_every_kind_hold_examples(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "a.csv").write_text("prompt,completion\nWhat is a tuple?,A sequence that cannot change.\n")
    (folder / "b.json").write_text(json.dumps({"train": [CHAT], "test": [CHAT]}))
    parquet.write_table(arrow.Table.from_pylist([CHAT]), folder / "c.parquet")
    lines(folder / "d.jsonl", CHAT)
    _, result = run_job(importing.add(JobContext(), workspace, [str(folder)], "set", kind="instructions"))
    assert (result["examples"], result["skipped"]) == (5, [])
    with open_examples(workspace, "set") as examples:
        assert {json.dumps(examples[place].as_json()) for place in range(5)} == {json.dumps(CHAT)}


def test_statistics_count_files_by_their_endings_and_not_by_their_rows(workspace: Workspace, tmp_path: Path) -> None:
    add(workspace, lines(tmp_path / "rows.jsonl", CHAT, CHAT))
    events, _ = run_job(inspection.statistics(JobContext(), workspace, "set"))
    assert of_kind(events, Sample)[-1].data["kinds"] == {"jsonl": 2}


def test_columns_of_other_names_can_be_named(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("frage,antwort\nWhat is a tuple?,A sequence that cannot change.\n")
    with pytest.raises(DataError, match=r"none of its rows is an example: of row 1, it has no prompt"):
        add(workspace, path)
    found, told = add(workspace, path, columns={"prompt": "frage", "completion": "antwort"})
    assert found == [CHAT]
    assert "rows.csv: took prompt from 'frage', completion from 'antwort', of the columns frage, antwort." in told


def test_a_column_that_is_not_there_is_named_with_those_that_are(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"it has no column 'frage'; its columns are: prompt, completion"):
        add(workspace, lines(tmp_path / "rows.jsonl", {"prompt": "a", "completion": "b"}), columns={"prompt": "frage"})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": [{"content": "Hello"}, *SAID]}, "a message has no role"),
        ({"messages": [{"role": "tool", "content": "4"}]}, "a message is of the role 'tool', which is not known"),
        ({"messages": [*ASKED, *ASKED, *SAID]}, "it has two turns of the user in a row"),
        ({"messages": [*ASKED, {"role": "assistant", "content": "  "}]}, "an answer is empty"),
        ({"messages": [{"role": "system", "content": "Be brief."}]}, "it has no turns, only a system message"),
        ({"messages": ASKED}, "it ends without an answer"),
        ({"messages": SAID}, "it begins with an answer"),
        ({"prompt": "What?", "completion": ""}, "an answer is empty"),
        ({"completion": "Yes."}, "it has no prompt"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}, *SAID]}, "it holds more than text"),
        ("{broken", "they are not JSON objects"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_left_out_and_told(
    workspace: Workspace, tmp_path: Path, row: Any, reason: str
) -> None:
    found, told = add(workspace, lines(tmp_path / "rows.jsonl", CHAT, row, CHAT))
    assert found == [CHAT, CHAT]
    assert [each for each in told if reason in each and ("(row 2)" in each or "(line 2)" in each)], told


PAIR = {"prompt": ASKED, "chosen": SAID[0]["content"], "rejected": WORSE[0]["content"]}


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "What is a tuple?", "chosen": SAID[0]["content"], "rejected": "A list."},
        {"prompt": ASKED, "chosen": SAID, "rejected": WORSE},
        {"chosen": [*ASKED, *SAID], "rejected": [*ASKED, *WORSE]},
        {"prompt": "What is a tuple?", "chosen": [*ASKED, *SAID], "rejected": [*ASKED, *WORSE]},
        {
            "chosen": f"\n\nHuman: What is a tuple?\n\nAssistant: {SAID[0]['content']}",
            "rejected": "\n\nHuman: What is a tuple?\n\nAssistant: A list.",
        },
    ],
    ids=["texts", "messages", "implicit", "both", "speakers"],
)
def test_a_preference_is_found_in_each_usual_shape(workspace: Workspace, tmp_path: Path, row: Any) -> None:
    assert add(workspace, lines(tmp_path / "rows.jsonl", row), "preferences")[0] == [PAIR]


@pytest.mark.parametrize(("label", "good"), [(True, True), (False, False), ("good", True), (0, False), ("down", False)])
def test_single_answers_are_judgements(workspace: Workspace, tmp_path: Path, label: Any, good: bool) -> None:
    row = {"prompt": "What is a tuple?", "completion": "A list.", "label": label}
    found, _ = add(workspace, lines(tmp_path / "rows.jsonl", row, PAIR), "preferences")
    assert found == [{"prompt": ASKED, "completion": "A list.", "label": good}, PAIR]
    assert workspace.dataset("set").details["counts"] == {"judgements": 1, "pairs": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"prompt": "Why?", "chosen": "So.", "rejected": " So. "}, "both answers are the same"),
        ({"prompt": "Why?", "chosen": "So.", "rejected": ""}, "an answer is empty"),
        ({"prompt": "", "chosen": "So.", "rejected": "No."}, "it has no messages"),
        ({"prompt": "Why?", "completion": "So.", "label": "perhaps"}, "its label is 'perhaps'"),
        ({"chosen": [*ASKED, *SAID], "rejected": [*SAID]}, "its answers differ in more than their last message"),
        ({"prompt": "Why?", "chosen": SAID, "rejected": "No."}, "one of its answers is a text"),
        ({"prompt": "Why?", "chosen": [*ASKED, *SAID], "rejected": [*ASKED, *WORSE]}, "its prompt is another"),
        ({"prompt": [*ASKED, *SAID], "chosen": "So.", "rejected": "No."}, "its prompt ends with an answer"),
        ({"prompt": "Why?"}, "it has neither a chosen and a rejected answer nor an answer with a label"),
    ],
)
def test_a_preference_that_cannot_be_used_is_left_out_and_told(
    workspace: Workspace, tmp_path: Path, row: Any, reason: str
) -> None:
    found, told = add(workspace, lines(tmp_path / "rows.jsonl", PAIR, row), "preferences")
    assert found == [PAIR]
    assert [each for each in told if reason in each and "(row 2)" in each], told
