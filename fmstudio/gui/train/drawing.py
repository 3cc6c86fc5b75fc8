"""Drawing pictures with a trained model: its family's own settings at the left, the pictures at the right."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.form import Form
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.pictures.export import PictureExport
from fmstudio.gui.widgets.pictures.rating import Drawn
from fmstudio.gui.widgets.pictures.tiles import PictureTiles
from fmstudio.jobs import Finished, Progress, Sample

SAMPLE = "fmstudio.training.sampling:sample"
MOST = 400  # pictures that are shown at once; more are drawn all the same


class RunDrawing(QWidget):
    """Works while something else trains: its job goes first at the next step."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("drawing")
        theme = studio.theme
        self._family = ""
        self.model = ""
        self.pictures: np.ndarray | None = None
        self._shown: dict[str, Any] = {}  # what was asked when the pictures were drawn that are shown
        self.form = Form(theme, name="drawing-form")
        self.form.setMaximumWidth(280)
        self.form.setMinimumWidth(220)
        self.tiles = PictureTiles(theme, "drawing-pictures", "Pictures of the model")
        self.tiles.menu_wanted.connect(self._offer)
        self.error = ErrorBox(theme, "drawing-error")
        self._saver = PictureExport(studio, self)
        self._saver.failed.connect(self.error.show_error)
        self.pace = label("", "caption", "drawing-pace")
        self.go = button("Draw", "drawing-go", theme, "mdi6.creation", clicked=self.start)
        self.halt = button("Stop", "drawing-stop", theme, "mdi6.stop", clicked=self.stop)
        self.save = button("Save sheet…", "drawing-save", theme, "mdi6.content-save-outline", clicked=self._save)
        self._drawing = JobFollower(self, studio, SAMPLE)
        self._drawing.sampled.connect(self._take)
        self._drawing.progressed.connect(self._progressed)
        self._drawing.failed.connect(self._failed)
        self._drawing.finished.connect(self._finished)
        self._drawing.busy_changed.connect(self._show_running)
        self._lay_out()
        self._show_running(False)

    def _lay_out(self) -> None:
        self.setLayout(
            vbox(
                (hbox(self.form, (self.tiles, 1), gap=16), 1),
                self.error,
                hbox(self.go, self.halt, (self.pace, 1), self.save),
            )
        )

    def show_model(self, model: str, family: Mapping[str, Any]) -> None:
        """Draw with this model from now on; another family brings its own settings."""
        self.model = model
        if family["name"] != self._family:
            self._family = family["name"]
            self.form.set_settings(family["sampling"])
        self._show_running(self._drawing.busy)

    def start(self) -> None:
        """Begin to draw; pictures that are being drawn are given up."""
        problem = self.form.problem()
        if not self.model or problem:
            return
        self.error.clear()
        self.pace.setText("Waiting for its turn…")
        self._drawing.ask(f"Draw with “{self.model}”", model=self.model, settings=self.form.values())

    def stop(self) -> None:
        """Stop drawing."""
        self._drawing.stop()

    def _take(self, sample: Sample) -> None:
        if sample.kind == "images" and isinstance(sample.data, np.ndarray):
            self.pictures, self._shown = sample.data, dict(self._drawing.asked)
            self.tiles.set_pictures(self.pictures[:MOST])
            self.save.setEnabled(True)

    def _progressed(self, progress: Progress) -> None:
        self.pace.setText(_progress_words(progress))

    def _failed(self, reason: str, details: str) -> None:
        self.pace.clear()
        self.error.show_error(reason, details)

    def _finished(self, event: Finished) -> None:
        self.pace.setText(_result_words(event))

    def _show_running(self, running: bool) -> None:
        self.go.setEnabled(bool(self.model))
        self.halt.setEnabled(running)
        self.save.setEnabled(self.pictures is not None)

    # Pictures as files.

    def _offer(self, index: int, place: QPoint) -> None:
        if self.pictures is None:
            return
        drawn = Drawn(self._shown["model"], SAMPLE, self._shown, index)
        self._saver.open_menu(place, self.pictures[index], f"{self.model}-{index}", drawn=drawn)

    def _save(self) -> None:
        if self.pictures is not None:
            self._saver.ask(self.pictures, self.model)


def _progress_words(progress: Progress) -> str:
    done = f"{formatting.count(progress.done)} of {formatting.count(progress.total)} {progress.unit}"
    return f"{done} · {formatting.rate(progress.rate, progress.rate_unit)}" if progress.rate else done


def _result_words(event: Finished) -> str:
    count, seconds = event.result.get("count"), event.result.get("seconds")
    if event.outcome != "completed" or not count:
        return "Stopped." if event.outcome != "completed" else ""
    words = f"{formatting.count(count)} pictures"
    if not seconds:
        return words
    return f"{words} in {formatting.duration(seconds) if seconds >= 0.1 else f'{1000 * seconds:.0f} ms'}"
