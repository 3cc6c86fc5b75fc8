"""What one column of a comparison has for itself: a system prompt, a prompt, settings. Opens over its column."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.compare.variants import Variant
from fmstudio.gui.playground.sampling_form import OverridesForm
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.fields import LinesField
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.titled import titled

_SIZE = (320, 560)


class OwnWishes(QFrame):
    """Fills in a variant; `changed` tells that a person changed something."""

    changed = Signal()

    def __init__(self, studio: Studio, state: PlayState, name: str, opener: QWidget) -> None:
        super().__init__(opener, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAccessibleName("What this column has for itself")
        self.setFixedSize(*_SIZE)
        self._opener, self._system, self._variant = opener, "", Variant()
        self.system = LinesField(f"{name}-own-system", "System prompt of this column", 72)
        self.system.setPlaceholderText("None: the model begins with the message.")
        self.prompt = LinesField(f"{name}-own-prompt", "Prompt of this column", 72)
        self.prompt.setPlaceholderText("As in all columns")
        self.sampling = OverridesForm(studio, state, f"{name}-own-sampling")
        layout = vbox(label("What this column has for itself", "section"), margins=(16, 12, 8, 12))
        self.setLayout(layout)
        for field in (
            titled("Prompt", self.prompt, "Instead of the one below all columns."),
            titled("System prompt", self.system, "Instead of the one at the left."),
        ):
            layout.addLayout(
                hbox(field, margins=(0, 0, 12, 0))
            )  # in line with the form, which has room for a scroll bar
        layout.addWidget(self.sampling, 1)
        for each in (self.system.edited, self.prompt.edited, self.sampling.changed):
            each.connect(self._take)

    def pop_up(self, variant: Variant, system: str) -> None:
        """Show what a column has. system: what all columns are told."""
        self._variant, self._system = variant, system
        self.system.set_value(system if variant.system is None else variant.system)
        self.prompt.set_value(variant.prompt)
        self.sampling.show_overrides(variant.sampling, variant.model)
        below = self._opener.mapToGlobal(QPoint(0, self._opener.height() + 4))
        right = self._opener.window().frameGeometry().right() - self.width() - 8
        self.move(min(below.x(), right), below.y())
        self.show()
        self.prompt.setFocus()

    def _take(self) -> None:
        system = self.system.value()
        self._variant.system = None if system == self._system else system
        self._variant.prompt = self.prompt.value()
        self._variant.sampling = self.sampling.overrides()
        self.changed.emit()
