"""Runs as tests of the Train panel need them: kept ones, and the events of one that trains."""

import math

import numpy as np

from fmstudio.gui.runs.jobs import DESCRIBE
from fmstudio.jobs import Metrics, Progress, Sample
from fmstudio.recipe import write_toml
from fmstudio.workspace import ModelRecord, RunRecord
from tests.gui import recorded
from tests.gui.recorded import changed

RECIPE = {
    "family": "language",
    "name": "plays",
    "init": "",
    "data": {"datasets": ["plays"]},
    "model": {"context": 32},
    "training": {"steps": 200, "batch_size": 4},
}
SETTINGS = ("data.datasets", "model.context", *(f"model.{each}" for each in ("layers", "width", "heads")),
            "training.steps", "training.batch_size")  # fmt: skip
"""Those of the many that a form has in these tests."""


def description():
    """What can be trained, as the job tells it: of its families the one of language, with few settings."""
    told = recorded.answer(DESCRIBE)
    language = few_settings(next(each for each in told["families"] if each["name"] == "language"))
    first = next(each for each in told["presets"] if each["family"] == "language")
    preset = changed(
        first, name="plays-cpu", title="Plays on a CPU", family="language",
        values={"data.datasets": ["plays"], "model.context": 32, "training.steps": 200},
    )  # fmt: skip
    objective = "See the tokens so far and say the next one."
    return changed(told, families=[changed(language, objective=objective)], presets=[preset])


def few_settings(family, paths=SETTINGS):
    """A family as the job tells it, with a few of its settings."""
    return changed(family, settings=[each for each in family["settings"] if each.path in paths])


def loss_at(step: int, final: float = 3.0) -> float:
    return final + (6.9 - final) * math.exp(-step / 40)


def training_events(upto: int = 200, steps: int = 200, every: int = 50, final: float = 3.0):
    """What a run of the job `pretrain` says of its steps, in order."""
    for step in range(upto + 1):
        if step:
            values = {"loss/training": loss_at(step, final), "learning_rate": 0.02, "gradient_norm": 1.0}
            yield Metrics(step, values, step * 0.05)
            yield Progress(step, steps, "steps", "", 1240.0, "tokens/s")
        if step % every == 0:
            loss = loss_at(step, final) + 0.1
            measured = {
                "loss/validation": loss,
                "bits_per_byte/validation": loss / 2,
                "perplexity/validation": math.exp(loss),
            }
            yield Metrics(step, measured, step * 0.05)
            yield Sample("sample", "text", f"Text of step {step}", step)


def keep_run(workspace, name, *, status="completed", upto=200, final=3.0, reason=""):
    """A run of an earlier session, with its model if it was completed."""
    details = {"reason": reason} if reason else {}
    model = name if status == "completed" else ""
    record = RunRecord(
        name,
        name,
        "language",
        write_toml({**RECIPE, "name": name}),
        status,
        upto,
        200,
        upto * 0.05,
        model,
        details=details,
    )
    workspace.put_run(record)
    rows = [event for event in training_events(upto, final=final) if isinstance(event, Metrics)]
    workspace.add_metrics(name, [(event.step, event.seconds, event.values) for event in rows])
    samples = workspace.run_folder(name) / "samples"
    samples.mkdir(parents=True)
    (samples / "step-000050.txt").write_text("Kept text", "utf-8")
    if model:
        workspace.model_folder(name).mkdir(parents=True)
        loss = float(np.float64(loss_at(upto, final) + 0.1))
        workspace.put_model(
            ModelRecord(name, "language", 850_000, 3_400_000, name, details={"metrics": {"loss/validation": loss}})
        )
