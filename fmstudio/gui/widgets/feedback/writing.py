"""A place to write a few lines about an output, which opens under it and closes when they are kept."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button


class WritingBox(KeyedView):
    """`saved` tells the text. Ctrl+Enter saves, Esc closes and keeps nothing."""

    acts = leaves = True
    saved = Signal(str)

    def __init__(self, theme: Theme, name: str, title: str, placeholder: str, height: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self.editor = QPlainTextEdit()
        self.editor.setObjectName(f"{name}-editor")
        self.editor.setAccessibleName(title)
        self.editor.setPlaceholderText(placeholder)
        self.editor.setTabChangesFocus(True)
        self.editor.setFixedHeight(height)
        self.acted.connect(self._save)
        self.closed.connect(self.close_box)
        self.save_button = button(f"Save {title.lower()}", f"{name}-save", theme, clicked=self._save)
        self.save_button.setToolTip("Ctrl+Enter")
        self.remove_button = button("Remove", f"{name}-remove", theme, role="quiet", clicked=self._remove)
        self.cancel_button = button("Cancel", f"{name}-cancel", theme, role="quiet", clicked=self.close_box)
        row = hbox(self.save_button, self.cancel_button, ..., self.remove_button, gap=4)
        self.setLayout(vbox(self.editor, row, gap=6))
        self.hide()

    def toggle(self, text: str, removable: bool) -> None:
        """Open with a text to change, or close; removable: there is one already, which can be taken away."""
        if self.isVisible():
            self.close_box()
            return
        self.editor.setPlainText(text)
        self.remove_button.setVisible(removable)
        self.show()
        self.editor.setFocus()

    def close_box(self) -> None:
        """Close and keep nothing."""
        self.hide()

    def _save(self) -> None:
        self.hide()
        self.saved.emit(self.editor.toPlainText().strip())

    def _remove(self) -> None:
        self.hide()
        self.saved.emit("")
