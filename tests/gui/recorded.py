"""What real jobs answered, to feed panels with: each job runs once a session, in one small workspace.

    recorded(PREVIEW)                    all events of the job of `small_workspace.JOBS`, from Started to Finished
    answer(PREVIEW), result(IMPORT)      the data of its last sample, and what it returned
    told(PREVIEW, data)                  the same events with other data in the last sample
    changed(document, title="Scene 2")   a copy with other values

Where a test needs what the small workspace does not give (a number to read off, an error, an extreme), it changes that
field of the real answer. What the job does not tell, or tells in another form, cannot be changed: so a job that comes
to answer otherwise fails the tests of the panels that show it.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fmstudio.jobs import Artefact, Event, Failed, Finished, JobRequest, Sample
from fmstudio.jobs.codec import decode, encode
from fmstudio.jobs.driver import Driver
from fmstudio.workspace import Workspace
from tests.gui.small_workspace import JOBS
from tests.waiting import alone

_folder: list[Path] = []


def keep_records_in(folder: Path) -> None:
    """Where the records of this session are, which all its processes share."""
    folder.mkdir(exist_ok=True)
    _folder[:] = [folder]


def recorded(target: str, **arguments: Any) -> list[Event]:
    """The events of a job. arguments: in place of those of `small_workspace.JOBS`."""
    (folder,) = _folder
    digest = hashlib.sha256(json.dumps([target, arguments]).encode()).hexdigest()[:16]
    path = folder / f"{digest}.jsonl"
    with alone(folder / "recording.lock"):
        if not path.exists():
            path.write_text("\n".join(encode(event) for event in _run(folder, target, arguments)), "utf-8")
    return [decode(line) for line in path.read_text("utf-8").split("\n")]


def _run(folder: Path, target: str, arguments: Mapping[str, Any]) -> list[Event]:
    workspace = Workspace(folder / "workspace")
    try:
        usual = JOBS[target](workspace)
        request = JobRequest("Recorded", target.partition(" ")[0], {**usual, **arguments})
        events = list(Driver(request, workspace))
    finally:
        workspace.close()
    assert not isinstance(events[-1], Failed), f"{target} failed: {events[-1]}"
    return events


def answer(target: str, name: str = "", **arguments: Any) -> Any:
    """The data of its last sample, or of the last of that name."""
    samples = [event for event in recorded(target, **arguments) if isinstance(event, Sample)]
    return next(event.data for event in reversed(samples) if name in ("", event.name))


def result(target: str, **arguments: Any) -> dict[str, Any]:
    """What it returned."""
    *_, finished = recorded(target, **arguments)
    assert isinstance(finished, Finished)
    return dict(finished.result)


def told(target: str, data: Any) -> list[Event]:
    """Its events, with other data in the last sample: of the same form, as `changed` gives it."""
    events = recorded(target)
    place = max(place for place, event in enumerate(events) if isinstance(event, Sample))
    check_form(events[place].data, data, target)
    return [*events[:place], dataclasses.replace(events[place], data=data), *events[place + 1 :]]


def ended(target: str, **changes: Any) -> list[Event]:
    """Its events, with other values in what it returned, and other names of what it made."""
    *events, finished = recorded(target)
    names = {finished.result.get(name): value for name, value in changes.items() if isinstance(value, str)}
    events = [
        dataclasses.replace(event, name=names.get(event.name, event.name)) if isinstance(event, Artefact) else event
        for event in events
    ]
    return [*events, dataclasses.replace(finished, result=changed(finished.result, **changes))]


def changed(told: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with other values for fields that it has."""
    for name, value in changes.items():
        assert name in told, f"the job tells no {name!r} but {', '.join(told)}"
        check_form(told[name], value, name)
    return {**told, **changes}


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
    elif isinstance(real, dict) and where.rpartition(".")[2] not in COUNTS:
        assert set(value) == set(real), f"{where} has the fields {', '.join(map(str, real))}"
        for name in real:
            check_form(real[name], value[name], f"{where}.{name}")


COUNTS = {"languages", "encodings", "kinds", "modes", "classes", "attributes"}
"""Fields whose keys are data themselves."""
