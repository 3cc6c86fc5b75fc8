"""Cleaning: choose rules, see on the documents what they would do, then make a new dataset of what is left."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.job_board import JobState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.data_findings import FindingsView
from fmstudio.gui.widgets.data_keys import KeyedView
from fmstudio.gui.widgets.data_question import APPLY, REVIEW, Question
from fmstudio.gui.widgets.data_review import Review, findings_of
from fmstudio.gui.widgets.data_rules import RulesForm
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.fields import TextField
from fmstudio.gui.widgets.job_bar import JobStrip
from fmstudio.gui.widgets.labels import button, label
from fmstudio.jobs import JobRequest, Progress
from fmstudio.recipe import Setting
from fmstudio.workspace import WorkspaceError


class CleaningView(KeyedView):
    """Nothing is removed before one has seen it: only reviewed rules can be applied, and the old dataset stays.

    opened: a person wants to see the cleaned dataset.
    """

    acts = True
    opened = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("cleaning")
        self._studio, theme = studio, studio.theme
        self._dataset = ""
        self._job = ""
        self._review: Review | None = None
        self._reviewed: Mapping[str, Any] = {}
        self.rules = RulesForm(theme)
        self.findings = FindingsView(theme)
        self.invitation = EmptyState(
            theme, "mdi6.broom", "See first, then remove",
            "Review shows which documents each rule would change or remove. Nothing is touched until you apply it, and "
            "this dataset stays as it is.", "cleaning-invitation",
        )  # fmt: skip
        self.review_button = button("Review", "cleaning-review", theme, "mdi6.magnify-scan", clicked=self.review)
        self.state = label("", "caption", "cleaning-state", wrap=True)
        self.error = ErrorBox(theme, "cleaning-error")
        self.name = TextField("cleaning-name", "Name of the cleaned dataset")
        self.name.edited.connect(self._judge)
        self.apply_button = button("Apply", "cleaning-apply", theme, "mdi6.check", clicked=self.apply)
        self.apply_button.setAccessibleName("Apply to a new dataset")
        self.why_not = label("", "caption", "cleaning-why-not", wrap=True)
        self.strip = JobStrip(studio, "cleaning-strip")
        self.done = label("", "success", "cleaning-done", wrap=True)
        self.open_button = button("Open it", "cleaning-open", theme, clicked=self._open)
        self._lay_out()
        self._connect(studio)
        self._judge()

    def _lay_out(self) -> None:
        left = Card("Rules", "cleaning-rules")
        left.setFixedWidth(288)
        left.layout().setContentsMargins(16, 16, 4, 12)
        left.body.addWidget(self.rules, 1)
        left.body.addWidget(self.state)
        left.body.addWidget(self.review_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._bottom = Card("", "cleaning-apply-card")
        self._bottom.layout().setContentsMargins(12, 12, 12, 12)
        self._naming = QWidget()
        row = QHBoxLayout(self._naming)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label("New dataset", "body"))
        row.addWidget(self.name, 1)
        row.addWidget(self.apply_button)
        ended = QHBoxLayout()
        ended.addWidget(self.done, 1)
        ended.addWidget(self.open_button)
        self._bottom.body.addWidget(self._naming)
        self._bottom.body.addWidget(self.why_not)
        self._bottom.body.addWidget(self.strip)
        self._bottom.body.addLayout(ended)
        right = QVBoxLayout()
        right.setSpacing(12)
        for part, stretch in ((self.error, 0), (self.invitation, 1), (self.findings, 1), (self._bottom, 0)):
            right.addWidget(part, stretch)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(left)
        layout.addLayout(right, 1)

    def _connect(self, studio: Studio) -> None:
        self.acted.connect(self._act)
        self.rules.changed.connect(self._judge)
        self._question = Question(studio, REVIEW)
        self._question.answered.connect(self._found)
        self._question.progressed.connect(self._show_progress)
        self._question.failed.connect(self.error.show_error)
        self._question.ended.connect(self._reviewing_ended)
        studio.jobs.changed.connect(self._job_changed)

    def set_settings(self, settings: Sequence[Setting]) -> None:
        """The rules there are, as the data stage tells them."""
        self.rules.set_settings(settings)
        self._judge()

    def show_dataset(self, name: str) -> None:
        """Clean this dataset; what was reviewed of another is forgotten."""
        if name == self._dataset:
            return
        self._dataset = name
        self._question.forget()
        self._review, self._job = None, ""
        self.error.clear()
        self.name.set_value(self._studio.workspace.free_name("datasets", f"{name[:70]}-clean"))
        self._judge()

    # Reviewing.

    def review(self) -> None:
        """Look through the dataset with the present rules."""
        if not self.review_button.isEnabled():
            return
        record = self._studio.workspace.dataset(self._dataset)
        self.error.clear()
        self._reviewed = self.rules.values()
        self._review = Review(record.items, record.bytes)
        self._job = ""
        self.findings.begin()
        self.findings.show_review(self._review)
        self._question.ask(dataset=self._dataset, rules=self._reviewed)
        self._judge()

    def _found(self, data: Mapping[str, Any]) -> None:
        self._review = Review(self._review.documents, self._review.bytes, findings_of(data))
        self.findings.show_review(self._review)

    def _show_progress(self, progress: Progress) -> None:
        part = progress.done / progress.total if progress.total else None
        self.state.setText(f"{progress.message}… {formatting.percent(part)}")

    def _reviewing_ended(self) -> None:
        if self.error.showing or self._review is None:
            self._review = None
        else:
            review = self._review
            self._review = Review(review.documents, review.bytes, review.findings, complete=True)
            self.findings.show_review(self._review)
        self._judge()

    # Applying.

    def refusal(self) -> str:
        """Why the rules cannot be applied now, or ""."""
        if self._review is None:
            return "Review the rules first."
        if not self._review.complete:
            return "The review is still going on."
        if self.rules.values() != self._reviewed:
            return "The rules have changed; review them again."
        if self._review.nothing_to_do:
            return "There is nothing to clean."
        if self._review.removed >= self._review.documents:
            return "These rules leave no document; loosen them."
        return self._name_problem()

    def _name_problem(self) -> str:
        try:
            taken = self._studio.workspace.free_name("datasets", self.name.value()) != self.name.value()
        except WorkspaceError as error:
            return str(error)
        return "There is a dataset of this name already; choose another." if taken else ""

    def apply(self) -> None:
        """Make the new dataset."""
        if self.refusal():
            return
        name = self.name.value()
        arguments = {
            "workspace": self._studio.workspace, "dataset": self._dataset, "rules": dict(self._reviewed), "name": name,
        }  # fmt: skip
        title = f"Clean “{self._dataset}”"
        request = JobRequest(title, APPLY, arguments, subject=name)
        self._job = self._studio.submit(request)
        self._judge()

    def _job_changed(self, job: str) -> None:
        if job == self._job:
            state = self._studio.jobs[job]
            if state.status == "failed":
                self.error.show_error(state.reason, state.details)
            self._judge()

    def _open(self) -> None:
        self.opened.emit(self._studio.jobs[self._job].result["dataset"])

    def _act(self) -> None:
        (self.review if self.refusal() else self.apply)()

    # What is shown when.

    def _judge(self) -> None:
        problem = self.rules.problem()
        reviewing = self._review is not None and not self._review.complete
        job = self._studio.jobs.get(self._job)
        self.review_button.setEnabled(bool(self._dataset) and not problem and not reviewing and self.rules.ready)
        self.invitation.setVisible(self._review is None)
        self.findings.setVisible(self._review is not None)
        self._bottom.setVisible(self._review is not None)
        if not reviewing:
            self.state.setText(problem or self._advice())
        self._show_job(job)
        busy = job is not None and job.active
        refusal = self.refusal() if self._review is not None else ""
        self.apply_button.setEnabled(not refusal and not busy)
        made = job is not None and bool(job.result.get("dataset"))
        self._naming.setVisible(not busy and not made)
        self.why_not.setText("" if busy or made else refusal)
        self.why_not.setVisible(bool(self.why_not.text()))

    def _advice(self) -> str:
        if self._review is None:
            return "Nothing is removed before you have seen it."
        changed = self.rules.values() != self._reviewed
        return "The rules have changed since this review." if changed else ""

    def _show_job(self, job: JobState | None) -> None:
        self.strip.show_job(job if job and job.active else None)
        made = job.result if job and job.result.get("dataset") else None
        if made:
            documents = formatting.plural(made["documents"], "document")
            self.done.setText(f"“{made['dataset']}” is here: {documents}, {formatting.size(made['bytes'])}.")
        self.done.setVisible(made is not None)
        self.open_button.setVisible(made is not None)
