"""What becomes of a picture on import: the first one as it is, beside what the model will see of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from fmstudio.gui.data.jobs import FITTING
from fmstudio.gui.data.pictures.detail import mode_in_words
from fmstudio.gui.data.pictures.large import PictureBox
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import IconLabel, label
from fmstudio.gui.widgets.pictures.tiles import image_of

_PATIENCE = 200  # milliseconds without another change
_SIDE = 176


class FittingView(QWidget):
    """Asks for the preview whenever the file or the options are others."""

    def __init__(self, studio: Studio, kind: str) -> None:
        super().__init__()
        self.setObjectName(f"fitting-{kind}")
        theme = studio.theme
        self.original = _Shown(theme, f"fitting-{kind}-original", "As it is")
        self.fitted = _Shown(theme, f"fitting-{kind}-fitted", "What the model sees")
        self.note = label("", "caption", f"fitting-{kind}-note", wrap=True)
        self._asked: tuple[Path, Mapping[str, Any]] | None = None
        self._question = JobFollower(self, studio, FITTING, patience=_PATIENCE)
        self._question.answered.connect(self._show)
        self._question.failed.connect(self._failed)
        both = hbox(self.original, IconLabel(theme, "mdi6.arrow-right", "secondary"), self.fitted, ...)
        self.setLayout(vbox(both, self.note, ...))

    def preview(self, source: Path | None, options: Mapping[str, Any]) -> None:
        """Show what these options make of a file; nothing, where there is none."""
        if source is None:
            self._question.forget()
            self._asked = None
            self._clear("No picture was found to show.")
        elif (source, options) != self._asked:
            self._asked = (source, dict(options))
            self._question.ask(source=str(source), options=dict(options))

    def _show(self, data: Mapping[str, Any]) -> None:
        width, height = data["width"], data["height"]
        fitted = image_of(data["fitted"])
        mode = mode_in_words(data["mode"])
        self.original.show_image(
            image_of(data["original"]), f"{width:,} × {height:,} · {mode}" if mode else f"{width:,} × {height:,}"
        )
        self.fitted.show_image(fitted, f"{fitted.width():,} × {fitted.height():,}")
        name = self._asked[0].name if self._asked else ""
        self.note.setText(". ".join(part for part in (name, data.get("note", "")) if part))

    def _failed(self, reason: str, _details: str) -> None:
        self._clear(reason)

    def _clear(self, sentence: str) -> None:
        for shown in (self.original, self.fitted):
            shown.show_image(QImage(), "")
        self.note.setText(sentence)


class _Shown(QWidget):
    def __init__(self, theme: Theme, name: str, title: str) -> None:
        super().__init__()
        self.box = PictureBox(theme, name, title)
        self.box.setFixedSize(_SIDE, _SIDE)
        self.facts = label("", "caption", f"{name}-facts")
        self.setLayout(vbox(label(title, "body"), self.box, (self.facts, 0, Qt.AlignmentFlag.AlignHCenter), gap=4))

    def show_image(self, image: QImage, facts: str) -> None:
        self.box.show_image(image)
        self.facts.setText(facts)
