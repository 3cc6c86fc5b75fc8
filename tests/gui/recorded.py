"""What real jobs answered, to feed panels with: each job runs once a session, in one small workspace.

    recorded(PREVIEW)                    all events of the job of `small_jobs.JOBS`, from Started to Finished
    answer(PREVIEW), result(IMPORT)      the data of its last sample, and what it returned
    told(PREVIEW, data)                  the same events with other data in the last sample
    finished(GENERATE, text="Yes")       its last event, with other values in what it returned
    changed(document, title="Scene 2")   a copy with other values

Where a test needs what the small workspace does not give (a number to read off, an error, an extreme), it changes that
field of the real answer. What the job does not tell, or tells in another form, cannot be changed, nor be told in any
other way: the fixture `studio` has each event checked. So a job that comes to answer otherwise fails the tests of the
panels that show it. Only sentences of errors, and how far a job is, are written by hand.
"""

import dataclasses
import functools
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmstudio.adapt import opened_collections, sentence_models
from fmstudio.jobs import (
    Artefact,
    Event,
    Failed,
    Finished,
    JobRequest,
    Metrics,
    Note,
    Sample,
    TextDelta,
)
from fmstudio.jobs.codec import decode, encode
from fmstudio.jobs.driver import Driver
from fmstudio.training import loop
from fmstudio.workspace import Workspace
from tests.adapt.words_encoder import WordsEncoder
from tests.gui.small_jobs import JOBS
from tests.waiting import alone

_folder: list[Path] = []


def keep_records_in(folder: Path) -> None:
    """Where the records of this session are, which all its processes share."""
    folder.mkdir(exist_ok=True)
    _folder[:] = [folder]


def recorded(target: str, **arguments: Any) -> list[Event]:
    """The events of a job. arguments: in place of those of `small_jobs.JOBS`."""
    (folder,) = _folder
    digest = hashlib.sha256(json.dumps([target, arguments]).encode()).hexdigest()[:16]
    path = folder / f"{digest}.jsonl"
    with alone(folder / "recording.lock"):
        if not path.exists():
            path.write_text("\n".join(encode(event) for event in _run(folder, target, arguments)), "utf-8")
    return [decode(line) for line in path.read_text("utf-8").split("\n")]


def made(*parts: Callable[[Workspace], None]) -> Path:
    """The workspace in which jobs are recorded, with these parts: to be copied, never changed."""
    (folder,) = _folder
    with alone(folder / "recording.lock"):
        workspace = Workspace(folder / "workspace")
        with pytest.MonkeyPatch.context() as replaced:
            replaced.setattr(sentence_models, "open_encoder", lambda reference: WordsEncoder())
            try:
                for part in parts:
                    part(workspace)
            finally:
                opened_collections.close_all()
                workspace.close()
    return folder / "workspace"


def _run(folder: Path, target: str, arguments: Mapping[str, Any]) -> list[Event]:
    workspace = Workspace(folder / "workspace")
    with pytest.MonkeyPatch.context() as replaced:
        replaced.setattr(sentence_models, "open_encoder", lambda reference: WordsEncoder())
        replaced.setattr(loop, "GLIMPSE_EVERY", 0.0)  # told by the clock: a short run on a fast machine has none
        try:
            usual = JOBS[target](workspace)
            request = JobRequest("Recorded", target.partition(" ")[0], {**usual, **arguments})
            events = list(Driver(request, workspace))
        finally:
            opened_collections.close_all()
            workspace.close()
    assert not isinstance(events[-1], Failed), f"{target} failed: {events[-1]}"
    return events


def answer(target: str, name: str = "", **arguments: Any) -> Any:
    """The data of its last sample, or of the last of that name."""
    samples = [event for event in recorded(target, **arguments) if isinstance(event, Sample)]
    return next(event.data for event in reversed(samples) if name in ("", event.name))


def result(target: str, **arguments: Any) -> dict[str, Any]:
    """What it returned."""
    *_, last = recorded(target, **arguments)
    assert isinstance(last, Finished)
    return dict(last.result)


def told(target: str, data: Any) -> list[Event]:
    """Its events, with other data in the last sample: of the same form, as `changed` gives it."""
    events = recorded(target)
    place = max(place for place, event in enumerate(events) if isinstance(event, Sample))
    check_form(events[place].data, data, target)
    return [*events[:place], dataclasses.replace(events[place], data=data), *events[place + 1 :]]


def finished(target: str, **changes: Any) -> Finished:
    """Its last event, with other values in what it returned."""
    return Finished("completed", changed(result(target), **changes))


def ended(target: str, **changes: Any) -> list[Event]:
    """Its events, with other values in what it returned, and other names of what it made."""
    *events, last = recorded(target)
    names = {last.result.get(name): value for name, value in changes.items() if isinstance(value, str)}
    events = [
        dataclasses.replace(event, name=names.get(event.name, event.name)) if isinstance(event, Artefact) else event
        for event in events
    ]
    return [*events, finished(target, **changes)]


def changed(told: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with other values for fields that it has."""
    for name, value in changes.items():
        assert name in told, f"the job tells no {name!r} but {', '.join(told)}"
        check_form(told[name], value, name)
    return {**told, **changes}


def check_event(target: str, event: Event) -> None:
    """Fails where the real job of this target tells nothing of the event's form. Targets of no module of the program
    stand for any job, and a result of which nothing is told for any. Progress is told by the clock: a short job may
    tell none, so it is not checked."""
    if not target.startswith("fmstudio.") or target in NOT_RECORDED or isinstance(event, (Failed, Note)):
        return
    if isinstance(event, Sample):
        _check_like(target, event, lambda real: (real.kind, _without_numbers(real.name)), lambda real: real.data)
    elif isinstance(event, Finished) and event.result:
        _check_like(target, event, lambda real: None, lambda real: dict(real.result))
    elif isinstance(event, Metrics):
        told = {name for real in _told(target, Metrics) for name in real.values}
        assert set(event.values) <= told, f"{target} measures {', '.join(sorted(told))}, not {', '.join(event.values)}"
    elif isinstance(event, (Artefact, TextDelta)):
        _check_like(target, event, lambda real: real.kind if isinstance(real, Artefact) else real.name)


def _check_like(
    target: str, event: Event, key: Callable[[Any], Any], data: Callable[[Any], Any] = lambda real: None
) -> None:
    """Fails unless the job tells an event of this type and key, whose data is of the same form."""
    real = _told(target, type(event))
    alike = [each for each in real if key(each) == key(event)]
    name = type(event).__name__
    assert alike, f"{target} tells no {name} {key(event)} but {sorted({str(key(each)) for each in real})}"
    wrong = []
    for each in alike:
        try:
            return check_form(data(each), data(event), f"{target} {name}")
        except AssertionError as error:
            wrong.append(str(error))
    raise AssertionError("; ".join(dict.fromkeys(wrong)))


def _without_numbers(name: str) -> str:
    return re.sub(r"\d+", "0", name)


def _told(target: str, kind: type) -> list[Any]:
    """The events of a type that the job of this target tells, in whichever of its records."""
    within = (target, *WITHIN.get(target, ()))
    names = [name for name in JOBS if name.partition(" ")[0] in within]
    assert names, f"what {target} answers is not recorded: add it to JOBS"
    return [event for name in names for event in _known(name) if isinstance(event, kind)]


@functools.cache
def _known(target: str) -> tuple[Event, ...]:
    """Its events, not to be changed."""
    return tuple(recorded(target))


def check_form(real: Any, value: Any, where: str) -> None:
    """Fails where a value is not of the form of the real one: its type, its fields, those of its rows."""
    if real is None or value is None:
        return
    if isinstance(real, bool) or isinstance(value, bool):
        assert type(real) is type(value), f"{where} is a {type(real).__name__}"
    elif isinstance(real, (int, float)):
        assert isinstance(value, (int, float)), f"{where} is a number"
    elif isinstance(real, np.ndarray):
        assert isinstance(value, np.ndarray), f"{where} is an array"
        assert (value.dtype.kind, value.ndim) == (real.dtype.kind, real.ndim), f"{where} has other numbers"
    else:
        assert isinstance(value, type(real)), f"{where} is a {type(real).__name__}"
    if isinstance(real, list) and real:
        for number, each in enumerate(value):
            check_form(real[0], each, f"{where}[{number}]")
    elif isinstance(real, dict) and where.rpartition(".")[2] in COUNTS:
        if len({type(each) for each in real.values()}) == 1:
            for name, each in value.items():
                check_form(next(iter(real.values())), each, f"{where}.{name}")
    elif isinstance(real, dict):
        assert set(value) == set(real), f"{where} has the fields {', '.join(map(str, real))}"
        for name in real:
            check_form(real[name], value[name], f"{where}.{name}")


COUNTS = {
    *("languages", "encodings", "kinds", "modes", "classes", "attributes", "variables", "mapping", "texts", "sizes"),
    *("values", "memory_in"),
}
"""Fields whose keys are data themselves."""

WITHIN = {"fmstudio.training.pretraining:resume": ("fmstudio.training.pretraining:pretrain",)}
"""Jobs that tell what other jobs do, of which they are made."""

NOT_RECORDED = {"fmstudio.data.catalogue:fetch"}
"""Jobs that need a network: they are told by hand."""
