"""How fast the preset learns, beside GPT-2 of Hugging Face's `transformers` trained the usual way.

Both see the same plays with the same documents held back, on the same cores in turn. The baseline is GPT-2 over bytes:
4 layers, 4 heads, width 128, context 64, batch 12, AdamW at 1e-3 falling to 1e-4 along a cosine after 100 warm-up
steps, no dropout. Ours is the preset `shakespeare-cpu`, through the very job that the window and the command line run.
Losses are nats per byte of the whole held-back text, so that tokenizers can be compared. Times are those of training
steps, without evaluation; what learning the vocabulary and encoding cost once is stated beside them.

    python benchmarks/pretraining.py [--pairs 3] [--steps 2000]
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PRESET = "shakespeare-cpu"
SHORT = 100
"""Steps of ours that are to reach what the baseline reaches at its end."""


def main() -> int:
    """Print each measurement, and the ratios as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2000, help="steps of the baseline")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        measure = train_baseline if arguments.child == "baseline" else train_ours
        print(json.dumps(measure(arguments.workspace, arguments.steps)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder) / "workspace", arguments.pairs, arguments.steps)
    return 0


def compare(workspace: Path, pairs: int, steps: int) -> None:
    """Baseline, short run of ours, and ours for as long as the baseline took; again for each pair."""
    print(json.dumps({"prepared": child(workspace, "ours", 1)["preparation_s"]}), flush=True)
    rows = []
    for number in range(pairs):
        names = ("baseline", "short") if number % 2 == 0 else ("short", "baseline")
        row = {name: child(workspace, *((name, steps) if name == "baseline" else ("ours", SHORT))) for name in names}
        per_step = row["short"]["seconds"] / SHORT
        row["equal"] = child(workspace, "ours", round(row["baseline"]["seconds"] / per_step))
        rows.append(row)
        print(json.dumps(row), flush=True)
    print(json.dumps(summary(rows), indent=1))


def summary(rows: list[dict[str, dict[str, float]]]) -> dict[str, float]:
    """Medians over the pairs of what the comparison is about."""
    return {
        "parameters_ratio": rows[0]["short"]["parameters"] / rows[0]["baseline"]["parameters"],
        "baseline_nats_per_byte": _median(row["baseline"]["nats_per_byte"] for row in rows),
        "short_nats_per_byte": _median(row["short"]["nats_per_byte"] for row in rows),
        "time_ratio": _median(row["short"]["seconds"] / row["baseline"]["seconds"] for row in rows),
        "cpu_ratio": _median(row["short"]["cpu_s"] / row["baseline"]["cpu_s"] for row in rows),
        "nats_lower_at_equal_time": _median(
            row["baseline"]["nats_per_byte"] - row["equal"]["nats_per_byte"] for row in rows
        ),
        "equal_time_ratio": _median(row["equal"]["seconds"] / row["baseline"]["seconds"] for row in rows),
    }


def _median(values: Any) -> float:
    return round(statistics.median(values), 4)


def child(workspace: Path, name: str, steps: int) -> dict[str, float]:
    """One training in a process of its own."""
    command = [sys.executable, __file__, "--child", name, "--workspace", str(workspace), "--steps", str(steps)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result


# Ours.


def train_ours(folder: Path, steps: int) -> dict[str, float]:
    """Run the preset's job for so many steps and measure its model on the whole held-back text."""
    from fmstudio.jobs import JobContext, Metrics
    from fmstudio.training.pretraining import pretrain
    from fmstudio.training.recipes import recipe_tables
    from fmstudio.workspace import Workspace

    workspace = Workspace(folder)
    rare = ("training.evaluate_every=1000000", "training.checkpoint_every=1000000", "sample.tokens=0")
    whole = "data.validation_tokens=100000000"
    tables = recipe_tables(PRESET, [f"training.steps={steps}", "training.keep='last'", whole, *rare])
    began = time.perf_counter()
    first = cpu = last = 0.0
    for event in pretrain(JobContext(), workspace, tables):
        if isinstance(event, Metrics) and event.step == 0:
            first, cpu = time.perf_counter(), time.process_time()  # all is ready and step 0 is validated
        elif isinstance(event, Metrics) and "loss/training" in event.values:
            last, spent, wall = time.process_time(), event.seconds, time.perf_counter() - first
    run = workspace.runs()[-1]
    bits = workspace.metrics(run.id)["bits_per_byte/validation"].values[-1]
    return {
        "nats_per_byte": float(bits) * math.log(2),
        # The wall time of the whole loop, events and bookkeeping included, not only of the steps within.
        "seconds": wall,
        "seconds_in_steps": spent,
        "cpu_s": last - cpu,
        "preparation_s": first - began,
        "parameters": float(workspace.models()[-1].parameters),
        "steps": float(steps),
    }


# The baseline.


def train_baseline(folder: Path, steps: int) -> dict[str, float]:
    """Train GPT-2 over the bytes of the same split and measure it on the whole held-back text."""
    import numpy as np
    import torch

    model, training, validation, size = baseline(folder)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    began, cpu = time.perf_counter(), time.process_time()
    for step in range(steps):
        chance = np.random.Generator(np.random.Philox(key=[0, step]))
        starts = torch.from_numpy(chance.integers(0, len(training) - 65, 12))
        window = training[starts[:, None] + torch.arange(65)]
        for group in optimiser.param_groups:
            group["lr"] = cosine(step, steps)
        logits = model(input_ids=window[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    parameters = sum(parameter.numel() for parameter in model.parameters())
    nats = total_nats(model.eval(), validation) / size
    return {"nats_per_byte": nats, "seconds": seconds, "cpu_s": cpu, "parameters": float(parameters)}


def baseline(folder: Path) -> tuple[Any, Any, Any, int]:
    """GPT-2, and the same documents as ours in bytes: training, validation, bytes of the validation text."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from fmstudio.data.tokenizer import TokenizerSettings
    from fmstudio.data.tokens import prepare
    from fmstudio.recipe import DatasetChoice
    from fmstudio.training.recipes import parse_recipe, recipe_tables
    from fmstudio.workspace import Workspace

    data = parse_recipe(recipe_tables(PRESET)).data
    job = prepare(
        Workspace(folder), [DatasetChoice(name="shakespeare")], TokenizerSettings(kind="byte"),
        data.validation_fraction, data.split_seed,
    )  # fmt: skip
    while True:
        try:
            next(job)
        except StopIteration as end:
            part = end.value.parts[0]
            break
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=257, n_positions=64, n_embd=128, n_layer=4, n_head=4, resid_pdrop=0.0, embd_pdrop=0.0,
        attn_pdrop=0.0, bos_token_id=256, eos_token_id=256,
    )  # fmt: skip
    tokens = [torch.from_numpy(tokens.astype("int64")) for tokens in (part.train, part.validation)]
    return GPT2LMHeadModel(config).train(), *tokens, part.validation_bytes


def cosine(step: int, steps: int) -> float:
    """1e-3 falling to 1e-4 along a cosine after 100 steps of warm-up."""
    if step < 100:
        return 1e-3 * (step + 1) / 100
    progress = (step - 100) / max(1, steps - 100)
    return 1e-4 + 0.5 * 9e-4 * (1 + math.cos(math.pi * progress))


def total_nats(model: Any, tokens: Any) -> float:
    """Nats of every token but the first, in windows of the model's context, as ours is measured."""
    import torch

    starts, nats = torch.arange(0, len(tokens) - 65, 64), 0.0
    with torch.no_grad():
        for chunk in starts.split(256):
            window = tokens[chunk[:, None] + torch.arange(65)]
            logits = model(input_ids=window[:, :-1]).logits
            nats += float(
                torch.nn.functional.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten(), reduction="sum")
            )
    return nats


if __name__ == "__main__":
    sys.exit(main())
