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
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.pictures.export import PictureExport
from fmstudio.gui.widgets.pictures.rating import Drawn
from fmstudio.gui.widgets.pictures.tiles import PictureTiles
from fmstudio.jobs import Event, Failed, Finished, JobRequest, Priority, Progress, Sample

SAMPLE = "fmstudio.training.sampling:sample"
MOST = 400  # pictures that are shown at once; more are drawn all the same


class RunDrawing(QWidget):
    """Works while something else trains: its job goes first at the next step."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("drawing")
        self._studio, theme = studio, studio.theme
        self._job = ""
        self._family = ""
        self.model = ""
        self.pictures: np.ndarray | None = None
        self._asked: dict[str, Any] = {}
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
        self._show_running(bool(self._job))

    def start(self) -> None:
        """Begin to draw; pictures that are being drawn are given up."""
        problem = self.form.problem()
        if not self.model or problem:
            return
        self.stop()
        self.error.clear()
        self.pace.setText("Waiting for its turn…")
        self._asked = {"model": self.model, "settings": self.form.values()}
        request = JobRequest(f"Draw with “{self.model}”", SAMPLE, self._asked, Priority.INTERACTIVE)
        job = self._studio.submit(request)
        self._job = job
        self._studio.jobs.watch(job, lambda event: self._take(job, event))
        self._show_running(True)

    def stop(self) -> None:
        """Stop drawing."""
        if self._job:
            self._studio.stop(self._job)

    def _take(self, job: str, event: Event) -> None:
        if job != self._job:
            return  # the last words of pictures that were given up
        match event:
            case Sample(kind="images", data=np.ndarray() as pictures):
                self.pictures, self._shown = pictures, self._asked
                self.tiles.set_pictures(pictures[:MOST])
                self.save.setEnabled(True)
            case Progress():
                self.pace.setText(_progress_words(event))
            case Failed():
                self.error.show_error(event.reason, event.details)
                self._done("")
            case Finished():
                self._done(_result_words(event))

    def _done(self, words: str) -> None:
        self._job = ""
        self.pace.setText(words)
        self._show_running(False)

    def _show_running(self, running: bool) -> None:
        self.go.setEnabled(bool(self.model))
        self.halt.setEnabled(running)
        self.save.setEnabled(self.pictures is not None)

    # Pictures as files.

    def _offer(self, index: int, place: QPoint) -> None:
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
