"""One message of a conversation: who says it, the text, and quietly beneath it what can be done and how it came."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from fmstudio.gui.playground.composer import PromptField
from fmstudio.gui.playground.figures import figures_of
from fmstudio.gui.playground.reply import can_replay, ending_of
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.feedback.bar import FeedbackBar
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.text.streamed_text import StreamedText
from fmstudio.workspace.conversation import Message

_SMALL = QSize(16, 16)
_LONG, _FOLDED = 3000, 1200  # characters of a person's own message: from where it is folded, and to how much


class MessageView(QFrame):
    """edited(id, text), regenerate_wanted(id), branch_wanted(id of the sibling), remove_wanted(id),

    inside_wanted(id), replay_wanted(id): what a person asks for with its buttons. looked_at(id): it was clicked.
    """

    edited = Signal(str, str)
    regenerate_wanted = Signal(str)
    branch_wanted = Signal(str)
    remove_wanted = Signal(str)
    inside_wanted = Signal(str)
    replay_wanted = Signal(str)
    looked_at = Signal(str)

    def __init__(self, studio: Studio, message: Message, who: str) -> None:
        super().__init__()
        self._studio, self.message = studio, message
        self._name = f"message-{message.id}"
        self.setObjectName(self._name)
        self.by_model = message.role != "user"
        self.setProperty("role", "answer" if self.by_model else "question")
        self._siblings: list[str] = [message.id]
        self.who = label(who, "caption", f"{self._name}-who")
        self.text = StreamedText(studio.theme, f"{self._name}-text", f"{who} says", fitted=True)
        self._shown: str | None = None
        self._unfolded = False
        self.more = button("", f"{self._name}-more", studio.theme, role="link", clicked=self._unfold)
        self.more.hide()
        self.figures = label("", "caption", f"{self._name}-figures", wrap=True)
        self.note = label("", "caption", f"{self._name}-note", wrap=True)
        self.place = label("", "caption", f"{self._name}-place")
        self.feedback: FeedbackBar | None = None
        self._editor: _Editor | None = None
        self._make_buttons()
        self._lay_out()

    def _make_buttons(self) -> None:
        def made(icon: str, tip: str, name: str, clicked: Callable[[], object]) -> QToolButton:
            small = icon_button(icon, tip, f"{self._name}-{name}", self._studio.theme, clicked)
            small.setProperty("role", "tiny")
            small.setIconSize(_SMALL)
            return small

        self.before = made("mdi6.chevron-left", "The branch before", "before", lambda: self._step(-1))
        self.after = made("mdi6.chevron-right", "The branch after", "after", lambda: self._step(1))
        self.copy = made("mdi6.content-copy", "Copy", "copy", self._copy)
        self.remove = made("mdi6.trash-can-outline", "Delete from here on", "remove", self._ask(self.remove_wanted))
        if self.by_model:
            again, inside, replay = (
                self._ask(each) for each in (self.regenerate_wanted, self.inside_wanted, self.replay_wanted)
            )
            self.again = made("mdi6.dice-5-outline", "Another answer, with the next seed", "again", again)
            self.replay = made("mdi6.replay", "Replay: the same model, settings and seed", "replay", replay)
            self.inside = made("mdi6.magnify-scan", "Look inside", "inside", inside)
            self._own = [self.copy, self.again, self.replay, self.inside, self.remove]
        else:
            self.edit = made("mdi6.pencil-outline", "Edit and ask again, on a branch", "edit", self.begin_edit)
            self._own = [self.copy, self.edit, self.remove]

    def _ask(self, wanted: SignalInstance) -> Callable[[], None]:
        return lambda: wanted.emit(self.message.id)

    def _lay_out(self) -> None:
        self._actions = boxed(
            hbox(hbox(self.before, self.place, self.after, gap=4), *self._own, ..., gap=12, margins=(0, 2, 0, 2))
        )
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(*((0, 0, 0, 0) if self.by_model else (12, 6, 12, 10)))
        self._body.setSpacing(4)
        head = hbox((self.who, 1))
        self._body.addLayout(head)
        for each in (self.text, self.more, self.figures, self.note):
            self._body.addWidget(each)
        (self._body if self.by_model else head).addWidget(self._actions)
        self.figures.setVisible(self.by_model)
        self.note.hide()

    # Showing.

    def show_message(self, running: bool = False) -> None:
        """Show the text and figures as they are now; while it is written, only the text. See `show_feedback` too."""
        if not running:
            self._show_text()
        elif not self.text.growing:
            self.text.begin()
            self.text.append(self.message.text)  # it may have begun before one came to look
        self.figures.setText("" if running else figures_of(self.message.result))
        self.figures.setVisible(self.by_model)
        self._actions.setEnabled(not running)
        if self.by_model:
            self.replay.setVisible(can_replay(self.message.result))
        if self.feedback is not None:
            self.show_feedback()

    def _show_text(self) -> None:
        text = self.message.text
        if text == self._shown:
            return
        self._shown = text
        folded = not self.by_model and len(text) > _LONG and not self._unfolded
        self.more.setVisible(folded)
        self.more.setText(f"Show all {len(text):,} characters")
        self.text.show_text(f"{text[:_FOLDED]}…" if folded else text, self.by_model, ending_of(self.message.result))

    def _unfold(self) -> None:
        self._unfolded, self._shown = True, None
        self._show_text()

    def set_siblings(self, siblings: list[str]) -> None:
        """The branches at this point, this message among them: ‹ 2/3 ›."""
        self._siblings = siblings
        at = siblings.index(self.message.id)
        several = len(siblings) > 1
        for each in (self.before, self.place, self.after):
            each.setVisible(several)
        self.place.setText(f"{at + 1}/{len(siblings)}")
        self.place.setAccessibleName(f"Branch {at + 1} of {len(siblings)}")
        self.before.setEnabled(at > 0)
        self.after.setEnabled(at + 1 < len(siblings))

    def append_piece(self, piece: str) -> None:
        """Go on with what the model writes."""
        self._shown = None
        self.text.append(piece)

    def say_pace(self, words: str) -> None:
        """Tell how the writing gets on, where its figures will stand."""
        self.figures.setText(words)

    def say(self, words: str) -> None:
        """A word on this message, such as how a replay went; an empty one takes it away."""
        self.note.setText(words)
        self.note.setVisible(bool(words))

    @property
    def bare(self) -> bool:
        """Whether the row for feedback is still missing. It is dear to make, so that of many one comes at a time."""
        return self.feedback is None and self.by_model and bool(self.message.result)

    def show_feedback(self) -> None:
        """Show the row where a person judges the answer."""
        if not self.by_model or not self.message.result:
            return
        if self.feedback is None:
            self.feedback = FeedbackBar(self._studio, f"{self._name}-feedback")
            self._body.addWidget(self.feedback)
        entry = str(self.message.result.get("feedback", ""))
        if self.feedback.entry != entry or not entry:
            self.feedback.show_entry(entry, self.message.text)

    # Acting.

    def _step(self, by: int) -> None:
        self.branch_wanted.emit(self._siblings[self._siblings.index(self.message.id) + by])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self.looked_at.emit(self.message.id)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.message.text)

    def begin_edit(self) -> None:
        """Put a field in the place of the text."""
        if self._editor is None:
            self._editor = _Editor(self._studio, self._name, self.message.text)
            self._editor.done.connect(self._end_edit)
            self._body.insertWidget(self._body.indexOf(self.text), self._editor)
        self.text.hide()
        self._actions.hide()
        self._editor.field.setFocus()

    def _end_edit(self, text: str) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
        self.text.show()
        self._actions.show()
        if text.strip() and text != self.message.text:
            self.edited.emit(self.message.id, text)


class _Editor(QWidget):
    """done(text): what to say instead; empty where nothing is changed."""

    done = Signal(str)

    def __init__(self, studio: Studio, name: str, text: str) -> None:
        super().__init__()
        self.field = PromptField(f"{name}-edit-field", "Edit the message")
        self.field.setPlainText(text)
        self.field.submitted.connect(self._send)
        self.send = button("Ask again", f"{name}-edit-send", studio.theme, clicked=self._send)
        self.cancel = button("Cancel", f"{name}-edit-cancel", studio.theme, role="quiet", clicked=self._cancel)
        row = hbox(label("Becomes a branch beside the first.", "caption"), ..., self.cancel, self.send, gap=6)
        self.setLayout(vbox(self.field, row, gap=6, margins=(0, 0, 0, 4)))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _escapes(event):
            event.accept()  # here it ends the editing, not an answer
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _escapes(event):
            self._cancel()
        else:
            super().keyPressEvent(event)

    def _send(self) -> None:
        self.done.emit(self.field.toPlainText())

    def _cancel(self) -> None:
        self.done.emit("")


def _escapes(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Escape
