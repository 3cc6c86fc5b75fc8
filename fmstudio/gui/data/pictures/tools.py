"""Above the wall of pictures: what their captions are to contain, which class is shown, and how large the tiles are."""

import bisect

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QSlider, QWidget

from fmstudio.gui.data.pictures.wall import tile_sides
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import IconLabel, label

_PATIENCE = 250  # milliseconds without a keystroke before a search is taken as meant
_USUAL = 64  # near which tiles are at first
_ALL = "*"  # no class is called so, since a file's folder cannot be


class WallTools(QWidget):
    """filtered: other pictures are wanted. sized(side): the tiles are to be of another size."""

    filtered = Signal()
    sized = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setObjectName("pictures-search")
        self.search.setAccessibleName("Find pictures by a word of their caption")
        self.search.setPlaceholderText("Find in captions")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(theme.icon("mdi6.magnify", "secondary"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setFixedWidth(200)
        self.classes = ChoiceField("pictures-class", "Show one class", [])
        self.classes.setMinimumWidth(140)
        self.found = label("", "caption", "pictures-found")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("pictures-size")
        self.slider.setAccessibleName("Size of the tiles")
        self.slider.setToolTip("Size of the tiles")
        self.slider.setFixedWidth(112)
        self._sides = [_USUAL]
        self._asked = ("", _ALL)
        self._typed = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._typed.timeout.connect(self._filter)
        self._lay_out(theme)
        self.search.textEdited.connect(self._typed.start)
        self.search.textChanged.connect(self._cleared)
        self.search.returnPressed.connect(self._filter)
        self.classes.edited.connect(self._filter)
        self.slider.valueChanged.connect(self._size)

    def _lay_out(self, theme: Theme) -> None:
        self.setLayout(
            hbox(
                self.search,
                self.classes,
                4,
                (self.found, 1),
                IconLabel(theme, "mdi6.view-comfy", "secondary"),
                self.slider,
                IconLabel(theme, "mdi6.view-grid", "secondary"),
            )
        )

    def set_pictures(self, width: int, height: int, classes: list[str]) -> None:
        """Offer the sizes and the classes of another dataset; its pictures are all shown at first."""
        near = self.side
        self._sides = tile_sides(width, height)
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(self._sides) - 1)
        self.slider.setValue(min(len(self._sides) - 1, bisect.bisect_left(self._sides, near)))
        self.slider.setPageStep(1)
        self.slider.blockSignals(False)
        self.classes.clear()
        self.classes.addItem("All classes", _ALL)
        for name in classes:
            self.classes.addItem(name, name)
        self.classes.setVisible(len(classes) > 1)
        self.search.setText("")
        self._typed.stop()
        self._asked = ("", _ALL)

    @property
    def side(self) -> int:
        """The size of the tiles."""
        return self._sides[min(self.slider.value(), len(self._sides) - 1)]

    @property
    def class_name(self) -> str | None:
        """The class that is wanted, or None for all."""
        chosen = self.classes.value()
        return None if chosen in (_ALL, None) else str(chosen)

    @property
    def words(self) -> str:
        """What captions are to contain."""
        return self.search.text().strip()

    def say(self, sentence: str) -> None:
        """Tell how many there are."""
        self.found.setText(sentence)

    def _cleared(self, text: str) -> None:
        if not text:
            self._typed.start()

    def _filter(self) -> None:
        self._typed.stop()
        asked = (self.words, self.class_name or _ALL)
        if asked != self._asked:
            self._asked = asked
            self.filtered.emit()

    def _size(self) -> None:
        self.sized.emit(self.side)
