"""Cleaning in the Data panel: first one sees, then one removes."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from fmstudio.gui.data.jobs import APPLY, REVIEW
from tests.gui import recorded
from tests.gui.data.hands import answer, asked, click, end, text
from tests.gui.recorded import changed


def found(**counts):
    """A real review, had it found so many documents by each rule."""
    told = recorded.answer(REVIEW)
    (example,) = told["encoding"]["examples"]

    def finding(rule, count):
        examples = [
            changed(example, index=n, title=f"{rule} {n}", before="cafÃ© here", after="café here")
            for n in range(min(2, count))
        ]
        return changed(told[rule], count=count, bytes=count * 100, examples=examples)

    return {rule: finding(rule, counts.get(rule, 0)) for rule in told}


def test_nothing_can_be_removed_before_it_was_seen(panel, engine):
    click(panel, "data-view-clean")
    assert panel.dataset.cleaning.invitation.isVisible()
    assert panel.dataset.cleaning.refusal() == "Review the rules first."
    panel.dataset.cleaning.apply()
    assert APPLY not in engine.targets()


def test_a_review_shows_what_each_rule_would_do(panel, studio, engine):
    click(panel, "data-view-clean")
    click(panel, "cleaning-review")
    assert asked(engine, REVIEW)["dataset"] == "plays"
    assert asked(engine, REVIEW)["rules"]["minimum_characters"] == 50
    answer(studio, engine, REVIEW, found(encoding=1, length=3, near_duplicates=400))
    assert text(panel, "finding-length-amount") == "3 documents removed"
    assert text(panel, "finding-encoding-amount") == "1 document changed"
    assert text(panel, "finding-symbols-amount") == "None"
    assert text(panel, "findings-remainder") == "3,077 of 3,480 documents stay, 5.02 MB of 5.06 MB; 1 repaired."
    assert text(panel, "example-place") == "Example 1 of 1"
    panel.dataset.cleaning.findings.rows["length"].clicked.emit()
    assert text(panel, "example-title") == "length 0"
    click(panel, "example-forth")
    assert text(panel, "example-title") == "length 1"


def test_differences_are_marked_by_more_than_colour(panel, studio, engine):
    click(panel, "data-view-clean")
    click(panel, "cleaning-review")
    answer(studio, engine, REVIEW, found(encoding=1))
    before, after = (
        panel.dataset.cleaning.findings.examples.before.text,
        panel.dataset.cleaning.findings.examples.after.text,
    )
    assert (before.toPlainText(), after.toPlainText()) == ("cafÃ© here", "café here")
    assert "line-through" in before.toHtml()
    assert "underline" in after.toHtml()


def test_applying_makes_a_new_dataset_of_the_reviewed_rules(panel, studio, engine, put):
    click(panel, "data-view-clean")
    click(panel, "cleaning-review")
    answer(studio, engine, REVIEW, found(length=3))
    click(panel, "cleaning-apply")
    arguments = asked(engine, APPLY)
    assert (arguments["dataset"], arguments["name"]) == ("plays", "plays-clean")
    assert arguments["rules"] == asked(engine, REVIEW)["rules"]
    put("plays-clean", 3477, 5_000_000, made_from="plays")
    end(studio, engine, APPLY, dataset="plays-clean", documents=3477, bytes=5_000_000)
    assert text(panel, "cleaning-done") == "“plays-clean” is here: 3,477 documents, 5.00 MB."
    click(panel, "cleaning-open")
    assert text(panel, "dataset-heading") == "plays-clean"
    assert "Cleaned from plays" in text(panel, "dataset-facts")


def test_other_rules_want_another_review(panel, studio, engine):
    click(panel, "data-view-clean")
    click(panel, "cleaning-review")
    answer(studio, engine, REVIEW, found(length=3))
    rule = panel.dataset.cleaning.rules.rows["minimum_characters"]
    rule.editor.set_value(80)
    rule.editor.edited.emit()
    assert not panel.findChild(QAbstractButton, "cleaning-apply").isEnabled()
    assert text(panel, "cleaning-why-not") == "The rules have changed; review them again."


def test_rules_that_find_nothing_leave_nothing_to_apply(panel, studio, engine):
    click(panel, "data-view-clean")
    click(panel, "cleaning-review")
    answer(studio, engine, REVIEW, found())
    assert text(panel, "findings-remainder") == "All 3,480 documents stay as they are."
    assert text(panel, "cleaning-why-not") == "There is nothing to clean."


def test_a_rule_out_of_range_is_said_at_the_rule(panel):
    click(panel, "data-view-clean")
    rule = panel.dataset.cleaning.rules.rows["maximum_symbols"]
    rule.editor.set_value(7)
    rule.editor.edited.emit()
    assert rule.error == "Most symbols must be a number from 0 to 1."
    assert not panel.findChild(QAbstractButton, "cleaning-review").isEnabled()


def test_ctrl_enter_reviews_and_then_applies(panel, studio, engine):
    click(panel, "data-view-clean")
    field = panel.dataset.cleaning.rules.rows["minimum_characters"].editor
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    answer(studio, engine, REVIEW, found(length=3))
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert engine.targets()[-1] == APPLY


def test_what_was_reviewed_of_one_dataset_is_not_applied_to_another(panel, studio, engine):
    click(panel, "data-view-clean")
    click(panel, "cleaning-review")
    answer(studio, engine, REVIEW, found(length=3))
    panel.open_dataset("notes")
    assert panel.dataset.cleaning.refusal() == "Review the rules first."
