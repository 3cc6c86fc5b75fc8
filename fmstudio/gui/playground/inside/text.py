"""The text that is looked into: typed, pasted or chosen from examples, as it is or as a message in a chat."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from fmstudio.gui.playground.no_files import let_files_pass
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, row, vbox
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.switch import Switch

LONGEST = 20_000
"""Characters that the field takes: many times what can be looked into, few enough to be laid out at once."""

EXAMPLES: Mapping[str, str] = {
    "A fact": "The capital of France is Paris, and the capital of Italy is Rome.",
    "Repetition": "The red fox met the grey owl by the old mill. The red fox met the grey owl by the",
    "Counting": "one two three four five six seven eight nine ten eleven",
    "Code": "def add(a, b):\n    return a + b\n\ndef subtract(a, b):\n    return a",
    "Garden path": "The old man the boat while the young watch.",
    "Many scripts": "Grüße, 世界! Привет, мир. 👩‍🚀 naïve café",
}


class OwnText(QWidget):
    """changed: the text or the switch is another one. `chat` is off where the model has no template."""

    changed = Signal()

    def __init__(self, studio: Studio, name: str = "inside-text") -> None:
        super().__init__()
        self.setObjectName(name)
        self.field = _Field()
        let_files_pass(self.field)
        self.field.setObjectName(f"{name}-field")
        self.field.setAccessibleName("Text to look into")
        self.field.setPlaceholderText("Type or paste a text.")
        self.field.setTabChangesFocus(True)
        self.field.setPlainText(EXAMPLES["A fact"])
        self.field.setMinimumHeight(96)
        self.field.setMaximumHeight(220)
        self.examples = {
            title: button(title, f"{name}-example-{number}", studio.theme, role="link",
                          clicked=partial(self.field.setPlainText, text))
            for number, (title, text) in enumerate(EXAMPLES.items(), 1)
        }  # fmt: skip
        self.switch = Switch(studio.theme, f"{name}-chat", "As a message in a chat")
        self.switch.setToolTip("Put the text into the model's chat template, exactly as the chat does.")
        self.hint = label("", "caption", f"{name}-hint", wrap=True)
        self.cut = label("", "warning", f"{name}-cut", wrap=True)
        self.cut.hide()
        self._lay_out()
        self.field.textChanged.connect(self.changed)
        self.field.shortened.connect(self._tell_cut)
        self.field.textChanged.connect(self._forget_cut)
        self.switch.toggled.connect(self._toggled)
        self.know_chat(None)

    def _lay_out(self) -> None:
        self._chat_title = label("As a chat message", "body", "inside-text-chat-title")
        layout = vbox(
            label("Your text", "section"),
            self.field,
            self.cut,
            hbox(self.switch, self._chat_title, ..., gap=4),
            self.hint,
            8,
            label("Examples to try", "strong"),
            margins=(0, 8, 0, 0),
        )
        self.setLayout(layout)
        for each in self.examples.values():
            layout.addWidget(row(each))
        layout.addStretch(1)

    @property
    def text(self) -> str:
        """The text."""
        return self.field.toPlainText()

    @property
    def chat(self) -> bool:
        """Whether it is looked at as a message in a chat."""
        return self.switch.isChecked() and self.switch.isEnabled()

    def set_text(self, text: str) -> None:
        """Look into another text; what is too long for the field is cut with a word."""
        if text != self.text:
            self.field.setPlainText(text[:LONGEST])
        if len(text) > LONGEST:
            self._tell_cut(len(text))

    def know_chat(self, has_template: bool | None) -> None:
        """Whether the model can chat; None while nobody knows."""
        self.switch.setEnabled(has_template is not False)
        self._chat_title.setEnabled(has_template is not False)
        self.hint.setText(
            "This model has no chat template: it continues texts." if has_template is False
            else "Shows the template's special tokens around the text." if self.switch.isChecked() else ""
        )  # fmt: skip

    def _toggled(self) -> None:
        self.know_chat(True)
        self.changed.emit()

    def _tell_cut(self, length: int) -> None:
        self.cut.setText(f"The text has {length:,} characters; the first {LONGEST:,} are taken.")
        self.cut.show()

    def _forget_cut(self) -> None:
        self.cut.hide()


class _Field(QPlainTextEdit):
    """Takes a paste up to what it can lay out at once. shortened(characters): of a text that was longer."""

    shortened = Signal(int)

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text()
        room = max(0, LONGEST - len(self.toPlainText()) + len(self.textCursor().selectedText()))
        self.insertPlainText(text[:room])
        if len(text) > room:
            self.shortened.emit(len(text))
