"""What a laboratory can look at: models, and runs whose latest checkpoint stands for one."""

from dataclasses import dataclass, field

from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.status import WORDS
from fmstudio.gui.runs.store import RunStore
from fmstudio.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Source:
    """Something to look at. It stays the same one while it is called otherwise and its run goes on.

    key: a model's name, "run:<id>", or "preset:<name>" where nothing is trained yet. run: the training behind it.
    step: of the checkpoint that stands for a run, 0 where there is none yet.
    """

    key: str
    title: str = field(compare=False)
    run: str = ""
    preset: str = ""
    step: int = field(default=0, compare=False)

    @property
    def model(self) -> str:
        """What a laboratory's jobs take, "" for a preset."""
        return "" if self.preset else self.key

    @property
    def origin(self) -> str:
        """What steps by hand begin from: a run stays the same one when it ends and becomes a model."""
        return self.run or self.key


def sources_of(runs: RunStore, workspace: Workspace, family: str) -> list[Source]:
    """Runs whose jobs go on, models, and runs that left a checkpoint but no model; of each the latest first."""
    models = [record for record in reversed(workspace.models()) if record.family == family]
    made = {record.run for record in models}
    mine = [(run, runs.latest_checkpoint(run)) for run in runs.of_family(family)]
    return [
        *(_of_run(run, step) for run, step in mine if run.live),
        *(Source(record.name, record.name, record.run) for record in models),
        *(_of_run(run, step) for run, step in mine if not run.live and step and run.id not in made),
    ]


def _of_run(run: RunState, step: int) -> Source:
    how = "training now" if run.status == "running" else WORDS[run.status].lower()
    return Source(f"run:{run.id}", f"{run.name} · {how}", run.id, step=step)
