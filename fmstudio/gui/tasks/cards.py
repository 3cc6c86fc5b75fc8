"""A task in a card: what is asked, an example of it, when an answer is right, and how far its adapter is."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import empty, hbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import button, label


class TaskCards(QWidget):
    """The tasks side by side; each card is filled anew when a table comes."""

    def __init__(self, theme: Theme, open_run: Callable[[str], None]) -> None:
        """open_run(run): a person wants to see how an adapter was trained."""
        super().__init__()
        self.setObjectName("task-cards")
        self._theme, self._open_run = theme, open_run
        self._cards: dict[str, TaskCard] = {}
        self._beside = hbox(gap=16)
        self.setLayout(self._beside)

    def show_tasks(self, found: Mapping[str, Any]) -> None:
        """Show the tasks of a table."""
        if list(self._cards) != [task["name"] for task in found["tasks"]]:
            empty(self._beside)
            self._cards = {task["name"]: TaskCard(task, self._theme, self._open_run) for task in found["tasks"]}
            for card in self._cards.values():
                self._beside.addWidget(card, 1)
        for model in found["models"]:
            if model["who"] in self._cards:
                self._cards[model["who"]].show_adapter(model, found["doing"] == model["who"])

    def card(self, name: str) -> "TaskCard":
        """The card of a task."""
        return self._cards[name]


class TaskCard(Card):
    """One task."""

    def __init__(self, task: Mapping[str, Any], theme: Theme, open_run: Callable[[str], None]) -> None:
        name = f"task-{task['name']}"
        super().__init__(task["title"], name)
        self._run = ""
        asked = task["example"]["asked"].split("\n\n")[-1]
        self.body.setSpacing(8)
        self.body.addWidget(label(task["description"], "secondary", f"{name}-about", wrap=True))
        example = label(f"{asked}\n→ {task['example']['expected']}", "mono", f"{name}-example", wrap=True)
        self.body.addWidget(example)
        rule = label(f"Right is {task['rule']}.", "caption", f"{name}-rule", wrap=True)
        rule.setToolTip(f"<p>Nobody has trained on what is asked: the questions have {task['held_back']}.</p>")
        self.body.addWidget(rule)
        self.body.addStretch(1)
        self.state = label("", "caption", f"{name}-state", wrap=True)
        self.see = button("See how it learnt", f"{name}-see", theme, "mdi6.chart-line", "quiet",
                          lambda: open_run(self._run))  # fmt: skip
        self.body.addWidget(self.state)
        self.body.addLayout(hbox(self.see, ..., margins=(-8, 0, 0, 0)))
        self.see.hide()

    def show_adapter(self, model: Mapping[str, Any], training: bool) -> None:
        """Say how far its adapter is."""
        self._run = model["run"]
        self.see.setVisible(bool(self._run))
        if training:
            self.state.setText("Its adapter is being trained…")
        elif model["wall"]:
            took = f"{formatting.duration(model['wall'])}, {formatting.duration(model['cpu'])} of processor time"
            self.state.setText(f"Adapter “{model['model']}”, trained in {took}")
        else:
            self.state.setText(f"Adapter “{model['model']}”" if model["model"] else "It has no adapter yet.")
