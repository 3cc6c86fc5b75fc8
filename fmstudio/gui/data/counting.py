"""What the numbers of texts and of pictures share: they are asked for once a dataset, and shown when they come."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import ElidedLabel, label, scroll_area
from fmstudio.jobs import Progress


class CountedView(QWidget):
    """Counts once a dataset; the answer is kept beside the data, so coming back is quick.

    A view of its own kind lays out its content with `put` and fills it in `show_numbers`.
    """

    def __init__(self, studio: Studio, name: str, target: str) -> None:
        """name: begins the object names of its parts. target: the job that counts."""
        super().__init__()
        self.setObjectName(name)
        self._studio, self._name = studio, name
        self._dataset, self._version = "", ""
        self.error = ErrorBox(studio.theme, f"{name}-error", dismissable=False)
        self.progress = label("", "caption", f"{name}-progress")
        self._content = QWidget()
        self._question = JobFollower(self, studio, target)
        self._question.answered.connect(self._show)
        self._question.progressed.connect(self._show_progress)
        self._question.failed.connect(self._failed)

    def put(self, content: QVBoxLayout) -> None:
        """Lay the numbers out beneath the error and the progress."""
        self._content.setLayout(content)
        self.setLayout(
            vbox(self.error, self.progress, (scroll_area(self._content, f"{self._name}-scroll", reads=True), 1))
        )

    def show_dataset(self, name: str) -> None:
        """Show this dataset's numbers; those of one that was made anew under the same name are counted anew."""
        version = str(self._studio.workspace.dataset(name).details.get("content"))
        if (name, version) != (self._dataset, self._version) or self.error.showing:
            self._dataset, self._version = name, version
            self.reload()

    def reload(self) -> None:
        """Count the present dataset anew, or read what was counted."""
        self.error.clear()
        self._content.hide()
        self._say("Counting…")
        self._question.ask(dataset=self._dataset)

    def show_numbers(self, found: Mapping[str, Any], licence: str) -> None:
        """Fill the view with what was counted and the dataset's licence."""
        raise NotImplementedError

    def _say(self, sentence: str) -> None:
        self.progress.setText(sentence)
        self.progress.setVisible(bool(sentence))

    def _show_progress(self, progress: Progress) -> None:
        part = progress.done / progress.total if progress.total else None
        self._say(f"{progress.message}… {formatting.percent(part)}")

    def _failed(self, reason: str, details: str) -> None:
        self._say("")
        self.error.show_error(reason, details)

    def _show(self, found: Mapping[str, Any]) -> None:
        self._say("")
        self._content.show()
        licence = str(self._studio.workspace.dataset(self._dataset).details.get("licence", ""))
        self.show_numbers(found, licence or "Not stated")


class Figure(Card):
    """One number with what it is; a long text ends in an ellipsis, and its tooltip has all of it."""

    def __init__(self, caption: str, name: str) -> None:
        super().__init__("", f"{name}-card")
        self.set_padding(12, 10, 12, 10)
        self.body.setSpacing(2)
        self.value = ElidedLabel("–", "section", name)
        self.value.setAccessibleName(caption)
        self._caption = label(caption, "caption")
        self.body.addWidget(self._caption)
        self.body.addWidget(self.value)

    def call_it(self, caption: str) -> None:
        """Say otherwise what the number is."""
        self._caption.setText(caption)
        self.value.setAccessibleName(caption)

    def show_value(self, text: str) -> None:
        """Show the number as a person writes it."""
        self.value.setText(text)
        self.value.setToolTip(text)
        self.value.setAccessibleDescription(text)
