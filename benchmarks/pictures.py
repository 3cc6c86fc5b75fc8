"""What each picture family draws after its preset's five minutes: the Fréchet distance from robots it has never seen.

The distances are those of `frechet.py`, with its floor. Training is the very job that the window runs, and the minutes
are those of training steps. A sheet of each model's pictures is left beside the report.

    python benchmarks/pictures.py [--minutes 5] [--samples 2000] [--sheets DIR] [--presets NAME …]
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from frechet import SAMPLES, Judge, draw, run

from fmstudio.data.picture_files import enlarged, grid, save_png
from fmstudio.jobs import JobContext
from fmstudio.training.pretraining import pretrain
from fmstudio.training.recipes import recipe_tables
from fmstudio.workspace import Workspace

PRESETS = ("robots-diffusion", "robots-gan", "robots-vae")


def main() -> int:
    """Print each family's figures as it is done, and all as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--sheets", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--workspace", type=Path, default=None, help="keep the models here")
    parser.add_argument("--presets", nargs="+", default=PRESETS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.workspace or Path(folder) / "workspace")
        judge = Judge(workspace, arguments.samples)
        found: dict[str, Any] = {"floor": judge.floor()}
        for preset in arguments.presets:
            found[preset] = measure(workspace, judge, preset, arguments)
            print(json.dumps({preset: found[preset]}), flush=True)
        workspace.close()
    print(json.dumps(found, indent=1))
    return 0


def measure(workspace: Workspace, judge: Judge, preset: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train a preset, draw with it, and judge what it drew."""
    tables = recipe_tables(preset, [f"training.minutes={arguments.minutes}"])
    made = run(pretrain(JobContext(), workspace, tables))
    record, model = workspace.run(made["run"]), workspace.model(made["model"])
    pictures = draw(workspace, model.name, arguments.samples, {})
    save_png(arguments.sheets / f"{preset}.png", grid(enlarged(pictures[:32], 2), columns=8))
    rates = workspace.metrics(record.id)["pictures_per_second"].values
    return {
        "parameters": model.parameters,
        "steps": record.step,
        "training_seconds": round(record.seconds, 1),
        "pictures_per_second": round(float(rates.mean()), 1),
        "distance": judge.distance(pictures),
    }


if __name__ == "__main__":
    sys.exit(main())
