"""The tokenizers that the workspace keeps, as the Data panel shows them."""

import pytest
from PySide6.QtWidgets import QMessageBox

from fmstudio.gui.data.jobs import EXPLAIN, TOKENIZERS
from fmstudio.gui.widgets.jobs.tidying import DELETE, NEEDED, RENAME
from tests.gui import recorded
from tests.gui.data.hands import answer, asked, click, end, text
from tests.gui.recorded import changed


def rows():
    """What the job tells, had a run used the one that it was told of, and were there another that is damaged."""
    row = next(row for row in recorded.answer(TOKENIZERS) if row["name"] == "words")
    used = changed(row, datasets=["plays"], runs=["first", "second"], models=["bard"])
    return [used, changed(row, name="broken", problem="It is not a tokenizer; choose another.")]


@pytest.fixture
def kept(panel, studio, engine):
    click(panel, "data-tokenizers")
    answer(studio, engine, TOKENIZERS, rows())
    return panel.tokenizers


def test_each_is_told_with_its_size_its_data_and_its_users(kept, panel, engine, qtbot):
    assert kept.list.keys == ["words", "broken"]
    assert text(panel, "tokenizer-title") == "words"
    assert text(panel, "tokenizer-facts").startswith("300 tokens · learnt from plays · ")
    assert text(panel, "tokenizer-uses") == "Used by the runs first, second, which made bard."
    qtbot.waitUntil(lambda: EXPLAIN in engine.targets())
    assert asked(engine, EXPLAIN)["tokenizer"] == {"kind": "file", "file": "words"}


def test_it_is_tried_on_any_text(kept, studio, engine, qtbot):
    kept.trial.text.setPlainText("Now is")
    qtbot.waitUntil(lambda: EXPLAIN in engine.targets() and asked(engine, EXPLAIN)["text"] == "Now is")
    answer(studio, engine, EXPLAIN, recorded.answer(EXPLAIN))
    assert kept.trial.view.count == recorded.answer(EXPLAIN)["count"]


def test_one_that_cannot_be_used_says_why(kept, panel):
    kept.list.opened.emit("broken")
    assert text(panel, "tokenizer-facts") == "It is not a tokenizer; choose another."
    assert text(panel, "kept-state") == "It is not a tokenizer; choose another."


def test_it_is_called_otherwise(kept, studio, engine):
    kept.list.renamed.emit("words", "pieces")
    assert asked(engine, RENAME) == {"kind": "tokenizer", "name": "words", "new": "pieces"}
    end(studio, engine, RENAME, kind="tokenizer", name="words", new="pieces")
    answer(studio, engine, TOKENIZERS, [changed(rows()[0], name="pieces")])
    assert kept.title.text() == "pieces"


def test_it_goes_to_the_bin_once_it_was_told_who_misses_it(kept, studio, engine, qtbot):
    gone = []
    studio.deleted.connect(lambda entry, sentence: gone.append((entry, sentence)))
    kept.delete.click()
    assert asked(engine, NEEDED) == {"kind": "tokenizer", "name": "words"}
    needed = changed(recorded.answer(NEEDED), sentences=["The run first cannot be trained longer without it."])
    answer(studio, engine, NEEDED, needed)
    box = kept.findChild(QMessageBox, "delete-tokenizer")
    assert box.informativeText().startswith("The run first cannot be trained longer without it.")
    next(each for each in box.buttons() if each.objectName() == "delete-tokenizer-yes").click()
    end(studio, engine, DELETE, kind="tokenizer", name="words", bin="b-1")
    assert gone == [("b-1", "The tokenizer “words” is in the bin.")]


def test_without_one_it_says_how_one_is_made(panel, studio, engine):
    panel.shown(tokenizer="words")
    answer(studio, engine, TOKENIZERS, [])
    assert panel.tokenizers.empty.isVisible()
