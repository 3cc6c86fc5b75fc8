"""A model in the list: what it is, what it needs, and what can be done with it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame

from fmstudio.gui import formatting
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.models.shelf import Record
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.labels import ElidedLabel, IconLabel, button, icon_button, label, set_property
from fmstudio.gui.widgets.pressable import Pressable
from fmstudio.gui.widgets.segments import Segments

_FORMATS = {"gguf": "GGUF", "folder": "folder"}
_BACKENDS = {"llama.cpp": "llama.cpp", "torch": "torch"}


class ModelRow(Pressable, QFrame):
    """`clicked`: a person wants this one."""

    clicked = Signal()

    def __init__(self, theme: Theme, reference: str) -> None:
        super().__init__()
        self.reference, self._name = reference, f"model-{reference}"
        self.setObjectName(self._name)
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.mark = IconLabel(theme, "mdi6.check", "accent", 16)
        policy = self.mark.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.mark.setSizePolicy(policy)
        self.title = ElidedLabel("", "strong", f"{self._name}-title")
        self.kind = label("", "caption", f"{self._name}-kind")
        self.facts = label("", "caption", f"{self._name}-facts", wrap=True)
        self.forgets = label("", "warning", f"{self._name}-forgets", wrap=True)
        self._head = hbox(self.mark, (self.title, 1), self.kind)
        self._body = vbox(self.facts, self.forgets, gap=2, margins=(24, 0, 0, 0))
        self.setLayout(vbox(self._head, self._body, gap=2, margins=8))

    def show_record(self, record: Record, chosen: bool) -> None:
        """Show what is known of the model now."""
        self.title.setText(record["title"])
        self.title.setToolTip(record.get("about") or record["reference"])
        self.kind.setText(kind_of(record))
        self.facts.setText(facts_of(record) or str(record.get("about", "")))
        self.facts.setVisible(bool(self.facts.text()))
        self.forgets.setText(str(record.get("forgets") or ""))
        self.forgets.setVisible(bool(self.forgets.text()))
        told = (record["title"], self.facts.text(), self.forgets.text())
        self.setAccessibleName(", ".join(part for part in told if part))
        self.mark.setVisible(chosen)


class RunnableRow(ModelRow):
    """A model that can be fetched, brought into memory and let go, by one of the runtimes that can run it."""

    def __init__(self, theme: Theme, reference: str, jobs: ModelJobs) -> None:
        super().__init__(theme, reference)
        self._jobs = jobs
        name = self._name
        self.loaded = label("", "success", f"{name}-loaded")
        self.memory = label("", "caption", f"{name}-memory", wrap=True)
        self.fetch = button("Fetch", f"{name}-fetch", theme, "mdi6.download", clicked=lambda: jobs.fetch(reference))
        self.load = button("Load", f"{name}-load", theme, clicked=lambda: jobs.load(reference))
        self.unload = button("Unload", f"{name}-unload", theme, clicked=lambda: jobs.unload(reference))
        self.forget = icon_button("mdi6.close", "Take it off this list", f"{name}-forget", theme)
        self.forget.clicked.connect(lambda: jobs.forget(reference))
        self.backend = Segments(list(_BACKENDS.items()), f"{name}-backend", "What runs it")
        self.backend.setToolTip(
            "llama.cpp needs less memory; torch can show what happens inside. Which of them is faster depends on the "
            "processor: try both."
        )
        self.backend.changed.connect(self._chose_backend)
        self.strip = JobStrip(jobs.studio, f"{name}-strip")
        self.strip.title.hide()  # the row has said it
        self.error = ErrorBox(theme, f"{name}-error", dismissable=False)
        for each in (self.loaded, self.fetch, self.load, self.unload, self.forget):
            self._head.addWidget(each)
        self._body.addWidget(self.memory)
        self._body.addWidget(self.backend, 0, Qt.AlignmentFlag.AlignLeft)
        self._body.addWidget(self.strip)
        self._body.addWidget(self.error)

    def show_record(self, record: Record, chosen: bool) -> None:
        super().show_record(record, chosen)
        self._record = record
        self._show_memory()
        self.setAccessibleName(f"{self.accessibleName()}, {self.memory.text()}")
        self._show_controls(record, chosen)

    def _show_memory(self) -> None:
        """What the runtime that is chosen for it needs."""
        text, fits = memory_of(self._record, self._jobs.backend_of(self.reference))
        self.memory.setText(text)
        set_property(self.memory, "role", "caption" if fits else "warning")
        self.memory.setVisible(not self._record.get("problem"))

    def _show_controls(self, record: Record, chosen: bool) -> None:
        job, loaded = self._jobs.running(self.reference), bool(record.get("loaded"))
        usable = bool(record.get("here")) and not record.get("problem")
        several = len(record.get("backends", ())) > 1
        self.loaded.setText(f"● loaded in {' and '.join(record['loaded_in'])}" if loaded and several else "● loaded")
        self.loaded.setVisible(loaded)
        note = str(record.get("note") or "")
        self.loaded.setToolTip(note)
        self.loaded.setAccessibleDescription(note)
        self.fetch.setVisible(not record.get("here") and not job)
        self.load.setVisible(usable and not loaded and not job)
        self.unload.setVisible(loaded and not job)
        self.forget.setVisible(record.get("source") == "linked" and not job)
        self.backend.setVisible(chosen and usable and len(record.get("backends", ())) > 1)
        wanted = self._jobs.backend_of(self.reference)
        self.backend.set_value(wanted if wanted in _BACKENDS else next(iter(record.get("backends") or _BACKENDS)))
        self.strip.show_job(job)
        self._show_error(record)

    def _show_error(self, record: Record) -> None:
        reason, details = self._jobs.error(self.reference)
        reason = reason or str(record.get("problem", ""))
        self.error.show_error(reason, details) if reason else self.error.clear()

    def _chose_backend(self, backend: object) -> None:
        self._jobs.run_by(self.reference, str(backend))
        self._show_memory()


def kind_of(record: Record) -> str:
    """What a model is good for, in a word."""
    if "chat" in record:
        return "chats" if record["chat"] else "completes"
    return str(record.get("kind", ""))


def facts_of(record: Record) -> str:
    """Parameters, size, licence, context and form of a model; what is not known is left out."""
    parts = []
    if record.get("parameters"):
        parts.append(f"{formatting.millions(record['parameters'])} parameters")
    if record.get("size"):
        parts.append(formatting.size(record["size"]))
    if record.get("context"):
        parts.append(f"reads {formatting.count(record['context'])} tokens")
    if record.get("format"):
        parts.append(_FORMATS.get(record["format"], str(record["format"])))
    if record.get("licence"):
        parts.append(f"licence: {record['licence']}")
    if record.get("made"):
        parts.append(formatting.when(record["made"]))
    return " · ".join(parts)


def memory_of(record: Record, backend: str) -> tuple[str, bool]:
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
