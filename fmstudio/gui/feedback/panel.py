"""Feedback: what people thought of outputs, to read, to search, to learn from and to train on."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout

from fmstudio.gui.feedback.entries import FeedbackEntries
from fmstudio.gui.feedback.exporting import ExportDialog
from fmstudio.gui.feedback.filters import FeedbackFilters
from fmstudio.gui.feedback.importing import ENDINGS, ImportReport
from fmstudio.gui.feedback.making import MakingDialog
from fmstudio.gui.feedback.statistics import FeedbackStatistics
from fmstudio.gui.panel import Panel, PrimaryAction, Step
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, stack, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.jobs import CHOICES, LOGGING, PROMISE, logging_on
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.switch import Switch

VIEWS = (("entries", "Entries"), ("statistics", "Statistics"))


class FeedbackPanel(Panel):
    """Two views of the same choice of entries."""

    name = "feedback"
    title = "Feedback"
    summary = "What you thought of outputs: read it, compare models by it, and make training data of it."
    icon = "mdi6.thumbs-up-down-outline"
    chapter = "feedback"
    order = 60
    opens = {"feedback": {"entry": "*"}}
    commands = (
        ("Make training data of feedback", "mdi6.database-plus-outline", "make"),
        ("Export feedback", "mdi6.export-variant", "export"),
        ("Import feedback", "mdi6.import", "report.choose_file"),
    )
    begin = Step(
        "Say what you think of the answers",
        "Thumbs, a score, tags, a correction: what you judge is kept here, and shows where a model must get better.",
        "Judge outputs",
        "mdi6.thumbs-up-down-outline",
    )

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.view_choice = Segments(VIEWS, "feedback-view", "What to look at")
        self.filters = FeedbackFilters(studio.theme)
        self.entries = FeedbackEntries(studio, self.filters)
        self.statistics = FeedbackStatistics(studio)
        self.report = ImportReport(studio)
        self.error = ErrorBox(studio.theme, "feedback-import-error")
        self._choices = JobFollower(self, studio, CHOICES)
        self.act = self.primary_action = PrimaryAction(
            "Make training data…", "mdi6.database-plus-outline", self, "feedback-make-go"
        )
        self.export_button = button("Export…", "feedback-export-go", studio.theme, "mdi6.export-variant")
        self.import_button = button(
            "Import…", "feedback-import-go", studio.theme, "mdi6.import", clicked=self.report.choose_file
        )
        self.header_controls = [self.import_button, self.export_button]
        self._dirty = True
        self._lay_out()
        self._connect()
        self._judge()

    def _lay_out(self) -> None:
        self._views = stack("feedback-views", self.entries, self.statistics)
        content = boxed(vbox(self.filters, (self._views, 1), gap=12))
        self._pages = stack("feedback-pages", content, self._empty())
        self.setLayout(vbox(self._top(), self.error, self.report, (self._pages, 1), gap=12))

    def _top(self) -> QHBoxLayout:
        """The views at the left, the switch of the log at the right."""
        self.logging = Switch(self.theme, "feedback-logging", "Keep outputs and ratings in the feedback log")
        self.logging.setToolTip(PROMISE)
        self.logging.setChecked(logging_on(self.studio))
        self.logging_words = label("", "caption", "feedback-logging-words")
        row = hbox(self.view_choice, ..., self.logging_words, (self.logging, 0, Qt.AlignmentFlag.AlignVCenter))
        self._say_logging()
        return row

    def _empty(self) -> EmptyState:
        empty = EmptyState(
            self.theme, "mdi6.thumbs-up-down-outline", "No feedback yet",
            "Ask a model something in the playground, or let one draw, and say what you think of the output: thumbs, "
            "a score, tags, a correction. It is kept here, on this machine.", "feedback-empty",
        )  # fmt: skip
        empty.add_button("Go to the playground", "feedback-begin", self._to_playground, "mdi6.message-text-outline")
        empty.add_button("Import a file…", "feedback-begin-import", self.report.choose_file, "mdi6.import")
        return empty

    def _connect(self) -> None:
        self.act.triggered.connect(self.make)
        self.export_button.clicked.connect(self.export)
        self.view_choice.changed.connect(self.look_at)
        self.filters.changed.connect(self._look)
        self.entries.counted.connect(self._judge)
        self.statistics.model_chosen.connect(self._read_model)
        self.report.failed.connect(self.error.show_error)
        self.logging.clicked.connect(self._switch_logging)
        self.studio.preferences.changed.connect(self._follow)
        self.studio.workspace_changed.connect(self._workspace_changed)
        self._choices.answered.connect(self.filters.offer)

    # Coming and going.

    def shown(self, **what: Any) -> None:
        """`entry` shows that entry; `model` the entries of that model; `view` "entries" or "statistics"."""
        if self._dirty:
            self._refresh()
        if view := what.get("view"):
            self.look_at(view)
        if model := what.get("model"):
            self._read_model(model)
        if entry := what.get("entry"):
            self.look_at("entries")
            self.entries.show_entry(entry)

    def look_at(self, view: str) -> None:
        """Show "entries" or "statistics"."""
        self.view_choice.set_value(view)
        self._views.setCurrentIndex([name for name, _ in VIEWS].index(view))

    def _read_model(self, model: str) -> None:
        self.filters.clear()
        self.filters.model.set_value(model)
        self.look_at("entries")
        self._look()
        self.entries.look()

    def _look(self) -> None:
        self.statistics.ask(self.filters.value(), self.filters.text)

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind != "feedback":
            return
        self._dirty = True
        if self.isVisible():
            self._refresh()

    def _refresh(self) -> None:
        """Ask for what there is now; what is chosen stays."""
        self._dirty = False
        self._choices.ask()
        if self.entries.rows.known:
            self.entries.rows.refresh()
        else:
            self.entries.look()
        self._look()

    def _judge(self) -> None:
        rows = self.entries.rows
        nothing = rows.known and not rows.everything
        undoing = not self.entries.undo.isHidden()
        self._pages.setCurrentIndex(1 if nothing and not undoing else 0)
        self.view_choice.setEnabled(not nothing)
        self.export_button.setEnabled(not nothing)
        self.act.refuse("There is no feedback yet.") if nothing else self.act.allow()

    # What it does.

    def make(self) -> None:
        """Ask what kind of training data, and make it."""
        self.making = MakingDialog(self.studio, self.filters.value(), self.filters.text, self.window())
        self.making.open()

    def export(self) -> None:
        """Ask in which form, and write."""
        self.dialog = ExportDialog(self.studio, self.filters.value(), self.filters.text, self.window())
        self.dialog.open()

    def accepts(self, paths: list[Path]) -> bool:
        return len(paths) == 1 and paths[0].suffix.lower() in ENDINGS

    def dropped(self, paths: list[Path]) -> None:
        self.error.clear()
        self.report.load(paths[0])

    def _to_playground(self) -> None:
        self.studio.navigate("playground")

    # Logging.

    def _switch_logging(self, on: bool) -> None:
        self.studio.preferences.set(LOGGING, on)

    def _follow(self, choice: str) -> None:
        if choice == LOGGING:
            self.logging.setChecked(logging_on(self.studio))
            self._say_logging()

    def _say_logging(self) -> None:
        on = logging_on(self.studio)
        self.logging_words.setText(
            "Logging is on. Nothing leaves this machine." if on else "Logging is off: no new output is kept."
        )
