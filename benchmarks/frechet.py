"""How near generated pictures are to real ones: the Fréchet distance between their features (Heusel et al. 2017).

Features are those of EfficientNet-Lite0, which has never seen these pictures; see `efficientnet.py`. Each model draws
2,000 pictures, which are held against 2,000 robots of seeds that no training set has. The floor is the distance of as
many training pictures from the same held-out ones: what a perfect model would reach. With 2,000 samples of 1,280
features the covariances are estimated roughly, so distances compare with each other and not with published ones.

    python benchmarks/frechet.py --workspace DIR MODEL [MODEL …] [--samples 2000] [--set steps=12]
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from efficientnet import features

from fmstudio.data import catalogue
from fmstudio.data.generating import generate
from fmstudio.data.images import open_images
from fmstudio.jobs import JobContext, Sample
from fmstudio.recipe import assign
from fmstudio.training.sampling import sample
from fmstudio.workspace import Workspace

TRAINING, STYLE = "robots", "bottts"
HELD_OUT, HELD_OUT_SEED = "robots-held-out", 1_000_003
SAMPLES = 2_000


def main() -> int:
    """Print one JSON object with the floor and each model's distance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--set", action="append", default=[], help="a setting of how pictures are drawn")
    arguments = parser.parse_args()
    workspace = Workspace(arguments.workspace)
    settings: dict[str, Any] = {}
    for assignment in arguments.set:
        assign(settings, assignment)
    judge = Judge(workspace, arguments.samples)
    found = {"floor": judge.floor()}
    for model in arguments.models:
        found[model] = judge.distance(draw(workspace, model, arguments.samples, settings))
    print(json.dumps(found))
    return 0


class Judge:
    """Holds pictures against real ones that no model was trained on."""

    def __init__(self, workspace: Workspace, samples: int = SAMPLES) -> None:
        self._training, held_out = real_pictures(workspace, samples)
        self._real = features(held_out)

    def floor(self) -> float:
        """The distance of training pictures."""
        return self.distance(self._training)

    def distance(self, pictures: np.ndarray) -> float:
        """Of pictures (count, height, width, channels) of uint8."""
        return round(frechet_distance(features(pictures), self._real), 2)


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """|μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½) of two sets of features, (count, width) each.

    The last term is the sum of the singular values of X₁ X₂ᵀ, where X are the centred features over √(count − 1): no
    root of a matrix is needed, which would be inaccurate where samples are few.
    """
    centred = [(each - each.mean(0)) / np.sqrt(len(each) - 1) for each in (first, second)]
    shared = torch.linalg.svdvals(torch.from_numpy(centred[0] @ centred[1].T)).sum()
    apart = np.square(first.mean(0) - second.mean(0)).sum()
    return float(apart + sum(np.square(each).sum() for each in centred) - 2.0 * shared)


def real_pictures(workspace: Workspace, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Some training pictures, and as many of other seeds; both datasets are made where they are missing."""
    present = {record.name for record in workspace.datasets()}
    if TRAINING not in present:
        run(catalogue.fetch(JobContext(), TRAINING, workspace))
    if HELD_OUT not in present or workspace.dataset(HELD_OUT).items < samples:
        options = {"seed": HELD_OUT_SEED}
        run(generate(JobContext(), workspace, STYLE, samples, HELD_OUT, options))
    found = []
    for name in (TRAINING, HELD_OUT):
        with open_images(workspace, name) as images:
            found.append(np.array(images.pixels[:samples]))
    return found[0], found[1]


def draw(workspace: Workspace, model: str, count: int, settings: dict[str, Any]) -> np.ndarray:
    """Pictures of a model of the workspace, (count, height, width, channels)."""
    pictures = np.empty(0)
    for event in sample(JobContext(), workspace, model, settings={**settings, "count": count}):
        if isinstance(event, Sample) and event.kind == "images":
            pictures = event.data
    return pictures


def run(job: Any) -> Any:
    """Drive a job to its end and return its result."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    sys.exit(main())
