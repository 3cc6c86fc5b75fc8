"""Answers that rules reward, as one sees them while a model learns from them."""

import pytest

from fmstudio.jobs import Sample


def group(step, rewards=(0.5, 1.0, 1.0, 1.0)):
    """What a step of reinforcement shows: two answers to each of two prompts."""
    rows = [
        {
            "prompt": prompt, "answer": f"Answer {number} at {step}" if number else "", "ended": bool(number),
            "rewards": {"short_answer": reward, "ended": float(bool(number))}, "reward": reward + bool(number),
            "advantage": reward - 0.75 if number < 2 else 0.0,
        }
        for number, (prompt, reward) in enumerate(zip(("Why?", "Why?", "When?", "When?"), rewards, strict=True))
    ]  # fmt: skip
    return Sample("group", "table", rows, step)


@pytest.fixture
def rewarded(train):
    """The panel with a run that is rewarded, after two steps, and its job."""
    job = train.begin("rewarded")
    train.tell(job, group(1), group(2))
    return train, job


def cells(groups):
    model = groups.table.model()
    return [[model.index(row, column).data() for column in range(model.columnCount())]
            for row in range(model.rowCount())]  # fmt: skip


def test_answers_stand_with_what_each_rule_gave_them(rewarded):
    train, _ = rewarded
    view = train.panel.view
    assert view.tabs.isTabVisible(view.tabs.indexOf(view.groups))
    titles = [view.groups.table.model().headerData(column, view.groups.table.horizontalHeader().orientation())
              for column in range(6)]  # fmt: skip
    assert titles == ["Prompt", "Answer", "Short answer", "Ended", "Reward", "Advantage"]
    assert cells(view.groups) == [
        ["Why?", "(nothing)", "0.50", "0", "0.500", "-0.25"],
        ["", "Answer 1 at 2", "1.0", "1.0", "2.00", "+0.25"],
        ["When?", "Answer 2 at 2", "1.0", "1.0", "2.00", "+0.00"],
        ["", "Answer 3 at 2", "1.0", "1.0", "2.00", "+0.00"],
    ]
    assert view.groups.about.text().startswith("4 answers to 2 prompts, rewarded 1.62 on average.")


def test_an_earlier_step_stays_in_sight_while_others_come(rewarded):
    train, job = rewarded
    groups = train.panel.view.groups
    groups.step.set_value(1)
    groups.step.edited.emit()
    train.tell(job, group(3))
    assert cells(groups)[1][1] == "Answer 1 at 1"
    assert groups.step.itemText(0) == "Latest: step 3"
    groups.step.set_value(-1)
    groups.step.edited.emit()
    assert cells(groups)[1][1] == "Answer 1 at 3"


def test_runs_without_rewards_have_no_such_page(train):
    train.begin("plays")
    view = train.panel.view
    assert not view.tabs.isTabVisible(view.tabs.indexOf(view.groups))
