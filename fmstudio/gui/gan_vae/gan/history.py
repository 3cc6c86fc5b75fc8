"""What the generator draws from the same noise, evaluation after evaluation: a sheet and a slider through its past."""

from functools import partial

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QSlider, QWidget

from fmstudio.gui.gan_vae.tiles import EvenTiles
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import icon_button, label
from fmstudio.gui.widgets.menus import beneath, menu_of


class DrawnHistory(QWidget):
    """Follows the latest sheet until one scrubs back; at the end of the slider it follows again.

    save_wanted(what): "picture" (the chosen one), "grid" or "gif" (the same pictures through all steps).
    """

    save_wanted = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("gan-history")
        self._run: RunState | None = None
        self._sheets: dict[int, np.ndarray] = {}
        self._steps: list[int] = []
        self.following = True
        self.tiles = EvenTiles(theme, "gan-drawn", "Pictures generated from the same noise at each evaluation")
        self.tiles.menu_wanted.connect(self._offer)
        self.nothing = label("", "secondary", "gan-drawn-nothing", wrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("gan-history-slider")
        self.slider.setAccessibleName("Training step of the pictures")
        self.slider.setToolTip("Drag back to see how it learnt; at the right end it follows the training.")
        self.slider.valueChanged.connect(self._scrubbed)
        self.place = label("", "caption", "gan-history-step")
        self.place.setMinimumWidth(92)
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.save = icon_button("mdi6.download", "Save these pictures", "gan-history-save", theme, self._offer_all)
        self._lay_out()
        self._show()

    def _lay_out(self) -> None:
        self.setLayout(vbox((self.tiles, 1), (self.nothing, 1), hbox((self.slider, 1), self.place, self.save)))

    def set_run(self, run: RunState | None, hint: str = "") -> None:
        """Show a training's pictures from now on, the latest first; the hint stands there while there are none."""
        self._run, self.following = run, True
        self.nothing.setText(hint)
        self.refresh()

    def refresh(self) -> None:
        """Take up what has come since."""
        samples = self._run.samples if self._run else {}
        self._sheets = {step: sheet for step, sheet in samples.items() if isinstance(sheet, np.ndarray)}
        self._steps = sorted(self._sheets)
        last = max(0, len(self._steps) - 1)
        self.slider.blockSignals(True)
        self.slider.setRange(0, last)
        if self.following:
            self.slider.setValue(last)
        self.slider.blockSignals(False)
        self._show()

    @property
    def step(self) -> int | None:
        """The step of the sheet that is shown."""
        return self._steps[self.slider.value()] if self._steps else None

    @property
    def steps(self) -> list[int]:
        """The steps there are sheets of."""
        return list(self._steps)

    def _scrubbed(self, value: int) -> None:
        self.following = value == self.slider.maximum()
        self._show()

    def _show(self) -> None:
        step = self.step
        for each in (self.tiles, self.slider, self.place, self.save):
            each.setVisible(step is not None)
        self.nothing.setVisible(step is None)
        if step is not None:
            self.tiles.set_pictures(self._sheets[step])
            self.place.setText(f"Step {step:,}")

    def sheets(self) -> list[np.ndarray]:
        """All sheets in order of step, each (count, height, width, channels)."""
        return [self._sheets[step] for step in self._steps]

    @property
    def sheet(self) -> np.ndarray | None:
        """The one that is shown."""
        return self._sheets[self.step] if self.step is not None else None

    def _offer(self, index: int, place: QPoint) -> None:
        self.tiles.select(index)
        self._menu(place, picture=True)

    def _offer_all(self) -> None:
        self._menu(beneath(self.save), picture=False)

    def _menu(self, place: QPoint, picture: bool) -> None:
        words = {"picture": "Save picture…", "grid": "Save grid…", "gif": "Save GIF of how it learnt…"}
        ways = [(text, partial(self.save_wanted.emit, what)) for what, text in words.items()]
        menu_of(ways[not picture :], self, "gan-history-menu").popup(place)
