"""Batch: a table is chosen and mapped, run on the real engine, looked at, gone on with, exported and deleted."""

import pytest
from PySide6.QtGui import QGuiApplication

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.batch.jobs import DELETE, EXPORT, LISTING, MAKE, RESTORE, RESUME, RUN
from fmstudio.gui.playground.batch.setup import INSPECT
from fmstudio.gui.playground.batch.table import RESULTS
from fmstudio.gui.playground.batch.view import BatchView
from fmstudio.gui.widgets.lists.row_pages import PAGE
from fmstudio.jobs import Artefact, Failed, Finished, Progress, Sample, Started
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import PromptTemplate
from tests.gui import recorded
from tests.gui.playground.hands import STARTER, Hands, description
from tests.gui.recorded import changed
from tests.laboratory.language_models import keep_language_model


def table():
    """What the job that looks through a table tells."""
    return changed(
        recorded.answer(INSPECT), path="/data/reviews.csv", columns=["Review", "label", "other"], total=5000,
        rows=[{"Review": "good", "label": "yes", "other": ""}], bad=[{"line": 9, "reason": "it has 1 field"}],
        bytes=120_000,
    )  # fmt: skip


def batch(**changes):
    """A batch as the listing tells it."""
    usual = {"id": "b-1", "source": "/data/reviews.csv", "model": STARTER, "total": 5000,
             "mapping": {"review": "Review"}, "rows": 700, "failed": 1, "wrong": 2, "state": "incomplete"}  # fmt: skip
    return changed(recorded.answer(LISTING)[0], **usual | changes)


def cells(number, **changes):
    """A row of the results."""
    usual = {"row": number, "line": number + 1, "status": "done", "exact": True, "contains": True, "seed": number,
             "tokens": 2, "finish": "end", "output": "yes", "expected": "yes", "error": "",
             "variables": {"review": "good"}}  # fmt: skip
    return changed(recorded.answer(RESULTS)["rows"][0], **usual | changes)


class BatchHands(Hands):
    """… and the answers about batches."""

    def reply(self, target, name, data):
        self.tell(self.engine.latest(target), Started(), Sample(name, name, data), Finished())

    def rows(self, start=0, total=700, **first):
        only = self.engine.requests[self.engine.latest(RESULTS)].arguments["only"]
        usual = cells(1)
        others = (
            usual | {"row": number, "line": number + 1, "seed": number} for number in range(start + 2, start + PAGE + 1)
        )
        rows = [cells(start + 1, **first), *others]
        told = changed(recorded.answer(RESULTS), batch="b-1", only=only, start=start, total=total, all=700, rows=rows)
        self.reply(RESULTS, "results", told)


@pytest.fixture
def hands(studio, engine, show, workspace):
    PromptLibrary(workspace).save("Ask", PromptTemplate(user="It is {review}"))
    made = BatchHands(studio, engine, show)
    made.panel.look_at("batch", prompt="Ask")
    return made


@pytest.fixture
def view(hands) -> BatchView:
    return hands.panel.views["batch"]


def test_a_table_is_looked_through_and_its_columns_found_by_name(view, hands, tmp_path):
    assert view.refusal() == "Choose a table first."
    hands.panel.dropped([tmp_path / "reviews.csv"])
    assert view.refusal() == "Reading the table…"
    hands.reply(INSPECT, "table", table())
    assert view.refusal() == ""
    assert view.setup.mapping.mapping() == {"review": "Review"}
    assert view.setup.expected.value() == "label", "the column that the job proposes"
    assert view.setup.rows_card.caption.text() == "5,000 rows · 3 columns · 120 kB · UTF-8"
    assert view.setup.bad.texts.rows == [["9", "It has 1 field"]]
    view.setup.mapping.fields["review"].set_value("")
    view.setup.mapping.edited.emit()
    assert hands.panel.primary_action.reason == "Choose a column for {review}."


def test_what_is_no_table_is_told_in_place(view, hands, tmp_path):
    hands.panel.dropped([tmp_path / "reviews.docx"])
    hands.tell(hands.engine.latest(INSPECT), Started(), Failed("reviews.docx is not a table.", ""))
    assert view.setup.error.sentence.text() == "reviews.docx is not a table."
    assert view.refusal() == "Choose a table first."


def test_after_a_bad_table_nothing_of_the_one_before_is_left(view, hands, tmp_path):
    hands.panel.dropped([tmp_path / "reviews.csv"])
    hands.reply(INSPECT, "table", table())
    assert view.setup.rows.isVisible()
    hands.panel.dropped([tmp_path / "other.csv"])
    hands.tell(hands.engine.latest(INSPECT), Started(), Failed("other.csv is not a table.", ""))
    assert not view.setup.rows.isVisible()
    assert not view.setup.bad.isVisible()
    assert view.setup.empty.isVisible()
    assert view.setup.expected.count() == 1
    assert view.setup.mapping.missing == ["review"]


def begin(view, hands, tmp_path):
    hands.panel.dropped([tmp_path / "reviews.csv"])
    hands.reply(INSPECT, "table", table())
    view.setup.expected.set_value("label")
    hands.panel.primary_action.trigger()
    return hands.engine.latest(RUN)


def test_a_batch_runs_with_progress_and_can_be_held_and_stopped(view, hands, tmp_path, qtbot):
    job = begin(view, hands, tmp_path)
    asked = hands.asked(RUN)[0]
    assert (asked["source"], asked["prompt"], asked["mapping"]) == ("/data/reviews.csv", "Ask", {"review": "Review"})
    assert (asked["model"], asked["expected"]) == (STARTER, "label")
    hands.tell(job, Started(), Artefact("batch", "b-1", "/batches/b-1"))
    qtbot.waitUntil(lambda: hands.engine.targets().count(LISTING) > 1)
    hands.reply(LISTING, "batches", [batch(state="running", rows=0)])
    results = view.results
    assert view.pages.currentWidget() is results
    usual = recorded.answer(RUN, "batch")
    counts = changed(usual, id="b-1", total=5000, done=1249, failed=1, bad=0, exact=9, contains=9)
    hands.tell(job, Progress(1250, 5000, "rows"), Sample("batch", "batch", counts))
    assert results.bar.value() == 250
    assert results.pace.text().startswith("1,250 of 5,000 rows")
    assert results.score.text() == "1 failure · 9 exactly as expected (1 %)"  # of those 1,250, not of those listed
    results.hold.click()
    results.stop.click()
    assert hands.engine.calls[-2:] == [("pause", job), ("stop", job)]
    hands.tell(job, Finished("stopped"))
    assert results.resume.isVisible()
    results.resume.click()
    assert hands.asked(RESUME)[0]["batch"] == "b-1"


def test_a_batch_that_cannot_begin_says_why(view, hands, tmp_path):
    job = begin(view, hands, tmp_path)
    assert view.refusal() == "A batch is running; wait for it or stop it."
    hands.tell(job, Started(), Failed("reviews.csv has no column 'x'.", "Traceback …"))
    assert view.error.sentence.text() == "reviews.csv has no column 'x'."
    assert view.refusal() == ""


@pytest.fixture
def opened(view, hands):
    """A batch of 700 rows so far, looked at."""
    hands.reply(LISTING, "batches", [batch()])
    view.open("b-1")
    hands.rows(status="failed", exact=None, output="", error="The prompt has 900 tokens.")
    return view.results


def test_rows_are_fetched_as_they_are_looked_at(opened, hands, qtbot):
    model = opened.model
    assert (model.rowCount(), model.columnCount()) == (700, 6)
    texts = [model.data(model.index(0, column)) for column in range(6)]
    assert texts == ["1", "Failed", "good", "The prompt has 900 tokens.", "yes", ""]
    assert model.data(model.index(1, 5)) == "Exact"
    assert hands.engine.targets().count(RESULTS) == 1
    assert model.data(model.index(650, 3)) == "Loading…"
    qtbot.waitUntil(lambda: hands.engine.targets().count(RESULTS) == 2)
    assert hands.asked(RESULTS)[-1]["start"] == 650
    hands.rows(start=650)
    assert model.data(model.index(650, 3)) == "yes"
    assert "1 failure · 697 exactly as expected (99 %)" in opened.score.text()


def test_a_row_is_copied_as_a_spreadsheet_takes_it(opened, qtbot):
    opened.table.selectRow(1)
    opened.table.copy_rows()
    assert QGuiApplication.clipboard().text() == "2\tDone\tgood\tyes\tyes\tExact"


def test_failures_can_be_seen_alone(opened, hands):
    opened.only.button("failed").click()
    assert hands.asked(RESULTS)[-1] == {"batch": "b-1", "start": 0, "count": PAGE, "only": "failed"}


def test_a_batch_is_exported_and_deleted_with_undo(opened, view, hands, tmp_path):
    view.jobs.export("b-1", tmp_path / "out.csv", "all")
    hands.tell(hands.engine.latest(EXPORT), *recorded.ended(EXPORT, path="/out.csv", rows=700))
    assert view.news.sentence.text() == "Saved as /out.csv."
    opened.delete.click()
    hands.tell(hands.engine.latest(DELETE), Started(), Finished())
    hands.reply(LISTING, "batches", [])
    assert view.pages.currentWidget() is view.setup
    view.list.undo.button.click()
    assert hands.asked(RESTORE)[0]["batch"] == "b-1"


def test_a_batch_on_the_real_engine_from_the_table_to_a_replayed_row(
    real_studio, workspace, show, tmp_path, qtbot
):  # fmt: skip
    keep_language_model(workspace, chat=True)
    PromptLibrary(workspace).save("Ask", PromptTemplate(user="It is {review}"))
    file = tmp_path / "reviews.csv"
    file.write_text("review,label\ngood,yes\nbad\nfine,no\n")
    state = PlayState(real_studio)
    real_studio.know_families(description())
    state.refresh()
    view = show(BatchView(real_studio, state))
    qtbot.waitUntil(lambda: state.listed, timeout=30_000)
    state.choose("tiny")
    state.set_sampling({"maximum_tokens": 5})
    view.look(prompt="Ask", path=file)
    qtbot.waitUntil(lambda: view.refusal() == "", timeout=30_000)
    view.act()
    qtbot.waitUntil(lambda: view.results.model.total == 3 and not view.jobs.running, timeout=30_000)
    qtbot.waitUntil(lambda: view.results.batch.get("state") == "complete", timeout=30_000)
    assert "Line 3 cannot be used" in view.results.model.data(view.results.model.index(1, 3))
    view.results.table.selectRow(2)
    detail = view.results.detail
    qtbot.waitUntil(detail.isVisible, timeout=30_000)
    assert "It is fine" in detail.prompt.toPlainText()
    assert "seed: 3" in detail.settings.toPlainText()
    detail.replay.click()
    qtbot.waitUntil(lambda: detail.words.text().startswith("Replayed: the same"), timeout=30_000)


def test_training_data_is_made_of_a_batch(view, hands):
    hands.reply(LISTING, "batches", [batch()])
    view.open("b-1")
    hands.rows()
    view.results.make.click()
    dialog = view.results.making
    assert dialog.name.value() == "Ask-answers"
    dialog.answers.button("expected").click()
    assert "put right" in dialog.meaning.text()
    dialog.go.click()
    asked = dict(hands.engine.requests[hands.engine.latest(MAKE)].arguments)
    assert asked == {"batch": "b-1", "name": "Ask-answers", "answers": "expected"}
    hands.tell(hands.engine.latest(MAKE), Started(), recorded.finished(MAKE, dataset="Ask-answers"))
    assert dialog.made.told.text().startswith("“Ask-answers” is here: 2 conversations.")
    assert dialog.left_out.text() == "Left out: 1 – not answered."
    went = []
    hands.studio.navigation_requested.connect(lambda name, what: went.append((name, what)))
    dialog.made.look.click()
    assert went == [("data", {"dataset": "Ask-answers"})]
