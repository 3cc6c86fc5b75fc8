"""The strip that says what was deleted and brings it back."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.tidying import RESTORE
from fmstudio.gui.widgets.labels import button, icon_button, label


class UndoStrip(QFrame):
    """Stays until it is dismissed or something else is deleted. restored(ids), failed(reason, details)."""

    restored = Signal(list)
    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("feedback-undo-strip")
        self.setProperty("role", "strip")
        self._ids: list[str] = []
        self._entry = ""
        self._restoring = JobFollower(self, studio, RESTORE)
        self._restoring.finished.connect(self._restored)
        self._restoring.failed.connect(self.failed)
        self.sentence = label("", "body", "feedback-undo-sentence")
        self.undo = button("Undo", "feedback-undo", studio.theme, "mdi6.undo", "quiet", self.bring_back)
        self._restoring.busy_changed.connect(self.undo.setDisabled)
        self.close_button = icon_button("mdi6.close", "Dismiss", "feedback-undo-close", studio.theme, self.hide)
        self.setLayout(hbox((self.sentence, 1), self.undo, self.close_button, margins=(12, 4, 8, 4)))
        self.hide()

    def offer(self, ids: Sequence[str], entry: str) -> None:
        """Offer to bring these entries of the log back, which are one entry of the bin."""
        self._ids, self._entry = list(ids), entry
        self.sentence.setText(f"{formatting.plural(len(self._ids), 'entry', 'entries')} deleted.")
        self.show()

    def bring_back(self) -> None:
        """Undo the deletion."""
        self._restoring.ask(entry=self._entry)

    def _restored(self) -> None:
        self.hide()
        self.restored.emit(self._ids)
