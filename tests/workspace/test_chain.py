"""A model's chain leads from its first data to what people thought of it."""

from fmstudio.workspace import DatasetRecord, ExportRecord, FeedbackRecord, ModelRecord
from fmstudio.workspace.chain import chain
from fmstudio.workspace.conversation import ROOT, Conversation
from fmstudio.workspace.conversations import ConversationStore
from tests.workspace.test_workspace import fill


def told(workspace, model):
    return {
        stage.title: [(each.kind, each.key, each.title) for each in stage.links] for stage in chain(workspace, model)
    }


def test_every_stage_that_has_something_is_told_in_order(workspace):
    fill(workspace)
    recipe = '[data]\ndatasets = [{ name = "clean", weight = 3.0 }, "other"]\n'
    workspace.update_run("run-1", recipe=recipe, details={"datasets": ["clean", "other"], "init": "base"})
    workspace.put_dataset(DatasetRecord("other", "text", 1, 1))
    workspace.put_model(ModelRecord("next", "language", 1, 1, details={"init": "bard"}))
    workspace.put_export(ExportRecord("bard", "huggingface", "/tmp/bard"))
    workspace.feedback.add_all([FeedbackRecord("text", "bard", "a", "b"), FeedbackRecord("text", "else", "a", "b")])
    for number in range(5):
        talk = Conversation(model="bard", id=f"c{number}")
        talk.add(ROOT, "user", f"Question {number}")
        ConversationStore(workspace).save(talk)
    stages = told(workspace, "bard")
    assert list(stages) == [
        "Data", "Cleaned", "Mixture", "Continues", "Run", "Model", "Continued as", "Exported", "Conversations",
        "Feedback",
    ]  # fmt: skip
    assert stages["Data"] == [("dataset", "plays", "plays"), ("dataset", "other", "other")]
    assert stages["Cleaned"] == [("dataset", "clean", "clean")]
    assert stages["Mixture"] == [("run", "run-1", "2 datasets")]
    assert stages["Continues"] == [("model", "base", "base")]
    assert stages["Continued as"] == [("model", "next", "next")]
    assert [title for _, _, title in stages["Conversations"]][-1] == "2 more"
    assert stages["Feedback"] == [("feedback", "bard", "1 kept output")]
    mixture = next(stage for stage in chain(workspace, "bard") if stage.title == "Mixture")
    assert mixture.links[0].note == "75 % clean, 25 % other"


def test_what_was_deleted_is_said_to_be(workspace):
    fill(workspace)
    workspace.forget_record("dataset", "plays")
    (data, *_) = chain(workspace, "bard")
    assert (data.links[0].here, data.links[0].note) == (False, "deleted")


def test_a_linked_model_has_no_past(workspace):
    assert told(workspace, "llama") == {"Model": [("linked model", "llama", "llama")]}


def test_data_that_was_made_of_feedback_says_so(workspace):
    fill(workspace)
    workspace.put_dataset(DatasetRecord("plays", "preferences", 5, 1, details={
        "counts": {"pairs": 2, "judgements": 3}, "made_of": {"kind": "feedback", "key": ""},
    }))  # fmt: skip
    stages = told(workspace, "bard")
    assert stages["Made of"] == [("feedback", "", "Feedback")]
    (_, data, *_) = chain(workspace, "bard")
    assert data.links[0].note == "2 pairs and 3 judgements"
