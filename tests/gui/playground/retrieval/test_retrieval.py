"""The Retrieval view of the playground, fed with what its jobs would tell."""

from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QAbstractButton, QMessageBox

from fmstudio.gui.playground.retrieval import jobs as jobs
from fmstudio.gui.playground.retrieval.text import SHOWN, Chunk, ChunkedText
from fmstudio.jobs import Failed, Finished, Note, Progress, Sample, Started
from tests.gui import recorded
from tests.gui.playground.retrieval.hands import (
    TEXT,
    RetrievalHands,
    collection,
    document,
    document_list,
    dough,
    found,
    row,
    warranty,
    wash,
)
from tests.gui.recorded import changed


@pytest.fixture
def open_view(studio, engine, show):
    kept = []  # a page that nobody holds is deleted

    def open_view(*collections, **more):
        kept.append(RetrievalHands(studio, engine, show, *collections, **more))
        return kept[-1]

    return open_view


@pytest.fixture
def hands(open_view):
    """One collection, ready to be asked."""
    return open_view(collection("manuals"))


def press(hands, name):
    button = hands.view.findChild(QAbstractButton, name)
    assert button.isVisible(), f"{name} is not in sight"
    assert button.isEnabled(), f"{name} cannot be used"
    button.click()


def cells(table, line):
    return [table.index(line, column).data() for column in range(table.columnCount())]


# Collections.


def test_with_nothing_yet_one_button_indexes_pythons_reference(open_view):
    hands = open_view()
    assert hands.panel.primary_action.text() == "Use Python's reference"
    press(hands, "retrieval-use-python")
    asked = hands.latest(jobs.ADD)
    assert (asked["name"], asked["sources"]) == ("python-reference", ["python-reference"])
    assert hands.view.collection.name == "python-reference"
    assert hands.panel.primary_action.reason == "Wait until the first documents are read."


def test_an_indexing_shows_how_far_it_is_and_can_be_held_and_ended(open_view, engine):
    hands = open_view()
    press(hands, "retrieval-use-python")
    job = engine.latest(jobs.ADD)
    hands.tell(job, Started(), Progress(412, 1300, "chunks", "Embedding", 14.0, "chunks/s"))
    hands.describe(collection("python-reference", done=412, total=1300, chunks=1300, state="indexing"))
    card = hands.view.column.cards["python-reference"]
    assert card.state.text() == "Indexing · 412 of 1,300 chunks"
    card.pause.click()
    card.stop.click()
    assert engine.calls[-2:] == [("pause", job), ("stop", job)]
    # It can be asked meanwhile, and says from how much the answer is.
    hands.type("How long is the warranty?")
    so_far = found(warranty(), collection="python-reference", state={"done": 412, "total": 1300})
    hands.reply(jobs.SEARCH, so_far)
    assert "answers from 412 of 1,300 chunks so far" in hands.ask.relevance.text()


def test_a_refresh_tells_what_it_did_and_lists_what_was_skipped(hands, engine):
    press(hands, "retrieval-refresh")
    job = engine.latest(jobs.REFRESH)
    assert hands.latest(jobs.REFRESH) == {"collection": "manuals"}
    skipped = [{"source": "/docs/secret.pdf", "reason": "it is encrypted"}]
    hands.tell(job, *recorded.ended(jobs.REFRESH, chunks=40, changed=3, removed=1, skipped=skipped))
    hands.describe(collection("manuals", skipped=1))
    assert (
        hands.view.collection.news.text() == "Only 3 documents were new or changed, and indexed. 1 gone, and dropped."
    )
    press(hands, "retrieval-skipped")
    assert hands.view.collection.skipped.texts == [("/docs/secret.pdf", "it is encrypted")]


def test_a_failed_indexing_says_why_in_place_and_can_be_tried_again(open_view, engine):
    hands = open_view(collection("manuals", state="incomplete", done=12))
    assert hands.view.column.cards["manuals"].state.text() == "Incomplete · 12 of 40 chunks"
    press(hands, "retrieval-refresh")
    hands.tell(engine.latest(jobs.REFRESH), Started(), Failed("/docs is gone; add the folder again.", "Traceback"))
    assert hands.view.collection.error.sentence.text() == "/docs is gone; add the folder again."
    press(hands, "retrieval-again")
    assert engine.targets().count(jobs.REFRESH) == 2


def test_a_damaged_index_is_told_and_the_others_stay_usable(open_view):
    hands = open_view(
        collection("manuals", problem="The index of manuals is damaged; refresh it to make it anew."),
        collection("notes", created="2026-02-01T10:00:00+00:00"),
    )
    assert hands.view.collection.name == "notes"
    hands.view.column.cards["manuals"].clicked.emit()
    assert "damaged" in hands.view.collection.error.sentence.text()
    hands.view.column.cards["notes"].clicked.emit()
    assert not hands.view.collection.error.showing


def test_removing_asks_first(hands, engine):
    for answer, count in (("Keep it", 0), ("Remove", 1)):
        press(hands, "retrieval-remove")
        box = hands.view.findChildren(QMessageBox, "retrieval-remove-question")[-1]
        next(each for each in box.buttons() if each.text() == answer).click()
        assert engine.targets().count(jobs.REMOVE) == count


# A new one.


def test_a_dropped_folder_is_named_previewed_and_indexed(hands, tmp_path, qtbot, engine):
    folder = tmp_path / "Manuals of 2026!"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"%PDF")
    (folder / "mixer.md").write_text(TEXT, "utf-8")
    hands.panel.dropped([folder])
    sheet = hands.view.sheet
    assert sheet.isVisible()
    assert sheet.name.text() == "Manuals of 2026"
    qtbot.waitUntil(lambda: jobs.PREVIEW in engine.targets())
    assert hands.latest(jobs.PREVIEW)["path"] == str(folder / "mixer.md")
    hands.reply(jobs.PREVIEW, document())
    assert [chunk.tokens for chunk in sheet.preview.text.chunks] == [8, 8, 8]
    sheet.options.rows["size"].editor.set_value(64)
    sheet.options.rows["size"].editor.edited.emit()
    qtbot.waitUntil(lambda: hands.latest(jobs.PREVIEW)["options"] == {"size": 64})
    hands.panel.primary_action.trigger()
    assert hands.latest(jobs.ADD) == {
        "name": "Manuals of 2026", "sources": [str(folder)], "options": {"size": 64}, "embedding": "all-minilm-l6-v2",
    }  # fmt: skip


def test_a_sheet_that_cannot_succeed_says_why(hands, tmp_path):
    press(hands, "retrieval-new")
    assert hands.panel.primary_action.reason == "Choose files or a folder first."
    hands.view.sheet.add([tmp_path])
    (hands.studio.workspace.path / "collections" / "taken").mkdir()
    hands.view.sheet.name.set_value("taken")
    hands.view.sheet.name.edited.emit()
    assert hands.panel.primary_action.reason == "Choose another name."
    assert "already" in hands.view.sheet.name_error.text()
    hands.view.sheet.name.set_value("free")
    hands.view.sheet.options.rows["size"].editor.set_value(3)
    hands.view.sheet.options.rows["size"].edited.emit()
    assert "from 16 to" in hands.panel.primary_action.reason
    press(hands, "retrieval-sheet-cancel")
    assert hands.view.collection.isVisible()


def test_a_missing_embedding_model_is_fetched_with_progress(open_view, engine):
    hands = open_view(collection("manuals"), here=False)
    press(hands, "retrieval-new")
    press(hands, "retrieval-embedding-fetch")
    job = engine.latest(jobs.FETCH)
    assert hands.latest(jobs.FETCH) == {"item": "all-minilm-l6-v2"}
    hands.tell(job, Started(), Progress(40, 84, "bytes"))
    field = hands.view.sheet.embedding
    assert field.strip.isVisible()
    assert not field.here
    hands.tell(job, Finished())
    hands.describe(collection("manuals"))
    assert field.here
    assert not field.strip.isVisible()


# Asking.


def test_passages_come_while_one_types_with_scores_ranks_and_use(hands):
    hands.type("How long is the warranty?")
    assert hands.latest(jobs.SEARCH) == {
        "collection": "manuals", "question": "How long is the warranty?", "settings": {},
    }  # fmt: skip
    hands.reply(jobs.SEARCH, found(warranty(), wash(), dough(), row(4, "Wash", 0.41, False)))
    table = hands.ask.table.found
    assert cells(table, 0)[2:] == ["3.2  #1", "0.71  #1", "0.0164", "✓ as [1]"]
    assert [cells(table, line)[5] for line in range(4)] == ["✓ as [1]", "✓ as [2]", "below threshold", "not needed"]
    assert hands.ask.relevance.text() == "2 passages of 4 used · best cosine 0.71, threshold 0.30"
    assert hands.ask.times.text() == "question 21 ms · words 0.80 ms · vectors 0.50 ms"


def test_typing_on_asks_only_for_the_newest_question(hands, engine):
    for question in ("a", "ab", "abc"):
        hands.type(question)
    assert [each["question"] for each in hands.asked(jobs.SEARCH)] == ["a"]
    hands.reply(jobs.SEARCH, found())
    assert [each["question"] for each in hands.asked(jobs.SEARCH)] == ["a", "abc"]


def test_an_answer_streams_beside_the_one_without_passages_and_its_citations_open_the_passage(hands, qtbot):
    hands.type("How long is the warranty?")
    hands.ask.controls.form.rows["passages"].set_value(2)
    hands.panel.primary_action.trigger()
    asked = hands.latest(jobs.ASK)
    assert (asked["model"], asked["compare"], asked["log"]) == ("smollm2-135m-instruct", True, True)
    assert asked["settings"] == {"passages": 2}
    assert hands.panel.primary_action.text() == "Stop"
    real, *_ = recorded.answer(jobs.ASK, "citations")
    cited = changed(real, number=1, id=10, source="/docs/mixer.md", title="Mixer", given=True, sentence="", score=None)
    hands.answered("It lasts three years [1], see [7] <b>", "I do not know.", [cited])
    qtbot.waitUntil(lambda: "three years [1], see [7] <b>" in hands.ask.answer.text.toPlainText())
    assert hands.ask.plain.text.toPlainText() == "I do not know."
    html = hands.ask.answer.text.toHtml()
    assert "passage:1" in html
    assert "passage:7" not in html, "a number that no passage has became a link"
    assert "Cited: " in hands.ask.answer.sources.text()
    assert "first token 0.40 s" in hands.ask.answer.figures.text()
    assert hands.ask.plain.figures.text() == "90.0 tok/s · first token 0.10 s · 5 tokens"
    assert hands.ask.feedback.entry == "entry-1"
    assert hands.ask.prompt.room.text() == "310 of 8,192 tokens"
    hands.ask.answer.text.anchorClicked.emit(QUrl("passage:1"))
    hands.reply(jobs.DOCUMENT, document())
    assert hands.ask.passage.isVisible()
    assert hands.ask.passage.place.text() == "Chunk 2 of 3"


def test_where_nothing_is_relevant_it_says_so_with_the_figures(hands):
    hands.type("What is the capital of Mongolia?")
    hands.panel.primary_action.trigger()
    sentence = "Nothing relevant was found: the best passage has a cosine of 0.12, below the threshold of 0.30."
    hands.answered(sentence, relevant=False, rows=(dough(),))
    assert hands.ask.relevance.text() == "Nothing relevant was found: best cosine 0.12, threshold 0.30."
    assert hands.ask.answer.figures.text() == "The model was not asked."
    assert not hands.ask.feedback.isVisible()


def test_an_answer_can_be_stopped_and_a_failure_is_told_in_place(hands, engine):
    hands.type("How?")
    hands.panel.primary_action.trigger()
    job = engine.latest(jobs.ASK)
    hands.panel.stop()
    assert ("stop", job) in engine.calls
    hands.tell(job, Started(), Failed("The question has 9,000 tokens, but the model has room for 8,000.", ""))
    assert "9,000 tokens" in hands.ask.error.sentence.text()
    assert hands.panel.primary_action.text() == "Ask"


def test_what_cannot_be_asked_says_why(hands):
    assert hands.panel.primary_action.reason == "Type a question first."
    hands.ask.controls.field.setText("x" * 20_000)
    assert "10,000 characters" in hands.panel.primary_action.reason


# Documents.


def test_documents_are_listed_searched_and_opened_with_their_chunks(hands, qtbot):
    hands.view.collection.look_at("documents")
    hands.reply(jobs.DOCUMENTS, document_list())
    documents = hands.view.collection.documents
    assert documents.list.index(0, 0).data() == "Mixer, 3 chunks · 900 B"
    assert documents.list.index(1, 0).data() == "secret.pdf, Skipped: it is encrypted"
    hands.reply(jobs.DOCUMENT, document())
    documents.passage.step(1)
    assert documents.passage.place.text() == "Chunk 1 of 3"
    documents.view.setCurrentIndex(documents.list.index(1, 0))
    assert documents.passage.text.placeholderText() == "This file was skipped: it is encrypted."
    documents.search.setText("mix")
    documents.search.textEdited.emit("mix")
    qtbot.waitUntil(lambda: hands.latest(jobs.DOCUMENTS)["search"] == "mix")


def test_chunks_are_marked_where_they_are_in_a_text_with_wide_letters(theme, show):
    text = show(ChunkedText(theme, "text"), 600, 300)
    chunks = [Chunk(1, 0, 60, 9), Chunk(2, TEXT.index("The warranty"), len(TEXT), 12)]
    text.show_text(TEXT, chunks, 1)
    marked = [each.cursor.selectedText() for each in text.extraSelections()]
    assert marked == [TEXT[:60], TEXT[chunks[1].start :], TEXT[chunks[1].start : 60]]


def test_a_text_of_ten_megabytes_is_shown_in_part_and_goes_where_the_chunk_is(theme, show):
    text = show(ChunkedText(theme, "text"), 600, 300)
    long = "0123456789 line\n" * 650_000
    chunks = [Chunk(1, 0, 100, 9), Chunk(2, 9_000_000, 9_000_090, 9)]
    text.show_text(long, chunks)
    assert text.cut
    assert len(text.toPlainText()) == SHOWN
    text.go_to(1)
    marked = [each.cursor.selectedText().replace("\u2029", "\n") for each in text.extraSelections()]
    assert marked == [long[9_000_000:9_000_090]]


def test_a_megabyte_in_one_line_is_broken_for_the_screen_only(theme, show):
    text = show(ChunkedText(theme, "text"), 600, 300)
    line = "word " * 200_000
    text.show_text(line, [Chunk(1, 500_000, 500_009, 9)], 0)
    assert text.document().blockCount() > 300
    assert [each.cursor.selectedText() for each in text.extraSelections()] == [line[500_000:500_009]]
    text.show_text("語" * 300_000, [Chunk(1, 200_000, 200_004, 4)], 0)
    assert text.cut
    assert [each.cursor.selectedText() for each in text.extraSelections()] == ["語語語語"]


# Quality.


def test_quality_shows_figures_bars_misses_and_bad_rows(hands, engine):
    hands.view.collection.look_at("quality")
    hands.panel.dropped([Path("/mine/questions.csv")])
    hands.panel.primary_action.trigger()
    assert hands.latest(jobs.MEASURE) == {"collection": "manuals", "questions": "/mine/questions.csv"}
    note = "questions.csv: rows left out because they have no two cells, at line 3."
    rows = [
        {"method": method, "recall_at_1": 0.5, "recall_at_5": 0.75, "recall_at_10": 1.0, "mrr": 0.625}
        for method in ("words", "vectors", "both")
    ]
    told = recorded.answer(jobs.MEASURE)
    miss = changed(
        told["misses"][0], question="How do I wash it?", expected=["/docs/mixer.md"], found=["/docs/a.md"], rank=0
    )
    quality = changed(told, questions=4, notes=[note], rows=rows, misses=[miss])
    job = engine.latest(jobs.MEASURE)
    hands.tell(job, Started(), Note(note, "warning"), Progress(2, 4, "questions", "Asking"))
    tab = hands.view.collection.quality
    assert tab.progress.text() == "2 of 4 questions"
    hands.tell(job, Sample("quality", "quality", quality), Finished())
    assert tab.figures.texts.rows[2] == ["Both", "0.500", "0.750", "1.000", "0.625"]
    assert "Both: Recall@1 0.50" in tab.bars.accessibleDescription()
    assert tab.misses.texts.rows == [["How do I wash it?", "mixer.md", "a.md", "not found"]]
    assert tab.notes.text() == note


def test_quality_of_a_bad_table_says_why(hands, engine):
    hands.view.collection.look_at("quality")
    hands.view.collection.quality.use_table(Path("/mine/bad.csv"))
    hands.panel.primary_action.trigger()
    hands.tell(engine.latest(jobs.MEASURE), Started(), Failed("/mine/bad.csv needs the columns question and source."))
    assert "needs the columns" in hands.view.collection.quality.error.sentence.text()


def test_it_leads_to_a_collection_a_tab_and_a_question(open_view):
    hands = open_view(collection("manuals"), collection("notes"))
    hands.panel.shown(view="retrieval", collection="manuals", tab="ask", question="Why?")
    assert hands.view.collection.name == "manuals"
    assert hands.ask.controls.question == "Why?"
