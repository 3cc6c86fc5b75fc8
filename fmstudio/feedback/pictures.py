"""Pictures in the feedback log: kept as PNG beside the index, with the job that draws them again."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fmstudio.data.picture_files import save_png
from fmstudio.feedback.entries import FeedbackError
from fmstudio.jobs import Artefact, JobContext, array_to_plain
from fmstudio.jobs.context import Job
from fmstudio.runtimes.version import version_of
from fmstudio.training.snapshot import model_folder
from fmstudio.workspace import FeedbackRecord, Workspace, explained

DRAWING_JOBS = frozenset({
    "fmstudio.training.sampling:sample",
    "fmstudio.laboratory.diffusion:walk",
    "fmstudio.laboratory.diffusion:between",
    "fmstudio.laboratory.diffusion_editing:edit",
    "fmstudio.laboratory.gan:generate",
    "fmstudio.laboratory.vae:prior",
})  # fmt: skip
"""The jobs whose pictures can be rated and drawn again. Entries may come from a file: no other job is run for one."""


def keep(
    context: JobContext,
    workspace: Workspace,
    picture: np.ndarray,
    model: str,
    target: str,
    arguments: Mapping[str, Any],
    index: int = 0,
    sample: str = "",
    view: str = "",
) -> Job:
    """Put a picture (height, width, channels) of uint8 into the log; one that is there already is found again.

    target and arguments: the job that drew it, without the workspace. sample, view, index: which of its pictures it is.
    """
    if target not in DRAWING_JOBS:
        raise FeedbackError(f"Pictures of {target} cannot be rated, since it cannot draw them again.")
    folder, _ = yield from model_folder(context, workspace, model)
    plain = {key: to_plain(value) for key, value in arguments.items()}
    replay = {"target": target, "arguments": plain, "index": index, "sample": sample, "view": view}
    version = version_of(folder)
    entry = _identity(picture, model, version, replay)
    if not workspace.feedback.has(entry):
        path = workspace.feedback.picture_path(entry)
        with explained(path):
            save_png(path, np.asarray(picture), model=model)
        details = {"replay": replay, "picture": path.name, **_settings_of(plain, index)}
        shown = f"{picture.shape[1]}×{picture.shape[0]} picture"
        record = FeedbackRecord("image", model, _words_of(plain, details), shown, version, details=details, id=entry)
        workspace.feedback.add(record)
    yield Artefact("feedback", entry, str(workspace.index_path))
    return {"entry": entry}


def _identity(picture: np.ndarray, model: str, version: str, replay: Mapping[str, Any]) -> str:
    about = json.dumps([model, version, replay], sort_keys=True).encode()
    return f"f-{hashlib.sha256(about + np.ascontiguousarray(picture).tobytes()).hexdigest()[:16]}"


def _settings_of(arguments: Mapping[str, Any], index: int) -> dict[str, Any]:
    """The settings, and the seed of this very picture where there is one."""
    settings = arguments.get("settings") or {
        key: value for key, value in arguments.items() if isinstance(value, (int, float, str)) and key != "model"
    }
    seeds = arguments.get("seeds") or ()
    if "seed" not in settings and index < len(seeds):
        return {"settings": {**settings, "seed": seeds[index]}, "seed": seeds[index]}
    return {"settings": settings} | ({"seed": settings["seed"]} if "seed" in settings else {})


def _words_of(arguments: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    """What was asked for, in words: the conditions and the seed."""
    condition = arguments.get("condition") or arguments.get("settings", {}).get("condition") or {}
    if isinstance(condition, Mapping):
        condition = ", ".join(f"{name}: {value}" for name, value in condition.items() if value)
    seed = f"seed {details['seed']}" if "seed" in details else ""
    return ", ".join(part for part in (str(condition), seed) if part)


def to_plain(value: Any) -> Any:
    """A job's argument as a request holds it, which JSON can."""
    if isinstance(value, np.ndarray):
        return array_to_plain(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def pixels_of(path: Path) -> np.ndarray:
    """A kept picture as (height, width, channels) of uint8."""
    if not path.is_file():
        raise FeedbackError(f"The picture {path.name} is gone from the workspace, so nothing can be compared with it.")
    with explained(path), Image.open(path) as image:
        pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels
