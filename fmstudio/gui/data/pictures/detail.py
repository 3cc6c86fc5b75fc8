"""The chosen picture of a dataset: enlarged, with its class, caption, attributes and what the original was like."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.pictures.large import PictureBox
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import button, icon_button, label, scroll_area
from fmstudio.gui.widgets.pictures.tiles import image_of

_MODES = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey, transparent",
    "I;16": "grey, 16 bits",
    "P": "palette",
    "RGB": "colour",
    "RGBA": "colour, transparent",
    "SVG": "drawing",
}


def mode_in_words(mode: str) -> str:
    """A mode of the imaging library as a person says it: "colour" for RGB."""
    return _MODES.get(mode, mode)


class PictureDetail(Card):
    """`save`, `copy` and `use` ask to do so with the picture that is shown."""

    save = Signal()
    copy = Signal()
    use = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("Picture", "picture-detail")
        self.set_padding(16, 12, 12, 12)
        self.box = PictureBox(theme, "picture-large", "The chosen picture, enlarged")
        self.box.setFixedHeight(200)
        self.words = label("", "body", "picture-caption", wrap=True)
        self.facts = Facts("picture-facts")
        self._save = icon_button(
            "mdi6.content-save-outline", "Save as PNG…", "picture-save", theme, lambda: self.save.emit()
        )
        self._copy = icon_button("mdi6.content-copy", "Copy", "picture-copy", theme, lambda: self.copy.emit())
        self.use_button = button(
            "Use in Diffusion", "picture-use", theme, "mdi6.blur", "quiet", lambda: self.use.emit()
        )
        self.use_button.setToolTip("Start from this picture in the Diffusion panel.")
        self._lay_out()
        self.clear("")

    def _lay_out(self) -> None:
        self.add_control(self._copy)
        self.add_control(self._save)
        content = boxed(vbox(self.words, self.facts, ..., gap=12, margins=(0, 0, 4, 0)))
        self.body.addWidget(self.box)
        self.body.addSpacing(4)
        self.body.addWidget(scroll_area(content, "picture-detail-scroll", reads=True), 1)
        self.body.addWidget(self.use_button, 0, Qt.AlignmentFlag.AlignLeft)

    def clear(self, sentence: str) -> None:
        """Show no picture, and say why."""
        self.box.show_image(QImage())
        self.title.setText("Picture")
        self._say(sentence)
        self.facts.show_facts([])
        self._allow(False)

    def show_place(self, place: int, total: int) -> None:
        """Say which of how many it is."""
        self.title.setText(f"{place + 1:,} of {total:,}" if 0 <= place < total else "Picture")

    def show_image(self, image: QImage, class_name: str, caption: str) -> None:
        """Show what the wall knows already, until the rest comes."""
        self.box.show_image(image)
        self._say(caption)
        self.facts.show_facts([("Class", class_name)] if class_name else [])
        self._allow(True)

    def show_picture(self, data: Mapping[str, Any]) -> None:
        """Show all that is known of a picture."""
        self.box.show_image(image_of(data["pixels"]))
        self._say(data["caption"])
        self.facts.show_facts(facts_of(data))
        self._allow(True)

    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)
        self.words.setVisible(bool(sentence))

    def _allow(self, something: bool) -> None:
        for each in (self._save, self._copy, self.use_button):
            each.setEnabled(something)


def facts_of(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known of a picture, as pairs of what it is and its value; what is not known is left out."""
    width, height, mode = data["width"], data["height"], data["mode"]
    original = " · ".join(part for part in (f"{width:,} × {height:,}" if width else "", mode_in_words(mode)) if part)
    attributes = [(name.replace("_", " ").capitalize(), str(value)) for name, value in data["attributes"].items()]
    pairs = [
        ("Class", data["label"]), *attributes, ("Original", original), ("Source", data["source"]),
        ("Number", f"{data['index'] + 1:,}"),
    ]  # fmt: skip
    return [(name, value) for name, value in pairs if value]


class Facts(QWidget):
    """Names at the left, values at the right; labels are used again, so that holding an arrow key costs little."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[QLabel, QLabel]] = []
        self.pairs: list[tuple[str, str]] = []

    def show_facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Show these names and values."""
        self.pairs = list(pairs)
        while len(self._rows) < len(self.pairs):
            self._add_row()
        for number, (name, value) in enumerate(self._rows):
            seen = number < len(self.pairs)
            if seen:
                name.setText(self.pairs[number][0])
                value.setText(formatting.breakable(self.pairs[number][1]))
                value.setToolTip(self.pairs[number][1])
            name.setVisible(seen)
            value.setVisible(seen)

    def _add_row(self) -> None:
        number = len(self._rows) + 1
        name = label("", "caption", f"{self.objectName()}-name-{number}")
        value = label("", "body", f"{self.objectName()}-{number}", wrap=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(name, number, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, number, 1)
        self._rows.append((name, value))
