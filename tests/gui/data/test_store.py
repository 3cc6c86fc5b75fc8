"""The datasets as tiles, what can be done with them, and mixtures."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QMessageBox

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import SAMPLES
from fmstudio.gui.widgets.jobs.tidying import RENAME
from fmstudio.jobs import JobContext
from fmstudio.workspace.tidying import rename
from tests.driving import run_job
from tests.gui.data.hands import click, end, text


def test_without_data_it_says_what_it_is_for_and_how_to_begin(open_data, engine):
    panel = open_data()
    assert panel.empty.isVisible()
    assert not panel.list.isVisible()
    assert text(panel, "data-empty-title") == "Nothing to learn from yet"
    click(panel, "empty-samples")
    assert engine.targets()[-1] == SAMPLES


def test_the_sample_set_appears_as_soon_as_it_is_there(open_data, engine, studio, put, qtbot):
    panel = open_data()
    click(panel, "empty-samples")
    put("python-reference", 79, 466_000, origin="pydoc_data.topics")
    end(studio, engine, SAMPLES)
    qtbot.waitUntil(lambda: panel.dataset.isVisible())
    assert text(panel, "dataset-heading") == "python-reference"
    assert "Comes with Python" in text(panel, "dataset-facts")


def test_datasets_are_tiles_newest_first(panel):
    rows = [panel.list.model().index(row, 0).data() for row in range(panel.list.model().rowCount())]
    assert rows == [
        "plays, Text · 3,480 documents · 5.06 MB, From the catalogue",
        "notes, Text · 20 documents · 44.1 kB, From notes",
    ]
    assert text(panel, "dataset-heading") == "plays"
    assert text(panel, "dataset-facts").endswith("public domain")


def test_what_was_just_made_grows_older_while_one_looks(panel, studio, monkeypatch):
    assert panel.store.tiles[0].when == "2 Jan"
    monkeypatch.setattr(formatting, "when", lambda moment: "a minute older")
    studio.minute_passed.emit()
    assert panel.store.tiles[0].when == "a minute older"


def test_a_dataset_that_is_not_there_is_said_in_a_sentence(panel):
    panel.shown(dataset="gone")
    assert panel.error.showing
    assert "gone" in panel.error.sentence.text()


def test_arrow_keys_go_through_the_datasets(panel):
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Down)
    assert text(panel, "dataset-heading") == "notes"


def test_deleting_asks_first_and_tells_what_is_lost(panel, studio, workspace, qtbot):
    offered = []
    studio.deleted.connect(lambda entry, sentence: offered.append(sentence))
    panel.verbs.ask_delete("plays")
    box = panel.findChild(QMessageBox, "delete-dataset")
    assert box.text() == "Delete “plays”?"
    assert "3,480 documents" in box.informativeText()
    assert "go to the bin" in box.informativeText()
    assert box.defaultButton().text() == "Keep it"
    box.findChild(QAbstractButton, "delete-dataset-yes").click()
    assert [record.name for record in workspace.datasets()] == ["notes"]
    assert offered == ["The dataset “plays” is in the bin."]
    qtbot.waitUntil(lambda: text(panel, "dataset-heading") == "notes")


def test_a_new_name_is_given_in_the_list(panel, engine, workspace, qtbot):
    dict(panel.verbs.offered("plays"))["Rename"]()
    assert panel.list.findChild(QLineEdit).text() == "plays"
    panel.list.renamed.emit("plays", "all plays")
    request = engine.requests[engine.latest(RENAME)]
    assert request.arguments == {"kind": "dataset", "name": "plays", "new": "all plays"}
    run_job(rename(JobContext(), workspace, **request.arguments))
    end(panel.studio, engine, RENAME, **request.arguments)
    qtbot.waitUntil(lambda: text(panel, "dataset-heading") == "all plays")
    assert "plays" not in panel.list.keys


def test_keeping_it_deletes_nothing(panel, workspace):
    panel.verbs.ask_delete("plays")
    panel.findChild(QAbstractButton, "delete-dataset-keep").click()
    assert len(workspace.datasets()) == 2


def test_training_on_a_dataset_goes_to_train(panel, studio):
    went = []
    studio.navigation_requested.connect(lambda name, what: went.append((name, what)))
    click(panel, "dataset-train")
    assert went == [("train", {"dataset": "plays"})]


def test_several_datasets_go_to_train_with_their_weights(panel, studio):
    went = []
    studio.navigation_requested.connect(lambda name, what: went.append((name, what)))
    click(panel, "data-mix")
    assert [(share.title, share.percent) for share in panel.mixture.shares.shares] == [
        ("plays", "50 %"),
        ("notes", "50 %"),
    ]
    assert "While plays is read once, notes is read 115 times" in text(panel, "mixture-note")
    click(panel, "mixture-even")
    assert text(panel, "mixture-note") == "Every text is seen about equally often."
    click(panel, "mixture-train")
    assert went == [("train", {"datasets": [{"name": "plays", "weight": 115}, "notes"]})]


@pytest.mark.parametrize("view", ["preview", "statistics", "clean", "tokens"])
def test_every_control_has_a_name_for_tests_and_one_for_people(panel, view):
    panel.dataset.look_at(view)
    panel.dropped([])
    kinds = (QAbstractButton, QLineEdit, QAbstractSpinBox, QComboBox)
    controls = [each for kind in kinds for each in panel.findChildren(kind)]
    nameless = [
        repr(each)
        for each in controls
        if not (each.objectName() and (each.accessibleName() or getattr(each, "text", str)()))
        and not each.objectName().startswith("qt_") and not isinstance(each.parent(), (QLineEdit, QAbstractSpinBox))
    ]  # fmt: skip
    assert len(controls) > 40
    assert not nameless


def test_both_themes_and_a_small_window_paint_every_view(panel, studio, engine, theme):
    panel.resize(760, 520)
    for scheme in ("dark", "light"):
        theme.choose(scheme)
        for view in ("preview", "statistics", "clean", "tokens"):
            panel.dataset.look_at(view)
            assert not panel.grab().isNull()


def test_whoever_comes_to_add_is_offered_the_ways(panel, qtbot, monkeypatch):
    offered = []
    monkeypatch.setattr(panel.adding, "offer_ways", lambda: offered.append(True))
    panel.shown(begin=True)
    qtbot.waitUntil(lambda: offered == [True])
