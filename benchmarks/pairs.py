"""Two things measured in turn, each time in a process of its own, so that a slow moment of the machine strikes both."""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, dict[str, Any]]


def child(file: str, arguments: argparse.Namespace, name: str, options: Sequence[str]) -> dict[str, Any]:
    """What the script prints as its last line when it is run with `--child name`, and the named options as they are."""
    command = [sys.executable, file, "--child", name]
    for key in options:
        command += [f"--{key}", str(getattr(arguments, key))]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    if not arguments.json:
        print(json.dumps({name: result}), flush=True)
    return result


def in_turn(pairs: int, first: str, second: str, measure: Callable[[str], dict[str, Any]]) -> list[Row]:
    """Both measured as often as there are pairs; every second pair begins with the other one."""
    orders = ((first, second), (second, first))
    return [{name: measure(name) for name in orders[number % 2]} for number in range(pairs)]


def median_ratio(rows: Sequence[Row], name: str, baseline: str, kind: str) -> float:
    """The median over the pairs of how many times as fast `name` was."""
    return round(statistics.median(row[name][kind] / row[baseline][kind] for row in rows), 3)
