"""A new name keeps every link: recipes, records, cards, lineage, conversations, batches and feedback."""

import json
import tomllib

import pytest

from fmstudio.workspace import FeedbackRecord, LinkedModel, WorkspaceError, renaming
from fmstudio.workspace.conversation import ROOT, Conversation
from fmstudio.workspace.conversations import ConversationStore
from fmstudio.workspace.renaming import finish, rename
from tests.workspace.test_workspace import fill

RECIPE = """family = "language"
name = "plays"
init = "bard"

[data]
datasets = ["plays", { name = "clean", weight = 2.0 }]

[tokenizer]
kind = "model"
file = "bard"
"""


@pytest.fixture
def linked(workspace):
    """A model with a card, a run that goes on from it, and what was said and asked with it."""
    fill(workspace)
    workspace.update_run(
        "run-1", recipe=RECIPE, details={"datasets": ["plays", "clean"], "init": "bard", "content": {"plays": "a1"}}
    )
    workspace.link(("model", "bard"), ("run", "run-1"))
    card = f"# bard\n\nMine, not # bard.\n\n- plays: MIT\n\n```toml\n{RECIPE.strip()}\n```\n"
    (workspace.model_folder("bard") / "README.md").write_text(card)
    talk = Conversation(id="talk", model="bard")
    question = talk.add(ROOT, "user", "Say bard")
    talk.add(question.id, "assistant", "bard").result = {"model": "bard", "settings": {"seed": 1}}
    ConversationStore(workspace).save(talk)
    entry = FeedbackRecord("text", "bard", "a", "b", details={"replay": {"arguments": {"model": "bard"}}}, id="f-1")
    workspace.feedback.add(entry)
    batch = workspace.path / "batches" / "one"
    batch.mkdir(parents=True)
    (batch / "batch.json").write_text('{"id": "one", "model": "bard"}')
    (batch / "results.jsonl").write_text('{"row": 1, "model": "bard", "output": "bard"}\n{"row": 2, "mo')
    return workspace


def test_a_model_keeps_all_that_names_it(linked):
    rename(linked, "model", "bard", "poet")
    assert linked.model("poet").run == "run-1"
    assert [each.name for each in linked.models()] == ["poet"]
    assert 'name = "poet"' in (linked.model_folder("poet") / "studio.toml").read_text()
    run = linked.run("run-1")
    assert (run.model, run.details["init"]) == ("poet", "poet")
    for recipe in (run.recipe, (linked.run_folder("run-1") / "recipe.toml").read_text()):
        tables = tomllib.loads(recipe)
        assert (tables["init"], tables["tokenizer"]["file"]) == ("poet", "poet")
    assert (("run", "run-1"), ("model", "poet")) in linked.lineage()
    assert (("model", "poet"), ("run", "run-1")) in linked.lineage()
    assert "bard" not in str(linked.lineage())
    card = (linked.model_folder("poet") / "README.md").read_text()
    assert card.startswith("# poet\n\nMine, not # bard.\n")
    assert 'init = "poet"' in card
    talk = ConversationStore(linked).load("talk")
    assert talk.model == "poet"
    assert [(each.text, each.result.get("model")) for each in talk.path()] == [("Say bard", None), ("bard", "poet")]
    entry = linked.feedback.get("f-1")
    assert (entry.model, entry.details["replay"]["arguments"]) == ("poet", {"model": "poet"})
    batch = linked.path / "batches" / "one"
    assert json.loads((batch / "batch.json").read_text())["model"] == "poet"
    first, half = (batch / "results.jsonl").read_text().splitlines()
    assert json.loads(first) == {"row": 1, "model": "poet", "output": "bard"}
    assert half == '{"row": 2, "mo'


def test_a_dataset_keeps_its_runs_models_and_what_was_made_of_it(linked):
    rename(linked, "dataset", "plays", "all plays")
    assert linked.dataset("all plays").items == 36
    assert linked.dataset("clean").details["made_from"] == "all plays"
    run = linked.run("run-1")
    assert run.details["datasets"] == ["all plays", "clean"]
    assert run.details["content"] == {"all plays": "a1"}
    assert tomllib.loads(run.recipe)["data"]["datasets"] == ["all plays", {"name": "clean", "weight": 2.0}]
    assert (("dataset", "all plays"), ("run", "run-1")) in linked.lineage()
    rename(linked, "dataset", "clean", "tidy")
    assert tomllib.loads(linked.run("run-1").recipe)["data"]["datasets"][1] == {"name": "tidy", "weight": 2.0}


def test_a_tokenizer_keeps_the_recipes_and_the_chain_that_name_it(linked):
    folder = linked.path / "tokenizers" / "words"
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text("{}")
    recipe = RECIPE.replace('kind = "model"\nfile = "bard"', 'kind = "file"\nfile = "words"')
    linked.update_run("run-1", recipe=recipe)
    linked.link(("dataset", "plays"), ("tokenizer", "words"))
    rename(linked, "tokenizer", "words", "pieces")
    assert [path.name for path in folder.parent.iterdir()] == ["pieces"]
    run = linked.run("run-1")
    for kept in (run.recipe, (linked.run_folder("run-1") / "recipe.toml").read_text()):
        tables = tomllib.loads(kept)
        assert tables["tokenizer"] == {"kind": "file", "file": "pieces"}
        assert tables["init"] == "bard"
    assert (("dataset", "plays"), ("tokenizer", "pieces")) in linked.lineage()
    assert "words" not in str(linked.lineage())
    with pytest.raises(WorkspaceError, match="There is no tokenizer named 'words'"):
        rename(linked, "tokenizer", "words", "letters")
    (folder.parent / "other").mkdir()
    with pytest.raises(WorkspaceError, match="There is a tokenizer named 'other' already"):
        rename(linked, "tokenizer", "pieces", "other")


def test_a_card_follows_its_data(linked):
    linked.put_model(linked.model("bard").__class__(**{
        **{name: getattr(linked.model("bard"), name) for name in ("name", "family", "parameters", "bytes", "run")},
        "details": {"datasets": ["plays"], "licences": {"plays": "MIT"}},
    }))  # fmt: skip
    rename(linked, "dataset", "plays", "all plays")
    assert linked.model("bard").details == {"datasets": ["all plays"], "licences": {"all plays": "MIT"}}
    card = (linked.model_folder("bard") / "README.md").read_text()
    assert "- all plays: MIT" in card
    assert 'datasets = ["all plays", ' in card


def test_a_run_is_called_otherwise_and_keeps_its_id(linked):
    rename(linked, "run", "run-1", "first try")
    run = linked.run("run-1")
    assert (run.id, run.name, tomllib.loads(run.recipe)["name"]) == ("run-1", "first try", "first try")
    assert 'name = "first try"' in (linked.run_folder("run-1") / "run.toml").read_text()


def test_a_linked_model_keeps_its_place_and_conversations(linked):
    linked.put_linked_model(LinkedModel("llama", "/models/llama.gguf"))
    talk = ConversationStore(linked).load("talk")
    talk.model = "llama"
    ConversationStore(linked).save(talk)
    rename(linked, "linked model", "llama", "big")
    assert [(each.name, each.path) for each in linked.linked_models()] == [("big", "/models/llama.gguf")]
    assert ConversationStore(linked).load("talk").model == "big"
    with pytest.raises(WorkspaceError, match="a model named 'Big' already"):
        rename(linked, "model", "bard", "Big")


@pytest.mark.parametrize(
    ("kind", "name", "new", "sentence"),
    [
        ("dataset", "plays", "Clean", "a dataset named 'Clean' already"),
        ("dataset", "play", "other", "no dataset named 'play'"),
        ("model", "bard", "../x", "cannot be a name"),
        ("linked model", "none", "other", "no linked model named 'none'"),
        ("run", "run-2", "other", "no run named 'run-2'"),
    ],
)
def test_what_cannot_be_is_said(linked, kind, name, new, sentence):
    with pytest.raises(WorkspaceError, match=sentence):
        rename(linked, kind, name, new)
    assert not (linked.path / "renaming.json").exists()


def test_nothing_is_renamed_under_a_run_that_trains(linked):
    with linked.claim_run("run-1"):
        for kind, name in (("dataset", "plays"), ("model", "bard"), ("run", "run-1")):
            with pytest.raises(WorkspaceError, match="stop it or wait"):
                rename(linked, kind, name, "other")


def test_only_the_case_of_a_name_can_change(linked):
    rename(linked, "model", "bard", "Bard")
    assert [each.name for each in linked.models()] == ["Bard"]
    assert linked.model_folder("Bard").is_dir()


@pytest.mark.parametrize("cut", ["_in_conversations", "_in_batches", "_in_runs", "_in_models", "_record_again"])
def test_a_rename_that_was_cut_short_is_finished_when_the_workspace_is_opened(linked, monkeypatch, cut):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(renaming, cut, killed)
        rename(linked, "model", "bard", "poet")
    finish(linked)
    test = linked.model("poet"), linked.run("run-1").model, linked.feedback.get("f-1").model
    assert [test[0].name, *test[1:], ConversationStore(linked).load("talk").model] == ["poet"] * 4
    assert (linked.model_folder("poet") / "README.md").read_text().startswith("# poet")
    assert not (linked.path / "renaming.json").exists()
