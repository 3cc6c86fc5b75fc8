"""Compare: one prompt, two to four columns that differ in model, prompt or settings, answered together."""

from typing import Any

from PySide6.QtCore import Qt

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.playground.compare.column import CompareColumn
from fmstudio.gui.playground.compare.variants import Variant, differences
from fmstudio.gui.playground.composer import Composer
from fmstudio.gui.playground.play_view import PlayView
from fmstudio.gui.playground.sampling_form import SamplingForm
from fmstudio.gui.playground.system_prompt import SystemPrompt
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, column, hbox, splitter, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.jobs import EDIT
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label, scroll_area

MOST = 4
_CROWDED = 3  # columns that need the room of the settings
_LETTERS = "What all columns have. A column's own wishes go before."


class CompareView(PlayView):
    """The same seed in all columns, unless one has its own."""

    def __init__(self, studio: Studio, state: PlayState) -> None:
        super().__init__()
        self.setObjectName("compare-view")
        self._studio, self._state = studio, state
        self._jobs = ModelJobs(studio, state)
        self._numbers = 0
        self.columns: list[CompareColumn] = []
        self.system = SystemPrompt(studio, "compare-system")
        self.system.set_value(state.default_system)
        self.sampling = SamplingForm(studio, state, "compare-sampling")
        self.composer = Composer(studio, "compare-composer", "One message for all columns…")
        self.error = ErrorBox(studio.theme, "compare-error")
        self._judging = JobFollower(self, studio, EDIT, "joins")
        self._judging.failed.connect(self.error.show_error)
        self.add = button("Add a column", "compare-add", studio.theme, "mdi6.plus", "quiet", self.add_column)
        left = icon_button("mdi6.dock-left", "Show or hide the settings", "compare-left", studio.theme, self._swap_left)
        self.tools = [self.add, left]
        self._lay_out()
        self._connect()
        for _ in range(2):
            self.add_column()

    def _lay_out(self) -> None:
        self._row = hbox(gap=12)
        content = boxed(self._row)
        self._scroll = scroll_area(content, "compare-scroll")
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        right = boxed(vbox((self._scroll, 1), self.error, self.composer))
        self._left = column(label(_LETTERS, "caption", wrap=True), self.system, self.sampling)
        self._split = splitter("compare-splitter", self._left, (right, 1), sizes=(264, 820))
        self.setLayout(hbox(self._split))

    def _connect(self) -> None:
        self.composer.sent.connect(self._send)
        self.composer.stop_wanted.connect(self.stop)
        self.composer.changed.connect(self.act_changed)
        self.composer.index_wanted.connect(self.index_wanted)
        self._state.models_changed.connect(self._models_changed)
        self._state.sampling_changed.connect(self._variants_changed)
        self._state.settings_changed.connect(self._settings_known)
        self.system.edited.connect(self._variants_changed)

    def _settings_known(self) -> None:
        if not self.system.field.value():
            self.system.set_value(self._state.default_system)

    # Its columns.

    def add_column(self) -> None:
        """One more, with the model of the last."""
        if len(self.columns) >= MOST:
            return
        self._numbers += 1
        model = self.columns[-1].variant.model if self.columns else self._state.model
        made = CompareColumn(self._studio, self._state, self._jobs, self._numbers, Variant(model))
        made.changed.connect(self._variants_changed)
        made.busy_changed.connect(self._busy_changed)
        made.better.connect(lambda: self._call_better(made))
        made.closed.connect(lambda: self.close_column(made))
        made.own_wanted.connect(lambda: made.wishes.pop_up(made.variant, self.system.field.value()))
        made.inside_wanted.connect(self.inside_wanted)
        self.columns.append(made)
        self._offer_best(made)
        self._row.addWidget(made, 1)
        if len(self.columns) == _CROWDED:
            self._left.hide()  # its button brings it back
        self._variants_changed()

    def close_column(self, which: CompareColumn) -> None:
        """One less; two stay."""
        if len(self.columns) <= 2:
            return
        which.give_up()
        self.columns.remove(which)
        self._row.removeWidget(which)
        which.hide()
        which.deleteLater()
        self._variants_changed()
        self._busy_changed()

    def _models_changed(self) -> None:
        for each in self.columns:
            if not each.variant.model:
                each.variant.model = self._state.model
                each.picker.show_model(each.variant.model)
        self._variants_changed()

    def _variants_changed(self) -> None:
        variants, titles = [each.variant for each in self.columns], [each.title() for each in self.columns]
        drawn = [self._state.sampling(each.model, each.sampling) for each in variants]
        apart = differences(variants, titles, drawn, self._state.settings)
        self.sampling.show_models([each.model for each in variants])
        for each, words in zip(self.columns, apart, strict=True):
            each.show_differences(words)
            each.close_button.setVisible(len(self.columns) > 2)
        self.add.setEnabled(len(self.columns) < MOST)
        self.act_changed.emit()

    # What the panel asks.

    @property
    def running(self) -> bool:
        """Whether a column is being written."""
        return any(each.busy for each in self.columns)

    @property
    def act_words(self) -> tuple[str, str]:
        """What Ctrl+Enter does now, and its icon."""
        return ("Stop", "mdi6.stop") if self.running else ("Compare", "mdi6.compare")

    def refusal(self) -> str:
        """Why that cannot be done now, or ""."""
        if self.running:
            return ""
        for number, each in enumerate(self.columns):
            if reason := self._state.refusal(each.variant.model) if each.variant.model else "Choose a model first.":
                return reason if reason.startswith("Look") else f"Column {number + 1}: {reason[0].lower()}{reason[1:]}"
        if reason := self._state.sampling_problem():
            return reason
        return "" if self._prompt_is_there() else "Write a message first."

    def _prompt_is_there(self) -> bool:
        return bool(self.composer.text.strip()) or all(each.variant.prompt.strip() for each in self.columns)

    def act(self) -> None:
        """Ask all columns, or stop them."""
        if self.running:
            self.stop()
        elif not self.refusal():
            self._send(self.composer.text)

    def stop(self) -> None:
        """End all answers and keep what was written."""
        for each in self.columns:
            each.stop()

    def look(self, prompt: str = "", **_: Any) -> None:
        """Put a prompt into the field."""
        if prompt:
            self.composer.field.setPlainText(prompt)

    def _send(self, text: str) -> None:
        if self.running or self.refusal():
            return
        self.error.clear()
        for each in self.columns:
            each.ask(text, self.system.field.value())
        self.composer.field.selectAll()  # the next message takes the place of this one, unless it is mended

    def _busy_changed(self) -> None:
        self.composer.set_running(self.running)
        for each in self.columns:
            self._offer_best(each)
        self.act_changed.emit()

    # Which is better.

    def _offer_best(self, which: CompareColumn) -> None:
        which.offer_best(self._why_not_best(which), tell=bool(which.result) and not self.running)

    def _why_not_best(self, which: CompareColumn) -> str:
        """Why a column's answer cannot be called the better one, or ""."""
        if self.running or not which.result:
            return "There is no answer to judge yet."
        if not which.entry:
            return "The feedback log is switched off, so a preference cannot be kept; see Settings."
        if not any(each.entry for each in self.columns if each is not which):
            return "There is no other answer to compare it with."
        if not self._rivals(which):
            return "No other column was asked this exact prompt, so it cannot be called better."
        return ""

    def _rivals(self, which: CompareColumn) -> list[CompareColumn]:
        """The other columns with an answer to the very same prompt: only of these can preferences be learnt."""
        return [each for each in self.columns if each is not which and each.entry and each.asked == which.asked]

    def _call_better(self, best: CompareColumn) -> None:
        """A thumb up here and down at the other answers to the same prompt."""
        for each in (best, *self._rivals(best)):
            self._judging.ask(entry=each.entry, changes={"thumbs": 1 if each is best else -1})
            each.mark_best(each is best)

    def _swap_left(self) -> None:
        self._left.setVisible(self._left.isHidden())
