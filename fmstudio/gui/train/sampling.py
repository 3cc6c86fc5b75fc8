"""Trying a trained model: a text goes on from a prompt as it comes, pictures are drawn as their family asks."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.models.picker import ModelPicker
from fmstudio.gui.models.shelf import TRAINED, ModelShelf, model_record
from fmstudio.gui.studio import Studio
from fmstudio.gui.train.drawing import SAMPLE, RunDrawing
from fmstudio.gui.widgets.boxes import Yielding, hbox, splitter, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.options_form import OptionsForm
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label, scroll_area
from fmstudio.gui.widgets.text.streamed_text import StreamedText
from fmstudio.jobs import Finished, Progress
from fmstudio.workspace import ModelRecord

TEXT = "language"
ELSEWHERE = ("prompt", "system", "adapter.scale")  # what is said; and what the playground has a slider for


class PromptEdit(QPlainTextEdit):
    """Where a prompt is typed. Ctrl+Enter submits it, and so does not start what the panel's button starts."""

    submitted = Signal()

    def event(self, event: QEvent) -> bool:
        overrides = event.type() == QEvent.Type.ShortcutOverride
        if overrides and isinstance(event, QKeyEvent) and _submits(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _submits(event):
            self.submitted.emit()
        else:
            super().keyPressEvent(event)


def _why_again(settings: Mapping[str, Any]) -> str:
    """Why the same text comes when it is asked for once more."""
    if settings.get("temperature") == 0:
        return "temperature 0 always takes the likeliest token, so this text"
    return f"seed {settings.get('seed', 0)} gives this text again, another seed another"


def _submits(event: QKeyEvent) -> bool:
    enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


class RunSampling(QWidget):
    """Works while something else trains: its job goes first at the next step."""

    export_requested = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("sampling")
        self._studio, theme = studio, studio.theme
        self._known: Sequence[ModelRecord] = ()
        self.models = ModelShelf(TRAINED)
        self.model = ModelPicker(theme, self.models, "sampling-model")
        self.model.chosen.connect(self._show_model)
        self.drawing = RunDrawing(studio)
        self.prompt = PromptEdit()
        self.prompt.submitted.connect(self.start)
        self.prompt.setObjectName("sampling-prompt")
        self.prompt.setAccessibleName("Prompt")
        self.prompt.setPlaceholderText("The beginning of a text. Leave it empty to let the model begin.")
        self.prompt.setTabChangesFocus(True)
        self.prompt.setMinimumHeight(56)
        self.output = StreamedText(theme, "sampling-output", "Text of the model", parts=True)
        self.output.setPlaceholderText("What the model writes appears here, token by token.")
        self.form = OptionsForm(theme, "sampling-settings", columns=(3, 3))
        self.error = ErrorBox(theme, "sampling-error")
        self.pace = label("", "caption", "sampling-pace")
        self.go = button("Sample", "sampling-go", theme, "mdi6.creation", clicked=self.start)
        self.halt = button("Stop", "sampling-stop", theme, "mdi6.stop", clicked=self.stop)
        self.export = button("Export…", "export", theme, "mdi6.export-variant", clicked=self._export)
        self._writing = JobFollower(self, studio, SAMPLE)
        self._writing.wrote.connect(lambda delta: self.output.append(delta.text))
        self._writing.progressed.connect(self._show_pace)
        self._writing.failed.connect(self._failed)
        self._writing.finished.connect(self._finished)
        self._writing.busy_changed.connect(self._show_running)
        self._lay_out()
        self._show_running(False)
        studio.described.connect(self._described)
        self._described()

    def _lay_out(self) -> None:
        card = Card("", "sampling-card")
        self.model.setMinimumWidth(180)
        head = hbox(label("Model", "body"), (self.model, 1), self.export)
        card.body.addLayout(head)
        self._ways = QStackedWidget()
        self._ways.addWidget(self._way_of_writing())
        self._ways.addWidget(self.drawing)
        card.body.addWidget(self._ways, 1)
        self.setLayout(vbox(card))

    def _way_of_writing(self) -> QWidget:
        """The prompt, how tokens are drawn, and the text."""
        split = splitter(
            "sampling-splitter", (self.prompt, 1), (self.output, 4), sizes=(88, 400), vertical=True, handle=8
        )
        self.output.setMinimumHeight(96)
        return scroll_area(
            Yielding(vbox(self.form, (split, 1), self.error, hbox(self.go, self.halt, (self.pace, 1)))),
            "sampling-scroll",
        )

    # The models.

    def set_models(self, models: Sequence[ModelRecord]) -> None:
        """The models there are, oldest first; the newest stands on top."""
        self._known = models
        self.models.put([model_record(each, self._title(each.family)) for each in reversed(models)])
        if self.model.reference not in self.models.references:
            self.model.show_model(next(iter(self.models.references), ""))
        self._show_running(self._writing.busy)
        self._show_model()

    def _show_model(self, *_: object) -> None:
        """Bring the way in which the chosen model's family is tried."""
        name = self.model.reference
        family = self._family(self.models.record(name).get("family", TEXT))
        draws = False
        if family is not None and family["name"] != TEXT:
            draws = True
            self.drawing.show_model(name, family)
        self._ways.setCurrentIndex(int(draws))
        self.export.setVisible(not draws)

    def _described(self) -> None:
        """The settings of writing are told by the family that writes, and each family's title by itself."""
        self.set_models(self._known)
        known = (self._family(TEXT) or {}).get("sampling", ())
        self.form.set_settings([setting for setting in known if setting.path not in ELSEWHERE])

    def _family(self, name: str) -> Mapping[str, Any] | None:
        known = self._studio.description.get("families", ())
        return next((family for family in known if family["name"] == name), None)

    def _title(self, family: str) -> str:
        return str((self._family(family) or {}).get("title", ""))

    def choose(self, model: str) -> None:
        """Write with this model."""
        if model in self.models.references:
            self.model.show_model(model)
            self._show_model()

    def _export(self) -> None:
        self.export_requested.emit(self.model.reference)

    # Writing.

    def settings(self) -> dict[str, Any]:
        """How tokens are drawn."""
        return self.form.everything()

    def start(self) -> None:
        """Begin to write; a text that is being written is given up."""
        if not self.model.reference or self.form.problem():
            return  # the form says beside the field what is wrong
        self.error.clear()
        prompt = self.prompt.toPlainText()
        self.output.begin(prompt)
        self.pace.setText("Waiting for its turn…")
        model = self.model.reference
        self._writing.ask(f"Sample from “{model}”", model=model, prompt=prompt, settings=self.settings())

    def stop(self) -> None:
        """Stop writing and keep what is there."""
        self._writing.stop()

    def _failed(self, reason: str, details: str) -> None:
        self.output.finish("failed")
        self.pace.clear()
        self.error.show_error(reason, details)

    def _finished(self, event: Finished) -> None:
        self.output.finish("completed" if event.outcome == "completed" else "stopped")
        tokens, pace = event.result.get("tokens"), event.result.get("tokens_per_second")
        known = f"{formatting.count(tokens)} tokens · {formatting.rate(pace, 'tokens/s')}" if tokens else ""
        if known and event.outcome == "completed":
            known += f" · {_why_again(self._writing.asked['settings'])}"
        self.pace.setText(known or ("Stopped." if event.outcome != "completed" else ""))

    def _show_pace(self, progress: Progress) -> None:
        text = f"{formatting.count(progress.done)} of {formatting.count(progress.total)} tokens"
        self.pace.setText(f"{text} · {formatting.rate(progress.rate, progress.rate_unit)}" if progress.rate else text)

    def _show_running(self, running: bool) -> None:
        any_model = bool(self.models.models)
        self.go.setEnabled(any_model)
        self.export.setEnabled(any_model)
        self.halt.setEnabled(running)
        if not any_model:
            self.pace.setText("There is no model yet; train one first.")
        elif self.pace.text().startswith("There is no model"):
            self.pace.setText("")
