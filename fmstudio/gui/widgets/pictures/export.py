"""What can be done with a picture of the window: its menu, rating it, and saving as PNG, as a sheet or an animation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.menus import RULE, MenuEntry, menu_of
from fmstudio.gui.widgets.pictures.rating import Drawn, PictureRating
from fmstudio.gui.widgets.pictures.tiles import image_of
from fmstudio.jobs import Finished, array_to_plain

SAVE = "fmstudio.laboratory.picture_export:save"
KINDS = {".png": "PNG", ".gif": "GIF"}


class PictureExport(QObject):
    """Saves pictures in a job. saved(path) and failed(reason, details) tell how it went."""

    saved = Signal(str)
    failed = Signal(str, str)

    def __init__(self, studio: Studio, owner: QWidget) -> None:
        super().__init__(owner)
        self._studio, self._owner = studio, owner
        self.rating: PictureRating | None = None
        self._saving = JobFollower(self, studio, SAVE, "joins")
        self._saving.finished.connect(self._finished)
        self._saving.failed.connect(self.failed)

    def ask(
        self,
        pictures: np.ndarray | Sequence[np.ndarray],
        proposed: str,
        suffix: str = ".png",
        about: Mapping[str, str] | None = None,
    ) -> None:
        """Ask where, then save: .png one picture or a sheet of several, .gif an animation of frames."""
        kind = KINDS[suffix]
        chosen, _ = QFileDialog.getSaveFileName(
            self._owner, f"Save as {kind}", proposed + suffix, f"{kind} (*{suffix})"
        )
        if chosen:
            self.save(pictures, Path(chosen).with_suffix(suffix), about)

    def save(
        self, pictures: np.ndarray | Sequence[np.ndarray], path: Path, about: Mapping[str, str] | None = None
    ) -> None:
        """Save to a path that is known."""
        plain = [array_to_plain(each) for each in pictures]
        self._saving.ask(f"Save “{path.name}”", path=str(path), pictures=plain, about=about or {})

    def _finished(self, event: Finished) -> None:
        if event.result:
            self.saved.emit(str(event.result["path"]))

    def menu(
        self,
        picture: np.ndarray,
        proposed: str,
        about: Mapping[str, str] | None = None,
        more: Sequence[MenuEntry] = (),
        drawn: Drawn | None = None,
    ) -> QMenu:
        """What a right click on a picture offers; `more` are entries of the place where it is.

        drawn: how a model drew it; without, it is no output and cannot be rated.
        """
        entries: list[MenuEntry] = []
        if drawn is not None:
            entries += [("Rate…", lambda: self.rate(picture, drawn, QCursor.pos())), RULE]
        entries.append(("Save picture…", lambda: self.ask(picture[None], proposed, about=about)))
        entries.append(("Copy picture", lambda: QApplication.clipboard().setImage(image_of(picture))))
        return menu_of([*entries, *([RULE] if more else []), *more], self._owner, "picture-menu")

    def rate(self, picture: np.ndarray, drawn: Drawn, place: QPoint) -> None:
        """Ask at a place of the screen what a person thinks of a picture that a model drew."""
        if self.rating is not None:
            self.rating.close_popup()
        self.rating = PictureRating(self._studio, picture, drawn, self._owner)
        self.rating.closed.connect(self._rated)
        self.rating.open_at(place)

    def _rated(self) -> None:
        self.rating = None

    def open_menu(self, place: QPoint, *arguments: Any, **more: Any) -> None:
        """Show that menu at a place of the screen."""
        self.menu(*arguments, **more).popup(place)
