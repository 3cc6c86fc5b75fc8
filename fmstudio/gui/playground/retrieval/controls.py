"""What stands above the passages: the question, and how passages are found for it."""

from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from fmstudio.gui.playground.retrieval.store import CollectionsModel
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.options_form import OptionsForm
from fmstudio.gui.widgets.labels import button

LONGEST = 10_000
_PATIENCE = 250  # milliseconds after the last letter until passages are looked for


class QuestionControls(QWidget):
    """typed: a question that may be looked up now. entered: answer it. edited: anything that `refusal` looks at."""

    typed = Signal()
    entered = Signal()
    edited = Signal()

    def __init__(self, studio: Studio, store: CollectionsModel) -> None:
        super().__init__()
        self.setObjectName("retrieval-question-controls")
        self._store = store
        self.field = QLineEdit()
        self.field.setObjectName("retrieval-question")
        self.field.setAccessibleName("Question")
        self.field.setPlaceholderText("Ask something that the documents answer")
        self.field.setMaxLength(LONGEST)
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._changed)
        self.field.returnPressed.connect(self.entered)
        self.form = OptionsForm(studio.theme, "retrieval-settings", columns=(3, 3))
        self.form.edited.connect(self._changed)
        self.form.hide()
        self.opener = button("Settings", "retrieval-settings-open", studio.theme, "mdi6.tune-variant")
        self.opener.setCheckable(True)
        self.opener.setToolTip("How passages are found, and which are used")
        self.opener.toggled.connect(self.form.setVisible)
        self._soon = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._soon.timeout.connect(self.typed)
        self.setLayout(vbox(hbox((self.field, 1), self.opener), self.form, gap=12))
        store.described.connect(self._described)
        self._described()

    def _described(self) -> None:
        self.form.set_settings(self._store.retrieval)

    @property
    def question(self) -> str:
        """What is asked."""
        return self.field.text().strip()

    def settings(self) -> dict[str, Any]:
        """How passages are found, as far as it differs from the defaults."""
        return self.form.values()

    def refusal(self) -> str:
        """Why this cannot be asked, or ""."""
        if not self.question:
            return "Type a question first."
        if len(self.field.text()) >= LONGEST:
            return f"A question can have up to {LONGEST:,} characters."
        return self.form.problem()

    def _changed(self) -> None:
        self.edited.emit()
        self._soon.start()
