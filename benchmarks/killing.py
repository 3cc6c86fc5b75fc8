"""Kills a training process a hundred times at random moments and checks that nothing is lost but time.

The run that was killed and resumed again and again must end with the very bytes of one that was left alone.

    python benchmarks/killing.py [KILLS]
"""

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECIPE = """
family = "language"

[data]
datasets = ["python-reference"]
validation_tokens = 2048

[tokenizer]
kind = "byte"

[model]
context = 64
layers = 2
width = 64
heads = 2

[sample]
tokens = 16

[training]
steps = {steps}
batch_size = 8
checkpoint_every = 20
evaluate_every = 50
device = "cpu"
"""


def main() -> int:
    """Run the benchmark; exit code 1 when the two runs differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", nargs="?", type=int, default=100)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), kills)


def compare(folder: Path, kills: int) -> int:
    """Train one run in peace and one under fire, and compare their bytes."""
    # Long enough that there is still something to kill at the end.
    recipe = RECIPE.format(steps=100 * kills)
    command = [sys.executable, "-m", "fmstudio", "--workspace", str(folder / "workspace")]
    for name in ("whole", "killed"):
        (folder / f"{name}.toml").write_text(recipe)
    began = time.perf_counter()
    subprocess.run([*command, "run", str(folder / "whole.toml"), "--json"], check=True, stdout=subprocess.DEVNULL)
    print(f"uninterrupted: {time.perf_counter() - began:.0f} s", flush=True)
    chance, hit = random.Random(0), 0
    arguments = [*command, "run", str(folder / "killed.toml"), "--json"]
    for number in range(kills):
        hit += kill_at_random(arguments, chance)
        if (folder / "workspace" / "runs" / "killed").exists():
            arguments = [*command, "resume", "killed", "--json"]
        print(f"\rkilled {hit} of {number + 1} times", end="", flush=True)
    end = subprocess.run([*command, "resume", "killed", "--json"], capture_output=True, text=True)
    print(f"\nlast resume: exit code {end.returncode}")
    return verdict(folder / "workspace", 100 * kills)


def kill_at_random(arguments: list[str], chance: random.Random) -> bool:
    """Start a command and kill it after up to a second of training, or while it starts."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    if chance.random() < 0.9:  # one in ten dies while it starts
        for line in process.stdout:
            if json.loads(line)["event"] == "metrics":
                break
    time.sleep(chance.uniform(0.0, 1.0))
    process.kill()
    process.stdout.close()
    return process.wait() == -signal.SIGKILL


def verdict(workspace: Path, steps: int) -> int:
    """Print and return whether the last checkpoints and the models of both runs are the same to the byte."""
    same = True
    for kind in ("runs/{}/checkpoints/step-%06d" % steps, "models/{}"):  # noqa: UP031 - two layers of formatting
        whole, killed = (digests(workspace / kind.format(name)) for name in ("whole", "killed"))
        print(f"{kind.format('*')}: {'identical' if whole == killed and whole else 'DIFFERENT'} ({len(whole)} files)")
        same = same and whole == killed and bool(whole)
    return 0 if same else 1


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of the weight files of a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.safetensors")}


if __name__ == "__main__":
    sys.exit(main())
