"""What each picture family draws after its preset's five minutes: the Fréchet distance from robots it has never seen.

The distances are those of `frechet.py`, with its floor. Training is the very job that the window runs, and the minutes
are those of training steps. A sheet of each model's pictures is left beside the report.

With several seeds each preset is trained once for each of them, and the report says how the distances spread and which
runs failed: those that broke off, and those that warned of mode collapse. With --steps the length of a run depends on
nothing else that the machine does meanwhile.

    python benchmarks/pictures.py [--minutes 5] [--samples 2000] [--sheets DIR] [--presets NAME …]
    python benchmarks/pictures.py --presets robots-gan --seeds 10 [--steps 2000] [--set game.gamma=0.5]
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from frechet import SAMPLES, Judge, draw

from fmstudio.data.picture_files import enlarged, grid, save_png
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Note
from fmstudio.training.pretraining import pretrain
from fmstudio.training.recipes import recipe_tables
from fmstudio.workspace import Workspace

PRESETS = ("robots-diffusion", "robots-gan", "robots-vae")


def main() -> int:
    """Print each run's figures as it is done, and all as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--steps", type=int, default=0, help="train for so many steps, whatever time they take")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs of each preset, each of a seed of its own")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--set", action="append", default=[], help="a change to the presets, section.key=value")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--sheets", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--workspace", type=Path, default=None, help="keep the models here")
    parser.add_argument("--presets", nargs="+", default=PRESETS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.workspace or Path(folder) / "workspace")
        judge = Judge(workspace, arguments.samples)
        found: dict[str, Any] = {"floor": judge.floor()}
        print(json.dumps(found), flush=True)
        for preset in arguments.presets:
            found[preset] = []
            for seed in range(arguments.first, arguments.first + arguments.seeds):
                found[preset].append(measure(workspace, judge, preset, seed, arguments))
                print(json.dumps({preset: found[preset][-1]}), flush=True)
            found[preset] = summary(found[preset])
        workspace.close()
    print(json.dumps(found, indent=1))
    return 0


def measure(
    workspace: Workspace, judge: Judge, preset: str, seed: int, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Train a preset, draw with it, and judge what it drew; a run that broke off or collapsed says so as "failed"."""
    length = [f"training.minutes={arguments.minutes}"]
    if arguments.steps:
        length = ["training.minutes=0.0", f"training.steps={arguments.steps}"]
    changes = [f'name="{preset}-{seed}"', f"training.seed={seed}", *length, *arguments.set]
    try:
        made, warnings = trained(workspace, recipe_tables(preset, changes))
    except StudioError as error:
        return {"seed": seed, "failed": str(error)}
    record, model = workspace.run(made["run"]), workspace.model(made["model"])
    pictures = draw(workspace, model.name, arguments.samples, {})
    save_png(arguments.sheets / f"{preset}-{seed}.png", grid(enlarged(pictures[:32], 2), columns=8))
    rates = workspace.metrics(record.id)["pictures_per_second"].values
    return {
        "seed": seed,
        "parameters": model.parameters,
        "steps": record.step,
        "training_seconds": round(record.seconds, 1),
        "pictures_per_second": round(float(rates.mean()), 1),
        "distance": judge.distance(pictures),
    } | ({"failed": " ".join(warnings)} if warnings else {})


def trained(workspace: Workspace, tables: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Train to the end: the names of run and model, and what the run warned of."""
    job, warnings = pretrain(JobContext(), workspace, tables), []
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            return end.value, warnings
        if isinstance(event, Note) and event.level == "warning":
            warnings.append(event.text)


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One run as it is; of several how their distances spread and how many failed, beside all of them."""
    if len(runs) == 1:
        return dict(runs[0])
    distances = [run["distance"] for run in runs if "distance" in run]
    spread = (("best", min), ("median", statistics.median), ("worst", max))
    found = {name: round(of(distances), 2) for name, of in spread if distances}
    return {"runs": list(runs), "failed": sum("failed" in run for run in runs), **found}


if __name__ == "__main__":
    sys.exit(main())
