"""What a workspace has of each stage of a model's life, and what the next step is. No widgets: plain data.

Which panel belongs where, what it has and how one begins in it, the panels say themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fmstudio.gui.formatting import plural
from fmstudio.gui.panel import LABORATORY, LOOP, PanelInfo, opening
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.status import RunStanding
from fmstudio.gui.things import KINDS, Thing, Things


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next: a title, why, and the button that goes there. refusal: why that cannot be done yet, or ""."""

    title: str
    reason: str
    button: str
    icon: str
    panel: str
    what: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the loop, or a laboratory. panel: the first of its panels, to which a click leads. made: what of it is
    there, in words ("" for nothing). latest: what was made last, and `opened`: the panel and what it is told for that.
    """

    panel: str
    title: str
    icon: str
    invitation: str
    made: str = ""
    latest: Thing | None = None
    opened: tuple[PanelInfo, Mapping[str, Any]] | None = None
    step: NextStep | None = None

    @property
    def done(self) -> bool:
        """Whether something of it is there."""
        return bool(self.made)


def stages(things: Things, infos: Sequence[PanelInfo]) -> list[Stage]:
    """The stages of the loop that have a panel, in their order."""
    chapters = {chapter: [info for info in infos if info.chapter == chapter] for chapter in LOOP}
    return [
        _stage(things, infos, members, f"{LOOP.index(chapter) + 1}  {chapter.capitalize()}")
        for chapter, members in chapters.items()
        if members
    ]


def laboratories(things: Things, infos: Sequence[PanelInfo]) -> list[Stage]:
    """Where one looks inside; none of them is a stage."""
    return [_stage(things, infos, [info], info.title) for info in infos if info.chapter == LABORATORY]


def _stage(things: Things, infos: Sequence[PanelInfo], members: Sequence[PanelInfo], title: str) -> Stage:
    first = members[0]
    kinds = {kind: kind.partition(":")[::2] for member in members for kind in member.opens}
    counts = [(things.count(kind, family), KINDS[kind]) for kind, family in kinds.values()]
    made = " · ".join(plural(count, kind.noun, kind.nouns) for count, kind in _joined(counts) if count)
    newest = [things.newest(*kind) for kind in kinds.values()] if made else []
    latest = max((thing for thing in newest if thing), key=lambda thing: thing.created, default=None)
    opened = opening(infos, latest.kind, latest.key, latest.family) if latest else None
    step = next((begun_in(things, member) for member in members if member.begin), None)
    return Stage(first.name, title, first.icon, first.summary, made, latest, opened, step)


def _joined(counts: Sequence[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """One number for all families of a kind."""
    return [
        (sum(count for count, kind in counts if kind is each), each) for each in dict.fromkeys(k for _, k in counts)
    ]


def begun_in(things: Things, info: PanelInfo) -> NextStep | None:
    """How one begins in a panel, with the things of this workspace in it."""
    step = info.begin
    if step is None:
        return None
    wanted = {name: value[1:] for name, value in step.what.items() if isinstance(value, str) and value[:1] == "*"}
    newest = {kind: things.newest(kind) for kind in wanted.values()}
    missing = [KINDS[kind].noun for kind, thing in newest.items() if thing is None]
    what = dict(step.what)
    for name, kind in wanted.items():
        thing = newest[kind]
        what[name] = thing.key if thing else ""
    titles = {kind: thing.title if thing else f"A {KINDS[kind].noun}" for kind, thing in newest.items()}
    refusal = f"There is no {missing[0]} yet." if missing else ""
    return NextStep(
        step.title.format(**titles), step.reason.format(**titles), step.button, step.icon, info.name, what, refusal
    )


def next_step(things: Things, infos: Sequence[PanelInfo], runs: Sequence[RunState]) -> NextStep | None:
    """The step that brings this workspace furthest, or None where there is no panel to take it in.

    runs: those of the workspace, the newest first.
    """
    return next((step for step in _steps(things, infos, runs) if step is not None), None)


def _steps(things: Things, infos: Sequence[PanelInfo], runs: Sequence[RunState]) -> list[NextStep | None]:
    """The steps that fit, the best first: a run that trains, waits, is held or was interrupted, the first stage of
    the loop in which nothing was made, and then the newest model.
    """
    return [*(_of_run(infos, runs, status) for status in _OF_RUNS), *_begin(things, infos), _see(things, infos)]


_OF_RUNS: dict[RunStanding, tuple[str, str, str, str]] = {
    "running": (
        "is on its way", "Watch the loss fall and the samples become what it learns from.",
        "Watch it learn", "mdi6.chart-line",
    ),
    "stopping": ("is about to stop", "It keeps what it has learnt.", "Watch it", "mdi6.chart-line"),
    "queued": ("waits for its turn", "It begins when the engine is free.", "Open the run", "mdi6.clock-outline"),
    "paused": (
        "is paused", "It stands at {reached} and goes on when you let it.", "Open the run", "mdi6.pause-circle-outline",
    ),
    "interrupted": (
        "was interrupted", "It had done {reached} and can go on from its last checkpoint.",
        "Go on with it", "mdi6.play",
    ),
}  # fmt: skip
"""What is said of the latest run that stands so, why, and the button that leads to it with its icon."""


def _of_run(infos: Sequence[PanelInfo], runs: Sequence[RunState], status: RunStanding) -> NextStep | None:
    run = next((run for run in runs if run.status == status), None)
    if run is None:
        return None
    how, reason, button, icon = _OF_RUNS[status]
    title, reason = f"“{run.name}” {how}", reason.format(reached=run.reached)
    step = _open(infos, "run", run.id, title=title, reason=reason, button=button, icon=icon)
    if step is None or status != "interrupted":
        return step
    return replace(step, what={**step.what, "go_on": True})  # what the button says is done, not only shown


def _begin(things: Things, infos: Sequence[PanelInfo]) -> list[NextStep | None]:
    loop = [info for info in infos if info.chapter in LOOP and info.begin]
    steps = [begun_in(things, info) for info in loop if not _done(things, info)]
    return [step for step in steps if step and not step.refusal]


def _done(things: Things, info: PanelInfo) -> bool:
    """Whether something was made in a panel that says it is done with."""
    until = info.begin.until if info.begin else ()
    return any(things.count(*kind.partition(":")[::2]) for kind in until or info.opens)


def _see(things: Things, infos: Sequence[PanelInfo]) -> NextStep | None:
    model = things.newest("model")
    if model is None:
        return None
    return _open(
        infos, "model", model.key, model.family,
        title=f"See what “{model.title}” has learnt",
        reason="Try it out, see how it does it, or train it further on other data.",
        button="Open the model",
        icon="mdi6.creation",
    )  # fmt: skip


def _open(
    infos: Sequence[PanelInfo],
    kind: str,
    key: str,
    family: str = "",
    *,
    title: str,
    reason: str,
    button: str,
    icon: str,
) -> NextStep | None:
    opened = opening(infos, kind, key, family)
    return NextStep(title, reason, button, icon, opened[0].name, opened[1]) if opened else None
