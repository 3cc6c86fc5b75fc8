"""Where one writes to a model. It grows with its text, and takes no more than any model could read."""

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from fmstudio.gui.playground.no_files import let_files_pass
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import button, icon_button, set_property
from fmstudio.gui.widgets.text.long_text import wrapping

MOST = 200_000  # characters that are taken; a context of 32,000 tokens holds about 130,000
_LINES = 8
_PREFERENCE = "playground/enter_sends"


class PromptField(QPlainTextEdit):
    """submitted: the keys that send were pressed. refused(text): a paste was too long to be a prompt."""

    submitted = Signal()
    refused = Signal(str)

    def __init__(self, name: str, accessible_name: str, enter_sends: bool = False, lines: int = _LINES) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setTabChangesFocus(True)
        let_files_pass(self)
        self.enter_sends = enter_sends
        self._lines = lines
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text()
        if len(text) + self.document().characterCount() > MOST:
            self.refused.emit(text)
        else:
            self.setWordWrapMode(wrapping(text))
            super().insertFromMimeData(source)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._submits(event):
            event.accept()  # so that the panel's button does not send it a second time
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._submits(event):
            self.submitted.emit()
        else:
            super().keyPressEvent(event)

    def _submits(self, event: QKeyEvent) -> bool:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return False
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return True
        return self.enter_sends and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier

    def _fit(self, *_: object) -> None:
        lines = min(self._lines, max(1, round(self.document().size().height())))
        self.setFixedHeight(round(lines * self.fontMetrics().lineSpacing() + 2 * self.document().documentMargin()) + 16)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


class Composer(QFrame):
    """The field, what its keys do, and the button that sends or stops.

    sent(text): to be answered. stop_wanted. changed: whether there is anything to send is another thing now.
    index_wanted(text): a text too long to be a prompt should become a document to ask about.
    """

    sent = Signal(str)
    stop_wanted = Signal()
    changed = Signal()
    index_wanted = Signal(str)

    def __init__(self, studio: Studio, name: str = "composer", placeholder: str = "Ask something…") -> None:
        super().__init__()
        self.setObjectName(name)
        self._studio = studio
        self._too_long = ""
        self.running = False
        self.field = PromptField(f"{name}-field", "Message", studio.preferences.get(_PREFERENCE))
        self.field.setPlaceholderText(placeholder)
        self.error = ErrorBox(studio.theme, f"{name}-error", stacked=True)
        self.index = self.error.add_action("Index it as a document", f"{name}-index", self._index)
        self.keys = button("", f"{name}-keys", studio.theme, role="link", clicked=self._swap_keys)
        self.send = icon_button("mdi6.arrow-up-circle", "Send", f"{name}-send", studio.theme, self.submit, "accent")
        self.stop = icon_button("mdi6.stop-circle-outline", "Stop (Esc)", f"{name}-stop", studio.theme)
        self.stop.clicked.connect(self.stop_wanted)
        self.field.submitted.connect(self.submit)
        self.field.refused.connect(self._refuse)
        self.field.textChanged.connect(self._changed)
        studio.preferences.changed.connect(self._preference_changed)
        self._lay_out()
        self._show_keys()
        self.set_running(False)

    def _lay_out(self) -> None:
        feet = hbox(self.keys, ..., self.send, self.stop, gap=4, margins=(2, 0, 0, 0))
        self.setLayout(vbox(self.error, self.field, feet, gap=4))
        set_property(self.keys, "role", "hint")

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.field.toPlainText()

    def submit(self) -> None:
        """Send what stands in the field, if it is anything and nothing is being answered."""
        text = self.text
        if text.strip() and not self.running:
            self.sent.emit(text)

    def clear(self) -> None:
        """Empty the field."""
        self.field.clear()
        self.error.clear()

    def set_running(self, running: bool) -> None:
        """Show Stop in the place of Send while an answer comes."""
        self.running = running
        self.send.setVisible(not running)
        self.stop.setVisible(running)
        self._changed()

    def _changed(self) -> None:
        self.send.setEnabled(not self.field.document().isEmpty())
        self.changed.emit()

    # Which keys send.

    def _swap_keys(self) -> None:
        self._studio.preferences.set(_PREFERENCE, not self._studio.preferences.get(_PREFERENCE))

    def _preference_changed(self, name: str) -> None:
        if name == _PREFERENCE:
            self._show_keys()

    def _show_keys(self) -> None:
        enter = bool(self._studio.preferences.get(_PREFERENCE))
        self.field.enter_sends = enter
        self.keys.setText("Enter sends, Shift+Enter: new line" if enter else "Ctrl+Enter sends")
        self.keys.setToolTip(f"Click to send with {'Ctrl+Enter' if enter else 'Enter'}")

    # A text that is too long.

    def _refuse(self, text: str) -> None:
        self._too_long = text
        self.error.show_error(too_long(text))

    def _index(self) -> None:
        text, self._too_long = self._too_long, ""
        self.error.clear()
        if text:
            self.index_wanted.emit(text)


def too_long(text: str) -> str:
    """What to tell of a text that is too long to be a prompt."""
    return (
        f"The pasted text has {len(text):,} characters, more than a prompt can hold here ({MOST:,}); "
        "index it as a document and ask about it in Retrieval."
    )
