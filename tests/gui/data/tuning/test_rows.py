"""Datasets to fine-tune on in the window: a row as the model reads it, and what training would find, by real jobs."""

import json

import pytest

from fmstudio.data import importing
from fmstudio.gui.data.panel import DataPanel
from fmstudio.jobs import JobContext
from tests.driving import run_job
from tests.gui.data.hands import click, text
from tests.talks import TALKS, add_talks

PATIENCE = 30_000  # milliseconds; a wait ends as soon as what it waits for is there
PAIR = {"prompt": "What is a dog?", "chosen": "A cat.", "rejected": "The house is a hat."}


@pytest.fixture
def wait(qtbot):
    return lambda condition: qtbot.waitUntil(condition, timeout=PATIENCE)


@pytest.fixture
def panel(show, real_studio, workspace, tmp_path, wait):
    """Data on eight conversations, with a small model that takes turns."""
    add_talks(workspace, tmp_path)
    made = show(DataPanel(real_studio))
    made.shown(dataset="talks")
    wait(lambda: text(made, "reading-place") == "1 of 8")
    return made


def looks(view):
    """What the tokens of a look say."""
    found: dict[str, str] = {}
    for token in view.tokens._canvas.tokens:
        found[token["look"]] = found.get(token["look"], "") + token["text"]
    return found


def test_a_row_is_shown_as_the_model_reads_it(panel, wait, qtbot):
    click(panel, "data-view-read")
    row = panel.dataset.row
    wait(row.texts[0].isVisible)
    shown = looks(row.texts[0])
    assert shown["learnt"] == "It lasts 2 years.The cat sat on a mat."
    assert shown["end"] == "<|im_end|><|im_end|>"
    assert "How long does a mat last?" in shown["read"]
    assert set(shown["mark"].split("<|im_start|>")) <= {"", "<|im_end|>"}
    assert "learnt" in row.texts[0].caption.text()
    assert "the model is to say this" in row.texts[0].tokens.describe(
        next(place for place, token in enumerate(row.texts[0].tokens._canvas.tokens) if token["look"] == "learnt")
    )
    click(panel, "row-turns-last")
    wait(lambda: looks(row.texts[0])["learnt"] == "The cat sat on a mat.")
    assert not row.texts[1].isVisible()


def test_one_goes_from_row_to_row_and_the_preview_follows(panel, wait):
    click(panel, "data-view-read")
    row = panel.dataset.row
    wait(row.texts[0].isVisible)
    assert (text(panel, "row-of"), row.previous.isEnabled()) == ("of 8", False)
    click(panel, "row-next")
    wait(lambda: "a dog last?" in looks(row.texts[0])["read"])
    row.number.set_value(8)
    row.number.edited.emit()
    wait(lambda: "a year last?" in looks(row.texts[0])["read"])
    assert not row.next.isEnabled()
    click(panel, "data-view-preview")
    wait(lambda: text(panel, "reading-place") == "8 of 8")
    panel.dataset.preview._choose(2)
    wait(lambda: text(panel, "reading-place") == "3 of 8")
    click(panel, "data-view-read")
    wait(lambda: "the hat last?" in looks(row.texts[0])["read"])


def test_both_answers_of_a_pair_stand_beside_each_other(panel, workspace, tmp_path, wait, real_studio):
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(PAIR))
    run_job(importing.add(JobContext(), workspace, [str(path)], "pairs", kind="preferences"))
    panel.shown(dataset="pairs", view="read")
    row = panel.dataset.row
    wait(row.texts[1].isVisible)
    assert [view.title.text() for view in row.texts] == ["Chosen", "Rejected"]
    assert [looks(view)["learnt"] for view in row.texts] == ["A cat.", "The house is a hat."]
    assert not row.bar.turns.isVisible()


def test_what_training_would_find_leads_to_its_rows(panel, workspace, tmp_path, wait):
    path = tmp_path / "again.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*TALKS, TALKS[3]]))
    run_job(importing.add(JobContext(), workspace, [str(path)], "again", kind="instructions"))
    panel.shown(dataset="again", view="survey")
    survey = panel.dataset.survey
    wait(lambda: text(panel, "survey-rows") == "9")
    assert text(panel, "survey-sentence") == "Every row fits, and something is learnt of each."
    assert text(panel, "survey-again") == "1"
    assert survey.roles.shares.summary().count("50 %") == 2
    assert sum(survey.histogram.counts) == 9
    listed = survey.findings.rows.rows
    assert [(row["row"], row["why"]) for row in listed] == [(8, "the same as row 4")]
    survey.length.set_value(16)
    survey.length.edited.emit()
    wait(lambda: "would be left out; none is ever cut." in text(panel, "survey-sentence"))
    assert len(survey.findings.rows.rows) == 10
    survey.findings.table.clicked.emit(survey.findings.rows.index(4, 0))
    wait(lambda: "a cat last?" in looks(panel.dataset.row.texts[0]).get("read", ""))
    assert panel.dataset.view_choice.value() == "read"


def test_where_no_model_is_here_it_says_so_and_leads_to_the_catalogue(show, real_studio, workspace, tmp_path, wait):
    path = tmp_path / "talks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in TALKS))
    run_job(importing.add(JobContext(), workspace, [str(path)], "talks", kind="instructions"))
    panel = show(DataPanel(real_studio))
    panel.shown(dataset="talks", view="read")
    wait(panel.dataset.row.catalogue.isVisible)
    assert text(panel, "row-nothing") == "There is no language model here yet that could read this row."
    went = []
    real_studio.navigation_requested.connect(lambda name, what: went.append((name, what)))
    click(panel, "row-catalogue")
    assert went == [("data", {"catalogue": True})]
    panel.dataset.look_at("survey")
    wait(lambda: text(panel, "survey-progress") == "There is no language model here yet that could read the rows.")
