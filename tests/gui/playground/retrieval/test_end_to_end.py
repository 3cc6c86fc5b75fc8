"""The Retrieval view on the real engine with the starter models: from a folder to an answer with its passages."""

import pytest

from tests.gui.playground.hands import page_with_panel

PATIENCE = 60_000  # milliseconds; a wait ends as soon as what it waits for is there
HANDBOOK = """# Stand mixer

## Warranty
The warranty lasts for three years from the day of purchase. It covers the motor, but not the whisk.

## Cleaning
Wash the bowl by hand with warm water. Never put the motor block under water.
"""


@pytest.fixture
def panel(starter_models, real_studio, show):
    from fmstudio.adapt import opened_collections

    page = show(page_with_panel(real_studio))
    page.panel.shown(model="smollm2-135m-instruct")
    yield page.panel
    opened_collections.close_all()


@pytest.fixture
def wait(qtbot):
    return lambda condition: qtbot.waitUntil(condition, timeout=PATIENCE)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "manuals"
    made.mkdir()
    (made / "mixer.md").write_text(HANDBOOK, "utf-8")
    (made / "radio.txt").write_text("The radio plays music. Turn the left knob to change the station.", "utf-8")
    (made / "broken.pdf").write_bytes(b"no PDF")
    return made


def test_from_a_folder_to_an_answer_with_its_passages(panel, folder, wait):
    panel.look_at("retrieval")
    view = panel.view
    wait(lambda: bool(view.store.known and panel.state.settings and panel.state.chosen))
    panel.state.set_sampling({"maximum_tokens": 24, "temperature": 0.0})

    # A dropped folder is shown as it will be cut, and indexed; what could not be read is told.
    panel.dropped([folder])
    wait(lambda: bool(view.sheet.preview.document))
    assert [chunk.headings for chunk in view.sheet.preview.text.chunks] == [
        "Stand mixer › Warranty", "Stand mixer › Cleaning",
    ]  # fmt: skip
    panel.primary_action.trigger()
    collection = view.collection
    wait(lambda: "manuals" in view.store.records and view.store.working("manuals") is None)
    assert (collection.name, view.store.records["manuals"]["documents"]) == ("manuals", 2)
    wait(lambda: collection.skipped_button.text() == "1 file skipped")

    # Passages come while one types, and the answer rests on them.
    ask = collection.ask
    ask.controls.field.setText("How long does the warranty last?")
    wait(lambda: bool(ask.table.found.rows))
    assert ask.table.found.rows[0]["headings"][-1] == "Warranty"
    panel.primary_action.trigger()
    assert ask.asking.busy
    wait(lambda: not ask.asking.busy)
    assert not ask.error.showing, ask.error.sentence.text()
    assert "three years" in ask.answer.text.written
    assert ask.plain.text.written
    assert "The warranty lasts for three years" in ask.prompt.text.toPlainText()
    assert panel.studio.workspace.feedback.get(ask.feedback.entry).output == ask.answer.text.written
    ask.answer.cited.emit(1)
    wait(lambda: ask.passage.text.chosen >= 0)
    assert "Warranty" in ask.passage.text.chunks[ask.passage.text.chosen].headings

    # What the documents do not tell is not invented.
    ask.controls.field.setText("Who composed the opera Tosca?")
    panel.primary_action.trigger()
    wait(lambda: not ask.asking.busy)
    assert ask.answer.text.written.startswith("Nothing relevant was found")

    # Titles find their documents.
    collection.look_at("quality")
    panel.primary_action.trigger()
    wait(lambda: bool(collection.quality.figures.texts.rows))
    assert collection.quality.figures.texts.rows[2][0] == "Both"

    # Only what has changed is indexed again.
    (folder / "radio.txt").write_text("The radio is silent now. It needs a new battery every year.", "utf-8")
    collection.look_at("documents")
    panel.primary_action.trigger()
    wait(lambda: collection.news.text() == "Only 1 document was new or changed, and indexed.")


@pytest.mark.parametrize("tab", ["ask", "documents", "quality"])
def test_a_new_collection_takes_the_place_of_the_one_that_was_looked_at(panel, folder, wait, tab):
    panel.look_at("retrieval")
    view, collection = panel.view, panel.view.collection
    wait(lambda: view.store.known)

    def index(path):
        panel.dropped([path])
        panel.primary_action.trigger()
        wait(lambda: path.stem in view.store.records and view.store.working(path.stem) is None)

    index(folder / "mixer.md")
    ask, documents = collection.ask, collection.documents
    ask.controls.field.setText("How is the warranty?")
    wait(lambda: bool(ask.table.found.rows))
    collection.look_at(tab)
    index(folder / "radio.txt")
    assert collection.heading.text() == "radio"
    if tab == "documents":
        wait(lambda: [row["source"] for row in documents.list.found] == [str(folder / "radio.txt")])
        wait(lambda: documents.passage.document.get("source") == str(folder / "radio.txt"))
    elif tab == "quality":
        panel.primary_action.trigger()
        wait(lambda: collection.quality.result.isVisible())
        assert collection.quality.question.asked["collection"] == "radio"
    if tab != "ask":
        collection.look_at("ask")
    wait(lambda: bool(ask.table.found.rows))
    assert {row["source"] for row in ask.table.found.rows} == {str(folder / "radio.txt")}
