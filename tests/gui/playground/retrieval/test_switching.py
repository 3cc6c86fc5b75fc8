"""Retrieval: from one collection to another that is only being made, and what is shown first of one."""

import pytest

from fmstudio.gui.playground.retrieval import jobs as jobs
from fmstudio.jobs import Failed, Started
from tests.gui import recorded
from tests.gui.playground.retrieval.hands import RetrievalHands, collection, document, document_list, found, warranty


@pytest.fixture
def hands(studio, engine, show):
    """One collection, ready to be asked."""
    return RetrievalHands(studio, engine, show, collection("manuals", skipped=1, documents=1))


def begin_another(hands, tmp_path):
    """Index a file; returns the job."""
    file = tmp_path / "radio.txt"
    file.write_text("It plays music.", "utf-8")
    hands.panel.dropped([file])
    hands.panel.primary_action.trigger()
    return hands.engine.latest(jobs.ADD)


def test_nothing_of_the_former_collection_stays_while_a_new_one_is_begun(hands, tmp_path):
    hands.type("How long?")
    hands.reply(jobs.SEARCH, found(warranty()))
    begin_another(hands, tmp_path)
    assert hands.view.collection.heading.text() == "radio"
    assert not hands.ask.table.found.rows
    asked = len([each for each in hands.engine.requests.values() if each.target in (jobs.SEARCH, jobs.ASK)])
    hands.type("Which station?")
    hands.ask.controls.entered.emit()
    assert len([each for each in hands.engine.requests.values() if each.target in (jobs.SEARCH, jobs.ASK)]) == asked
    assert hands.panel.primary_action.reason == "Wait until the first documents are read."


def test_once_it_is_listed_the_new_collection_is_asked(hands, tmp_path):
    hands.type("How long?")
    job = begin_another(hands, tmp_path)
    hands.tell(job, *recorded.ended(jobs.ADD, collection="radio", documents=1, changed=1, skipped=[]))
    hands.describe(collection("radio"), collection("manuals"))
    assert hands.latest(jobs.SEARCH)["collection"] == "radio"


def test_a_tab_that_was_not_looked_at_meanwhile_follows_as_well(hands, tmp_path):
    hands.view.collection.look_at("documents")
    hands.reply(jobs.DOCUMENTS, document_list())
    begin_another(hands, tmp_path)
    documents = hands.view.collection.documents
    assert (documents.list.found, documents.count.text()) == ([], "")
    assert documents.passage.heading.text() == ""
    hands.panel.look_at("chat")  # the listing comes while one looks at something else
    hands.describe(collection("radio"), collection("manuals"))
    hands.panel.look_at("retrieval")
    assert hands.latest(jobs.DOCUMENTS)["collection"] == "radio"
    hands.view.collection.look_at("quality")
    assert hands.view.collection.quality.collection == "radio"


def test_documents_begin_with_one_that_could_be_read_and_count_the_skipped_apart(hands):
    hands.view.collection.look_at("documents")
    hands.reply(jobs.DOCUMENTS, document_list(rows=document_list()["rows"][::-1]))
    documents = hands.view.collection.documents
    assert documents.count.text() == "1 document, 1 skipped"
    assert documents.view.currentIndex().row() == 1
    hands.reply(jobs.DOCUMENT, document())
    assert documents.passage.heading.text() == "Mixer"


def test_of_many_documents_the_listing_tells_how_many_were_skipped(hands):
    hands.view.collection.look_at("documents")
    hands.reply(jobs.DOCUMENTS, document_list(total=901))
    assert hands.view.collection.documents.count.text() == "900 documents, 1 skipped"
    hands.describe(collection("manuals", skipped=3))
    assert hands.view.collection.documents.count.text() == "898 documents, 3 skipped"


def test_the_preview_goes_on_to_a_document_that_can_be_read(hands, tmp_path, qtbot):
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text("x", "utf-8")
    hands.panel.dropped([tmp_path])
    sheet = hands.view.sheet
    qtbot.waitUntil(lambda: jobs.PREVIEW in hands.engine.targets())
    first = hands.engine.latest(jobs.PREVIEW)
    hands.tell(first, Started(), Failed("a.txt holds no text; choose another file."))
    assert hands.latest(jobs.PREVIEW)["path"] == str(tmp_path / "b.txt")
    hands.reply(jobs.PREVIEW, document())
    assert sheet.example.currentText() == "b.txt"
    assert not sheet.preview.error.isVisible()
    sheet.example.set_value(str(tmp_path / "a.txt"))  # what a person chooses stays, and says why it cannot be read
    sheet.example.edited.emit()
    hands.tell(hands.engine.latest(jobs.PREVIEW), Started(), Failed("a.txt holds no text; choose another file."))
    assert sheet.example.currentText() == "a.txt"
    assert sheet.preview.error.isVisible()
