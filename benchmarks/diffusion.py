"""How fast the preset learns to draw, beside `diffusers` trained the way its own example trains.

Both see the same robots, on the same cores in turn. The baseline is a `UNet2DModel` of about as many parameters (three
resolutions of 32, 48 and 64 channels, attention at the lowest), trained as examples/unconditional_image_generation of
`diffusers` does: predicting the noise of a DDPMScheduler of 1,000 linear steps, AdamW at 1e-4 with betas 0.95 and 0.999
and weight decay 1e-6, a cosine after 500 steps of warm-up (a tenth of the steps where that is less), batches of 16,
gradients clipped at 1, and its EMAModel, which its pictures are drawn with. Ours is the preset `robots-diffusion`,
through the very job that the window and the command line run.

- speed: pictures/s of training steps in alternating pairs, by the wall clock and by the time of all cores
- precision: the example computes in float32; ours takes bfloat16 where the processor has matrix units for it, unless
  --precision float32 is given
- quality: both train for the same minutes; each draws 2,000 pictures, ours in the steps that are its default, the
  baseline in as many DDIM steps as asked for; the Fréchet distances are those of `frechet.py`

- processor: figures of one with matrix units do not stand for others; `--as avx2` computes both sides as one without
  them or AVX-512 would, and the processor's name and instructions are printed

    python benchmarks/diffusion.py [--minutes 5] [--pairs 3] [--samples 2000] [--steps 50] [--precision auto]
                                   [--as avx2] [--json]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pairs
from processor import add_option, pretend, processor

PRESET = "robots-diffusion"
SECONDS = 10.0
"""How long a measurement of the speed takes."""


def main() -> int:
    """Print each measurement, and the ratios as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="of training; 0 measures the speed alone")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=50, help="DDIM steps that the baseline draws in")
    parser.add_argument("--precision", default="auto", help="of ours: auto (what the preset does), float32 or bfloat16")
    add_option(parser)
    parser.add_argument("--json", action="store_true", help="print the last object only")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, default=0.0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(CHILDREN[arguments.child](arguments)))
        return 0
    pretend(arguments.instructions)
    with tempfile.TemporaryDirectory() as folder:
        arguments.workspace = Path(folder) / "workspace"
        print(json.dumps(compare(arguments), indent=1))
    return 0


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Speed in alternating pairs, then quality at equal time."""
    found = child(arguments, "prepare")["on"]
    found |= speeds(pairs.in_turn(arguments.pairs, "baseline-speed", "our-speed", partial(child, arguments)))
    if arguments.minutes:
        arguments.rate = found["baseline_pictures_per_second"]
        for name in ("baseline", "ours"):
            found |= {f"{name}_{key}": value for key, value in child(arguments, name).items()}
        found |= child(arguments, "distances")
        found["distance_ratio"] = round(found["our_distance"] / found["baseline_distance"], 4)
    return found


def speeds(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the pairs."""
    found: dict[str, Any] = {}
    for name, key in (("baseline", "baseline-speed"), ("our", "our-speed")):
        found[f"{name}_parameters"] = rows[0][key]["parameters"]
        found[f"{name}_pictures_per_second"] = statistics.median(row[key]["wall"] for row in rows)
        found[f"{name}_pictures_per_cpu_second"] = statistics.median(row[key]["cpu"] for row in rows)
    for kind in ("wall", "cpu"):
        found[f"speed_ratio_{kind}"] = pairs.median_ratio(rows, "our-speed", "baseline-speed", kind)
    return found


def child(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    return pairs.child(__file__, arguments, name, ("minutes", "samples", "steps", "precision", "workspace", "rate"))


def timed(steps: Iterator[int]) -> dict[str, float]:
    """Pictures a second by the wall clock and by the time of all cores; `steps` makes one and says of how many."""
    for _ in range(3):
        next(steps)
    began, cpu, pictures = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < SECONDS:
        pictures += next(steps)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"wall": round(pictures / wall, 1), "cpu": round(pictures / cpu, 1)}


# Ours.


def our_speed(arguments: argparse.Namespace) -> dict[str, Any]:
    """Whole training steps of the preset: data, noise, update and average."""
    from frechet import run
    from torch import device

    from fmstudio.families.family import Recipe
    from fmstudio.jobs import JobContext
    from fmstudio.training.loop import Trainer
    from fmstudio.training.recipes import parse_recipe, recipe_tables
    from fmstudio.workspace import Workspace

    recipe: Recipe = parse_recipe(
        recipe_tables(PRESET, ["training.minutes=0", f"training.precision={arguments.precision}"])
    )
    learner = run(recipe.family.learner(JobContext(), Workspace(arguments.workspace), recipe, device("cpu")))
    trainer = Trainer(learner, recipe.training, device("cpu"))

    def steps() -> Iterator[int]:
        while True:
            trainer.step()
            yield learner.units_per_step

    parameters = sum(each.numel() for module in learner.model_modules() for each in module.parameters())
    return timed(steps()) | {"parameters": parameters}


def train_ours(arguments: argparse.Namespace) -> dict[str, Any]:
    """The preset's job, and its pictures."""
    import numpy as np
    from frechet import draw, run

    from fmstudio.jobs import JobContext
    from fmstudio.training.pretraining import pretrain
    from fmstudio.training.recipes import recipe_tables
    from fmstudio.workspace import Workspace

    workspace = Workspace(arguments.workspace)
    began = time.perf_counter()
    chosen = [f"training.minutes={arguments.minutes}", f"training.precision={arguments.precision}"]
    result = run(pretrain(JobContext(), workspace, recipe_tables(PRESET, chosen)))
    seconds = time.perf_counter() - began
    record = workspace.run(result["run"])
    began = time.perf_counter()
    pictures = draw(workspace, result["model"], arguments.samples, {})
    np.save(arguments.workspace / "ours.npy", pictures)
    return {
        "seconds": round(seconds, 1),  # validations, samples and checkpoints included
        "steps": record.step,
        "validation_loss": result["metrics"].get("loss/validation"),
        "seconds_to_draw": round(time.perf_counter() - began, 1),
    }


# The baseline.


def baseline_speed(arguments: argparse.Namespace) -> dict[str, Any]:
    """Whole training steps of the baseline."""
    import unconditional_example as example

    network = example.network().train()
    steps = example.steps(training_pictures(arguments.workspace), network, example.average_of(network), 10_000)
    return timed(steps) | {"parameters": sum(each.numel() for each in network.parameters())}


def train_baseline(arguments: argparse.Namespace) -> dict[str, Any]:
    """As many minutes of steps, and the pictures of the averaged network."""
    import numpy as np
    import unconditional_example as example

    network = example.network().train()
    average = example.average_of(network)
    total = max(1, round(arguments.rate * 60 * arguments.minutes / example.BATCH))
    steps, made = example.steps(training_pictures(arguments.workspace), network, average, total), 0
    began = time.perf_counter()
    while made < total and time.perf_counter() - began < 60 * arguments.minutes:
        next(steps)
        made += 1
    seconds = time.perf_counter() - began
    average.copy_to(network.parameters())
    began = time.perf_counter()
    np.save(arguments.workspace / "baseline.npy", example.draw(network.eval(), arguments.samples, arguments.steps))
    return {"seconds": round(seconds, 1), "steps": made, "seconds_to_draw": round(time.perf_counter() - began, 1)}


def training_pictures(folder: Path) -> Any:
    """All training pictures, (count, height, width, channels) of uint8; ours holds some of them back to validate."""
    import numpy as np

    from fmstudio.data.images import open_images
    from fmstudio.workspace import Workspace

    with open_images(Workspace(folder), "robots") as images:
        return np.array(images.pixels)


# What both stand on and are judged by.


def prepare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Draw the training pictures and those held out."""
    from frechet import real_pictures

    from fmstudio.workspace import Workspace

    began = time.perf_counter()
    real_pictures(Workspace(arguments.workspace), arguments.samples)
    return {"seconds": round(time.perf_counter() - began, 1), "on": processor()}


def distances(arguments: argparse.Namespace) -> dict[str, Any]:
    """The Fréchet distances of both from held-out pictures, and their floor. Also leaves a grid of each as PNG."""
    import numpy as np
    from frechet import Judge

    from fmstudio.data.picture_files import grid, save_png
    from fmstudio.workspace import Workspace

    judge = Judge(Workspace(arguments.workspace), arguments.samples)
    found = {"floor": judge.floor()}
    for name, key in (("ours", "our_distance"), ("baseline", "baseline_distance")):
        pictures = np.load(arguments.workspace / f"{name}.npy")
        save_png(Path(tempfile.gettempdir()) / f"benchmark-diffusion-{name}.png", grid(pictures[:64]))
        found[key] = judge.distance(pictures)
    return found


CHILDREN = {
    "prepare": prepare,
    "our-speed": our_speed,
    "baseline-speed": baseline_speed,
    "ours": train_ours,
    "baseline": train_baseline,
    "distances": distances,
}


if __name__ == "__main__":
    sys.exit(main())
