"""Models: what there is, where it comes from, and what can be done with it, on the real engine."""

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QMessageBox, QPushButton

from fmstudio.gui.library.panel import ModelsPanel
from fmstudio.workspace import FeedbackRecord, ModelRecord
from fmstudio.workspace.bin import Bin
from tests.gui.train.runs import keep_run
from tests.workspace.test_workspace import fill


def put_model(workspace, name, **values):
    record = ModelRecord(name, "language", 1_000, 2_000, created="2020-01-01T00:00:00+00:00", **values)
    workspace.model_folder(name).mkdir()
    workspace.put_model(record)


@pytest.fixture
def panel(real_studio, workspace, show, qtbot):
    fill(workspace)
    put_model(workspace, "older", details={"metrics": {"loss/validation": 3.5}, "step": 40, "seconds": 4.0})
    details = {"metrics": {"loss/validation": 2.5}, "step": 9, "datasets": ["plays"], "licences": {"plays": "MIT"}}
    workspace.put_model(dataclasses.replace(workspace.model("bard"), details=details))
    (workspace.model_folder("bard") / "README.md").write_text("---\nlicense: mit\n---\n# bard\n\nWrites verses.\n")
    workspace.feedback.add(FeedbackRecord("text", "bard", "a", "b"))
    made = show(ModelsPanel(real_studio))
    made.shown(model="bard")
    qtbot.waitUntil(lambda: made.detail._told.get("model") == "bard")
    return made


@pytest.fixture
def went(real_studio):
    places = []
    real_studio.navigation_requested.connect(lambda name, what: places.append((name, what)))
    return places


def node(panel, name):
    return panel.detail.chain.findChild(QPushButton, f"chain-node-{name}")


def test_the_list_tells_what_a_model_is_and_what_it_takes(panel):
    own = [entry for entry in panel.list.entries if entry.checked is not None]
    assert [entry.lines[0].text for entry in own] == ["bard", "older"]
    assert own[0].lines[0].aside == "3.20 MB"
    assert own[0].lines[1].text.startswith("Language · 0.80 M · MIT · ")
    offered = next(entry for entry in panel.list.entries if entry.key == "smollm2-135m-instruct")
    assert offered.lines[1].text.endswith("not fetched yet")
    assert not panel.made.isVisible()


def test_a_model_that_forgets_says_so_in_the_list_and_on_its_page(panel, workspace, qtbot):
    lost = "It forgets: text has become less likely."
    workspace.put_model(dataclasses.replace(workspace.model("older"), details={"forgets": True, "retained": lost}))
    panel.studio.announce("model", "older")
    qtbot.waitUntil(lambda: any(entry.lines[1].text.startswith("Forgets · Language") for entry in panel.list.entries))
    panel.open("older")
    assert panel.detail.forgets.text() == lost
    panel.open("bard")
    assert not panel.detail.forgets.isVisible()


def test_a_model_that_can_be_fetched_offers_that(panel):
    panel.open("smollm2-135m-instruct")
    assert (panel.act.text(), panel.act.isEnabled()) == ("Fetch", True)
    assert [text for text, *_ in panel.verbs.offered("smollm2-135m-instruct")] == ["Fetch"]
    assert not panel.detail.sample.isVisible()
    assert not panel.detail.export.isVisible()


def test_its_chain_leads_to_what_it_names(panel, went):
    chain = panel.detail.chain
    titles = [chain.findChild(QLabel, f"chain-{each}").text() for each in ("data", "run", "model", "feedback")]
    assert titles == ["Data", "Run", "Model", "Feedback"]
    node(panel, "dataset-plays").click()
    node(panel, "run-run-1").click()
    node(panel, "feedback-bard").click()
    assert went == [("data", {"dataset": "plays"}), ("train", {"run": "run-1"}), ("feedback", {"model": "bard"})]


def test_what_was_deleted_stays_in_the_chain_and_cannot_be_opened(panel, workspace, qtbot):
    workspace.forget_record("dataset", "plays")
    panel.open("bard")
    qtbot.waitUntil(lambda: node(panel, "dataset-plays") is not None and not node(panel, "dataset-plays").isEnabled())


def test_its_card_is_shown_without_the_table_for_other_programs(panel):
    text = panel.detail.card.toPlainText()
    assert "Writes verses." in text
    assert "license" not in text
    assert panel.detail.recipe.toPlainText() == 'family = "language"\n'


def test_its_curve_and_last_sample_are_those_of_its_run(panel, workspace, qtbot):
    keep_run(workspace, "first", final=2.0)
    samples = workspace.run_folder("first") / "samples"
    samples.mkdir(exist_ok=True)
    (samples / "step-000200.txt").write_text("O brave new world")
    panel.studio.announce("model", "first")
    qtbot.waitUntil(lambda: "first" in panel.list.keys)
    panel.open("first")
    qtbot.waitUntil(lambda: panel.detail._told.get("model") == "first")
    assert {"training", "validation"} <= set(panel.detail.measured.loss.curves)
    qtbot.waitUntil(lambda: panel.detail.measured.text.toPlainText() == "O brave new world")
    assert panel.detail.measured.sample.caption.text() == "at step 200"


def test_a_model_whose_run_is_gone_shows_no_curve(panel, qtbot):
    panel.open("older")
    qtbot.waitUntil(lambda: panel.detail._told.get("model") == "older")
    assert not panel.detail.measured.isVisible()
    assert not dict(each[::2] for each in panel.verbs.offered("older") if len(each) > 2)["New run with its settings"]


def test_a_ticked_model_is_laid_beside(panel):
    assert not panel.detail.comparison.isVisible()
    panel.list.checked.emit("older", True)
    table = panel.detail.comparison.table.texts
    assert panel.detail.comparison.isVisible()
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["Loss, validation"] == ["2.500", "3.500"]
    assert rows["Data"] == ["plays", "–"]
    panel.list.checked.emit("older", False)
    assert not panel.detail.comparison.isVisible()


def test_a_new_name_keeps_what_is_looked_at(panel, workspace, real_studio, qtbot):
    told = []
    real_studio.renamed.connect(lambda *names: told.append(names))
    panel.list.renamed.emit("bard", "poet")
    qtbot.waitUntil(lambda: panel.detail.title.text() == "poet")
    assert told == [("model", "bard", "poet")]
    assert workspace.run("run-1").model == "poet"
    qtbot.waitUntil(lambda: panel.detail.card.toPlainText().startswith("poet"))


def test_a_name_that_is_taken_is_refused_in_a_sentence(panel, workspace, qtbot):
    panel.list.renamed.emit("bard", "older")
    qtbot.waitUntil(lambda: panel.error.showing)
    assert "a model named 'older' already" in panel.error.sentence.text()
    assert workspace.model("bard").name == "bard"


def test_deleting_tells_what_would_miss_it_and_can_be_undone(panel, workspace, real_studio, qtbot):
    offered = []
    real_studio.deleted.connect(lambda entry, sentence: offered.append(sentence))
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: panel.findChild(QMessageBox, "delete-model") is not None)
    box = panel.findChild(QMessageBox, "delete-model")
    assert "1 kept output of it cannot be made again." in box.informativeText()
    assert "can be brought back" in box.informativeText()
    box.findChild(QAbstractButton, "delete-model-yes").click()
    qtbot.waitUntil(lambda: "bard" not in panel.list.keys)
    assert [each.name for each in workspace.models()] == ["older"]
    assert offered == ["The model “bard” is in the bin."]
    assert [each.name for each in Bin(workspace.path).entries()] == ["bard"]


def test_it_is_tried_sampled_trained_on_and_done_again(panel, went):
    panel.act.trigger()
    panel.detail.sampling.settings_wanted.emit()
    panel.detail.train.click()
    ways = {each[0]: each[1] for each in panel.verbs.offered("bard") if each[0]}
    ways["New run with its settings"]()
    assert went == [
        ("playground", {"model": "bard"}), ("train", {"model": "bard"}), ("train", {"init": "bard"}),
        ("train", {"settings": "run-1"}),
    ]  # fmt: skip


def test_a_model_of_pictures_is_tried_in_its_laboratory(panel, workspace, went, qtbot):
    workspace.model_folder("painter").mkdir()
    workspace.put_model(ModelRecord("painter", "diffusion", 5, 5))
    panel.shown(model="painter")
    qtbot.waitUntil(lambda: panel.detail.title.text() == "painter")
    panel.act.trigger()
    assert went == [("diffusion", {"model": "painter"})]
    assert "Export…" not in [each[0] for each in panel.verbs.offered("painter")]


def test_its_folder_is_shown(panel, workspace, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    panel.verbs.show_folder("bard")
    assert opened == [str(workspace.model_folder("bard"))]


def test_a_model_whose_files_are_gone_says_so(panel, workspace, qtbot):
    workspace.put_model(ModelRecord("lost", "language", 5, 5))
    panel.shown(model="lost")
    qtbot.waitUntil(lambda: panel.detail.title.text() == "lost")
    assert "files are gone" in panel.detail.place.text()
    assert not panel.act.isEnabled()


def test_a_workspace_without_models_of_its_own_says_what_will_be_here(real_studio, show, qtbot):
    made = show(ModelsPanel(real_studio))
    made.shown()
    qtbot.waitUntil(lambda: made.shelf.listed)
    assert made.made.isVisible()
    assert made.list.keys == ["smollm2-135m-instruct"]
