"""Tasks: one model, an adapter for each task, and the table of who can do what."""

from collections.abc import Mapping
from typing import Any

from fmstudio.gui.panel import Panel, PrimaryAction, Step
from fmstudio.gui.studio import Studio
from fmstudio.gui.tasks.answers import TaskAnswers
from fmstudio.gui.tasks.cards import TaskCards
from fmstudio.gui.tasks.jobs import ANSWERS, BASE, COMPARE, TABLE
from fmstudio.gui.tasks.matrix import TaskMatrix
from fmstudio.gui.widgets.boxes import boxed, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import label, scroll_area
from fmstudio.jobs import Priority, Progress

_BEFORE = (
    "Each task is learnt by a small adapter of its own beside the starter model, in a few minutes. Then the base and "
    "every adapter answer the same questions of all tasks, none of which was in training. What is done is kept, so it "
    "can be stopped at any time and goes on where it was."
)

_MEASURE = "share of questions answered right, with its 95 % interval; a stroke marks the base"


class TasksPanel(Panel):
    """Above the tasks, below them the table, and the answers behind the cell that is looked at."""

    name = "tasks"
    title = "Tasks"
    summary = "Adapt one model to several tasks, and see what each adapter brings."
    icon = "mdi6.format-list-checks"
    chapter = "adaptation"
    order = 35
    commands = (("Teach one model several tasks", "mdi6.format-list-checks", "act"),)
    begin = Step(
        "Teach one model three tasks",
        "Three small adapters on the starter model, each for a task of its own, and a table of what they bring.",
        "Open the tasks",
        "mdi6.format-list-checks",
        until=("run:instructions", "run:preferences"),
    )

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.found: Mapping[str, Any] = {}
        self.chosen: dict[str, Any] = {}
        self.work = JobFollower(self, studio, COMPARE, "waits", title="Many tasks, one model",
                                priority=Priority.BACKGROUND)  # fmt: skip
        self.table = JobFollower(self, studio, TABLE)
        self.question = JobFollower(self, studio, ANSWERS)
        self.start = self.primary_action = PrimaryAction("Teach and compare", "mdi6.play", self, "teach-tasks")
        self.start.refuse("Looking for what is there…")
        self.error = ErrorBox(self.theme, "tasks-error")
        self.cards = TaskCards(self.theme, self._open_run)
        self.matrix = TaskMatrix(self.theme)
        self.told = label(_BEFORE, "secondary", "tasks-told", wrap=True)
        self.answers = TaskAnswers(self.theme)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.who = Card("Who can do what", "tasks-table", _MEASURE)
        self.who.body.addWidget(self.matrix)
        content = boxed(vbox(self.error, self.told, self.cards, self.who, self.answers, ..., gap=16))
        self.setLayout(vbox(scroll_area(content, "tasks-scroll")))

    def _connect(self) -> None:
        self.start.triggered.connect(self.act)
        self.matrix.chosen.connect(self._look_behind)
        self.work.sampled.connect(self._sampled)
        self.work.progressed.connect(self._progressed)
        self.work.ended.connect(self._judge)
        self.work.busy_changed.connect(lambda _busy: self._judge())
        self.table.answered.connect(self._take)
        self.question.answered.connect(self._show_answers)
        for each in (self.work, self.table, self.question):
            each.failed.connect(self.error.show_error)
        self.studio.workspace_changed.connect(self._changed)

    # Coming and going.

    def shown(self, **what: Any) -> None:
        """What is compared can be given, as the job takes it: `base`, `tasks`, `rows`, `changes`."""
        if not self.work.busy:
            self.chosen = what or self.chosen
            self.table.ask(**self.chosen)

    def _changed(self, kind: str, _name: str) -> None:
        if kind in ("run", "model") and self.isVisible() and not self.work.busy:
            self.table.ask(**self.chosen)

    def act(self) -> None:
        """Begin, or go on; while it works, stop and keep what there is."""
        if self.work.busy:
            self.work.stop()
        else:
            self.error.clear()
            self.work.ask(**self.chosen)
        self._judge()

    # What comes.

    def _sampled(self, sample: Any) -> None:
        if sample.name == "tasks":
            self._take(sample.data)

    def _take(self, found: Mapping[str, Any]) -> None:
        self.found = found
        self.cards.show_tasks(found)
        self.matrix.show_table(found)
        told = "\n".join(found["sentences"])
        self.told.setText(told or _BEFORE)
        self._judge()

    def _progressed(self, progress: Progress) -> None:
        if progress.message:
            self.who.set_caption(progress.message)

    def _judge(self) -> None:
        busy = self.work.busy
        if not busy:
            self.who.set_caption(_MEASURE)
        self.start.icon_name = "mdi6.stop" if busy else "mdi6.play"
        self.start.setText("Stop here" if busy else "Teach and compare")
        if not busy and self.found and _is_whole(self.found):
            self.start.refuse("Everything is trained and asked; delete an adapter to train it anew.")
        elif self.found or busy:
            self.start.allow()

    # The answers behind a cell.

    def _look_behind(self, who: str, task: str) -> None:
        self.matrix.mark(who, task)
        others = {name: value for name, value in self.chosen.items() if name != "tasks"}
        self.question.ask(model=who, task=task, **others)

    def _show_answers(self, found: Mapping[str, Any]) -> None:
        title = next(task["title"] for task in self.found["tasks"] if task["name"] == found["task"])
        names = {model["who"]: model["model"] for model in self.found["models"]}
        self.answers.show_answers(found, title, (names[BASE], names[found["model"]]))

    def _open_run(self, run: str) -> None:
        self.studio.navigate("train", run=run)


def _is_whole(found: Mapping[str, Any]) -> bool:
    asked = {task["name"]: task["rows"] for task in found["tasks"]}
    cells = [cell for cell in found["cells"] if cell["of"] == asked[cell["task"]]]
    return len(cells) == len(found["models"]) * len(found["tasks"])
