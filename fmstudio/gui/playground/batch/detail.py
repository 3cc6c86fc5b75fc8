"""One row of a batch with all that was kept of it: what was asked exactly, what came, and the same again on demand."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QPlainTextEdit, QTabWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.figures import figures_of, room_of
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.text.long_text import cut

RESULT = "fmstudio.adapt.batch_views:result"
REPLAY = "fmstudio.adapt.batch:replay"
_NOT_SAMPLING = ("prompt",)


class RowDetail(Card):
    """Shown beneath the table while a row is looked at."""

    def __init__(self, studio: Studio) -> None:
        super().__init__("Row", "batch-row")
        self._result: Mapping[str, Any] = {}
        self._batch, self._row = "", 0
        self._fetching = JobFollower(self, studio, RESULT)
        self._replaying = JobFollower(self, studio, REPLAY)
        self.error = ErrorBox(studio.theme, "batch-row-error")
        self.output = _text("batch-row-output", "Output")
        self.prompt = _text("batch-row-prompt", "Exactly what the model was given")
        self.settings = _text("batch-row-settings", "Settings, model and seed")
        self.tabs = QTabWidget()
        self.tabs.setObjectName("batch-row-tabs")
        for editor, title in ((self.output, "Output"), (self.prompt, "Exact prompt"), (self.settings, "Settings")):
            self.tabs.addTab(editor, title)
        self.figures = label("", "caption", "batch-row-figures", wrap=True)
        self.words = label("", "caption", "batch-replay-words", wrap=True)
        self.replay = button("Replay", "batch-replay", studio.theme, "mdi6.replay", "quiet", self.ask_again)
        self.add_control(self.replay)
        self.add_control(icon_button("mdi6.close", "Close", "batch-row-close", studio.theme, self.clear))
        self._lay_out()
        self._fetching.answered.connect(self._show)
        self._fetching.failed.connect(self.error.show_error)
        self._replaying.answered.connect(self._replayed)
        self._replaying.failed.connect(self._not_replayed)
        self.clear()

    def _lay_out(self) -> None:
        layout = vbox(self.error, (self.tabs, 1), self.words, hbox((self.figures, 1)))
        self.body.addLayout(layout, 1)

    def look_at(self, batch: str, row: int) -> None:
        """Fetch a row and show it."""
        self.error.clear()
        self.words.hide()
        self._batch, self._row = batch, row
        self._fetching.ask(batch=batch, row=row)

    def clear(self) -> None:
        """Show none and take no room."""
        self._fetching.forget()
        self._replaying.forget()
        self._result = {}
        self.hide()

    @property
    def busy(self) -> bool:
        """Whether an answer is being written again."""
        return self._replaying.busy

    def stop(self) -> None:
        """Give up a replay."""
        self._replaying.forget()
        self.words.hide()
        self.replay.setEnabled(bool(self._result))

    def _show(self, result: Mapping[str, Any]) -> None:
        self._result = result
        done = result["status"] == "done"
        self.title.setText(f"Row {formatting.count(result['row'])}")
        self.set_caption(f"line {formatting.count(result['line'])} of the table")
        self.output.setPlainText(cut(str(result.get("output") or result.get("error") or "")))
        self.prompt.setPlainText(cut(prompt_of(result)))
        self.settings.setPlainText(settings_of(result))
        room = room_of(result.get("prompt_tokens"), result.get("context"))
        self.figures.setText(" · ".join(part for part in (figures_of(result), room, _expected(result)) if part))
        self.figures.setVisible(bool(self.figures.text()))
        self.replay.setVisible(done)
        self.replay.setEnabled(done)
        self.show()

    def ask_again(self) -> None:
        """Ask the row again, and tell whether the same comes out."""
        self.words.setText("Replaying…")
        self.words.show()
        self.replay.setEnabled(False)
        self._replaying.ask(batch=self._batch, row=self._row)

    def _replayed(self, found: Mapping[str, Any]) -> None:
        self.replay.setEnabled(True)
        same = "Replayed: the same output, character for character."
        self.words.setText(same if found["same"] else str(found["difference"]))

    def _not_replayed(self, reason: str, details: str) -> None:
        self.replay.setEnabled(True)
        self.words.hide()
        self.error.show_error(reason, details)


def _text(name: str, title: str) -> QPlainTextEdit:
    made = QPlainTextEdit()
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setReadOnly(True)
    made.setProperty("role", "log")
    return made


def prompt_of(result: Mapping[str, Any]) -> str:
    """The exact prompt; of a row that never came to one, the values that were to be filled in."""
    if result.get("prompt"):
        return str(result["prompt"])
    return "\n\n".join(f"{{{name}}}\n{value}" for name, value in result.get("variables", {}).items())


def settings_of(result: Mapping[str, Any]) -> str:
    """All that decides what comes out, a line each."""
    facts = {"model": result.get("model"), "version": result.get("model_version"), "backend": result.get("backend"),
             "note": result.get("note")}  # fmt: skip
    settings = {name: value for name, value in (result.get("settings") or {}).items() if name not in _NOT_SAMPLING}
    return "\n".join(f"{name}: {value}" for name, value in {**facts, **settings}.items() if value not in (None, ""))


def _expected(result: Mapping[str, Any]) -> str:
    return f"expected “{result['expected'][:80]}”" if result.get("expected") else ""
