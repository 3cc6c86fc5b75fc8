"""Cleaning: choose rules, see on the documents what they would do, then make a new dataset of what is left."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import APPLY, REVIEW
from fmstudio.gui.data.new_dataset import NewDataset
from fmstudio.gui.data.text.findings import FindingsView
from fmstudio.gui.data.text.review import Review, findings_of
from fmstudio.gui.data.text.rules import RulesForm
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button, label
from fmstudio.jobs import Progress
from fmstudio.recipe import Setting


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
        self.making = NewDataset(studio, "cleaning", "Name of the cleaned dataset", "Apply", "Apply to a new dataset")
        self._lay_out()
        self._connect(studio)
        self._judge()

    def _lay_out(self) -> None:
        left = Card("Rules", "cleaning-rules")
        left.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        left.set_padding(16, 16, 4, 12)
        left.body.addWidget(self.rules, 1)
        left.body.addWidget(self.state)
        left.body.addWidget(self.review_button, 0, Qt.AlignmentFlag.AlignLeft)
        right = vbox(self.error, (self.invitation, 1), (self.findings, 1), self.making, gap=12)
        self.setLayout(hbox(left, (right, 1), gap=16))

    def _connect(self, studio: Studio) -> None:
        self.acted.connect(self._act)
        self.rules.changed.connect(self._judge)
        self._question = JobFollower(self, studio, REVIEW)
        self._question.answered.connect(self._found)
        self._question.progressed.connect(self._show_progress)
        self._question.failed.connect(self.error.show_error)
        self._question.ended.connect(self._reviewing_ended)
        self.making.wanted.connect(self.apply)
        self.making.changed.connect(self._judge)
        self.making.failed.connect(self.error.show_error)
        self.making.opened.connect(self.opened)

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
        self._review = None
        self.error.clear()
        self.making.begin(name, "clean")
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
        self.making.forget()
        self.findings.begin()
        self.findings.show_review(self._review)
        self._question.ask(dataset=self._dataset, rules=self._reviewed)
        self._judge()

    def _found(self, data: Mapping[str, Any]) -> None:
        if self._review is None:
            return  # nobody has asked
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
        return self.making.problem()

    def apply(self) -> None:
        """Make the new dataset."""
        if self.refusal():
            return
        self.making.make(APPLY, rules=dict(self._reviewed))

    def _act(self) -> None:
        (self.review if self.refusal() else self.apply)()

    # What is shown when.

    def _judge(self) -> None:
        problem = self.rules.problem()
        reviewing = self._review is not None and not self._review.complete
        self.review_button.setEnabled(bool(self._dataset) and not problem and not reviewing and self.rules.ready)
        self.invitation.setVisible(self._review is None)
        self.findings.setVisible(self._review is not None)
        self.making.setVisible(self._review is not None)
        if not reviewing:
            self.state.setText(problem or self._advice())
        self.making.judge(self.refusal() if self._review is not None else "")

    def _advice(self) -> str:
        if self._review is None:
            return "Nothing is removed before you have seen it."
        changed = self.rules.values() != self._reviewed
        return "The rules have changed since this review." if changed else ""
