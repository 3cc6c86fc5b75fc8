"""What a side of GAN & VAE can look at: models, runs that train now or were interrupted, presets to step by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.gan_vae.run import PictureRun, kept_run
from fmstudio.gui.job_board import JobState
from fmstudio.gui.runs.jobs import PRETRAIN, RESUME
from fmstudio.gui.studio import Studio
from fmstudio.jobs import Event
from fmstudio.workspace import RunRecord, WorkspaceError


@dataclass(frozen=True, slots=True)
class Source:
    """Something to look at. model: what the laboratory takes ("" for a preset). run: whose curves there are."""

    key: str
    title: str
    model: str = ""
    run: str = ""
    preset: str = ""

    @property
    def origin(self) -> str:
        """What steps by hand begin from: a run stays the same one when it ends and becomes a model."""
        return self.run or self.key


class Sources(QObject):
    """The sources of one family, the latest first. It follows every training job of the family, whoever began it.

    changed: the list is another one. began(key): a run of the family has begun to train.
    """

    changed = Signal()
    began = Signal(str)

    def __init__(self, studio: Studio, family: str, with_presets: bool) -> None:
        super().__init__()
        self._studio, self.family, self._with_presets = studio, family, with_presets
        self._live: dict[str, PictureRun] = {}
        self._kept: dict[str, PictureRun] = {}
        studio.jobs.added.connect(self._follow)
        studio.jobs.changed.connect(self._flush)
        studio.workspace_changed.connect(self._workspace_changed)
        studio.described.connect(self._described)
        for state in studio.jobs.all():
            self._follow(state.id)

    def all(self) -> list[Source]:
        """What there is now: runs in training, models, runs that left none, presets."""
        runs = {record.id: record for record in self._studio.workspace.runs() if record.family == self.family}
        live = [run for run in reversed(self._live.values()) if run.live and run.id in runs]
        models = [record for record in reversed(self._studio.workspace.models()) if record.family == self.family]
        made = {record.run for record in models} | {run.id for run in live}
        left = [record for record in reversed(runs.values()) if record.id not in made and self._has_checkpoint(record)]
        return [
            *(Source(f"run:{run.id}", f"{run.name} · training now", f"run:{run.id}", run.id) for run in live),
            *(Source(record.name, record.name, record.name, record.run) for record in models),
            *(Source(f"run:{run.id}", f"{run.name} · {run.status} run", f"run:{run.id}", run.id) for run in left),
            *(self._presets() if self._with_presets else ()),
        ]

    def _presets(self) -> list[Source]:
        found = [each for each in self._studio.description.get("presets", ()) if each["family"] == self.family]
        return [Source(f"preset:{each['name']}", f"New from “{each['title']}”", preset=each["name"]) for each in found]

    def _has_checkpoint(self, record: RunRecord) -> bool:
        return any((self._studio.workspace.run_folder(record.id) / "checkpoints").glob("step-*"))

    def preset(self, name: str) -> dict[str, Any]:
        """The recipe of a preset as nested tables."""
        preset = next(each for each in self._studio.description["presets"] if each["name"] == name)
        return recipe_of(preset)

    def run(self, source: Source) -> PictureRun | None:
        """The training behind a source, live or kept; None where none is known."""
        live = next((run for run in self._live.values() if source.run and run.id == source.run), None)
        if live is not None or not source.run:
            return live
        if source.run not in self._kept:
            try:
                self._kept[source.run] = kept_run(self._studio.workspace, self._studio.workspace.run(source.run))
            except WorkspaceError:  # a model outlives the run that made it
                return None
        return self._kept[source.run]

    # Jobs.

    def _follow(self, job: str) -> None:
        state = self._studio.jobs[job]
        if not state.active or not self._is_ours(state):
            return
        run = self._live[job] = self._begun(state)
        self._studio.jobs.watch(job, lambda event: self._take(run, event))
        if run.id:
            self._announce(run)

    def _is_ours(self, state: JobState) -> bool:
        arguments = state.request.arguments
        if state.request.target == PRETRAIN:
            return arguments.get("recipe", {}).get("family") == self.family
        if state.request.target == RESUME:
            try:
                return self._studio.workspace.run(arguments["run"]).family == self.family
            except WorkspaceError:
                return False
        return False

    def _begun(self, state: JobState) -> PictureRun:
        """What is known already of a job's run: all that the workspace has, where it was resumed or joined late."""
        made = [artefact.name for artefact in state.artefacts if artefact.kind == "run"]
        known = str(state.request.arguments.get("run") or (made[-1] if made else ""))
        if known:
            run = kept_run(self._studio.workspace, self._studio.workspace.run(known))
            run.status = "running"
            return run
        recipe = state.request.arguments["recipe"]
        return PictureRun(str(recipe.get("name") or state.title), recipe)

    def _take(self, run: PictureRun, event: Event) -> None:
        known, was_live = run.id, run.live
        run.take(event)
        if run.id != known:
            self._announce(run)
        elif was_live != run.live:
            self.changed.emit()

    def _flush(self, job: str) -> None:
        if run := self._live.get(job):
            run.flush()

    def _announce(self, run: PictureRun) -> None:
        self._kept.pop(run.id, None)
        self.changed.emit()
        self.began.emit(f"run:{run.id}")

    # News.

    def _workspace_changed(self, kind: str, name: str) -> None:
        if kind in ("run", "model", "dataset"):
            if kind == "run":
                self._kept.pop(name, None)
            self.changed.emit()

    def _described(self, _: object) -> None:
        self.changed.emit()


def recipe_of(preset: Mapping[str, Any]) -> dict[str, Any]:
    """A preset, whose values are named by dotted paths, as a recipe's nested tables."""
    tables: dict[str, Any] = {"family": preset["family"], "name": preset["name"]}
    for path, value in preset["values"].items():
        section, _, name = path.partition(".")
        tables.setdefault(section, {})[name] = value
    return tables
