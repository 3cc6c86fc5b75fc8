"""How strong the adapter of a chosen model is: a slider that is there while one is chosen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSlider, QWidget

from fmstudio.gui.models.shelf import Record
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import label
from fmstudio.recipe import Setting

STEPS = 20
"""Of the slider, from 0 to 1: as fine as anybody hears a difference."""


class AdapterScale(QWidget):
    """changed(scale): a person moved it."""

    changed = Signal(float)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._title = label("Adapter strength α", "body", f"{name}-title")
        self.value_label = label("", "body", f"{name}-value")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName(f"{name}-slider")
        self.slider.setAccessibleName("Adapter strength")
        self._title.setBuddy(self.slider)
        self.hint = label("", "caption", f"{name}-hint", wrap=True)
        self.setLayout(vbox(hbox(self._title, ..., self.value_label), self.slider, self.hint, gap=4))
        self.slider.valueChanged.connect(self._moved)
        self.hide()

    def show_scale(self, setting: Setting, scale: float, adapter: Record) -> None:
        """Show how strong an adapter is; empty: no adapter is chosen, and it takes no room."""
        self.setVisible(bool(adapter))
        if not adapter:
            return
        self.slider.blockSignals(True)
        self.slider.setRange(round((setting.minimum or 0) * STEPS), round((setting.maximum or 1) * STEPS))
        self.slider.setValue(round(scale * STEPS))
        self.slider.blockSignals(False)
        self.slider.setToolTip(f"<p>{setting.help}</p>")
        self.slider.setAccessibleDescription(setting.help)
        self.hint.setText(f"0 is “{adapter['adapter_of']}” alone, 1 what was learnt. It acts at the next answer.")
        self._say(scale)

    def _moved(self, place: int) -> None:
        self._say(place / STEPS)
        self.changed.emit(place / STEPS)

    def _say(self, scale: float) -> None:
        self.value_label.setText(f"{scale:.2f}")
