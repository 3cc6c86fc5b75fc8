"""A model in the list: what it is, what it needs, and what can be done with it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame

from fmstudio.gui import formatting
from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.labels import ElidedLabel, IconLabel, button, icon_button, label, set_property
from fmstudio.gui.widgets.pressable import Pressable
from fmstudio.gui.widgets.segments import Segments

_FORMATS = {"gguf": "GGUF", "folder": "folder"}
_BACKENDS = {"llama.cpp": "llama.cpp", "torch": "torch"}


class ModelRow(Pressable, QFrame):
    """`clicked`: a person wants to talk to this one."""

    clicked = Signal()

    def __init__(self, studio: Studio, state: PlayState, jobs: ModelJobs, reference: str) -> None:
        super().__init__()
        self._state, self._jobs, self.reference = state, jobs, reference
        name = f"model-{reference}"
        self.setObjectName(name)
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme = studio.theme
        self.mark = IconLabel(theme, "mdi6.check", "accent", 16)
        self.title = ElidedLabel("", "strong", f"{name}-title")
        self.kind = label("", "caption", f"{name}-kind")
        self.loaded = label("", "success", f"{name}-loaded")
        self.facts = label("", "caption", f"{name}-facts", wrap=True)
        self.memory = label("", "caption", f"{name}-memory", wrap=True)
        self.fetch = button("Fetch", f"{name}-fetch", theme, "mdi6.download", clicked=self._fetch)
        self.load = button("Load", f"{name}-load", theme, clicked=self._load)
        self.unload = button("Unload", f"{name}-unload", theme, clicked=self._unload)
        self.forget = icon_button("mdi6.close", "Take it off this list", f"{name}-forget", theme, self._forget)
        self.backend = Segments(list(_BACKENDS.items()), f"{name}-backend", "What runs it")
        self.backend.setToolTip(
            "llama.cpp needs less memory; torch can show what happens inside. Which of them is faster depends on the "
            "processor: try both."
        )
        self.backend.changed.connect(self._chose_backend)
        self.strip = JobStrip(studio, f"{name}-strip")
        self.strip.title.hide()  # the row has said it
        self.error = ErrorBox(theme, f"{name}-error", dismissable=False)
        self._lay_out()

    def _lay_out(self) -> None:
        head = hbox(self.mark, (self.title, 1), self.kind, self.loaded, self.fetch, self.load, self.unload, self.forget)
        body = vbox(
            self.facts,
            self.memory,
            (self.backend, 0, Qt.AlignmentFlag.AlignLeft),
            self.strip,
            self.error,
            gap=2,
            margins=(24, 0, 0, 0),
        )
        self.setLayout(vbox(head, body, gap=2, margins=8))
        policy = self.mark.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.mark.setSizePolicy(policy)

    def show_record(self, record: Mapping[str, Any], chosen: bool) -> None:
        """Show what is known of the model now."""
        self.title.setText(record["title"])
        self.title.setToolTip(record.get("about") or record["reference"])
        self.kind.setText("chats" if record.get("chat") else "completes")
        self.facts.setText(facts_of(record))
        self._record = record
        self._show_memory()
        self.setAccessibleName(f"{record['title']}, {self.facts.text()}, {self.memory.text()}")
        self.mark.setVisible(chosen)
        self._show_controls(record, chosen)

    def _show_memory(self) -> None:
        """What the runtime that is chosen for it needs."""
        text, fits = memory_of(self._record, self._state.backend_of(self.reference))
        self.memory.setText(text)
        set_property(self.memory, "role", "caption" if fits else "warning")
        self.memory.setVisible(not self._record.get("problem"))

    def _show_controls(self, record: Mapping[str, Any], chosen: bool) -> None:
        job, loaded = self._jobs.running(self.reference), bool(record.get("loaded"))
        usable = bool(record.get("here")) and not record.get("problem")
        several = len(record.get("backends", ())) > 1
        self.loaded.setText(f"● loaded in {' and '.join(record['loaded_in'])}" if loaded and several else "● loaded")
        self.loaded.setVisible(loaded)
        self.fetch.setVisible(not record.get("here") and not job)
        self.load.setVisible(usable and not loaded and not job)
        self.unload.setVisible(loaded and not job)
        self.forget.setVisible(record.get("source") == "linked" and not job)
        self.backend.setVisible(chosen and usable and len(record.get("backends", ())) > 1)
        wanted = self._state.backend_of(self.reference)
        self.backend.set_value(wanted if wanted in _BACKENDS else next(iter(record.get("backends") or _BACKENDS)))
        self.strip.show_job(job)
        self._show_error(record)

    def _show_error(self, record: Mapping[str, Any]) -> None:
        reason, details = self._jobs.error(self.reference)
        reason = reason or str(record.get("problem", ""))
        self.error.show_error(reason, details) if reason else self.error.clear()

    def _fetch(self) -> None:
        self._jobs.fetch(self.reference)

    def _load(self) -> None:
        self._jobs.load(self.reference)

    def _unload(self) -> None:
        self._jobs.unload(self.reference)

    def _forget(self) -> None:
        self._jobs.forget(self.reference)

    def _chose_backend(self, backend: object) -> None:
        self._state.backends[self.reference] = str(backend)
        self._show_memory()


def facts_of(record: Mapping[str, Any]) -> str:
    """Parameters, size, licence, context and form of a model; what is not known is left out."""
    parts = []
    if record.get("parameters"):
        parts.append(f"{formatting.millions(record['parameters'])} parameters")
    if record.get("size"):
        parts.append(formatting.size(record["size"]))
    if record.get("context"):
        parts.append(f"reads {formatting.count(record['context'])} tokens")
    if record.get("format"):
        parts.append(_FORMATS.get(record["format"], record["format"]))
    if record.get("licence"):
        parts.append(f"licence: {record['licence']}")
    return " · ".join(parts)


def memory_of(record: Mapping[str, Any], backend: str) -> tuple[str, bool]:
    """What a model needs in memory against what there is, and whether it fits."""
    memory = record.get("memory_in", {}).get(backend, record.get("memory"))
    if not memory:
        return "", True
    needs = f"Needs about {formatting.size(memory)} of memory"
    if not record.get("available"):
        return f"{needs}.", True
    free = f"{formatting.size(record['available'])} are free"
    fits = memory <= record["available"] or bool(record.get("loaded_in"))
    return (f"{needs}; {free}." if fits else f"{needs}, but only {free}."), fits
