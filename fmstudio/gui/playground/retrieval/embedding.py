"""Which model turns chunks into vectors: one of the catalogue, fetched here where it is missing, or a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.models.picker import ModelPicker
from fmstudio.gui.models.shelf import ModelShelf, Record
from fmstudio.gui.playground.retrieval.jobs import FETCH
from fmstudio.gui.playground.retrieval.store import CollectionsModel
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.labels import button, label

_GROUPS = (("To be had here", ("catalogue",), ""), ("Folders of yours", ("folder",), ""))


class EmbeddingField(QWidget):
    """`edited`: another model was chosen, or the chosen one is here now."""

    edited = Signal()

    def __init__(self, studio: Studio, store: CollectionsModel) -> None:
        super().__init__()
        self._studio, self._store = studio, store
        self._folders: list[str] = []
        theme = studio.theme
        self._shelf = ModelShelf(*_GROUPS)
        self.choice = ModelPicker(theme, self._shelf, "retrieval-embedding", "Embedding model")
        self.choice.chosen.connect(self._chosen)
        self.about = label("", "caption", "retrieval-embedding-about", wrap=True)
        self.fetch = button("Fetch", "retrieval-embedding-fetch", theme, "mdi6.download", clicked=self._fetch)
        self.folder = button("Another folder…", "retrieval-embedding-folder", theme, role="link", clicked=self._ask)
        self.strip = JobStrip(studio, "retrieval-embedding-strip")
        self.strip.title.hide()
        self.strip.hide()
        self.error = ErrorBox(theme, "retrieval-embedding-error")
        self.setLayout(
            vbox(self.choice, self.about, self.strip, self.error, hbox(self.fetch, self.folder, ..., gap=6), gap=6)
        )
        store.changed.connect(self._list)
        studio.jobs.changed.connect(self._job_changed)
        self._list()

    def value(self) -> str:
        """The reference of the chosen model."""
        return self.choice.reference

    @property
    def here(self) -> bool:
        """Whether the chosen model is on this machine."""
        return bool(self.value()) and (self.value() in self._folders or bool(self._record().get("here")))

    def use_folder(self, path: Path) -> None:
        """Choose a folder of the person's own."""
        self._folders.append(str(path))
        self._list()
        self.choice.show_model(str(path))
        self._chosen()

    def _record(self) -> Mapping[str, Any]:
        return self._store.embedding(self.value())

    def _list(self) -> None:
        before, was_here = self.value(), self.here
        known = [_record_of(row) for row in self._store.embeddings]
        listed = {each["reference"] for each in known}
        known += [_folder_record(folder) for folder in self._folders if folder not in listed]
        if known != self._shelf.models:
            self._shelf.put(known)
            if not before:
                self.choice.show_model(next(iter(self._shelf.references), ""))
        self._show()
        if (before, was_here) != (self.value(), self.here):
            self.edited.emit()

    def _chosen(self, *_: object) -> None:
        self.error.clear()
        self._show()
        self.edited.emit()

    def _show(self) -> None:
        record = self._record()
        missing = bool(record) and not self.here
        size = formatting.size(record.get("size")) if record.get("size") else ""
        if missing:
            self.about.setText(f"Not on this machine yet; {size} are fetched with the first indexing, or now.")
        else:
            self.about.setText(self.value() if self.value() in self._folders else "On this machine.")
        self.about.setToolTip(str(record.get("about", "")))
        self.fetch.setText(f"Fetch ({size})" if size else "Fetch")
        self.fetch.setVisible(missing and self.strip.isHidden() and bool(record.get("size")))

    def _fetch(self) -> None:
        self._store.fetch(self.value())

    def _job_changed(self, job: str) -> None:
        state = self._studio.jobs.get(job)
        if state and state.request.target == FETCH and state.request.subject == self.value():
            self.strip.show_job(state)
            self.strip.title.hide()
            self.strip.setVisible(state.active)
            if state.status == "failed":
                self.error.show_error(state.reason, state.details)
            self._show()

    def _ask(self) -> None:
        title = "Choose a folder with a sentence-embedding model"
        path = QFileDialog.getExistingDirectory(self, title, str(Path.home()))
        if path:
            self.use_folder(Path(path))


def _record_of(row: Mapping[str, Any]) -> Record:
    """A model of the catalogue as the picker shows it."""
    return {**row, "source": "catalogue", "kind": "" if row.get("here") else "not fetched yet"}


def _folder_record(folder: str) -> Record:
    return {"reference": folder, "title": Path(folder).name, "source": "folder", "about": folder}
