"""Prompt: write one with variables and examples, see exactly what the model gets, run it, and keep its versions."""

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.play_view import PlayView
from fmstudio.gui.playground.prompt.answer import PromptAnswer
from fmstudio.gui.playground.prompt.editor import PromptEditor
from fmstudio.gui.playground.prompt.exact import ExactPrompt
from fmstudio.gui.playground.prompt.list import PromptList
from fmstudio.gui.playground.prompt.store import PromptStore
from fmstudio.gui.playground.prompt.versions import PromptVersions
from fmstudio.gui.playground.sampling_form import SamplingForm
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, splitter, stack, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.workspace.prompt_files import PromptVersion
from fmstudio.workspace.prompts import Message, PromptError, render

PREVIEW = "fmstudio.adapt.prompts:preview"
_CALM = 200  # milliseconds without a key until the exact prompt is asked for


class PromptView(PlayView):
    """act_changed: what Ctrl+Enter does, or whether it can, is another thing now.

    inside_wanted(what): a text to be looked at from inside, as `look` of that view takes it.
    """

    def __init__(self, studio: Studio, state: PlayState) -> None:
        super().__init__()
        self.setObjectName("prompt-view")
        self._studio, self._state = studio, state
        self.store = PromptStore(studio)
        self.library = PromptList(studio.theme, self.store)
        self.editor = PromptEditor(studio.theme)
        self.exact = ExactPrompt(studio.theme)
        self.answer = PromptAnswer(studio, state)
        self.versions = PromptVersions(studio.theme, self.store)
        self.sampling = SamplingForm(studio, state, "prompt-sampling")
        self._preview = JobFollower(self, studio, PREVIEW, patience=_CALM)
        self._refusal = ""
        self._make_controls()
        self._lay_out()
        self._connect()
        self._first()

    # Building.

    def _make_controls(self) -> None:
        theme = self._studio.theme
        self.name = QLineEdit()
        self.name.setObjectName("prompt-name")
        self.name.setAccessibleName("Name of the prompt")
        self.form = Segments([("editor", "Editor"), ("exact", "Exact prompt")], "prompt-form", "Editor or exact prompt")
        self.side = Segments(
            [("answer", "Answer"), ("versions", "Versions"), ("sampling", "Sampling")], "prompt-side", "What is beside"
        )
        self.unsaved = label("", "warning", "prompt-unsaved")
        self.message = QLineEdit()
        self.message.setObjectName("prompt-message")
        self.message.setAccessibleName("What changed in this version")
        self.message.setPlaceholderText("What changed (optional)")
        self.save = button("Save version", "prompt-save", theme, "mdi6.content-save-outline", clicked=self._save)
        self.discard = button("Discard changes", "prompt-discard", theme, role="quiet", clicked=self.store.revert)
        self.error = ErrorBox(theme, "prompt-error")

    def _lay_out(self) -> None:
        self._forms = stack("prompt-forms", self.editor, self.exact)
        self._sides = stack("prompt-sides", self.answer, self.versions, self.sampling)
        middle, right = self._middle(), self._right()
        self.library.setMinimumWidth(124)
        self.splitter = splitter("prompt-splitter", self.library, (middle, 1), right, sizes=(184, 520, 344))
        self.setLayout(vbox(self.error, (self.splitter, 1)))

    def _middle(self) -> QWidget:
        return boxed(
            vbox(
                flow(self.name, self.form, spread=True),
                (self._forms, 1),
                self.unsaved,
                self.message,
                hbox(..., self.discard, self.save),
            )
        )

    def _right(self) -> QWidget:
        return boxed(vbox(hbox(self.side, ...), (self._sides, 1)))

    def _connect(self) -> None:
        self.form.changed.connect(self._show_form)
        self.side.changed.connect(self._show_side)
        self.library.chosen.connect(self.store.open)
        self.name.editingFinished.connect(self._rename)
        self.message.returnPressed.connect(self._save)
        self.editor.edited.connect(self._edited)
        self.editor.filled.connect(self._judge)
        self.editor.submitted.connect(self.act)
        self.versions.reverted.connect(self._go_back)
        self.answer.changed.connect(self.act_changed)
        self.answer.inside_wanted.connect(self.inside_wanted)
        self._preview.answered.connect(self.exact.show_prompt)
        self._preview.failed.connect(self._no_preview)
        self.store.opened.connect(self._show_prompt)
        self.store.edited.connect(self._judge)
        self.store.saved.connect(self._saved)
        self.store.failed.connect(self._failed)
        for signal in (self._state.model_changed, self._state.models_changed, self._state.settings_changed):
            signal.connect(self._model_changed)
        self._state.sampling_changed.connect(self._model_changed)

    def _first(self) -> None:
        if self.store.entries:
            self.store.open(self.store.entries[0].name)
        else:
            self._judge()

    # What the panel asks.

    @property
    def act_words(self) -> tuple[str, str]:
        """The primary action."""
        return "Run", "mdi6.play"

    def refusal(self) -> str:
        """Why the prompt cannot be run now, or ""."""
        if self.answer.busy:
            return "An answer is being written; Esc stops it."
        return self._refusal or self._state.refusal() or self._state.sampling_problem()

    def act(self) -> None:
        """Run the prompt."""
        if not self.refusal():
            self._look_beside("answer")
            self.answer.ask(self.store.name, self._question())

    def stop(self) -> None:
        """End the answer here."""
        self.answer.stop()

    def look(self, **what: Any) -> None:
        """`prompt`: the name of one to open; `values`: what stands for its variables."""
        if name := what.get("prompt"):
            self.store.open(name)
        if values := what.get("values"):
            self.editor.values.set_values(values)

    def begin(self) -> None:
        """Turn to a new prompt."""
        self.store.begin()

    def hideEvent(self, event: QHideEvent) -> None:
        self.store.keep()
        super().hideEvent(event)

    # The prompt in the editor.

    def _show_prompt(self) -> None:
        self.error.clear()
        self.name.setText(self.store.name)
        self.editor.show_template(self.store.template)
        self.message.clear()
        self._judge()
        self.versions.refresh()

    def _edited(self) -> None:
        self.store.write(self.editor.template())

    def _rename(self) -> None:
        self.store.rename(self.name.text())
        self.name.setText(self.store.name)

    def _save(self) -> None:
        if self.store.unsaved:
            self.store.save(self.message.text())

    def _saved(self) -> None:
        self.error.clear()
        self.message.clear()
        self._judge()
        self.versions.refresh()

    def _go_back(self, version: PromptVersion) -> None:
        self.store.revert(version)
        self.message.setText(f"Back to version {version.number}")

    def _failed(self, sentence: str) -> None:
        self.error.show_error(sentence)

    # What it comes to.

    def _question(self) -> list[Message] | str:
        return render(self.store.template, self.editor.values.values(), bool(self._state.chosen.get("chat", True)))

    def _judge(self) -> None:
        """See whether it can be run, and ask what the model would get."""
        unsaved, saved = self.store.unsaved, bool(self.store.base.created or self.store.base.template.user)
        words = "Unsaved changes, kept as a draft" if saved else "Not saved yet, kept as a draft"
        self.unsaved.setText(words if unsaved else " ")
        self.save.setEnabled(unsaved)
        self.message.setEnabled(unsaved)
        self.discard.setVisible(unsaved and saved)
        try:
            question, self._refusal = self._question(), ""
        except PromptError as error:
            question, self._refusal = "", _short(error)
            self.exact.refuse(str(error))
        if empty := self.editor.values.empty:
            self._refusal = self._refusal or f"Give {{{empty[0]}}} a value first."
        self._ask_exact(question)
        self.act_changed.emit()

    def _ask_exact(self, question: list[Message] | str) -> None:
        if self.form.value() != "exact" or not question:
            return
        if reason := self._state.refusal():
            self.exact.refuse(f"The exact prompt depends on the model. {reason}")
            return
        said = {"prompt": question} if isinstance(question, str) else {"messages": question}
        self._preview.ask(model=self._state.model, settings=self._state.sampling(), backend=self._state.backend, **said)

    def _no_preview(self, reason: str, _details: str) -> None:
        self.exact.refuse(reason)

    def _model_changed(self, *_: object) -> None:
        self._judge()

    # Which part is in sight.

    def _show_form(self, form: object) -> None:
        self._forms.setCurrentWidget(self.exact if form == "exact" else self.editor)
        self._judge()

    def _look_beside(self, side: str) -> None:
        self.side.set_value(side)
        self._show_side(side)

    def _show_side(self, side: object) -> None:
        self._sides.setCurrentIndex(("answer", "versions", "sampling").index(str(side)))
        if side == "versions":
            QTimer.singleShot(0, self, self.versions.refresh)


def _short(error: PromptError) -> str:
    """The sentence up to what to do, for the place beside the button; the editor shows all of it."""
    return str(error).split(";")[0].rstrip(".") + "."
