"""The one way to choose a model: what can be chosen is listed under its headings, and one of it is taken."""

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from fmstudio.gui.models.picker import ModelPicker
from fmstudio.gui.models.shelf import TRAINED, UNFINISHED, ModelShelf, model_record
from fmstudio.workspace import ModelRecord
from fmstudio.workspace.records import now

ROBOTS = ModelRecord("robots", "diffusion", 850_000, 3_400_000)
PLAYS = ModelRecord("plays", "language", 2_200_000, 8_800_000)


@pytest.fixture
def shelf(qapp):
    return ModelShelf(("", ("none",), ""), TRAINED, UNFINISHED)


@pytest.fixture
def picker(theme, shelf, show):
    made = show(ModelPicker(theme, shelf, "picker", "Continue from"), 300, 40)
    yield made
    if made.list:
        made.list.hide()


def headings(picker):
    return [each.text() for each in picker.list.findChildren(QLabel) if each.isVisible() and each.text() in (
        "Trained here", "In training, or not finished")]  # fmt: skip


def test_without_a_model_it_says_so_and_opens_nothing(picker):
    assert (picker.text(), picker.isEnabled()) == ("No model yet", False)


def test_models_are_listed_with_what_matters_and_only_under_headings_that_have_some(picker, shelf):
    shelf.put([model_record(dataclasses.replace(ROBOTS, created=now()), "Diffusion"), model_record(PLAYS)])
    picker.show_model("robots")
    assert (picker.text(), picker.accessibleName()) == ("robots", "Continue from: robots")
    picker.click()
    row = picker.list.rows["robots"]
    assert row.facts.text() == "0.85 M parameters · 3.40 MB · just now"
    assert row.kind.text() == "Diffusion"
    assert (row.mark.isVisible(), picker.list.rows["plays"].mark.isVisible()) == (True, False)
    assert headings(picker) == ["Trained here"]


def test_a_model_that_forgets_says_so_before_it_is_chosen(picker, shelf):
    lost = "It forgets: text has become less likely."
    shelf.put([model_record(PLAYS), model_record(
        dataclasses.replace(PLAYS, name="taught", details={"forgets": True, "retained": lost})
    )])  # fmt: skip
    picker.click()
    rows = picker.list.rows
    assert (rows["taught"].forgets.text(), rows["taught"].forgets.isVisible()) == (lost, True)
    assert not rows["plays"].forgets.isVisible()


def test_the_arrows_open_the_list_and_go_through_it(picker, shelf):
    shelf.put([{"reference": "", "title": "Start from scratch", "source": "none"}, model_record(PLAYS)])
    told = []
    picker.chosen.connect(told.append)
    QTest.keyClick(picker, Qt.Key.Key_Down)
    rows = picker.list.rows
    assert rows[""].hasFocus()
    QTest.keyClick(picker.list, Qt.Key.Key_Down)
    assert rows["plays"].hasFocus()
    QTest.keyClick(picker.list, Qt.Key.Key_Down)
    assert rows["plays"].hasFocus()
    QTest.keyClick(rows["plays"], Qt.Key.Key_Return)
    assert (told, picker.reference, picker.list.isVisible()) == (["plays"], "plays", False)


def test_what_is_not_listed_is_named_by_its_reference(picker, shelf):
    shelf.put([model_record(PLAYS)])
    picker.show_model("gone")
    assert picker.text() == "gone"


def test_a_model_that_comes_while_the_list_is_open_joins_it(picker, shelf):
    shelf.put([model_record(PLAYS)])
    picker.click()
    shelf.put([model_record(ROBOTS), model_record(PLAYS)])
    assert list(picker.list.rows) == ["plays", "robots"]
    shelf.put([model_record(ROBOTS)])
    assert list(picker.list.rows) == ["robots"]
