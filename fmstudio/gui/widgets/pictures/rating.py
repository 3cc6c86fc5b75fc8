"""Rating one picture: a small popover with the picture and the marks of the feedback log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.bar import FeedbackBar
from fmstudio.gui.widgets.feedback.jobs import KEEP_PICTURE, LOGGING, PROMISE, logging_on
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import icon_button, label
from fmstudio.gui.widgets.pictures.tiles import image_of
from fmstudio.jobs import Finished, array_to_plain

_SIDE, _WIDTH = 72, 420


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a picture was drawn: the job, and which of its pictures it is (see `fmstudio.feedback.pictures.keep`)."""

    model: str
    target: str
    arguments: Mapping[str, Any]
    index: int
    sample: str = ""
    view: str = ""


class PictureRating(QFrame):
    """Stands beside the picture until Esc or a click on its cross. failed(reason, details)."""

    closed = Signal()

    def __init__(self, studio: Studio, picture: np.ndarray, drawn: Drawn, owner: QWidget) -> None:
        self._place = owner.window()
        super().__init__(self._place)
        self.setObjectName("popup")
        self.setAccessibleName("Rate this picture")
        self._studio, self._picture, self._drawn = studio, picture, drawn
        self.entry = ""
        self.bar = FeedbackBar(studio, "picture-rating")
        self.error = ErrorBox(studio.theme, "picture-rating-error", dismissable=False)
        self._keeping = JobFollower(self, studio, KEEP_PICTURE, "joins")
        self._keeping.finished.connect(self._kept)
        self._keeping.failed.connect(self.error.show_error)
        self._keeping.ended.connect(self.adjustSize)
        self._lay_out()
        studio.preferences.changed.connect(self._follow)
        self._keep()

    def _lay_out(self) -> None:
        small = QLabel()
        small.setAccessibleName("The picture")
        pixels = QPixmap.fromImage(image_of(self._picture))
        ratio, crisp = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
        small.setPixmap(pixels.scaled(_SIDE, _SIDE, ratio, crisp))
        head = hbox(
            (label("What do you think of this picture?", "strong"), 1),
            icon_button("mdi6.close", "Close (Esc)", "picture-rating-close", self._studio.theme, self.close_popup),
            gap=4,
        )
        marks = vbox(head, self.bar, self.error, label(PROMISE, "caption", "picture-rating-promise", wrap=True), gap=4)
        self.setLayout(hbox((small, 0, Qt.AlignmentFlag.AlignTop), (marks, 1), gap=12, margins=(12, 10, 10, 10)))
        self.setFixedWidth(_WIDTH)

    def open_at(self, place: QPoint) -> None:
        """Show it near a place of the screen, inside the window."""
        self.adjustSize()
        window = self._place
        corner = window.mapFromGlobal(place)
        left = max(8, min(corner.x(), window.width() - self.width() - 8))
        top = max(8, min(corner.y() + 8, window.height() - 2 * self.height() - 8))
        self.move(left, top)
        self.show()
        self.raise_()
        self.bar.up.setFocus()

    def close_popup(self) -> None:
        """Take it away; what was said is kept."""
        self.hide()
        self.closed.emit()
        self.deleteLater()

    def _keep(self) -> None:
        """Put the picture into the log, where it can be rated; it is there once, however often it is rated."""
        if not logging_on(self._studio):
            return
        drawn = self._drawn
        self._keeping.ask(
            picture=array_to_plain(self._picture), model=drawn.model, target=drawn.target, arguments=drawn.arguments,
            index=drawn.index, sample=drawn.sample, view=drawn.view,
        )  # fmt: skip

    def _kept(self, event: Finished) -> None:
        if event.result:
            self.entry = event.result["entry"]
            self.bar.show_entry(self.entry)

    def _follow(self, choice: str) -> None:
        if choice == LOGGING and not self.entry:
            self._keep()

    def event(self, event: QEvent) -> bool:
        if event.type() == event.Type.LayoutRequest and self.isVisible():
            self.adjustSize()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_popup()
        else:
            super().keyPressEvent(event)
