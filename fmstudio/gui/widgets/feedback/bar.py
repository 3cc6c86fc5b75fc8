"""The row under an output where a person says what they think of it: thumbs, a score, tags, a comment, a correction."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.jobs import EDIT, JUDGEMENT, LOGGING, logging_on
from fmstudio.gui.widgets.feedback.score import ScoreStars
from fmstudio.gui.widgets.feedback.tags import TagChips
from fmstudio.gui.widgets.feedback.writing import WritingBox
from fmstudio.gui.widgets.flow_layout import FlowLayout
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label

_ROOMY = 420  # pixels from which the last button has words
_LONGEST = 200_000  # characters that can be corrected by hand


class FeedbackBar(QWidget):
    """Compact; it opens downwards where a person writes. `saved` tells the id of an entry that was changed."""

    saved = Signal(str)

    def __init__(self, studio: Studio, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Your feedback on this output")
        self._studio, self._theme, self._name = studio, studio.theme, name
        self.entry = ""
        self._output = ""
        self._judgement: dict[str, Any] = {}
        self._asking = JobFollower(self, studio, JUDGEMENT)
        self._asking.answered.connect(self._answered)
        self._asking.failed.connect(self._gone)
        self._saving = JobFollower(self, studio, EDIT, "joins")
        self._saving.finished.connect(self._saved)
        self._saving.failed.connect(self._not_saved)
        self._build()
        studio.preferences.changed.connect(self._follow)
        studio.workspace_changed.connect(self._look_again)
        self.show_entry("")

    # Building.

    def _build(self) -> None:
        self.up = self._thumb("up", "mdi6.thumb-up-outline", 1)
        self.down = self._thumb("down", "mdi6.thumb-down-outline", -1)
        self.score = ScoreStars(self._theme, f"{self._name}-score")
        self.score.changed.connect(lambda score: self._save(score=score))
        self.tag_button = self._opener("mdi6.tag-outline", "Tags", "tag-button", self._open_tags)
        self.comment_button = self._opener("mdi6.comment-text-outline", "Comment", "comment-button", self._open_comment)
        self.correct_button = self._opener("mdi6.pencil-outline", "Correct…", "correct-button", self._open_correction)
        self.correct_button.setToolTip("Write what the output should have been; it is preferred over it in training")
        self.state = label("", "caption", f"{self._name}-state")
        self.tags = TagChips(self._theme, f"{self._name}-tags")
        self.tags.changed.connect(lambda tags: self._save(tags=tags))
        self.comment = WritingBox(self._theme, f"{self._name}-comment", "Comment", "What is good or bad about it?", 64)
        self.comment.saved.connect(lambda text: self._save(comment=text))
        self.correction = WritingBox(
            self._theme, f"{self._name}-correction", "Correction", "What it should have been", 140
        )
        self.correction.saved.connect(self._correct)
        self.error = ErrorBox(self._theme, f"{self._name}-error")
        self._off = self._off_row()
        self._lay_out()

    def _thumb(self, way: str, icon: str, value: int) -> QToolButton:
        made = icon_button(icon, f"Thumbs {way}", f"{self._name}-{way}", self._theme)
        made.setCheckable(True)
        made.clicked.connect(lambda checked: self._save(thumbs=value if checked else 0))
        return made

    def _opener(self, icon: str, text: str, part: str, act: Callable[[], object]) -> QToolButton:
        made = icon_button(icon, text, f"{self._name}-{part}", self._theme, act)
        made.setText(text)
        return made

    def _off_row(self) -> QWidget:
        self.why = label("", "caption", f"{self._name}-why", wrap=True)
        self.switch_on = button(
            "Switch on", f"{self._name}-switch-on", self._theme, role="link",
            clicked=lambda: self._studio.preferences.set(LOGGING, True),
        )  # fmt: skip
        return boxed(hbox(self.why, self.switch_on, ...))

    def _lay_out(self) -> None:
        self._marks = QWidget()
        row = FlowLayout(self._marks)
        openers = (self.tag_button, self.comment_button, self.correct_button)
        for widget in (self.up, self.down, self.score, *openers, self.state):
            row.addWidget(widget)
        self.setLayout(vbox(self._off, self._marks, self.tags, self.comment, self.correction, self.error, gap=6))

    # What it shows.

    def show_entry(self, id: str, output: str = "") -> None:
        """Show the marks of an entry of the log; none ("") hides them and says why, where logging is off."""
        self.entry, self._output, self._judgement = id, output, {}
        for box in (self.comment, self.correction):
            box.close_box()
        self.error.clear()
        self.state.clear()
        self._show_judgement({})
        self._show_presence()
        if id:
            self._ask()

    def _show_presence(self) -> None:
        off = not logging_on(self._studio)
        self._marks.setVisible(bool(self.entry))
        self._off.setVisible(not self.entry and off)
        self.tags.setVisible(bool(self.entry) and bool(self.tags.tags))
        self.why.setText("Not kept for feedback: logging is off.")
        self.switch_on.setVisible(off)

    def _follow(self, choice: str) -> None:
        if choice == LOGGING and not self.entry:
            self._show_presence()
            if logging_on(self._studio) and self._output:
                self.why.setText("Logging is on from the next output.")
                self._off.show()

    def _look_again(self, kind: str, name: str) -> None:
        """Another place may have changed the same entry."""
        if kind == "feedback" and self.entry and name in ("", self.entry) and not self._saving.busy:
            self._ask()

    def _ask(self) -> None:
        self._asking.ask(entry=self.entry)

    def _answered(self, judgement: Mapping[str, Any]) -> None:
        if judgement["entry"] == self.entry and not self._saving.busy:
            self._judgement = dict(judgement)
            self._output = self._output or judgement["output"]
            self._show_judgement(self._judgement)
            self.tags.setVisible(bool(self.tags.tags) or self.tags.field.hasFocus())

    def _gone(self, reason: str, details: str) -> None:
        """The entry was deleted, or the log cannot be read."""
        if self.entry:
            self._marks.hide()
            self.tags.hide()
            self.error.show_error(reason, details)

    def _show_judgement(self, values: Mapping[str, Any]) -> None:
        thumbs = values.get("thumbs", 0)
        for which, value, icon in ((self.up, 1, "mdi6.thumb-up"), (self.down, -1, "mdi6.thumb-down")):
            chosen = thumbs == value
            which.setChecked(chosen)
            self._fill_icon(which, icon, chosen)
        self.score.set_value(values.get("score", 0))
        if list(values.get("tags", ())) != self.tags.tags or values:
            self.tags.show_tags(values.get("tags", ()), values.get("known_tags", ()))
        self._mark(self.comment_button, "mdi6.comment-text", bool(values.get("comment")), "Comment")
        self._mark(self.correct_button, "mdi6.pencil", bool(values.get("correction")), "Correct…")
        self.correct_button.setVisible(values.get("kind", "text") == "text")

    def _mark(self, which: QToolButton, icon: str, there: bool, text: str) -> None:
        self._fill_icon(which, icon, there)
        which.setAccessibleName(f"{text} (written)" if there else text)

    def _fill_icon(self, which: QToolButton, icon: str, filled: bool) -> None:
        which.setIcon(self._theme.icon(icon if filled else f"{icon}-outline", "accent" if filled else "secondary"))

    # What a person does.

    def _open_tags(self) -> None:
        self.tags.setVisible(self.tags.isHidden())
        if not self.tags.isHidden():
            self.tags.field.setFocus()

    def _open_comment(self) -> None:
        comment = self._judgement.get("comment", "")
        self.comment.toggle(comment, bool(comment))

    def _open_correction(self) -> None:
        output = self._output
        if len(output) > _LONGEST:
            self.error.show_error(
                f"The output has {len(output):,} characters, too many to correct by hand; up to {_LONGEST:,} can be."
            )
            return
        correction = self._judgement.get("correction", "")
        self.correction.toggle(correction or output, bool(correction))

    def _correct(self, text: str) -> None:
        """A correction that changes nothing is none."""
        self._save(correction="" if text == self._output.strip() else text)

    def _save(self, **changes: Any) -> None:
        """Keep a change; what is shown is what the person chose, and the log follows within a moment."""
        self._judgement.update(changes)
        self._show_judgement(self._judgement)
        self.error.clear()
        self._saving.ask(entry=self.entry, changes=changes)

    def _saved(self) -> None:
        entry = self._saving.asked["entry"]
        if entry == self.entry:
            self.state.setText("Saved")
            QTimer.singleShot(2500, self.state, self.state.clear)
            self.saved.emit(entry)

    def _not_saved(self, reason: str, details: str) -> None:
        if self._saving.asked["entry"] == self.entry:
            self.error.show_error(reason, details)
            self._ask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        styles = Qt.ToolButtonStyle
        roomy = self.width() >= _ROOMY
        self.correct_button.setToolButtonStyle(styles.ToolButtonTextBesideIcon if roomy else styles.ToolButtonIconOnly)
