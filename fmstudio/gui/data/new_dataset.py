"""Where the dataset that a cleaning leaves is named and made: the name, the button, the progress and the way to it."""

from typing import Any

from PySide6.QtCore import Signal

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.form.fields import TextField
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.labels import button, label
from fmstudio.jobs import JobRequest
from fmstudio.workspace import WorkspaceError


class NewDataset(Card):
    """wanted: the button was pressed. changed: the name or the job is another thing now. failed: why, and details.

    opened: a person wants to see the dataset that was made.
    """

    wanted = Signal()
    changed = Signal()
    failed = Signal(str, str)
    opened = Signal(str)

    def __init__(self, studio: Studio, prefix: str, name_title: str, action: str, action_title: str) -> None:
        """prefix: begins the names of its parts. action: the button's text, action_title: its accessible name."""
        super().__init__("", f"{prefix}-apply-card")
        self.set_padding(12, 12, 12, 12)
        self._studio, self._job, self._dataset = studio, "", ""
        self.name = TextField(f"{prefix}-name", name_title)
        self.apply_button = button(action, f"{prefix}-apply", studio.theme, "mdi6.check", clicked=self.wanted.emit)
        self.apply_button.setAccessibleName(action_title)
        self.why_not = label("", "caption", f"{prefix}-why-not", wrap=True)
        self.strip = JobStrip(studio, f"{prefix}-strip")
        self.done = label("", "success", f"{prefix}-done", wrap=True)
        self.open_button = button("Open it", f"{prefix}-open", studio.theme, clicked=self._open)
        self._lay_out()
        self.name.edited.connect(self.changed)
        studio.jobs.changed.connect(self._job_changed)

    def _lay_out(self) -> None:
        self._naming = boxed(hbox(label("New dataset", "body"), (self.name, 1), self.apply_button))
        ended = hbox((self.done, 1), self.open_button)
        for part in (self._naming, self.why_not, self.strip):
            self.body.addWidget(part)
        self.body.addLayout(ended)

    def begin(self, dataset: str, ending: str) -> None:
        """Propose a name for what is made of a dataset; what was made of another is forgotten."""
        self._dataset, self._job = dataset, ""
        self.name.set_value(self._studio.workspace.free_name("datasets", f"{dataset[:70]}-{ending}"))

    def forget(self) -> None:
        """What was made before is old news now."""
        self._job = ""

    def problem(self) -> str:
        """Why nothing can be made under this name, or ""."""
        try:
            taken = self._studio.workspace.free_name("datasets", self.name.value()) != self.name.value()
        except WorkspaceError as error:
            return str(error)
        return "There is a dataset of this name already; choose another." if taken else ""

    def make(self, target: str, **arguments: Any) -> None:
        """Ask for the new dataset."""
        name = self.name.value()
        arguments = {"dataset": self._dataset, **arguments, "name": name}
        request = JobRequest(f"Clean “{self._dataset}”", target, arguments, subject=name)
        self._job = self._studio.submit(request)
        self.changed.emit()

    def judge(self, refusal: str, nameable: bool = True) -> None:
        """Show what can be done: refusal says why nothing can be made, nameable whether there is anything to name."""
        job = self._studio.jobs.get(self._job)
        busy = job is not None and job.active
        made = job.result if job and job.result.get("dataset") else None
        self.apply_button.setEnabled(not refusal and not busy)
        self.strip.show_job(job if busy else None)
        self._naming.setVisible(nameable and not busy and not made)
        self.why_not.setText("" if busy or made else refusal)
        self.why_not.setVisible(bool(self.why_not.text()))
        if made:
            noun = "picture" if "pictures" in made else "document"
            held = formatting.plural(made[f"{noun}s"], noun)
            size = f", {formatting.size(made['bytes'])}" if "bytes" in made else ""
            self.done.setText(f"“{made['dataset']}” is here: {held}{size}.")
        self.done.setVisible(made is not None)
        self.open_button.setVisible(made is not None)

    def _job_changed(self, job: str) -> None:
        if job == self._job:
            state = self._studio.jobs[job]
            if state.status == "failed":
                self.failed.emit(state.reason, state.details)
            self.changed.emit()

    def _open(self) -> None:
        self.opened.emit(self._studio.jobs[self._job].result["dataset"])
