"""What a panel is given: the workspace, the jobs, and ways to ask for work and to go elsewhere. Knows no panel."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.job_board import JobBoard, JobState
from fmstudio.gui.preferences import Preferences
from fmstudio.gui.theme import Theme
from fmstudio.jobs import Artefact, Event, Failed, Finished, JobRequest, Priority
from fmstudio.workspace import Workspace

__all__ = ["JobBoard", "JobState", "Studio"]


class EngineDoor(Protocol):
    """The part of the engine that the window uses; tests stand a fake in its place."""

    def submit(self, request: JobRequest) -> str: ...
    def pause(self, job: str) -> None: ...
    def resume(self, job: str) -> None: ...
    def stop(self, job: str) -> None: ...
    def cancel(self, job: str) -> None: ...


class Studio(QObject):
    """One open workspace, its engine, and what the window's parts tell each other.

    workspace_changed(kind, name): something was made, changed or removed: "dataset", "run", "model", "tokenizer", …
    navigation_requested(panel, what): show the panel of that name; `what` goes to its `shown(**what)`.
    machine_changed(machine): what there is to compute on: {"devices": [{name, title}], "threads", "cores", "torch"}.
    deleted(entry, sentence): something went into the bin as that entry; the window says so and offers it back.
    renamed(kind, name, new): something is called otherwise; whoever shows it by its name follows.
    workspace_wanted(path): a person wants to work in another folder.
    described(description): the families and presets there are, as fmstudio.training.describe tells them.
    minute_passed: what says "5 min ago" is out of date. The window's clock tells it.
    went_wrong(reason, details): something that no part foresaw; the window says so and goes on.
    """

    workspace_changed = Signal(str, str)
    navigation_requested = Signal(str, dict)
    deleted = Signal(str, str)
    renamed = Signal(str, str, str)
    theme_changed = Signal()
    workspace_wanted = Signal(object)
    machine_changed = Signal(dict)
    described = Signal(dict)
    went_wrong = Signal(str, str)
    minute_passed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        engine: EngineDoor,
        theme: Theme,
        preferences: Preferences,
        jobs: JobBoard | None = None,
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.theme = theme
        self.preferences = preferences
        self.jobs = jobs or JobBoard(self)
        self.machine: dict[str, Any] = {}
        self.description: dict[str, Any] = {}
        self._engine = engine
        self.jobs.event.connect(self._announce_what_was_made)
        theme.changed.connect(self.theme_changed)

    # Work.

    def submit(self, request: JobRequest, listener: Callable[[Event], None] | None = None) -> str:
        """Hand the engine a job and return its id; `listener` gets each of its events."""
        request = self._on_preferred_device(request)
        job = self._engine.submit(request)
        self.jobs.add(job, request)
        if listener:
            self.jobs.watch(job, listener)
        return job

    def query(self, target: str, listener: Callable[[Event], None], /, **arguments: Any) -> str:
        """Ask a small question of a stage: an interactive job that the job bar does not show."""
        return self.submit(JobRequest(target, target, arguments, Priority.INTERACTIVE, visible=False), listener)

    def _on_preferred_device(self, request: JobRequest) -> JobRequest:
        """The request with the device of the settings where its recipe leaves the device open."""
        recipe = request.arguments.get("recipe")
        if self.preferences.device == "auto" or not isinstance(recipe, Mapping):
            return request
        training = recipe.get("training", {})
        if training.get("device", "auto") != "auto":
            return request
        recipe = {**recipe, "training": {**training, "device": self.preferences.device}}
        return dataclasses.replace(request, arguments={**request.arguments, "recipe": recipe})

    def pause(self, job: str) -> None:
        """Hold a job between two steps."""
        self._engine.pause(job)

    def resume(self, job: str) -> None:
        """Let a held job go on."""
        self._engine.resume(job)

    def stop(self, job: str) -> None:
        """Finish a job here and keep what there is."""
        self.jobs.mark_stopping(job)
        self._engine.stop(job)

    def cancel(self, job: str) -> None:
        """End a job and keep nothing half-made."""
        self.jobs.mark_stopping(job)
        self._engine.cancel(job)

    # News and navigation.

    def announce(self, kind: str, name: str) -> None:
        """Tell every panel that something in the workspace was made, changed or removed."""
        self.workspace_changed.emit(kind, name)

    def know_machine(self, machine: dict[str, Any]) -> None:
        """Keep and tell what the engine found to compute on."""
        self.machine = machine
        self.machine_changed.emit(machine)

    def know_families(self, description: dict[str, Any]) -> None:
        """Keep and tell what can be trained."""
        self.description = description
        self.described.emit(description)

    def navigate(self, panel: str, **what: Any) -> None:
        """Show a panel, and what it should show: `navigate("train", run="r-1")`."""
        self.navigation_requested.emit(panel, what)

    def _announce_what_was_made(self, id: str, event: Event) -> None:
        if isinstance(event, Artefact):
            self.announce(event.kind, event.name)
        elif isinstance(event, (Finished, Failed)):
            # The job's last words may have changed the state of what it made: a run is now completed or stopped.
            made = {(artefact.kind, artefact.name) for artefact in self.jobs[id].artefacts}
            for kind, name in sorted(made):
                self.announce(kind, name)
