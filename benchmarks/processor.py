"""Which processor a benchmark runs on, and as which: a newer one can compute with the instructions of an older one.

Figures of processors with matrix units (AMX) or AVX-512 say little of the many that have neither. `--as avx2` makes
torch, oneDNN and MKL compute with AVX2 alone, on both sides of a comparison. All three read their variables when they
are loaded, so these are set for processes that are about to start.
"""

import argparse
import os
import platform
from pathlib import Path
from typing import Any

INSTRUCTIONS = {
    "": {},
    "avx512": {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
}
"""The variables by the name of what is computed with; AVX-512 here without its bfloat16 and matrix units."""


def add_option(parser: argparse.ArgumentParser) -> None:
    """`--as`, and what says so to the processes that measure."""
    parser.add_argument("--as", dest="instructions", default="", choices=INSTRUCTIONS, help="compute with these only")


def pretend(instructions: str) -> None:
    """Have the processes that are started from now on compute with these instructions only."""
    os.environ.update(INSTRUCTIONS[instructions])


def processor() -> dict[str, Any]:
    """Its name, its cores, and the instructions and threads that torch takes, in the process that asks."""
    import torch

    return {
        "processor": _name(),
        "cores": os.cpu_count(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "limited_to": os.environ.get("ONEDNN_MAX_CPU_ISA", "all"),
        "threads": torch.get_num_threads(),
    }


def _name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
