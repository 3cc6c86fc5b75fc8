"""Makes an entry's output again, and says whether it came out the same."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.jobs import REPLAY
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label, set_property
from fmstudio.jobs import Finished, Progress


class ReplayRow(QWidget):
    """answered(result): what the replay found. playground_wanted: the entry is to be tried there."""

    answered = Signal(object)
    playground_wanted = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("feedback-replay")
        theme = studio.theme
        self._entry = ""
        self.go = button("Replay", "feedback-replay-go", theme, "mdi6.replay", clicked=self.start)
        self.go.setToolTip("Make it again with the same model, prompt, settings and seed, and compare")
        self.halt = button("Stop", "feedback-replay-stop", theme, "mdi6.stop", clicked=self.stop)
        self.play = button(
            "Open in Playground", "feedback-to-playground", theme, "mdi6.message-text-outline",
            clicked=self.playground_wanted.emit,
        )  # fmt: skip
        self.verdict = label("", "caption", "feedback-verdict", wrap=True)
        self.error = ErrorBox(theme, "feedback-replay-error")
        self.setLayout(vbox(self.error, self.verdict, flow(self.go, self.halt, self.play), gap=6))
        self._replaying = JobFollower(self, studio, REPLAY, title="Replay an output")
        self._replaying.progressed.connect(self._progressed)
        self._replaying.failed.connect(self._failed)
        self._replaying.finished.connect(self._finished)
        self._replaying.busy_changed.connect(self._show_running)
        self._show_running(False)

    def show_entry(self, record: Mapping[str, Any]) -> None:
        """Replay this entry from now on."""
        entry = record.get("id", "")
        if entry != self._entry:
            self._replaying.forget()
            self.error.clear()
            self._say("")
        self._entry = entry
        details = record.get("details", {})
        known = "replay" in details or "settings" in details
        self.go.setEnabled(known)
        self.go.setToolTip(
            "Make it again with the same model, prompt, settings and seed, and compare"
            if known
            else "It was imported and does not say how it was made."
        )
        self.play.setVisible(record.get("kind") == "text")

    def start(self) -> None:
        """Make it again."""
        self.error.clear()
        self._say("Waiting for its turn…")
        self._replaying.ask(entry=self._entry)

    def stop(self) -> None:
        """End the replay."""
        self._replaying.stop()

    def _progressed(self, progress: Progress) -> None:
        self._say(progress.message or f"Made {progress.done:,.0f} {progress.unit}…")

    def _failed(self, reason: str, details: str) -> None:
        self._say("")
        self.error.show_error(reason, details)

    def _finished(self, event: Finished) -> None:
        self._say(*verdict(event.result) if event.result else ("Given up.", "caption"))
        self.answered.emit(event.result)

    def _say(self, words: str, role: str = "caption") -> None:
        self.verdict.setText(words)
        set_property(self.verdict, "role", role)
        self.verdict.setVisible(bool(words))

    def _show_running(self, running: bool) -> None:
        self.halt.setVisible(running)
        self.go.setVisible(not running)


def verdict(result: Mapping[str, Any]) -> tuple[str, str]:
    """What a replay found, in words, and the role that they are shown in."""
    if result["same"]:
        return "✓ The same output, to the last character." if result[
            "kind"
        ] == "text" else "✓ The same picture.", "success"
    if result["kind"] == "image":
        words = f"✗ Another picture: a pixel differs by up to {result['largest_difference']} of 255"
    else:
        words = "✗ Another output; what differs is marked above"
    return f"{words}, because the model has changed since." if result["model_changed"] else f"{words}.", "warning"
