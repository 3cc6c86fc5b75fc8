"""The Feedback panel with the real stage behind it, and the marks under an output."""

import json
import sqlite3

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from fmstudio.gui.feedback.panel import FeedbackPanel
from fmstudio.gui.preferences import Preferences
from fmstudio.gui.widgets.feedback.bar import FeedbackBar
from fmstudio.gui.widgets.feedback.jobs import KEEP_PICTURE, LOGGING, REPLAY, logging_on
from fmstudio.gui.widgets.pictures.export import PictureExport
from fmstudio.gui.widgets.pictures.rating import Drawn
from fmstudio.jobs import Started
from fmstudio.workspace import FeedbackFilter, FeedbackRecord, database
from tests.gguf_files import CHAT, tiny_language_model, write_gguf
from tests.gui import recorded

GENERATE = "fmstudio.adapt.generation:generate"
MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]


def keep(workspace, id, output="It is Paris.", **changes):
    day = f"2026-01-{1 + workspace.feedback.count() % 28:02}T10:00:00+00:00"
    values = {"model": "small", "prompt": "What is the capital?", "created": day, "id": id, **changes}
    return workspace.feedback.add(FeedbackRecord("text", output=output, **values))


@pytest.fixture
def open_feedback(real_studio, show, qtbot):
    def open_feedback(**what):
        panel = show(FeedbackPanel(real_studio), 1048, 640)
        panel.shown(**what)
        qtbot.waitUntil(lambda: panel.entries.rows.known)
        return panel

    return open_feedback


@pytest.fixture
def bar(real_studio, show, qtbot, workspace):
    """The marks of the entry "a"."""
    keep(workspace, "a")
    made = show(FeedbackBar(real_studio, "marks"), 600, 200)
    made.show_entry("a", "It is Paris.")
    qtbot.waitUntil(lambda: bool(made._judgement))
    return made


def shown_ids(panel):
    rows = panel.entries.rows
    return [rows.row(row)["id"] for row in range(rows.total) if rows.row(row)]


# The marks under an output.


def test_in_a_narrow_column_the_marks_take_two_lines(bar, qtbot):
    bar.resize(200, 200)
    marks = [bar.up, bar.down, bar.score, bar.tag_button, bar.comment_button, bar.correct_button]
    qtbot.waitUntil(lambda: bar.correct_button.geometry().top() > bar.up.geometry().bottom())
    for number, mark in enumerate(marks):
        assert mark.geometry().right() < 200
        assert not any(mark.geometry().intersects(other.geometry()) for other in marks[:number])


def test_every_mark_is_kept_and_shown_again(bar, workspace, qtbot, real_studio, show):
    QTest.mouseClick(bar.up, Qt.MouseButton.LeftButton)
    bar.score.setFocus()
    QTest.keyClick(bar.score, Qt.Key.Key_4)
    QTest.mouseClick(bar.tag_button, Qt.MouseButton.LeftButton)
    QTest.keyClicks(bar.tags.field, "geo, short")
    QTest.keyClick(bar.tags.field, Qt.Key.Key_Return)
    QTest.mouseClick(bar.comment_button, Qt.MouseButton.LeftButton)
    QTest.keyClicks(bar.comment.editor, "Fine")
    QTest.keyClick(bar.comment.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    QTest.mouseClick(bar.correct_button, Qt.MouseButton.LeftButton)
    assert bar.correction.editor.toPlainText() == "It is Paris."
    bar.correction.editor.setPlainText("Paris.")
    QTest.mouseClick(bar.correction.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.feedback.get("a").correction == "Paris.")
    qtbot.waitUntil(lambda: bar.state.text() == "Saved")
    record = workspace.feedback.get("a")
    assert (record.thumbs, record.score, record.tags, record.comment) == (1, 4, ("geo", "short"), "Fine")
    again = show(FeedbackBar(real_studio, "again"), 600, 200)
    again.show_entry("a")
    qtbot.waitUntil(lambda: again.up.isChecked())
    assert (again.score.value, again.tags.tags, again.down.isChecked()) == (4, ["geo", "short"], False)


def test_a_second_click_takes_a_mark_away(bar, workspace, qtbot):
    for _ in range(2):
        QTest.mouseClick(bar.down, Qt.MouseButton.LeftButton)
        bar.score.setFocus()
        QTest.keyClick(bar.score, Qt.Key.Key_Right)
        QTest.keyClick(bar.score, Qt.Key.Key_0)
    qtbot.waitUntil(lambda: not bar._saving.busy)
    record = workspace.feedback.get("a")
    assert (record.thumbs, record.score) == (0, 0)


def test_a_correction_that_changes_nothing_is_none(bar, workspace, qtbot):
    bar.correct_button.click()
    QTest.mouseClick(bar.correction.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar._saving.busy)
    assert workspace.feedback.get("a").correction == ""


def test_an_output_of_ten_megabytes_is_not_put_into_an_editor(bar):
    bar.show_entry("a", "x" * 10_000_000)
    bar.correct_button.click()
    assert "10,000,000 characters" in bar.error.sentence.text()
    assert not bar.correction.isVisible()


def test_where_logging_is_off_the_bar_says_so_and_switches_it_on(real_studio, show):
    real_studio.preferences.set(LOGGING, False)
    assert not logging_on(real_studio)
    bar = show(FeedbackBar(real_studio, "marks"), 600, 200)
    bar.show_entry("", "An output")
    assert "off" in bar.why.text()
    assert not bar.up.isVisible()
    QTest.mouseClick(bar.switch_on, Qt.MouseButton.LeftButton)
    assert logging_on(real_studio)
    assert "from the next output" in bar.why.text()


def test_a_locked_log_is_told_in_place_and_the_marks_show_what_is_kept(bar, workspace, qtbot, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    workspace.close()
    other = sqlite3.connect(workspace.index_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        bar.up.click()
        qtbot.waitUntil(lambda: bar.error.showing)
        assert "locked by another program" in bar.error.sentence.text()
        qtbot.waitUntil(lambda: not bar.up.isChecked())
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_deleted_entry_has_no_marks(bar, workspace, qtbot, real_studio):
    workspace.feedback.remove(["a"])
    real_studio.announce("feedback", "a")
    qtbot.waitUntil(lambda: bar.error.showing)
    assert "may have been deleted" in bar.error.sentence.text()
    assert not bar.up.isVisible()


# Pictures.


def test_a_picture_is_rated_from_its_menu(studio, engine, show, qtbot):
    from PySide6.QtWidgets import QWidget

    owner = show(QWidget(), 700, 500)
    export = PictureExport(studio, owner)
    picture = np.zeros((8, 8, 3), np.uint8)
    names = [action.text() for action in export.menu(picture, "p").actions()]
    assert "Rate…" not in names
    menu = export.menu(picture, "p", drawn=Drawn("small", "fmstudio.laboratory.gan:generate", {"seeds": [3]}, 0))
    assert menu.actions()[0].text() == "Rate…"
    menu.actions()[0].trigger()
    job = engine.latest(KEEP_PICTURE)
    assert engine.requests[job].arguments["arguments"] == {"seeds": [3]}
    studio.jobs.deliver([(job, Started()), (job, recorded.finished(KEEP_PICTURE, entry="f-1"))])
    assert export.rating.bar.entry == "f-1"
    QTest.keyClick(export.rating, Qt.Key.Key_Escape)
    assert export.rating is None
    menu.deleteLater()


def test_no_picture_is_kept_where_logging_is_off(studio, engine, show):
    from PySide6.QtWidgets import QWidget

    studio.preferences.set(LOGGING, False)
    export = PictureExport(studio, show(QWidget(), 700, 500))
    drawn = Drawn("small", "fmstudio.laboratory.gan:generate", {}, 0)
    export.rate(np.zeros((8, 8, 3), np.uint8), drawn, QPoint(10, 10))
    assert KEEP_PICTURE not in engine.targets()
    export.rating.bar.switch_on.click()
    assert KEEP_PICTURE in engine.targets()
    export.rating.close_popup()


# The panel.


def test_an_empty_log_says_what_to_do(open_feedback, qtbot):
    panel = open_feedback()
    qtbot.waitUntil(lambda: panel._pages.currentIndex() == 1)
    assert not panel.primary_action.isEnabled()
    assert panel.primary_action.reason == "There is no feedback yet."
    asked = []
    panel.studio.navigation_requested.connect(lambda name, what: asked.append(name))
    panel.findChild(object, "feedback-begin").click()
    assert asked == ["playground"]


def test_an_output_is_there_as_soon_as_it_is_kept_and_before_anyone_rates_it(open_feedback, qtbot, tmp_path):
    panel = open_feedback()
    qtbot.waitUntil(lambda: panel._pages.currentIndex() == 1)
    model = str(write_gguf(tmp_path / "chat.gguf", tiny_language_model(), template=CHAT))
    settings = {"maximum_tokens": 4}
    panel.studio.query(GENERATE, lambda event: None, model=model, prompt="Hello", settings=settings, log=True)
    qtbot.waitUntil(lambda: panel.entries.rows.everything == 1, timeout=30_000)
    assert panel._pages.currentIndex() == 0
    assert panel.primary_action.isEnabled()
    assert panel.entries.rows.row(0)["prompt"] == "Hello"


def test_the_newest_entry_is_read_first_with_all_that_made_it(open_feedback, workspace, qtbot):
    keep(workspace, "a", model="old")
    keep(
        workspace, "b", "The capital is Paris.", correction="Paris.", comment="Too long",
        details={"messages": MESSAGES, "settings": {"temperature": 0.5, "seed": 7}, "backend": "torch",
                 "tokens_per_second": 2445.2129648575064},
    )  # fmt: skip
    panel = open_feedback()
    qtbot.waitUntil(lambda: "Made with" in panel.entries.detail.page.toPlainText())
    assert shown_ids(panel) == ["b", "a"]
    assert panel.entries.rows.row(0)["prompt"] == MESSAGES[0]["content"]
    text = panel.entries.detail.page.toPlainText()
    for words in (
        "What is the capital of France?",
        "The capital is Paris.",
        "Paris.",
        "Too long",
        "seed",
        "0.5",
        "2,445",
    ):
        assert words in text


def test_search_and_filters_choose_and_mark(open_feedback, workspace, qtbot):
    keep(workspace, "a", "Nothing to see", tags=("geo",))
    keep(workspace, "b", "A needle in the hay", model="large", thumbs=1)
    panel = open_feedback()
    qtbot.keyClicks(panel.filters.search, "need")
    qtbot.waitUntil(lambda: shown_ids(panel) == ["b"])
    panel.entries.table.selectRow(0)
    qtbot.waitUntil(lambda: len(panel.entries.detail.page.extraSelections()) == 1)
    assert panel.entries.count.text() == "1 of 2 entries"
    panel.filters.search.setText("nowhere")
    qtbot.waitUntil(lambda: panel.entries._pages.currentIndex() == 1)
    panel.filters.clear()
    qtbot.waitUntil(lambda: panel.entries.rows.total == 2)
    panel.filters.tag.set_value("geo")
    panel.filters.tag.edited.emit()
    qtbot.waitUntil(lambda: shown_ids(panel) == ["a"])


def test_a_click_on_a_title_sorts(open_feedback, workspace, qtbot):
    for name, score in (("a", 3), ("b", 5), ("c", 1)):
        keep(workspace, name, score=score)
    panel = open_feedback()
    panel.entries.table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: shown_ids(panel) == ["b", "a", "c"])


def test_a_hundred_thousand_rows_are_fetched_only_where_one_looks(open_feedback, workspace, qtbot):
    workspace.feedback.add_all(
        FeedbackRecord("text", "m", f"prompt {number}", "o", id=f"e{number}") for number in range(2_000)
    )
    panel = open_feedback()
    rows = panel.entries.rows
    qtbot.waitUntil(lambda: rows.total == 2_000)
    assert rows.row(1_000) is None
    panel.entries.table.scrollToBottom()
    qtbot.waitUntil(lambda: rows.row(1_999) is not None)
    assert rows.row(1_999)["id"] == "e0"


def test_what_is_deleted_comes_back_by_undo(open_feedback, workspace, qtbot):
    for name in "abc":
        keep(workspace, name, tags=(name,), score=3)
    before = workspace.feedback.get("b")
    panel = open_feedback()
    qtbot.waitUntil(lambda: panel.entries.rows.total == 3)
    panel.entries.table.selectRow(1)
    QTest.keyClick(panel.entries.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: panel.entries.rows.total == 2)
    assert panel.entries.undo.sentence.text() == "1 entry deleted."
    panel.entries.undo.undo.click()
    qtbot.waitUntil(lambda: panel.entries.rows.total == 3)
    assert workspace.feedback.get("b") == before
    assert not panel.entries.undo.isVisible()


def test_all_entries_can_go_and_come_back(open_feedback, workspace, qtbot):
    for name in "abc":
        keep(workspace, name)
    panel = open_feedback()
    qtbot.waitUntil(lambda: panel.entries.rows.total == 3)
    panel.entries.table.selectAll()
    panel.entries.delete_chosen()
    qtbot.waitUntil(lambda: workspace.feedback.count() == 0)
    qtbot.waitUntil(lambda: panel.entries.undo.isVisible())
    panel.entries.undo.undo.click()
    qtbot.waitUntil(lambda: panel.entries.rows.total == 3)


def test_a_rating_given_elsewhere_is_seen_at_once(open_feedback, workspace, qtbot):
    keep(workspace, "a")
    panel = open_feedback()
    qtbot.waitUntil(lambda: panel.entries.detail.entry == "a")
    workspace.feedback.update("a", thumbs=1)
    panel.studio.announce("feedback", "a")
    qtbot.waitUntil(lambda: panel.entries.rows.row(0)["thumbs"] == 1)
    qtbot.waitUntil(lambda: panel.entries.detail.bar.up.isChecked())


def test_a_text_of_ten_megabytes_is_shown_in_part(open_feedback, workspace, qtbot):
    keep(workspace, "a", "word " * 2_000_000)
    panel = open_feedback()
    qtbot.waitUntil(lambda: "The first 20,000 of 10,000,000" in panel.entries.detail.page.toPlainText(), timeout=10_000)


def test_an_imported_entry_cannot_be_replayed_and_says_why(open_feedback, workspace, qtbot):
    keep(workspace, "a")
    panel = open_feedback()
    qtbot.waitUntil(lambda: "Made with" in panel.entries.detail.page.toPlainText())
    replay = panel.entries.detail.replay
    assert not replay.go.isEnabled()
    assert "imported" in replay.go.toolTip()


def test_a_replay_says_whether_it_is_the_same(studio, engine, show, qtbot):
    from fmstudio.gui.feedback.replay import ReplayRow

    row = show(ReplayRow(studio), 400, 100)
    row.show_entry({"id": "a", "kind": "text", "details": {"settings": {}}})
    for same, sign in ((True, "✓"), (False, "✗")):
        row.go.click()
        job = engine.latest(REPLAY)
        told = recorded.finished(REPLAY, entry="a", same=same, output="x", model_changed=not same)
        studio.jobs.deliver([(job, Started()), (job, told)])
        assert row.verdict.text().startswith(sign)
    assert "model has changed" in row.verdict.text()


def test_an_entry_opens_in_the_playground(open_feedback, workspace, qtbot):
    keep(workspace, "a")
    panel = open_feedback(entry="a")
    asked = []
    panel.studio.navigation_requested.connect(lambda name, what: asked.append((name, what)))
    qtbot.waitUntil(lambda: panel.entries.detail.replay.play.isVisible())
    panel.entries.detail.replay.play.click()
    assert asked == [("playground", {"entry": "a"})]


def test_statistics_tell_over_time_and_by_model_and_lead_to_the_entries(open_feedback, workspace, qtbot):
    keep(workspace, "a", thumbs=1, model="good")
    keep(workspace, "b", thumbs=-1, score=2, model="bad")
    panel = open_feedback(view="statistics")
    qtbot.waitUntil(lambda: len(panel.statistics.models.rows) == 2)
    assert "thumbs up 50 % (9 % to 91 %)" in panel.statistics.sentence.text()
    assert "thumbs up 100%, between 21% and 100%" in panel.statistics.models.accessibleDescription()
    assert panel.statistics.counts._words[0] == "2026-01-01: 1 rated, 1 up, 0 down"
    panel.grab()
    panel.statistics.model_chosen.emit("bad")
    qtbot.waitUntil(lambda: shown_ids(panel) == ["b"])


def test_what_is_exported_is_previewed_and_written(open_feedback, workspace, qtbot, tmp_path):
    keep(workspace, "a", "Rome", correction="Paris")
    keep(workspace, "b", "Unrated")
    panel = open_feedback()
    qtbot.waitUntil(panel.export_button.isEnabled)
    panel.export_button.click()
    dialog = panel.dialog
    qtbot.waitUntil(lambda: dialog.count.text() == "1 line to be written")
    assert '"completion": "Paris"' in dialog.first.toPlainText()
    assert "1 – not rated yet" in dialog.left_out.text()
    dialog.format.button("preferences").click()
    qtbot.waitUntil(lambda: '"rejected": "Rome"' in dialog.first.toPlainText())
    dialog.export(tmp_path / "out.jsonl")
    qtbot.waitUntil(lambda: dialog.told.text() == "1 line written to out.jsonl.")
    assert json.loads((tmp_path / "out.jsonl").read_text())["chosen"] == "Paris"
    dialog.export(tmp_path / "out.jsonl" / "below.jsonl")
    qtbot.waitUntil(lambda: dialog.error.showing)
    dialog.accept()


def test_training_data_is_previewed_made_and_trained_on(open_feedback, workspace, qtbot):
    about = {"details": {"messages": MESSAGES}}
    keep(workspace, "a", "Rome", correction="Paris", **about)
    keep(workspace, "b", "Unrated", **about)
    panel = open_feedback()
    panel.primary_action.trigger()
    dialog = panel.making
    qtbot.waitUntil(lambda: dialog.count.text() == "1 conversation")
    assert dialog.first.toPlainText() == "User\nWhat is the capital of France?\n\nAssistant\nParis"
    assert "1 – not rated yet" in dialog.left_out.text()
    dialog.kind.button("preferences").click()
    qtbot.waitUntil(lambda: dialog.count.text() == "1 pair")
    assert dialog.name.value() == "feedback-preferences"
    dialog.go.click()
    qtbot.waitUntil(dialog.made.isVisible)
    assert dialog.made.told.text() == "“feedback-preferences” is here: 1 pair."
    assert workspace.dataset("feedback-preferences").items == 1
    asked = []
    panel.studio.navigation_requested.connect(lambda name, what: asked.append((name, what)))
    dialog.made.train.click()
    assert asked == [("train", {"dataset": "feedback-preferences"})]


def test_where_nothing_was_rated_no_training_data_can_be_made(open_feedback, workspace, qtbot):
    keep(workspace, "a", details={"messages": MESSAGES})
    panel = open_feedback()
    panel.primary_action.trigger()
    dialog = panel.making
    qtbot.waitUntil(lambda: "rate or correct some outputs first" in dialog.count.text())
    assert not dialog.go.isEnabled()
    dialog.accept()


def test_a_dropped_file_is_imported_and_its_bad_lines_listed(open_feedback, workspace, qtbot, tmp_path):
    panel = open_feedback()
    path = tmp_path / "in.jsonl"
    path.write_text('{"prompt": "Hi", "completion": "Hello"}\n{oops\n')
    assert panel.accepts([path])
    assert not panel.accepts([tmp_path / "in.txt"])
    panel.dropped([path])
    qtbot.waitUntil(panel.report.isVisible)
    assert panel.report.sentence.text() == "1 entry imported from in.jsonl; 1 line could not be read."
    assert panel.report.lines.toPlainText().startswith("Line 2: It is not JSON")
    qtbot.waitUntil(lambda: panel.entries.rows.total == 1)
    assert workspace.feedback.count(FeedbackFilter(rating="up")) == 1
    panel.dropped([tmp_path / "gone.jsonl"])
    qtbot.waitUntil(lambda: panel.error.showing)


def test_the_switch_of_the_log_is_the_one_of_the_settings(open_feedback, real_studio):
    panel = open_feedback()
    panel.logging.click()
    assert not logging_on(real_studio)
    assert "off" in panel.logging_words.text()
    real_studio.preferences.save()
    assert Preferences(real_studio.preferences.path).logging is False
    real_studio.preferences.set(LOGGING, True)
    assert panel.logging.isChecked()
