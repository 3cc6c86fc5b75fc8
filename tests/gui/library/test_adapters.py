"""Adapters among the models, on the real engine: what they belong to, samples, exports and merging."""

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QPushButton

from fmstudio.gui.library.panel import ModelsPanel
from fmstudio.workspace import ModelRecord
from tests.adapter_folders import add_adapter


@pytest.fixture
def panel(real_studio, talking, show, qtbot):
    add_adapter(talking)
    made = show(ModelsPanel(real_studio))
    made.resize(1280, 800)
    look_at(made, "taught", qtbot)
    return made


def look_at(panel, model, qtbot):
    panel.shown(model=model)
    qtbot.waitUntil(lambda: panel.detail._told.get("model") == model)


def offered(panel, model):
    return {each[0]: each[1] for each in panel.verbs.offered(model) if each[0]}


def wait(qtbot, condition):
    qtbot.waitUntil(condition, timeout=30_000)


def test_an_adapter_shows_its_base_which_leads_there(panel, qtbot):
    detail = panel.detail
    assert (detail.base.text(), detail.shape.text().split()) == ("tiny", ["·", "rank", "4", "·", "α", "8"])
    entry = next(each for each in panel.list.entries if each.key == "taught")
    assert entry.lines[1].text.startswith("Adapter of tiny · ")
    ways = offered(panel, "taught")
    assert {"Try it", "Sample", "Export…", "Merge into a model…", "Delete…"} <= set(ways)
    assert "Train on from it" not in ways
    detail.base.click()
    qtbot.waitUntil(lambda: detail.title.text() == "tiny")
    assert not detail.adapts.isVisible()
    assert "Merge into a model…" not in offered(panel, "tiny")
    node = detail.chain.findChild(QPushButton, "chain-node-model-taught")
    qtbot.waitUntil(lambda: detail.chain.findChild(QPushButton, "chain-node-model-taught") is not None)
    assert node is None or node.isEnabled()


def test_an_adapter_whose_base_is_gone_says_so(panel, tmp_path, qtbot):
    (tmp_path / "tiny.gguf").unlink()
    panel.shelf.refresh()
    qtbot.waitUntil(lambda: "needs its base tiny" in panel.detail.place.text())
    assert not panel.detail.export.isEnabled()
    assert not panel.detail.merge_button.isEnabled()


@pytest.mark.parametrize("model", ["taught", "tiny"])
def test_any_language_model_is_sampled_where_it_stands(panel, model, qtbot):
    look_at(panel, model, qtbot)
    assert not panel.detail.sampling.isVisible()
    panel.detail.sample.click()
    sampling = panel.detail.sampling
    wait(qtbot, lambda: "seed 0" in sampling.pace.text())
    first = sampling.text.toPlainText()
    assert first
    sampling.prompt.setText("How long?")
    assert sampling.go.text() == "Another"
    sampling.go.click()
    wait(qtbot, lambda: "seed 1" in sampling.pace.text())
    assert sampling.text.toPlainText().startswith("How long?\n")
    look_at(panel, "tiny" if model == "taught" else "taught", qtbot)
    assert not sampling.isVisible()


def test_the_formats_that_an_adapter_can_have_are_offered_and_the_proof_is_told(panel, tmp_path, qtbot, monkeypatch):
    panel.detail.export.click()
    export = panel.export
    wait(qtbot, export.choices.isVisible)
    assert {each.objectName() for each in export.choices.findChildren(QPushButton)} == {
        "export-as-gguf-lora", "export-as-huggingface", "export-as-peft",
    }  # fmt: skip
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "for-llama"), ""))
    export.choices.findChild(QPushButton, "export-as-gguf-lora").click()
    wait(qtbot, export.folder.isVisible)
    assert not export.choices.isVisible()
    assert f"“taught” is exported to {tmp_path / 'for-llama.gguf'}. Reloaded by llama.cpp" in export.sentence.text()
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    export.folder.click()
    assert opened == [str(tmp_path)]


def test_an_export_that_cannot_be_is_told_in_place(panel, tmp_path, qtbot, monkeypatch):
    (tmp_path / "there" / "taught").mkdir(parents=True)
    (tmp_path / "there" / "taught" / "file").write_text("precious")
    panel.export.ask("taught", panel)
    wait(qtbot, panel.export.choices.isVisible)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "there"))
    panel.export.choices.findChild(QPushButton, "export-as-peft").click()
    wait(qtbot, lambda: panel.export.error.showing)
    assert "exists already; choose a new folder" in panel.export.error.sentence.text()


def test_an_adapter_is_merged_into_a_model_that_is_looked_at(panel, talking, qtbot):
    panel.detail.merge_button.click()
    merge = panel.detail.merge
    assert (merge.name.text(), merge.scale.value()) == ("taught-merged", 1.0)
    merge.name.setText("whole")
    merge.go.click()
    wait(qtbot, lambda: panel.detail.title.text() == "whole")
    assert "“whole” is there. The largest difference of a logit" in merge.sentence.text()
    rows = [row[0] for row in merge.losses.texts.rows]
    assert rows == ["Base", "Base and adapter", "Merged", "Merged, in Q8_0", "Merged, in Q4_0"]
    wait(qtbot, lambda: panel.detail.chain.findChild(QPushButton, "chain-node-model-taught") is not None)
    assert talking.model("whole").details["merged_from"] == ["tiny", "taught"]
    look_at(panel, "tiny", qtbot)
    assert not merge.isVisible()


def test_a_name_that_is_taken_is_told_in_place(panel, qtbot):
    panel.detail.merge_button.click()
    panel.detail.merge.name.setText("taught")
    panel.detail.merge.go.click()
    wait(qtbot, lambda: panel.detail.merge.error.showing)
    assert "a model named 'taught' already" in panel.detail.merge.error.sentence.text()


def test_a_model_of_pictures_is_sampled_without_a_prompt(panel, talking, qtbot):
    talking.model_folder("painter").mkdir()
    talking.put_model(ModelRecord("painter", "diffusion", 5, 5))
    panel.shelf.refresh()
    qtbot.waitUntil(lambda: "painter" in panel.list.keys)
    look_at(panel, "painter", qtbot)
    panel.detail.sample.click()
    wait(qtbot, lambda: panel.detail.sampling.error.showing)
    assert not panel.detail.sampling.prompt.isVisible()
    assert panel.detail.sampling.tiles.isVisible()
