"""Cleaning a dataset of pictures: find those that are there twice or look alike, see them, then leave them out."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import DUPLICATES, WITHOUT_DUPLICATES
from fmstudio.gui.data.new_dataset import NewDataset
from fmstudio.gui.data.pictures.duplicate_groups import DuplicateGroups, Group
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.jobs import Progress

FARTHEST = 16  # of the 64 bits of a perceptual hash: beyond, pictures that share nothing meet
USUAL = 4


class DuplicatesView(KeyedView):
    """Nothing goes before one has seen it, and the old dataset stays. opened: a person wants to see the new one."""

    acts = True
    opened = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("duplicates")
        self._studio, theme = studio, studio.theme
        self._dataset, self._version = "", ""
        self._found: Mapping[str, Any] | None = None
        self._looked_for: int | None = None
        self.which = Segments(
            [("similar", "Alike"), ("exact", "Identical")], "duplicates-which", "Which pictures to find"
        )
        self.distance = NumberField("duplicates-distance", "How different alike may be", whole=True,
                                    unit="bits of 64", minimum=0, maximum=FARTHEST)  # fmt: skip
        self.distance.set_value(USUAL)
        self.distance.setToolTip(
            "Each picture has a fingerprint of 64 bits; those of two pictures that look alike differ in few. "
            "0 finds pictures whose fingerprints are the same."
        )
        self.find_button = button("Find", "duplicates-find", theme, "mdi6.magnify-scan", clicked=self.look)
        self.state = label("", "caption", "duplicates-state", wrap=True)
        self.error = ErrorBox(theme, "duplicates-error")
        self.groups = DuplicateGroups(studio)
        self.invitation = EmptyState(
            theme, "mdi6.content-duplicate", "See first, then remove",
            "A picture that is there twice is learnt twice, and one that is also held out makes a model look better "
            "than it is. Nothing is removed until you say so, and this dataset stays as it is.",
            "duplicates-invitation",
        )  # fmt: skip
        self.making = NewDataset(
            studio, "duplicates", "Name of the dataset without duplicates", "Remove", "Remove into a new dataset"
        )
        self._lay_out()
        self._connect(studio)
        self._judge()

    def _lay_out(self) -> None:
        left = Card("What to find", "duplicates-rules")
        left.setFixedWidth(256)
        self._distance_title = label("How different alike may be", "body")
        for part in (self.which, self._distance_title, self.distance, self.state):
            left.body.addWidget(part)
        left.body.addStretch(1)
        left.body.addWidget(self.find_button, 0, Qt.AlignmentFlag.AlignLeft)
        right = vbox(self.error, (self.invitation, 1), (self.groups, 1), self.making, gap=12)
        self.setLayout(hbox(left, (right, 1), gap=16))

    def _connect(self, studio: Studio) -> None:
        self.acted.connect(self._act)
        self.which.changed.connect(self._show_groups)
        self.distance.edited.connect(self._judge)
        self.making.wanted.connect(self.apply)
        self.making.changed.connect(self._judge)
        self.making.failed.connect(self.error.show_error)
        self.making.opened.connect(self.opened)
        self.groups.changed.connect(self._judge)
        self._question = JobFollower(self, studio, DUPLICATES)
        self._question.answered.connect(self._take)
        self._question.progressed.connect(self._show_progress)
        self._question.failed.connect(self._failed)

    def show_dataset(self, name: str) -> None:
        """Clean this dataset; what was found in another is forgotten."""
        version = str(self._studio.workspace.dataset(name).details.get("content"))
        if (name, version) == (self._dataset, self._version):
            return
        self._dataset, self._version = name, version
        self._question.forget()
        self._found, self._looked_for = None, None
        self.error.clear()
        self.making.begin(name, "unique")
        self._judge()

    # Finding.

    def look(self) -> None:
        """Look for duplicates."""
        if not self.find_button.isEnabled():
            return
        self.error.clear()
        self._found = None
        self.making.forget()
        self._looked_for = int(self.distance.value())
        self.state.setText("Looking…")
        self._question.ask(dataset=self._dataset, distance=self._looked_for)
        self._judge()

    def _take(self, found: Mapping[str, Any]) -> None:
        self._found = found
        self._show_groups()

    def _show_groups(self) -> None:
        found = self._found or {"exact": [], "similar": []}
        groups = [Group("exact", tuple(indices)) for indices in found["exact"]]
        if self.which.value() == "similar":
            groups += [Group("similar", tuple(indices)) for indices in found["similar"]]
        self.groups.show_groups(self._dataset, groups)
        self._judge()

    def _show_progress(self, progress: Progress) -> None:
        part = progress.done / progress.total if progress.total else None
        self.state.setText(f"{progress.message}… {formatting.percent(part)}")

    def _failed(self, reason: str, details: str) -> None:
        self._looked_for = None
        self.error.show_error(reason, details)
        self._judge()

    # Removing.

    def refusal(self) -> str:
        """Why nothing can be removed now, or ""."""
        if self._found is None:
            return "Find duplicates first."
        if not self.groups.groups:
            return "There is nothing to remove."
        if not self.groups.going:
            return "All of them stay; click a picture to let it go."
        return self.making.problem()

    def apply(self) -> None:
        """Make the new dataset."""
        if self.refusal():
            return
        self.making.make(WITHOUT_DUPLICATES, indices=self.groups.going)

    def _act(self) -> None:
        (self.look if self.refusal() else self.apply)()

    # What is shown when.

    def _judge(self) -> None:
        alike = self.which.value() == "similar"
        for part in (self.distance, self._distance_title):
            part.setVisible(alike)
        distance = self.distance.value()
        wrong = not (isinstance(distance, int) and 0 <= distance <= FARTHEST)
        looking = self._looked_for is not None and self._found is None
        self.find_button.setEnabled(bool(self._dataset) and not wrong and not looking)
        if not looking:
            self.state.setText(f"It must be a whole number from 0 to {FARTHEST}." if wrong else self._summary())
        self.invitation.setVisible(self._found is None)
        self.groups.setVisible(bool(self._found) and bool(self.groups.groups))
        self.making.setVisible(self._found is not None)
        amount = len(self.groups.going)
        self.making.apply_button.setText(f"Remove {formatting.plural(amount, 'picture')}" if amount else "Remove")
        self.making.judge(self.refusal(), nameable=bool(self.groups.groups))

    def _summary(self) -> str:
        if self._found is None:
            return "Nothing is removed before you have seen it."
        if self._looked_for != self.distance.value() and self.which.value() == "similar":
            return "The number of bits has changed; find again."
        groups = self.groups.groups
        if not groups:
            return "No two pictures are alike."
        going = formatting.plural(len(self.groups.going), "picture")
        return f"{formatting.plural(len(groups), 'group')}; {going} would go."
