"""The log becomes a dataset to fine-tune on, which says what it was made of and what was left out."""

import json

import pytest

from fmstudio.cli import main
from fmstudio.data.errors import DataError
from fmstudio.data.tuning.opened import open_examples
from fmstudio.feedback.datasets import make, preview
from fmstudio.feedback.entries import FeedbackError
from fmstudio.jobs import JobContext
from fmstudio.workspace import Workspace
from tests.driving import run_job
from tests.feedback.test_tuning import FRANCE, entry

ITALY = [{"role": "user", "content": "Capital of Italy?"}]
SPAIN = [{"role": "user", "content": "Capital of Spain?"}]


def kept(workspace, name="set"):
    with open_examples(workspace, name) as examples:
        return [examples[place].as_json() for place in range(len(examples))]


def made(workspace, kind, **more):
    return run_job(make(JobContext(), workspace, "set", kind, **more))[1]


@pytest.fixture
def judged(workspace):
    """Outputs that were corrected, liked, disliked, compared, or none of these."""
    workspace.feedback.add_all([
        entry("Rome.", correction="Paris, France."), entry("Paris.", thumbs=1),
        entry("Rome.", details={"messages": ITALY}, score=5), entry("Milan.", details={"messages": ITALY}, score=1),
        entry("Madrid.", details={"messages": SPAIN}, thumbs=1), entry("Paris!", details={"messages": SPAIN}),
        entry(" a time", prompt="Once upon", thumbs=1, details={}), entry("8×8", kind="image", thumbs=1),
    ])  # fmt: skip
    return workspace


def test_corrections_and_good_answers_become_conversations(judged):
    result = made(judged, "instructions")
    assert [each["messages"][-1]["content"] for each in kept(judged)] == [
        "Paris, France.", "Paris.", "Rome.", "Madrid.",
    ]  # fmt: skip
    assert kept(judged)[0]["messages"][:-1] == FRANCE
    assert (result["counts"], judged.dataset("set").kind) == ({"conversations": 4}, "instructions")
    assert {each["reason"]: each["entries"] for each in result["left_out"]} == {
        "a picture": 1, "not rated yet": 1, "rated low or empty, and not corrected": 1,
        "continues a text instead of answering, so it is no conversation": 1,
    }  # fmt: skip


def test_pairs_become_preferences_and_answers_alone_judgements(judged):
    judged.feedback.add(entry("Lisbon.", details={"messages": SPAIN}, score=3))
    result = made(judged, "preferences")
    assert kept(judged) == [
        {"prompt": FRANCE, "chosen": "Paris, France.", "rejected": "Rome."},
        {"prompt": FRANCE, "completion": "Paris.", "label": True},
        {"prompt": ITALY, "chosen": "Rome.", "rejected": "Milan."},
        {"prompt": SPAIN, "completion": "Madrid.", "label": True},
    ]
    assert result["counts"] == judged.dataset("set").details["counts"] == {"pairs": 2, "judgements": 2}
    assert {each["reason"] for each in result["left_out"]} >= {
        "rated neither good nor bad, and nothing to compare with"
    }


def test_a_lone_thumb_down_is_a_bad_answer_and_the_same_comes_once(workspace):
    workspace.feedback.add_all([entry("Rome.", thumbs=-1), entry("Rome.", thumbs=-1)])
    assert made(workspace, "preferences")["left_out"] == [{"reason": "says the same as another", "entries": 1}]
    assert kept(workspace) == [{"prompt": FRANCE, "completion": "Rome.", "label": False}]


def test_an_entry_that_is_no_conversation_is_left_out_with_its_reason(workspace):
    tool = [*FRANCE, {"role": "tool", "content": "4"}]
    twice = [*FRANCE, FRANCE[-1]]
    workspace.feedback.add_all([
        entry("Paris.", thumbs=1), entry("No.", details={"messages": tool}, thumbs=1),
        entry("Yes.", details={"messages": twice}, thumbs=1),
    ])  # fmt: skip
    reasons = {each["reason"] for each in made(workspace, "instructions")["left_out"]}
    assert reasons == {
        "a message is of the role 'tool', which is not known", "it has two turns of the user in a row",
    }  # fmt: skip


def test_the_dataset_is_linked_to_the_log_also_where_the_index_is_made_anew(judged):
    made(judged, "instructions")
    edge = (("feedback", ""), ("dataset", "set"))
    assert edge in judged.lineage()
    judged.close()
    judged.index_path.unlink()
    again = Workspace(judged.path)
    try:
        assert edge in again.lineage()
    finally:
        again.close()


def test_where_nothing_can_be_learnt_no_dataset_is_made_and_it_says_why(workspace):
    workspace.feedback.add_all([entry("Nice."), entry("8×8", kind="image", thumbs=1)])
    with pytest.raises(FeedbackError, match=r"No entry can become instructions \(1 – not rated yet; 1 – a picture\)"):
        made(workspace, "instructions")
    assert workspace.datasets() == []


def test_filters_choose_and_a_kind_or_name_that_cannot_be_is_refused(judged):
    judged.feedback.add(entry("Oslo.", model="n", thumbs=1))
    made(judged, "instructions", filters={"model": "n"})
    assert [each["messages"][-1]["content"] for each in kept(judged)] == ["Oslo."]
    with pytest.raises(DataError, match="There is a dataset named 'set' already"):
        made(judged, "instructions")
    with pytest.raises(DataError, match="'poems' is not a kind of training data"):
        run_job(make(JobContext(), judged, "other", "poems"))


def test_the_preview_tells_what_would_be_made_and_makes_nothing(judged):
    told = run_job(preview(JobContext(), judged, "preferences"))[0][-1].data
    assert (told["counts"], told["name"]) == ({"pairs": 2, "judgements": 2}, "feedback-preferences")
    assert told["first"][0].endswith("Chosen\nParis, France.\n\nRejected\nRome.")
    assert judged.datasets() == []


def test_it_is_made_without_the_window(judged, capsys):
    command = ["--workspace", str(judged.path), "datasets", "from-feedback", "--kind", "preferences", "--name", "N"]
    assert main(command) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "N: 2 pairs and 2 judgements"
    assert "left out 1: not rated yet" in rest
    assert main([*command[:-1], "M", "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["event"], last["dataset"], last["counts"]) == ("finished", "M", {"pairs": 2, "judgements": 2})
    assert main(command) == 1
