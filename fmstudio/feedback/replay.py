"""Makes an entry's output again by the very job that made it, and says whether it is the same."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fmstudio.feedback.entries import FeedbackError
from fmstudio.feedback.pictures import DRAWING_JOBS, pixels_of
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.jobs.driver import start
from fmstudio.jobs.request import WORKSPACE, from_plain
from fmstudio.runtimes.version import version_of
from fmstudio.training.snapshot import model_folder
from fmstudio.workspace import FeedbackRecord, Workspace

GENERATE = "fmstudio.adapt.generation:generate"


def replay(context: JobContext, workspace: Workspace, entry: str) -> Job:
    """Run the job of an entry again; its events are passed on.

    The result: {entry, same, output (of a text), largest_difference (of a picture, in steps of 256), model_changed}.
    """
    record = workspace.feedback.get(entry)
    target, arguments = recipe_of(record)
    folder, _ = yield from model_folder(context, workspace, record.model)
    changed = bool(record.model_version) and version_of(folder) != record.model_version
    job = _begun(context, workspace, target, arguments)
    samples: list[Sample] = []
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            result: Mapping[str, Any] = end.value or {}
            break
        if isinstance(event, Sample):
            samples.append(event)
        yield event
    if context.stopping:
        raise FeedbackError("The replay was stopped before its end, so nothing can be said of its output.")
    verdict = _same_text(record, result) if record.kind == "text" else _same_picture(workspace, record, samples)
    return {"entry": entry, "kind": record.kind, "model_changed": changed, **verdict}


def _begun(context: JobContext, workspace: Workspace, target: str, arguments: dict[str, Any]) -> Job:
    try:
        return start(target, context, workspace, arguments)
    except TypeError as error:  # an argument that the job does not take, or lacks
        raise FeedbackError(f"How this entry's output was made is not known to this version ({error}).") from None


def recipe_of(record: FeedbackRecord) -> tuple[str, dict[str, Any]]:
    """The job that made an entry, and its arguments; raises FeedbackError where they are not known or not allowed."""
    given, details = record.details.get("replay"), record.details
    if isinstance(given, Mapping):
        target = str(given.get("target", ""))
        if target != GENERATE and target not in DRAWING_JOBS:
            raise FeedbackError(f"{target!r} is no job that makes outputs, so this entry is not made again.")
        _index(given)  # told before the job is run, which may take minutes
        return target, _arguments(given.get("arguments") or {})
    if record.kind != "text" or not isinstance(details.get("settings"), Mapping):
        raise FeedbackError("This entry does not say how its output was made (it was imported): nothing can be run.")
    settings, messages = dict(details["settings"]), details.get("messages")
    asked = {"messages": messages} if messages else {}
    return GENERATE, {"model": record.model, "settings": settings, "backend": details.get("backend", "auto"), **asked}


def _arguments(plain: Any) -> dict[str, Any]:
    """Those of a job as it takes them; an entry from a file may say anything."""
    try:
        return {key: from_plain(value) for key, value in dict(plain).items() if key not in (WORKSPACE, "log")}
    except (KeyError, TypeError, ValueError, SyntaxError) as error:  # the last by NumPy, of an array's type
        raise FeedbackError(
            f"How this entry's output was made is damaged ({error}): nothing can be run; rate a new output."
        ) from None


def _index(replay: Mapping[str, Any]) -> int:
    """Which of its job's pictures an entry is; an entry from a file may say anything."""
    index = replay.get("index", 0)
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise FeedbackError(
            f"This entry says that it is picture {str(index)[:60]!r} of its job, which is no number from 0 on: it "
            "cannot be made again; rate a new output."
        )
    return index


def _same_text(record: FeedbackRecord, result: Mapping[str, Any]) -> dict[str, Any]:
    output = str(result.get("text", ""))
    return {"same": output == record.output, "output": output}


def _same_picture(workspace: Workspace, record: FeedbackRecord, samples: list[Sample]) -> dict[str, Any]:
    about = record.details["replay"]
    drawn, index = _drawn(samples, str(about.get("sample", "")), str(about.get("view", ""))), _index(about)
    if drawn is None or index >= len(drawn):
        raise FeedbackError("The job drew no such picture this time; its model is another now.")
    before, after = pixels_of(workspace.feedback.picture_path(record.id)), drawn[index]
    if before.shape != after.shape:
        raise FeedbackError(f"The picture was drawn in another size ({after.shape[1]}×{after.shape[0]} pixels).")
    largest = int(np.abs(before.astype(int) - after.astype(int)).max())
    return {"same": largest == 0, "largest_difference": largest}


def _drawn(samples: list[Sample], name: str, view: str) -> np.ndarray | None:
    """The pictures (count, height, width, channels) of the sample of this name, or of the last that has pictures."""
    found = None
    for sample in samples:
        data = sample.data.get(view) if isinstance(sample.data, dict) else sample.data
        if isinstance(data, np.ndarray) and data.ndim == 4 and name in ("", sample.name):
            found = data
    return found
