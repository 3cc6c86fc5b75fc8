"""How much of what the processor can do reaches a language model whose matrices are large: 1 would be all of it.

The measure is the rate of one large product in float32 (sgemm), taken between the steps, so that a slow moment of the
machine strikes both. A training step of `tokens` tokens is counted as 6 N tokens operations for N parameters (Kaplan et
al. 2020, section 2.1) and 6 · layers · width · context · tokens for what causal attention compares and gathers; what
the optimiser computes is none of it, and so it lowers the share of the whole step. What Muon's orthogonalising must
compute at least is printed beside, as a part of the step's operations.

    python benchmarks/wide.py [--widths 384 512] [--tokens 2048] [--rounds 7] [--as avx2]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pairs
from processor import add_option, pretend, processor

PRESET, TEXT = "topics-cpu", "python-reference"
VOCABULARY = 2048
LAYERS, CONTEXT, HEAD_WIDTH = 4, 128, 64
SIDE = 1024
"""Of the matrices whose product is the measure."""

SECONDS = 0.5
"""How long each part of a round takes at least."""


def main() -> int:
    """Print one JSON object a width."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=int, nargs="+", default=[384, 512])
    parser.add_argument("--tokens", type=int, default=2048, help="a step")
    parser.add_argument("--rounds", type=int, default=7)
    add_option(parser)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--width", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments)))
        return 0
    pretend(arguments.instructions)
    arguments.json = False
    with tempfile.TemporaryDirectory() as folder:
        arguments.workspace = Path(folder) / "workspace"
        for width in arguments.widths:
            arguments.width = width
            pairs.child(__file__, arguments, "wide", ("tokens", "rounds", "workspace", "width"))
    return 0


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Medians over rounds of: the product, forward and backward, a whole step, and the product again."""
    import torch

    trainer = trainer_of(arguments)
    phase, batch, optimiser = trainer.learner.phases()[0], trainer.learner.batch(1), trainer.optimisers["decoder"]
    first, second = torch.randn(2, SIDE, SIDE)

    def forward_backward() -> None:
        optimiser.zero_grad(set_to_none=True)
        phase.loss(batch)[0].backward()

    operations = step_operations(trainer.learner.decoder, arguments.tokens)
    rows = []
    for number in range(arguments.rounds + 1):
        product = rate(lambda: torch.mm(first, second), 2 * SIDE**3)
        forward, whole = rate(forward_backward, operations), rate(trainer.step, operations)
        product = (product + rate(lambda: torch.mm(first, second), 2 * SIDE**3)) / 2
        if number:  # the first round warms up
            rows.append((product, forward / product, whole / product))
    measured = [statistics.median(column) for column in zip(*rows, strict=True)]
    return processor() | {
        "width": arguments.width,
        "parameters": trainer.learner.decoder.shape.parameters,
        "sgemm_gflop_per_second": round(measured[0] / 1e9, 1),
        "step_gflop": round(operations / 1e9, 1),
        "orthogonalising_gflop": round(orthogonalising_operations(optimiser) / 1e9, 1),
        "forward_backward_share": round(measured[1], 3),
        "whole_step_share": round(measured[2], 3),
    }


def trainer_of(arguments: argparse.Namespace) -> Any:
    """The studio's own training step on its own text, at the width asked for."""
    import torch
    from frechet import run

    from fmstudio.data import catalogue
    from fmstudio.jobs import JobContext
    from fmstudio.training.loop import Trainer
    from fmstudio.training.recipes import parse_recipe, recipe_tables
    from fmstudio.workspace import Workspace

    workspace = Workspace(arguments.workspace)
    if TEXT not in {record.name for record in workspace.datasets()}:
        run(catalogue.fetch(JobContext(), TEXT, workspace))
    changes = {
        "tokenizer.kind": '"bpe"', "tokenizer.vocabulary_size": VOCABULARY,
        "model.width": arguments.width, "model.heads": arguments.width // HEAD_WIDTH, "model.layers": LAYERS,
        "model.context": CONTEXT, "model.hidden_width": 0, "training.batch_size": arguments.tokens // CONTEXT,
        "training.minutes": 0,
    }  # fmt: skip
    recipe: Any = parse_recipe(recipe_tables(PRESET, [f"{key}={value}" for key, value in changes.items()]))
    device = torch.device("cpu")
    learner = run(recipe.family.learner(JobContext(), workspace, recipe, device))
    return Trainer(learner, recipe.training, device)


def step_operations(decoder: Any, tokens: int) -> float:
    """Of forward and backward together."""
    shape = decoder.shape
    return float(6 * tokens * (shape.parameters + shape.layers * shape.width * shape.context))


def orthogonalising_operations(optimiser: Any) -> float:
    """Of Muon's matrices, a step."""
    from fmstudio.nn.polar import flop

    muon = next(group for group in optimiser.param_groups if group["method"] == "muon")
    sizes = [sorted((len(parameter), parameter[0].numel())) for parameter in muon["params"]]
    return sum(flop(rows, columns) for rows, columns in sizes)


def rate(work: Callable[[], Any], operations: float) -> float:
    """Operations a second."""
    began, count = time.perf_counter(), 0
    while (seconds := time.perf_counter() - began) < SECONDS:
        work()
        count += 1
    return count * operations / seconds


if __name__ == "__main__":
    sys.exit(main())
