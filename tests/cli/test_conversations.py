"""Chats are listed and read without the window."""

import json

import pytest

from fmstudio.cli import main
from fmstudio.workspace import Workspace
from fmstudio.workspace.conversation import ROOT, Conversation
from fmstudio.workspace.conversations import ConversationStore


@pytest.fixture
def talk(workspace: Workspace) -> Conversation:
    """Two questions, the second of which has two answers: the first of them is shown."""
    made = Conversation(model="smollm2", system="Be brief.")
    question = made.add(ROOT, "user", "What is a whale?")
    answer = made.add(question.id, "assistant", "A mammal.")
    made.add(question.id, "assistant", "A fish.")
    made.choose(answer.id)
    ConversationStore(workspace).save(made)
    return made


def run(workspace: Workspace, *arguments: str) -> int:
    return main(["--workspace", str(workspace.path), "conversations", *arguments])


def test_they_are_listed_the_latest_first(
    workspace: Workspace, talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace.path / "conversations" / "broken.json").write_text("{")
    assert run(workspace, "list") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{talk.id}\tWhat is a whale?\tchat\tsmollm2\t{talk.updated}"
    assert second.startswith("broken\tbroken.json\t")


def test_what_the_window_shows_is_printed(
    workspace: Workspace, talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(workspace, "show", talk.id) == 0
    assert capsys.readouterr().out == "system:\nBe brief.\n\nuser:\nWhat is a whale?\n\nassistant:\nA mammal.\n"


def test_each_message_is_a_line_of_json(
    workspace: Workspace, talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(workspace, "show", talk.id, "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["role"], row["text"]) for row in rows] == [("user", "What is a whale?"), ("assistant", "A mammal.")]


def test_a_completion_is_printed_as_one_text(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    made = Conversation(
        kind="completion", pieces=[{"text": "Once ", "own": True}, {"text": "upon a time", "own": False}]
    )
    ConversationStore(workspace).save(made)
    assert run(workspace, "show", made.id) == 0
    assert capsys.readouterr().out == "Once upon a time\n"


def test_one_that_is_not_there_is_told(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "show", "absent") == 1
    assert "absent.json" in capsys.readouterr().err
