"""Tables of examples are recognised, shown as conversations before they are imported, and mapped where names differ."""

import json

import pytest

from fmstudio.gui.data.panel import DataPanel
from tests.gui.data.hands import click, text
from tests.talks import TALKS

PATIENCE = 30_000  # milliseconds; a wait ends as soon as what it waits for is there


@pytest.fixture
def wait(qtbot):
    return lambda condition: qtbot.waitUntil(condition, timeout=PATIENCE)


@pytest.fixture
def panel(show, real_studio, wait):
    made = show(DataPanel(real_studio))
    made.shown()
    wait(lambda: bool(made._description))
    return made


def test_conversations_are_recognised_previewed_and_imported(panel, workspace, tmp_path, wait):
    path = tmp_path / "talks.jsonl"
    bad = {"messages": [{"role": "system", "content": "Be brief."}]}
    path.write_text("".join(f"{json.dumps(row)}\n" for row in [*TALKS, bad]) + "{broken\n")
    panel.dropped([path])
    sheet = panel.sheet
    wait(lambda: sheet.kind.value() == "instructions")
    wait(lambda: text(panel, "import-examples-heading") == "talks.jsonl: 8 conversations")
    assert sheet.examples.first.toPlainText().startswith("User\nHow long does a mat last?\n\nAssistant\nIt lasts 2")
    left_out = text(panel, "import-examples-left-out")
    assert "1 row was left out because it has no turns, only a system message (row 9)." in left_out
    assert "(line 10)" in left_out
    assert not panel.findChild(object, "import-columns").isVisible()
    panel.primary_action.trigger()
    wait(lambda: text(panel, "import-card-title") == "“talks” is here")
    assert text(panel, "import-sentence").startswith("8 conversations, ")
    assert workspace.dataset("talks").kind == "instructions"
    click(panel, "import-open")
    wait(lambda: text(panel, "preview-found") == "8 conversations")
    assert panel.dataset.preview.search.placeholderText() == "Find in all conversations"
    assert text(panel, "dataset-facts").startswith("Instructions · 8 conversations")
    panel.dataset.look_at("statistics")
    statistics = panel.dataset.statistics
    wait(lambda: statistics.figures["documents"].value.text() == "8")
    assert statistics.figures["documents"].value.accessibleName() == "Conversations"
    assert statistics.histogram.summary().startswith("Most: ")
    assert "conversation" in statistics.histogram.summary()


def test_columns_of_other_names_are_mapped(panel, workspace, tmp_path, wait):
    path = tmp_path / "rows.csv"
    path.write_text("frage,gut,schlecht\nWas?,Das.,Dies.\nWo?,Da.,Dort.\n")
    panel.dropped([path])
    sheet = panel.sheet
    click(panel, "import-kind-preferences")
    wait(lambda: text(panel, "import-examples-heading") == "rows.csv: no example")
    for part, column in (("prompt", "frage"), ("chosen", "gut"), ("rejected", "schlecht")):
        wait(lambda part=part: part in sheet.examples.fields)
        sheet.examples.fields[part].set_value(column)
        sheet.examples.fields[part].edited.emit()
    wait(lambda: text(panel, "import-examples-heading") == "rows.csv: 2 pairs")
    columns = {"prompt": "frage", "chosen": "gut", "rejected": "schlecht"}
    assert sheet.request()["options"] == {"columns": columns}
    panel.primary_action.trigger()
    wait(lambda: "rows" in {record.name for record in workspace.datasets()})
    wait(lambda: text(panel, "import-card-title") == "“rows” is here")
    assert text(panel, "import-sentence").startswith("2 pairs, ")
    panel.store.refresh()
    dict(panel.verbs.offered("rows"))["Import again…"]()
    assert sheet.request()["options"] == {"columns": columns}
    assert sheet.kind.value() == "preferences"


def test_a_person_who_wants_texts_gets_texts(panel, tmp_path, wait, qtbot):
    path = tmp_path / "talks.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in TALKS))
    panel.dropped([path])
    sheet = panel.sheet
    wait(lambda: sheet.kind.value() == "instructions")
    click(panel, "import-kind-text")
    assert not sheet.examples.isVisible()
    qtbot.wait(300)
    assert sheet.kind.value() == "text"
