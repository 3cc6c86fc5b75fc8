"""The Data panel on the real engine: from a folder with bad files to a cleaned dataset and its tokens."""

import pydoc_data.topics

import pytest
from PySide6.QtWidgets import QLabel

from fmstudio.gui.data.panel import DataPanel
from tests.gui.data.hands import click, text
from tests.texts import write_texts

PATIENCE = 30_000  # milliseconds; a wait ends as soon as what it waits for is there


@pytest.fixture
def real(show, real_studio):
    """The panel with an engine of its own."""
    panel = show(DataPanel(real_studio))
    panel.shown()
    return panel


@pytest.fixture
def notes(tmp_path):
    """Twelve articles, one of them twice, and files that cannot be used."""
    folder = write_texts(tmp_path / "notes")
    (folder / "again.txt").write_text(pydoc_data.topics.topics["assert"], "utf-8")
    (folder / "short.txt").write_text("Too short.", "utf-8")
    (folder / "empty.txt").write_text("", "utf-8")
    (folder / "picture.txt").write_bytes(bytes(range(256)) * 40)
    return folder


def test_from_a_folder_to_clean_tokens(real, notes, qtbot, workspace):
    def wait(condition):
        qtbot.waitUntil(condition, timeout=PATIENCE)

    # A folder is dropped and imported; bad files are listed.
    wait(lambda: bool(real.sheet.rows))
    real.dropped([notes])
    real.sheet.rows["documents"].editor.set_value("file")
    real.primary_action.trigger()
    wait(lambda: text(real, "import-card-title") == "“notes” is here")
    assert {source for source, _ in real.importing.skipped.texts} == {"notes/empty.txt", "notes/picture.txt"}
    click(real, "import-open")

    # Its documents can be read and searched.
    wait(lambda: text(real, "reading-place") == "1 of 14")
    first = real.dataset.preview.reading.text.toPlainText()
    assert first == pydoc_data.topics.topics["assert"].strip("\n").rstrip()
    real.dataset.preview.search.setText("Too short")
    real.dataset.preview.search.returnPressed.emit()
    wait(lambda: text(real, "preview-found") == "1 document found")

    # It is counted.
    real.dataset.look_at("statistics")
    wait(lambda: real.dataset.statistics.figures["documents"].value.text() == "14")
    assert real.dataset.statistics.skipped.texts

    # The rules show what they would remove, then a new dataset is made of what is left.
    real.dataset.look_at("clean")
    click(real, "cleaning-review")
    wait(lambda: real.dataset.cleaning.refusal() == "")
    assert text(real, "finding-length-amount") == "1 document removed"
    assert text(real, "finding-exact_duplicates-amount") == "1 document removed"
    assert len(workspace.datasets()) == 1
    click(real, "cleaning-apply")
    wait(lambda: real.findChild(QLabel, "cleaning-done").isVisible())
    assert text(real, "cleaning-done").startswith("“notes-clean” is here: 12 documents")
    assert (("dataset", "notes"), ("dataset", "notes-clean")) in workspace.lineage()
    click(real, "cleaning-open")
    assert text(real, "dataset-heading") == "notes-clean"

    # And its text becomes tokens: one for each byte, then fewer when pieces are learnt.
    real.dataset.look_at("tokens")
    tokens = real.dataset.tokens
    tokens.choice.choose("byte")
    wait(lambda: tokens.trial.figures["vocabulary"].value.text() == "257")
    size = len(tokens.trial.text.toPlainText().encode())
    assert tokens.trial.view.count == size
    tokens.choice.vocabulary.set_value(400)
    tokens.choice.choose("bpe")
    wait(lambda: tokens.trial.figures["vocabulary"].value.text() == "400")
    assert tokens.trial.view.count < size
    click(real, "learn-go")
    wait(lambda: (workspace.path / "tokenizers" / "notes-clean-400" / "tokenizer.json").exists())
    wait(lambda: not real.studio.jobs.active())
