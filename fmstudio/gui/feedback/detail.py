"""One entry of the feedback log: what was asked and answered, what a person thinks of it, and how it is made again."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.feedback.page import FeedbackPage
from fmstudio.gui.feedback.replay import ReplayRow
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.bar import FeedbackBar
from fmstudio.gui.widgets.feedback.jobs import DETAIL
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import ElidedLabel, icon_button, label

_PICTURE = 160


class FeedbackDetail(Card):
    """`deleted` tells the id of the entry that is to go."""

    deleted = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__("", "feedback-detail")
        self.set_padding(16, 12, 16, 12)
        self._studio, self._theme = studio, studio.theme
        self.entry = ""
        self.search = ""
        self._record: Mapping[str, Any] = {}
        self._question = JobFollower(self, studio, DETAIL)
        self._question.answered.connect(self._show)
        self._question.failed.connect(self._failed)
        self._build()
        studio.workspace_changed.connect(self._look_again)
        studio.theme_changed.connect(self._restyle)
        self.show_entry("")

    def _build(self) -> None:
        self.heading = ElidedLabel("", "section", "feedback-heading")
        self.about = ElidedLabel("", "caption", "feedback-about")
        self.delete_button = icon_button(
            "mdi6.trash-can-outline", "Delete this entry", "feedback-delete", self._theme,
            lambda: self.deleted.emit(self.entry),
        )  # fmt: skip
        self.bar = FeedbackBar(self._studio, "feedback-marks")
        self.picture = QLabel()
        self.picture.setObjectName("feedback-picture")
        self.page = FeedbackPage(self._theme)
        self.replay = ReplayRow(self._studio)
        self.replay.answered.connect(self._show_replayed)
        self.replay.playground_wanted.connect(self._to_playground)
        self.error = ErrorBox(self._theme, "feedback-detail-error", dismissable=False)
        self.body.addWidget(self.error)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._nothing())
        self._pages.addWidget(self._something())
        self.body.addWidget(self._pages, 1)

    def _nothing(self) -> QWidget:
        words = "Choose an entry to read it whole, rate it, correct it, or make it again."
        made = label(words, "secondary", "feedback-none", wrap=True)
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return made

    def _something(self) -> QWidget:
        head = hbox(
            (vbox(self.heading, self.about, gap=2), 1), (self.delete_button, 0, Qt.AlignmentFlag.AlignTop), gap=10
        )
        return boxed(vbox(head, self.bar, self.picture, (self.page, 1), self.replay, gap=10))

    # What it shows.

    def show_entry(self, id: str, search: str = "") -> None:
        """Show an entry, with what a search found marked; "" for none."""
        self.search = search
        if id == self.entry and id:
            self.page.mark(search)
            return
        self.entry, self._record = id, {}
        self.error.clear()
        self.replay.show_entry({})
        self._question.forget()
        self._pages.setVisible(True)
        if id:
            self.bar.show_entry(id)
            self._question.ask(entry=id)
        else:
            self._pages.setCurrentIndex(0)

    def _show(self, record: Mapping[str, Any]) -> None:
        self.error.clear()
        self._pages.setVisible(True)
        self._record = record
        self._pages.setCurrentIndex(1)
        self.heading.setText(record["model"] or "No model named")
        self.about.setToolTip(f"{record['created']}, entry {record['id']}")
        self.tell_age()
        self._show_picture(record.get("picture_path", ""))
        self.page.show_record(record, self.search)
        self.replay.show_entry(record)

    def tell_age(self) -> None:
        """Say how old the entry is by now."""
        if record := self._record:
            version = f" · version {record['model_version'][:8]}" if record["model_version"] else ""
            self.about.setText(f"{formatting.when(record['created'])}{version}")

    def _show_picture(self, path: str) -> None:
        pixmap = QPixmap(path) if path else QPixmap()
        self.picture.setVisible(not pixmap.isNull())
        if not pixmap.isNull():
            crisp = Qt.TransformationMode.FastTransformation
            ratio = Qt.AspectRatioMode.KeepAspectRatio
            self.picture.setPixmap(pixmap.scaled(_PICTURE, _PICTURE, ratio, crisp))
            self.picture.setAccessibleName("The picture that was rated")

    def _show_replayed(self, result: Mapping[str, Any]) -> None:
        if result.get("entry") == self.entry and result.get("kind") == "text" and not result["same"]:
            self.page.show_record(self._record, self.search, replayed=result["output"])

    def _failed(self, reason: str, details: str) -> None:
        self._pages.setVisible(False)
        self.error.show_error(reason, details)

    def _look_again(self, kind: str, name: str) -> None:
        if kind == "feedback" and self.entry and name in ("", self.entry):
            self._question.ask(entry=self.entry)

    def _restyle(self) -> None:
        if self._record:
            self.page.show_record(self._record, self.search)

    def _to_playground(self) -> None:
        self._studio.navigate("playground", entry=self.entry)
