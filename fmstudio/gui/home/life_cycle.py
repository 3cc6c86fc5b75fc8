"""What a workspace has of each stage of a model's life, and what the next step is. No widgets: plain data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fmstudio.gui.formatting import plural
from fmstudio.gui.job_board import JobState
from fmstudio.gui.panel import PanelInfo
from fmstudio.workspace import ModelRecord, Workspace


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage with a panel: its verb, what of it is there, and an invitation for when there is nothing."""

    name: str
    title: str
    icon: str
    count: int
    made: str
    invitation: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next: a title, why, and the button that goes there."""

    title: str
    reason: str
    button: str
    icon: str
    panel: str
    what: Mapping[str, Any] = field(default_factory=dict)


def _data(workspace: Workspace) -> tuple[int, str]:
    datasets = workspace.datasets()
    kinds = {record.kind for record in datasets}
    held = " and ".join(words for kind, words in (("text", "texts"), ("images", "pictures")) if kind in kinds)
    return len(datasets), f"{plural(len(datasets), 'dataset')} · {held}" if held else plural(0, "dataset")


def _training(workspace: Workspace) -> tuple[int, str]:
    runs, models = workspace.runs(), workspace.models()
    return len(models), f"{plural(len(runs), 'run')} · {plural(len(models), 'model')}"


def _models_of(*families: str) -> Callable[[Workspace], tuple[int, str]]:
    def count(workspace: Workspace) -> tuple[int, str]:
        made = sum(record.family in families for record in workspace.models())
        return made, plural(made, "model")

    return count


def _playground(workspace: Workspace) -> tuple[int, str]:
    collections = len(workspace.collections())
    talks = len(list((workspace.path / "conversations").glob("*.json")))
    return collections + talks, f"{plural(talks, 'conversation')} · {plural(collections, 'collection')}"


def _feedback(workspace: Workspace) -> tuple[int, str]:
    entries = workspace.feedback.count()
    return entries, plural(entries, "output") + " kept"


# Verb, what is counted, invitation; by the panel's name. A panel that is not here shows its own title and summary.
_STAGES: Mapping[str, tuple[str, Callable[[Workspace], tuple[int, str]], str]] = {
    "data": ("Choose data", _data, "Add the texts and pictures that a model should learn from."),
    "train": ("Pre-train", _training, "Teach a model to write or to draw."),
    "playground": ("Playground", _playground, "Talk to a model, ask your documents, see inside."),
    "diffusion": ("Diffusion", _models_of("diffusion"), "See how noise becomes a picture."),
    "gan-vae": ("GAN & VAE", _models_of("gan", "vae"), "A contest of two networks, and a map of pictures."),
    "feedback": ("Feedback", _feedback, "Judge what models made, and keep what was better."),
}

# Where a model is looked at, by its family; the others are sampled where they were trained.
_LABORATORIES = {"diffusion": "diffusion", "gan": "gan-vae", "vae": "gan-vae"}


def stages(workspace: Workspace, infos: Sequence[PanelInfo]) -> list[Stage]:
    """The stages that have a panel, in their order."""
    return [_stage(workspace, info) for info in infos if 0 < info.order < 1000]


def _stage(workspace: Workspace, info: PanelInfo) -> Stage:
    title, count, invitation = _STAGES.get(info.name, (info.title, lambda _: (0, ""), info.summary))
    number, made = count(workspace)
    return Stage(info.name, title, info.icon, number, made, invitation)


def next_step(workspace: Workspace, infos: Sequence[PanelInfo], active: Sequence[JobState]) -> NextStep | None:
    """The step that brings this workspace furthest, or None where there is no panel to take it in."""
    panels = {info.name for info in infos}
    for step in _steps(workspace, active):
        if step.panel in panels:
            return step
    return None


def _steps(workspace: Workspace, active: Sequence[JobState]) -> list[NextStep]:
    """The steps that fit, the best first."""
    datasets, runs, models = workspace.datasets(), workspace.runs(), workspace.models()
    if not datasets:
        return [_ADD_DATA]
    running = [state for state in active if any(made.kind == "run" for made in state.artefacts)]
    if running:
        run = next(made.name for made in running[0].artefacts if made.kind == "run")
        return [
            NextStep(
                f"{running[0].title} is on its way",
                "Watch the loss fall and the samples become what it learns from.",
                "Watch it learn",
                "mdi6.chart-line",
                "train",
                {"run": run},
            )
        ]
    unfinished = [run for run in runs if run.status == "interrupted"]
    if unfinished:
        run = unfinished[-1]
        return [
            NextStep(
                f"“{run.name}” was interrupted",
                f"It had done {run.step:,} of {run.steps:,} steps and can go on from its last checkpoint.",
                "Go on with it",
                "mdi6.play",
                "train",
                {"run": run.id},
            )
        ]
    if models:
        return [_see(models[-1])] if _playground(workspace)[0] else [_TALK, _see(models[-1])]
    return [
        NextStep(
            "Train your first model",
            f"“{datasets[-1].name}” is ready. The smallest preset takes about a minute, and you can watch it learn.",
            "Choose a preset",
            "mdi6.school-outline",
            "train",
            {"dataset": datasets[-1].name},
        ),
        _ADD_DATA,
    ]


def _see(model: ModelRecord) -> NextStep:
    draws = model.family in _LABORATORIES
    return NextStep(
        f"See what “{model.name}” has learnt",
        "Let it draw, and see how it does it." if draws else
        "Let it continue a text of yours, or train it further on other data.",
        "Open the model",
        "mdi6.creation" if draws else "mdi6.text-box-edit-outline",
        _LABORATORIES.get(model.family, "train"),
        {"model": model.name},
    )  # fmt: skip


_TALK = NextStep(
    "Talk to a model",
    "The starter model answers on this computer alone: try prompts, ask your documents, and look inside.",
    "Open the playground",
    "mdi6.message-text-outline",
    "playground",
)

_ADD_DATA = NextStep(
    "Begin with some data",
    "Books, notes, web pages, pictures: choose files or a folder, or a set from the catalogue. All stays on this "
    "computer.",
    "Add data",
    "mdi6.folder-plus-outline",
    "data",
)
