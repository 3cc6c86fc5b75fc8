"""The answers that a model is rewarded for: what each rule gave every one of them, and how far it is ahead."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from fmstudio.gui import formatting
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.theme import Theme
from fmstudio.gui.train.steps import NOTHING, OfSteps, Rows
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.lists.table import Column, GivenRows, TableView
from fmstudio.wording import plural

LINE = 28
_NARROW, _PROMPT = 84, 148


class RunGroups(OfSteps):
    """Answers of a step, those to one prompt together."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("groups", "Answers with their rewards")
        self.about = label("", "caption", "groups-about", wrap=True)
        self._rows = GivenRows((), theme)
        self.table = TableView(self._rows, "groups-table", "Answers with their rewards", LINE)
        self.setLayout(vbox(hbox((self.about, 1), self.step), (self.table, 1), gap=4, margins=(12, 6, 6, 6)))

    def rows_of(self, run: RunState) -> Mapping[int, Rows]:
        """The groups of answers."""
        return run.groups

    def show_step(self, step: int, rows: Rows) -> None:
        """As a table, with a sentence above it."""
        self.about.setText(_about(rows))
        self._rows.show(_told(rows), _columns(rows))


def _about(rows: Rows) -> str:
    """What one looks at, in a sentence."""
    if not rows:
        return ""
    prompts = sum(row["first"] for row in _told(rows))
    mean = sum(row["reward"] for row in rows) / len(rows)
    return (
        f"{plural(len(rows), 'answer')} to {plural(prompts, 'prompt')}, rewarded {formatting.number(mean)} on average. "
        "What got more than the others to its prompt becomes likelier."
    )


def _told(rows: Rows) -> list[dict[str, Any]]:
    """The rows with whether each is the first of its prompt."""
    before = [None, *(row["prompt"] for row in rows)]
    return [{**row, "first": row["prompt"] != prompt} for row, prompt in zip(rows, before, strict=False)]


def _columns(rows: Rows) -> list[Column]:
    rules = list(rows[0]["rewards"]) if rows else []
    return [
        Column("Prompt", lambda row: row["prompt"] if row["first"] else "", _PROMPT),
        Column("Answer", lambda row: row["answer"] or NOTHING),
        *(Column(name.replace("_", " ").capitalize(), partial(_given, name), _width(name), right=True,
                 help="What the rule gave: from 0 to 1, where it is kept.") for name in rules),
        Column("Reward", lambda row: formatting.number(row["reward"]), _NARROW, right=True,
               help="The sum of the rules, each by its weight."),
        Column("Advantage", lambda row: f"{row['advantage']:+.2f}", _NARROW, right=True,
               token=lambda row: "accent" if row["advantage"] > 0 else "secondary",
               help="How far an answer is ahead of the others to its prompt: above 0 it becomes likelier."),
    ]  # fmt: skip


def _given(name: str, row: dict[str, Any]) -> str:
    return formatting.number(row["rewards"][name], 2)


def _width(name: str) -> int:
    """A title's letters, and room beside them."""
    return max(_NARROW, 8 * len(name) + 24)
