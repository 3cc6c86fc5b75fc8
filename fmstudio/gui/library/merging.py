"""Merging an adapter into a model: what it is to be called, how much of it, and what that changed."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.lists.table import TextsTable
from fmstudio.gui.widgets.titled import titled
from fmstudio.jobs import Finished, Progress

MERGE = "fmstudio.adapt.merging:merge"
STRONGEST = 1.5
_WIDEST = 320


class ModelMerge(Card):
    """Takes no room until an adapter is to be merged. merged(name): the model is there."""

    merged = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__("", "model-merge")
        theme = studio.theme
        self._adapter = self._made = ""
        self.name = QLineEdit()
        self.name.setObjectName("merge-name")
        self.name.setAccessibleName("Name of the model")
        self.name.returnPressed.connect(self.start)
        self.scale = NumberField("merge-scale", "Strength of the adapter", minimum=0.0, maximum=STRONGEST)
        self.scale.setMaximumWidth(96)
        self.go = button("Merge", "merge-go", theme, "mdi6.merge", clicked=self.start)
        self.sentence = label("", "body", "merge-sentence", wrap=True)
        self.losses = TextsTable("merge-losses", "What the models expect of a text")
        self.losses.setMaximumWidth(2 * _WIDEST)
        self.error = ErrorBox(theme, "merge-error")
        self._merging = JobFollower(self, studio, MERGE, "joins")
        self._merging.progressed.connect(self._progressed)
        self._merging.failed.connect(self._failed)
        self._merging.finished.connect(self._finished)
        self._merging.busy_changed.connect(lambda busy: self.go.setEnabled(not busy))
        self.add_control(icon_button("mdi6.close", "Dismiss", "merge-close", theme, self.hide))
        name = titled("Name of the model", self.name)
        name.setMaximumWidth(_WIDEST)
        scale = titled("Strength α", self.scale, "How much of the adapter is worked in: 1 is what was learnt.")
        self._asked = boxed(hbox((name, 1), scale, vbox(..., self.go), ..., gap=12))
        self.body.addWidget(self._asked)
        for each in (self.sentence, self.losses, self.error):
            self.body.addWidget(each)
        self.hide()

    def ask(self, adapter: str) -> None:
        """Ask for a name."""
        self._adapter, self._made = adapter, ""
        self.title.setText(f"Merge “{adapter}” into a model")
        self.title.show()
        self.name.setText(f"{adapter}-merged")
        self.scale.set_value(1.0)
        self.error.clear()
        self._show("The base is unpacked to 32 bits and the adapter worked in; nothing of the adapter is changed.")
        self._asked.show()
        self.show()
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self.name.selectAll()

    def look_at(self, model: str) -> None:
        """Another model is looked at: only the adapter, and what was made of it, are in place here."""
        if model not in (self._adapter, self._made) and not self._merging.busy:
            self.hide()

    def start(self) -> None:
        """Merge."""
        name, scale = self.name.text().strip(), self.scale.value()
        if not name or not isinstance(scale, int | float) or not 0 <= scale <= STRONGEST:
            self.error.show_error(f"Give it a name, and a strength from 0 to {STRONGEST:g}.")
            return
        self.error.clear()
        self._show("Waiting for its turn…")
        title = f"Merge “{self._adapter}”"
        self._merging.ask(title, adapter=self._adapter, name=name, scale=float(scale))

    def _show(self, sentence: str, losses: Mapping[str, float] | None = None) -> None:
        self.sentence.setText(sentence)
        self.losses.setVisible(bool(losses))
        if losses:
            rows = [[name[:1].upper() + name[1:], f"{loss:.3f}"] for name, loss in losses.items()]
            self.losses.show_texts(["Model", "Loss on held-out text, nats a token"], rows)
            lines = self.losses.verticalHeader().defaultSectionSize() * (len(rows) + 1)
            self.losses.setFixedHeight(lines + 16)

    def _progressed(self, progress: Progress) -> None:
        if progress.message:
            self._show(f"{progress.message} …")

    def _failed(self, reason: str, details: str) -> None:
        self._show("")
        self.error.show_error(reason, details)

    def _finished(self, event: Finished) -> None:
        result: Mapping[str, Any] = event.result
        if event.outcome != "completed" or not result:
            self._show("It was ended; there is no new model.")
            return
        self._made = str(result["model"])
        self._asked.hide()
        self.title.setText(f"“{self._adapter}” is merged")
        self._show(
            f"“{self._made}” is there. The largest difference of a logit to base and adapter is "
            f"{result['largest_difference']:.2g}.{result['warning']}",
            result["losses"],
        )
        self.merged.emit(self._made)
