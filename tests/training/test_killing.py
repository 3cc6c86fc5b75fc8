"""A process that is killed outright, at moments that it cannot know of, loses nothing but time."""

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fmstudio.jobs import JobContext
from fmstudio.recipe import write_toml
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import Workspace
from tests.driving import run_job

KILLS = 4


def command(workspace: Workspace, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "fmstudio", "--workspace", str(workspace.path), *arguments, "--json"]


def kill_after(seconds: float, arguments: list[str], folder: Path) -> bool:
    """Start a command, kill it `seconds` after the run's folder has appeared; whether it was still running."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not folder.exists():
        time.sleep(0.01)
    time.sleep(seconds)
    process.kill()
    return process.wait() == -signal.SIGKILL


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.safetensors")}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_killed_at_random_moments_ends_bit_identical(
    stocked: Workspace, tables: dict[str, Any], tmp_path: Path
) -> None:
    training = tables["training"] | {"steps": 150, "checkpoint_every": 7, "evaluate_every": 10}
    run_job(pretrain(JobContext(), stocked, tables | {"name": "whole", "training": training}))
    recipe = tmp_path / "killed.toml"
    recipe.write_text(write_toml(tables | {"name": "killed", "training": training}))
    folder = stocked.run_folder("killed")
    chance = random.Random(0)
    kill_after(chance.uniform(0.0, 1.0), command(stocked, "run", str(recipe)), folder)
    for _ in range(KILLS - 1):
        # Starting takes a few seconds itself; some of the kills fall into it, which is as it is in life.
        kill_after(chance.uniform(1.5, 4.5), command(stocked, "resume", "killed"), folder)
    if stocked.run("killed").status != "completed":
        end = subprocess.run(command(stocked, "resume", "killed"), capture_output=True, text=True)
        assert end.returncode == 0, end.stderr
        assert json.loads(end.stdout.splitlines()[-1])["event"] == "finished"
    whole, killed = (stocked.run_folder(run) / "checkpoints" / "step-000150" for run in ("whole", "killed"))
    assert digests(killed) == digests(whole)
    assert digests(whole), "there must be something to compare"
    assert digests(stocked.model_folder("killed")) == digests(stocked.model_folder("whole"))
    steps = stocked.metrics("killed")["loss/training"].steps
    assert list(steps) == list(range(1, 151)), "the history has a hole or a step twice"
