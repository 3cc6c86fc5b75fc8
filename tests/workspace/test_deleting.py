"""Whatever a person has made is deleted into the bin and comes back with all that the index knew of it."""

import pytest

from fmstudio.workspace import DatasetRecord, FeedbackRecord, WorkspaceError
from fmstudio.workspace.bin import Bin
from fmstudio.workspace.conversation import ROOT, Conversation
from fmstudio.workspace.conversations import ConversationStore
from fmstudio.workspace.deleting import delete, delete_feedback, empty, restore
from fmstudio.workspace.dependants import dependants
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import PromptTemplate
from tests.workspace.test_workspace import fill


def everything(workspace):
    """What the index knows; things of the same second have no order of their own."""
    return [sorted(each, key=repr) for each in (workspace.datasets(), workspace.runs(), workspace.models())] + [
        sorted(workspace.lineage(), key=repr)
    ]


def series(workspace, run):
    return {name: each.values.tolist() for name, each in workspace.metrics(run).items()}


@pytest.mark.parametrize(("kind", "name"), [("dataset", "plays"), ("run", "run-1"), ("model", "bard")])
def test_what_the_index_knew_comes_back_with_the_files(workspace, kind, name):
    fill(workspace)
    before, files = everything(workspace), sorted(path.name for path in workspace.path.rglob("*.toml"))
    entry = delete(workspace, kind, name)
    assert everything(workspace) != before
    assert (entry.kind, entry.name, Bin(workspace.path).entries()) == (kind, name, [entry])
    assert restore(workspace, entry) == name
    assert everything(workspace) == before
    assert sorted(path.name for path in workspace.path.rglob("*.toml")) == files
    assert series(workspace, "run-1") == {"loss": [3.0, 2.0]} if kind == "run" else True


def test_a_run_is_called_in_the_bin_as_in_the_list(workspace):
    fill(workspace)
    assert delete(workspace, "run", "run-1").title == "plays"
    assert series(workspace, "run-1") == {}


def test_what_the_index_learnt_last_is_not_lost(workspace):
    fill(workspace)
    workspace.update_run("run-1", status="interrupted")  # as the window notes, in the index alone
    restore(workspace, delete(workspace, "run", "run-1"))
    assert workspace.run("run-1").status == "interrupted"


def test_a_name_that_is_taken_again_is_refused_until_another_is_taken(workspace):
    fill(workspace)
    entry = delete(workspace, "dataset", "plays")
    workspace.dataset_folder("Plays").mkdir()
    workspace.put_dataset(DatasetRecord("Plays", "text", 1, 1))
    with pytest.raises(WorkspaceError, match=r"a dataset named 'plays' again; bring the deleted one back as 'plays-2'"):
        restore(workspace, entry)
    with pytest.raises(WorkspaceError, match="cannot be a name"):
        restore(workspace, entry, "../plays")
    assert restore(workspace, entry, another=True) == "plays-2"
    assert workspace.dataset("plays-2").items == 36
    assert 'name = "plays-2"' in (workspace.dataset_folder("plays-2") / "dataset.toml").read_text()
    assert workspace.dataset("Plays").items == 1


def test_what_is_not_there_and_what_runs_is_not_deleted(workspace):
    fill(workspace)
    with pytest.raises(WorkspaceError, match="There is no model 'bart'"):
        delete(workspace, "model", "bart")
    with workspace.claim_run("run-1"), pytest.raises(WorkspaceError, match="'run-1' is running; stop it"):
        delete(workspace, "run", "run-1")
    assert len(workspace.runs()) == 1
    workspace.put_dataset(DatasetRecord("gone", "text", 1, 1))
    assert delete(workspace, "dataset", "gone") is None
    assert [each.name for each in workspace.datasets()] == ["plays", "clean"]


def test_conversations_prompts_and_tokenizers_come_back_by_the_same_way(workspace):
    talk = Conversation(model="bard")
    talk.add(ROOT, "user", "What is a whale?")
    ConversationStore(workspace).save(talk)
    PromptLibrary(workspace).save("Mine", PromptTemplate(user="Hi"))
    tokenizer = workspace.path / "tokenizers" / "bpe"
    tokenizer.mkdir(parents=True)
    (tokenizer / "tokenizer.json").write_text("{}")
    ConversationStore(workspace).remove(talk.id)
    PromptLibrary(workspace).delete("Mine")
    delete(workspace, "tokenizer", "bpe")
    assert [(each.kind, each.title) for each in Bin(workspace.path).entries()] == [
        ("tokenizer", "bpe"), ("prompt", "Mine"), ("conversation", "What is a whale?"),
    ]  # fmt: skip
    for each in Bin(workspace.path).entries():
        restore(workspace, each)
    assert ConversationStore(workspace).load(talk.id).model == "bard"
    assert PromptLibrary(workspace).version("Mine").template.user == "Hi"
    assert (tokenizer / "tokenizer.json").read_text() == "{}"


def test_entries_of_the_feedback_log_are_in_the_bin_until_it_is_emptied(workspace):
    log = workspace.feedback
    records = [FeedbackRecord("text", "bard", f"{number}", "x" * 1000) for number in range(3)]
    log.add_all(records)
    first = delete_feedback(workspace, [records[0].id, "unknown"])
    second = delete_feedback(workspace, [records[1].id, records[2].id])
    assert delete_feedback(workspace, ["unknown"]) is None
    assert (first.title, second.title, log.count()) == ("1 entry", "2 entries", 0)
    assert Bin(workspace.path).size > 3000
    workspace.claim_window()  # the next window still has them
    restore(workspace, first)
    assert log.get(records[0].id) == records[0]
    empty(workspace)
    assert (Bin(workspace.path).entries(), log.restore([records[1].id])) == ([], 0)


def test_one_entry_can_be_deleted_for_good_alone(workspace):
    fill(workspace)
    run, model = delete(workspace, "run", "run-1"), delete(workspace, "model", "bard")
    empty(workspace, [run])
    assert Bin(workspace.path).entries() == [model]


def test_what_would_miss_something_is_told(workspace):
    fill(workspace)
    assert dependants(workspace, "dataset", "plays") == []
    (workspace.run_folder("run-1") / "checkpoints" / "step-000002").mkdir(parents=True)
    workspace.update_run("run-1", status="interrupted", step=2, steps=9, details={"init": "base"})
    unfinished = "The run “plays” is not finished and cannot be resumed without it."
    assert dependants(workspace, "dataset", "plays") == [unfinished]
    assert dependants(workspace, "model", "base") == [unfinished]
    assert dependants(workspace, "run", "run-1") == [
        "It is not finished: at step 2 of 9 it could still be resumed.",
        "Its model “bard” stays, but cannot be trained longer as this run.",
    ]
    with workspace.claim_run("run-1"):
        assert "being trained with it now" in dependants(workspace, "dataset", "plays")[0]
    workspace.update_run("run-1", status="completed", recipe='[tokenizer]\nkind = "file"\nfile = "bpe"\n')
    longer = ["The run “plays” cannot be trained longer without it."]
    assert dependants(workspace, "dataset", "plays") == longer
    assert dependants(workspace, "tokenizer", "bpe") == longer
    assert dependants(workspace, "tokenizer", "other") == []


def test_what_was_asked_of_a_model_is_counted(workspace):
    fill(workspace)
    talk = Conversation(model="bard")
    talk.add(ROOT, "user", "What is a whale?")
    ConversationStore(workspace).save(talk)
    workspace.feedback.add(FeedbackRecord("text", "bard", "a", "b"))
    batch = workspace.path / "batches" / "one"
    batch.mkdir(parents=True)
    (batch / "batch.json").write_text('{"model": "bard"}')
    assert dependants(workspace, "model", "bard") == [
        "1 conversation held with it can be read on, but not continued with it.",
        "1 batch asked of it can be read on, but not continued or asked again.",
        "1 kept output of it cannot be made again.",
    ]
