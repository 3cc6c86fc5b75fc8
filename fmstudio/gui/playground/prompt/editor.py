"""Where a prompt is written: system and user prompt, values of its variables, examples, notes."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.playground.prompt.examples import ExamplesTable
from fmstudio.gui.playground.prompt.text import TOO_LONG, PromptText
from fmstudio.gui.playground.prompt.values import VariableFields
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import scrolled_column, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.tab_order import follow
from fmstudio.gui.widgets.titled import titled
from fmstudio.workspace.prompts import PromptError, PromptTemplate

_BRACES = "Braces make a variable: {text}. Write {{ and }} for braces that are meant as text."


class PromptEditor(QWidget):
    """edited: the prompt has changed. filled: a value has changed. submitted: it is to be run."""

    edited = Signal()
    filled = Signal()
    submitted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("prompt-editor")
        self._showing = False
        self.system = PromptText(
            theme, "prompt-system", "System prompt", "What the model is told before; empty takes the default", 5
        )
        self.user = PromptText(theme, "prompt-user", "User prompt", "Summarise this text: {text}", 12)
        self.problem = label("", "error", "prompt-problem", wrap=True)
        self.values = VariableFields()
        self.examples = ExamplesTable(theme)
        self.notes = PromptText(theme, "prompt-notes", "Notes", "For people; the model never sees them", 4)
        self.error = ErrorBox(theme, "prompt-paste-error")
        self._lay_out()
        for text in (self.system, self.user, self.notes):
            text.textChanged.connect(self._edited)
            text.refused.connect(self._refused)
            text.submitted.connect(self.submitted)
        for part in (self.examples, self.values):
            part.refused.connect(self._refused)
            part.submitted.connect(self.submitted)
        self.examples.edited.connect(self._edited)
        self.values.edited.connect(self.filled)

    def _lay_out(self) -> None:
        fields, scroll = scrolled_column("prompt-editor-scroll")
        fields.setContentsMargins(0, 4, 12, 4)
        fields.setSpacing(12)
        fields.addWidget(titled("System prompt", self.system))
        fields.addWidget(titled("User prompt", self.user, _BRACES))
        for widget in (self.problem, self.values, self.examples):
            fields.addWidget(widget)
        fields.addWidget(titled("Notes", self.notes))
        fields.addStretch(1)
        self.problem.hide()
        self.setLayout(vbox(self.error, (scroll, 1)))

    def template(self) -> PromptTemplate:
        """What is written."""
        return PromptTemplate(
            system=self.system.toPlainText(),
            user=self.user.toPlainText(),
            examples=self.examples.examples(),
            notes=self.notes.toPlainText(),
        )

    def show_template(self, template: PromptTemplate) -> None:
        """Show a prompt; nobody is told."""
        self._showing = True
        self.system.show_text(template.system)
        self.user.show_text(template.user)
        self.examples.show_examples(template.examples)
        self.notes.show_text(template.notes)
        self._showing = False
        self._find_variables()

    def _edited(self) -> None:
        if not self._showing:
            self.error.clear()
            self._find_variables()
            self.edited.emit()

    def _find_variables(self) -> None:
        """A field for each variable; while a brace is open, the fields stay as they were."""
        try:
            self.values.show_variables(self.template().variables)
            follow(self.user, self.values.fields.values())
            sentence = ""
        except PromptError as error:
            sentence = str(error)
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _refused(self, _text: str) -> None:
        self.error.show_error(TOO_LONG)
