"""What an adapter answers to the same questions as its base, side by side, at whichever validation one asks for."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from fmstudio.gui.runs.state import RunState
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import discard, hbox, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import label, rule

NOTHING = "(nothing)"
LATEST = -1


class RunAnswers(QWidget):
    """A row a question: the question, the base's answer, the present one. It follows the latest until one chooses."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("run-answers")
        self.setAccessibleName("Answers of the base and of what has become of it")
        self._theme = theme
        self._run: RunState | None = None
        self._shown: tuple[object, ...] = ()
        self.step = ChoiceField("answers-step", "Answers of which step", [])
        self.step.edited.connect(self._draw)
        self._area = QScrollArea()
        self._area.setObjectName("answers-scroll")
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(QWidget())
        about = label("The same held-back questions each time.", "caption", "answers-about", wrap=True)
        self.setLayout(vbox(hbox((about, 1), self.step), (self._area, 1), gap=4, margins=(12, 6, 6, 6)))

    def set_run(self, run: RunState | None) -> None:
        """Show a run's answers from now on."""
        if self._run is not None:
            self._run.changed.disconnect(self._hear)
        self._run = run
        self.step.clear()
        if run is not None:
            run.changed.connect(self._hear)
            self._hear("sample")

    def _hear(self, what: str) -> None:
        if what != "sample" or self._run is None:
            return
        steps = sorted(self._run.answers)
        chosen = self.step.value()
        following = chosen is None or chosen == LATEST
        self.step.clear()
        if steps:
            self.step.addItem(f"Latest: step {steps[-1]:,}", LATEST)
        for step in reversed(steps[:-1]):
            self.step.addItem(f"Step {step:,}", step)
        self.step.set_value(LATEST if following else chosen) if steps else None
        self._draw()

    def _draw(self) -> None:
        answers = self._run.answers if self._run else {}
        chosen = self.step.value()
        step = max(answers, default=0) if chosen in (None, LATEST) else chosen
        rows = answers.get(step, [])
        if (step, rows) == self._shown:
            return
        self._shown = (step, rows)
        place = self._area.verticalScrollBar().value()
        before = self._area.takeWidget()
        self._area.setWidget(self._made(step, rows))
        discard(before)
        self._area.verticalScrollBar().setValue(place)

    def _made(self, step: int, rows: list[dict[str, str]]) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        for column, (title, share) in enumerate((("Question", 3), ("Base", 4), (f"At step {step:,}", 4))):
            grid.addWidget(label(title, "caption"), 0, column)
            grid.setColumnStretch(column, share)
        for number, row in enumerate(rows):
            grid.addWidget(rule(), 2 * number + 1, 0, 1, 3)
            for column, part in enumerate(("question", "base", "now")):
                text = str(row.get(part, "")) or NOTHING
                role = "secondary" if column == 0 or text == NOTHING else "body"
                cell = label(text, role, f"answer-{number}-{part}", wrap=True)
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                cell.setAlignment(Qt.AlignmentFlag.AlignTop)
                grid.addWidget(cell, 2 * number + 2, column)
        grid.setRowStretch(2 * len(rows) + 1, 1)
        return table
