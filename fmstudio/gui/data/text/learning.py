"""Keeps a vocabulary learnt from the dataset as a tokenizer of the workspace, for several models to share."""

from PySide6.QtWidgets import QWidget

from fmstudio.gui.data.jobs import LEARN
from fmstudio.gui.data.text.tokenizers import TokenizerChoice
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import TextField
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.labels import button, label, set_property, show_part
from fmstudio.jobs import JobRequest


class LearnTokenizer(QWidget):
    """A name and a button; `status` has progress and outcome. In sight only where the tokenizer is to be learnt."""

    def __init__(self, studio: Studio, choice: TokenizerChoice) -> None:
        super().__init__()
        self.setObjectName("learn-tokenizer")
        self._studio, self._choice = studio, choice
        self._dataset, self._job = "", ""
        self._name_is_mine = False
        theme = studio.theme
        self.name = TextField("learn-name", "Name of the tokenizer")
        self.name.edited.connect(self._named)
        self.go = button("Train tokenizer", "learn-go", theme, "mdi6.content-save-outline", clicked=self.learn)
        self.go.setToolTip("Learns this vocabulary and keeps it in the workspace, so that several models can share it.")
        self.strip = JobStrip(studio, "learn-strip")
        self.error = ErrorBox(theme, "learn-error")
        self.state = label("", "success", "learn-state", wrap=True)
        self.status = QWidget()
        self._lay_out()
        choice.changed.connect(self._judge)
        studio.jobs.changed.connect(self._job_changed)
        self._judge()

    def _lay_out(self) -> None:
        self.setLayout(vbox(label("Keep it as", "body"), hbox((self.name, 1), self.go), gap=4))
        self.status.setLayout(vbox(self.state, self.strip, self.error, gap=6))

    def set_dataset(self, name: str) -> None:
        """Learn from this dataset."""
        self._dataset, self._name_is_mine = name, False
        self.error.clear()
        self._judge()

    def refusal(self) -> str:
        """Why nothing can be learnt as it stands, or ""."""
        name = self.name.value().strip()
        if problem := self._choice.problem():
            return problem
        if not name:
            return "Name the tokenizer."
        if (self._studio.workspace.path / "tokenizers" / name).exists():
            return "There is a tokenizer of this name already; choose another."
        return ""

    def learn(self) -> None:
        """Begin to learn."""
        if not self.go.isEnabled() or not self._choice.learns:
            return
        name, size = self.name.value().strip(), self._choice.vocabulary_size
        arguments = {
            "datasets": [self._dataset], "vocabulary_size": size, "name": name,
        }  # fmt: skip
        request = JobRequest(f"Train tokenizer “{name}”", LEARN, arguments, subject=name)
        self.error.clear()
        self._job = self._studio.submit(request)
        self._judge()

    def _named(self) -> None:
        self._name_is_mine = True
        self._judge()

    def _job_changed(self, job: str) -> None:
        if job != self._job:
            return
        state = self._studio.jobs[job]
        if state.status == "failed":
            self.error.show_error(state.reason, state.details)
        elif state.result.get("tokenizer"):
            self._choice.set_workspace(self._studio.workspace)
            self._name_is_mine = False
        self._judge()

    def _judge(self) -> None:
        show_part(self, self._choice.learns)
        if not self._name_is_mine and self._dataset:
            self.name.set_value(self._free_name())
        job = self._studio.jobs.get(self._job)
        busy = job is not None and job.active
        self.strip.show_job(job if busy else None)
        refusal = self.refusal()
        self.go.setEnabled(bool(self._dataset) and not refusal and not busy)
        made = job.result.get("tokenizer") if job else None
        kept = f"“{made}” is kept in this workspace; Train can use it." if made else ""
        self.state.setText("" if busy else kept or refusal)
        set_property(self.state, "role", "success" if kept else "caption")
        self.state.setVisible(bool(self.state.text()))
        show_part(self.status, self._choice.learns and (busy or bool(self.state.text()) or self.error.showing))

    def _free_name(self) -> str:
        wanted = f"{self._dataset[:60]}-{self._choice.vocabulary_size}"
        return self._studio.workspace.free_name("tokenizers", wanted)
