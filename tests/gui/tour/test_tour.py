"""The tour drives the real window with the real engine from data to export, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fmstudio.workspace import Workspace

CODE = """
import sys
from pathlib import Path
from fmstudio.app import run_tour
from fmstudio.gui.tour import tour
tour.REST, tour.SETTLE = 0.6, 0.1
sys.exit(run_tour(Path(sys.argv[1]), Path(sys.argv[2]), steps=16))
"""


@pytest.mark.timeout(400)
def test_the_tour_goes_from_data_to_export_and_leaves_a_picture_of_each_step(tmp_path: Path):
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    pictures = tmp_path / "pictures"
    end = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path / "workspace"), str(pictures)],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert end.returncode == 0, end.stderr
    names = sorted(path.stem.partition("-")[2] for path in pictures.iterdir())
    assert {"home-new", "data-preview", "train-objective", "train-live", "train-sample", "train-export"} <= set(names)
    assert {"data-pictures", "diffusion-forward", "diffusion-reverse", "gan-learning", "vae-space"} <= set(names)
    workspace = Workspace(tmp_path / "workspace")
    try:
        assert [run.family for run in workspace.runs()] == ["language", "diffusion", "gan", "vae"]
        assert {run.status for run in workspace.runs()} == {"completed"}
        assert workspace.exports()[0].details["largest_difference"] <= 1e-4
    finally:
        workspace.close()
