"""How the Data panel shows what a tokenizer makes of a text."""

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox

from fmstudio.gui.data.jobs import EXPLAIN, LEARN, PREVIEW
from fmstudio.jobs import Failed
from tests.gui import recorded
from tests.gui.data.hands import answer, asked, click, end, page, text
from tests.gui.recorded import changed


def cut(**changes):
    """What the job tells of "Now is", had it been cut into two tokens."""
    told = recorded.answer(EXPLAIN)
    first = changed(told["tokens"][0], id=5, text="Now", end=3, bytes=3)
    tokens = [first, changed(first, id=9, text=" is", start=3, end=6)]
    return changed(told, tokens=tokens, bytes_per_token=3.0, vocabulary_size=4096, name="BPE", **{"count": 2} | changes)


@pytest.fixture
def tokens(panel, studio, engine, qtbot):
    answer(studio, engine, PREVIEW, page(0, 3480))
    click(panel, "data-view-tokens")
    answer(studio, engine, PREVIEW, page(0, 3480, count=1))
    qtbot.waitUntil(lambda: EXPLAIN in engine.targets())
    return panel.dataset.tokens


def test_tokens_begin_with_a_real_line_of_the_dataset(tokens, panel, studio, engine):
    assert tokens.trial.text.toPlainText() == "Text of 1. Lear!"
    assert asked(engine, EXPLAIN) == {
        "text": "Text of 1. Lear!",
        "tokenizer": {"kind": "bpe", "vocabulary_size": 4096, "datasets": ["plays"]},
    }
    answer(studio, engine, EXPLAIN, cut())
    shown = {name: figure.value.text() for name, figure in tokens.trial.figures.items()}
    assert shown == {"count": "2", "bytes": "6 B", "bytes_per_token": "3.00", "vocabulary": "4,096"}
    assert tokens.trial.view.count == 2


def test_typing_asks_once_it_rests_and_old_answers_do_not_count(tokens, studio, engine, qtbot):
    old = engine.latest(EXPLAIN)
    tokens.trial.text.setPlainText("")
    QTest.keyClicks(tokens.trial.text, "Now is")
    qtbot.waitUntil(lambda: asked(engine, EXPLAIN)["text"] == "Now is")
    assert engine.targets().count(EXPLAIN) == 2
    studio.jobs.deliver([(old, event) for event in recorded.told(EXPLAIN, cut(count=99))])
    assert tokens.trial.figures["count"].value.text() == "–"
    answer(studio, engine, EXPLAIN, cut())
    assert tokens.trial.figures["count"].value.text() == "2"


def test_other_tokenizers_can_be_chosen(tokens, panel, engine, workspace, qtbot, tmp_path):
    folder = workspace.path / "tokenizers" / "mine"
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text("{}")
    tokens.choice.set_workspace(workspace)
    kinds = panel.findChild(QComboBox, "tokenizer-kind")
    shown = [kinds.itemText(index) for index in range(kinds.count())]
    assert shown == ["Learnt from this dataset (BPE)", "Bytes", "mine · of this workspace", "From a file…"]
    tokens.choice.choose("file:mine")
    qtbot.waitUntil(lambda: asked(engine, EXPLAIN)["tokenizer"] == {"kind": "file", "file": "mine"})
    assert not panel.findChild(QAbstractSpinBox, "field-tokenizer.vocabulary_size").isVisible()
    tokens.choice.choose("file")
    assert text(panel, "tokens-state") == "Choose a tokenizer.json first."
    tokens.choice.use_file(tmp_path / "tokenizer.json")
    qtbot.waitUntil(lambda: asked(engine, EXPLAIN)["tokenizer"]["file"] == str(tmp_path / "tokenizer.json"))


def test_a_tokenizer_that_cannot_be_used_is_said_in_place(tokens, studio, engine, qtbot):
    answer(studio, engine, EXPLAIN, cut())
    tokens.choice.choose("byte")
    qtbot.waitUntil(lambda: asked(engine, EXPLAIN)["tokenizer"] == {"kind": "byte"})
    studio.jobs.deliver(
        [(engine.latest(EXPLAIN), Failed("x.json is not a tokenizer; choose a tokenizer.json.", "trace"))]
    )
    assert tokens.trial.error.isVisible()
    assert tokens.trial.view.count == 0


def test_a_vocabulary_out_of_range_is_not_asked_for(tokens, panel, engine):
    before = engine.targets().count(EXPLAIN)
    tokens.choice.vocabulary.set_value(12)
    tokens.choice.vocabulary.edited.emit()
    assert text(panel, "tokens-state") == "Vocabulary size must be a whole number from 257 to 262,144."
    assert engine.targets().count(EXPLAIN) == before
    assert not panel.findChild(QAbstractButton, "learn-go").isEnabled()


def test_a_tokenizer_is_trained_and_kept(tokens, panel, studio, engine):
    click(panel, "learn-go")
    assert asked(engine, LEARN) == {"datasets": ["plays"], "vocabulary_size": 4096, "name": "plays-4096"}
    end(studio, engine, LEARN, tokenizer="plays-4096")
    assert text(panel, "learn-state") == "“plays-4096” is kept in this workspace; Train can use it."
