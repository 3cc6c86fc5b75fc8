"""One walk of a sampler being made: the job, and what it tells."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.studio import Studio
from fmstudio.jobs import Event, Failed, Finished, JobRequest, Priority, Sample

WALK = "fmstudio.laboratory.diffusion:walk"
BETWEEN = "fmstudio.laboratory.diffusion:between"
EDIT = "fmstudio.laboratory.diffusion_editing:edit"


class WalkRun(QObject):
    """Only the latest job counts: beginning another gives up the one before.

    stepped(walk, data), ended(walk, result) and failed(reason, details) carry the number that the run was made with.
    """

    stepped = Signal(int, object)
    ended = Signal(int, dict)
    failed = Signal(str, str)

    def __init__(self, studio: Studio, number: int) -> None:
        super().__init__()
        self._studio, self._number = studio, number
        self._job = ""

    def begin(self, target: str, title: str, **arguments: Any) -> None:
        """Ask for a walk."""
        self.give_up()
        request = JobRequest(title, target, arguments, Priority.INTERACTIVE)
        job = self._studio.submit(request)
        self._job = job
        self._studio.jobs.watch(job, lambda event: self._hear(job, event))

    def give_up(self) -> None:
        """End the job, if there is one, and hear no more of it."""
        if self._job:
            job, self._job = self._job, ""
            self._studio.cancel(job)

    def _hear(self, job: str, event: Event) -> None:
        if job != self._job:
            return
        match event:
            case Sample(kind="diffusion-step"):
                self.stepped.emit(self._number, event.data)
            case Finished():
                self._job = ""
                self.ended.emit(self._number, dict(event.result))
            case Failed():
                self._job = ""
                self.failed.emit(event.reason, event.details)
