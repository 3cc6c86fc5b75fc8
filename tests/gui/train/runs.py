"""Runs as tests of the Train panel need them: kept ones, and the events of one that trains."""

import math

import numpy as np

from fmstudio.families.text import TextSampling
from fmstudio.jobs import Metrics, Progress, Sample
from fmstudio.recipe import Setting, settings, write_toml
from fmstudio.workspace import ModelRecord, RunRecord

RECIPE = {
    "family": "language",
    "name": "plays",
    "init": "",
    "data": {"datasets": ["plays"]},
    "model": {"context": 32},
    "training": {"steps": 200, "batch_size": 4},
}
DESCRIPTION = {
    "families": [
        {
            "name": "language",
            "title": "Language model",
            "description": "",
            "data_kind": "text",
            "objective": "See the tokens so far and say the next one.",
            "settings": [
                Setting("data.datasets", "Datasets", "The texts.", "datasets", [], simple=True),
                Setting(
                    "model.context", "Context", "Tokens seen.", "integer", 128, minimum=8, maximum=4096, simple=True
                ),
                Setting("model.layers", "Layers", "Depth.", "integer", 4, minimum=1, maximum=64),
                Setting("training.steps", "Steps", "Updates.", "integer", 1000, minimum=1, maximum=10**7, simple=True),
                Setting("training.batch_size", "Batch size", "Rows.", "integer", 16, minimum=1, maximum=1024),
            ],
            "sizes": {"Tiny": {"model.layers": 2}, "Small": {"model.layers": 4}},
            "plots": [
                {"name": "loss", "title": "Loss", "unit": "nats per token", "small": False, "tab": "Nats"},
                {"name": "bits_per_byte", "title": "Loss", "unit": "bits per byte", "small": False, "tab": ""},
                {"name": "perplexity", "title": "Perplexity", "unit": "tokens", "small": False, "tab": ""},
                {"name": "learning_rate", "title": "Learning rate", "unit": "", "small": True, "tab": ""},
                {"name": "gradient_norm", "title": "Gradient norm", "unit": "", "small": True, "tab": ""},
            ],
            "sampling": settings(TextSampling),
            "can_continue": True,
        }
    ],
    "presets": [
        {
            "name": "plays-cpu",
            "title": "Plays on a CPU",
            "description": "A minute or so.",
            "family": "language",
            "init": "",
            "values": {"data.datasets": ["plays"], "model.context": 32, "training.steps": 200},
        }
    ],
    "devices": [{"name": "cpu", "title": "CPU"}],
}
ESTIMATE = {
    "parameters": 850_000,
    "memory_bytes": 48e6,
    "checkpoint_bytes": 7.6e6,
    "units_per_step": 128,
    "error": "",
    "field": "",
}


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
