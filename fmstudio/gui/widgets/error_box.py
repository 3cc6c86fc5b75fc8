"""An error where it happened: one sentence with what to do, and the details for whoever wants to report them."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.labels import IconLabel, button, icon_button, label


class ErrorBox(QFrame):
    """Takes no room until `show_error`. With `dismissable`, a person can close it; `stacked` suits narrow places."""

    def __init__(self, theme: Theme, name: str = "error-box", dismissable: bool = True, stacked: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "error-box")
        self._theme = theme
        self._details = ""
        self.sentence = label("", "body", f"{name}-sentence", wrap=True)
        self.sentence.setTextInteractionFlags(self.sentence.textInteractionFlags().TextSelectableByMouse)
        self.copy_button = button("Copy details", f"{name}-copy", theme, "mdi6.content-copy", "quiet", self._copy)
        self.close_button = icon_button("mdi6.close", "Dismiss", f"{name}-close", theme, self.clear)
        self._actions = hbox(self.copy_button)
        self._lay_out(stacked)
        self.close_button.setVisible(dismissable)
        self.hide()

    def _lay_out(self, stacked: bool) -> None:
        body = QVBoxLayout() if stacked else QHBoxLayout()
        body.setSpacing(8)
        body.addWidget(self.sentence, 1)
        body.addLayout(self._actions)
        if stacked:
            self._actions.addStretch(1)
        self.setLayout(
            hbox(
                IconLabel(self._theme, "mdi6.alert-circle-outline", "error"),
                (body, 1),
                self.close_button,
                margins=(12, 8, 8, 8),
            )
        )

    def add_action(self, text: str, name: str, clicked: Callable[[], object]) -> QPushButton:
        """Add a button that helps with this error, such as "Try again"."""
        made = button(text, name, self._theme, role="plain", clicked=clicked)
        self._actions.insertWidget(0, made)
        return made

    def show_error(self, reason: str, details: str = "") -> None:
        """Show one sentence; "Copy details" copies it with the details."""
        self.sentence.setText(reason)
        self.setAccessibleName(reason)
        self._details = details
        self.copy_button.setText("Copy details")
        self.show()

    def clear(self) -> None:
        """Take it away."""
        self.hide()
        self.sentence.clear()
        self._details = ""

    @property
    def showing(self) -> bool:
        """Whether there is an error to be read."""
        return bool(self.sentence.text())

    def _copy(self) -> None:
        copy_details(self.sentence.text(), self._details)
        self.copy_button.setText("Copied")


def copy_details(reason: str, details: str) -> None:
    """Put an error's sentence and its details on the clipboard."""
    QGuiApplication.clipboard().setText(f"{reason}\n\n{details}".strip())


class Banner(QFrame):
    """A quiet notice across a page, such as that the workspace's index was rebuilt."""

    dismissed = Signal()

    def __init__(self, theme: Theme, name: str = "banner") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "banner")
        self.sentence = label("", "body", f"{name}-sentence", wrap=True)
        self._line = hbox(
            IconLabel(theme, "mdi6.information-outline", "warning"),
            (self.sentence, 1),
            icon_button("mdi6.close", "Dismiss", f"{name}-close", theme, self.dismissed.emit),
            margins=(12, 6, 8, 6),
        )
        self.setLayout(self._line)
        self.dismissed.connect(self.hide)
        self.hide()

    def tell(self, sentence: str) -> None:
        """Show a notice; an empty one takes it away."""
        self.sentence.setText(sentence)
        self.setVisible(bool(sentence))


class UndoBanner(Banner):
    """Says what was deleted and offers to bring it back. restore_wanted(key): the person wants that."""

    restore_wanted = Signal(str)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(theme, name)
        self._key = ""
        self.button = button("Undo", f"{name}-button", theme, role="link", clicked=self._restore)
        self._line.insertWidget(2, self.button)

    def offer(self, key: str, sentence: str) -> None:
        """Offer to bring back what `key` names; it replaces an earlier offer."""
        self._key = key
        self.tell(sentence)

    def _restore(self) -> None:
        self.tell("")
        self.restore_wanted.emit(self._key)
