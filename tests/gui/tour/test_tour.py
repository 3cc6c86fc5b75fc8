"""The tour drives the real window with the real engine from data to export, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer

from fmstudio.gui.tour import tour as touring
from fmstudio.gui.tour.tour import Tour, TourError, Wait
from fmstudio.gui.window.main_window import MainWindow
from fmstudio.jobs import Failed, JobRequest, Progress, Started
from fmstudio.workspace import Workspace

CODE = """
import sys
from pathlib import Path
from fmstudio.app import run_tour
from fmstudio.gui.tour import tour
tour.SETTLE = 0.1
sys.exit(run_tour(Path(sys.argv[1]), Path(sys.argv[2]), steps=16))
"""

IN_VAIN = """
import sys
from pathlib import Path
from fmstudio.app import run_tour
from fmstudio.gui.tour import script
from fmstudio.gui.tour.tour import Wait
from fmstudio.jobs import JobRequest

def in_vain(tour, steps):
    studio = tour.window.studio
    yield tour.at_rest("a window with nothing to do")
    studio.submit(JobRequest("A job without end", "tests.jobs.jobs_for_tests:count", {"to": 10**9}))
    yield Wait("the job", lambda: bool(studio.jobs.active()))
    tour.click("no-such-button")

script.life_of_models = in_vain
sys.exit(run_tour(Path(sys.argv[1]), None))
"""


def drive(code: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """Run the tour where there is no display."""
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, env=environment
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)  # the tour itself ends where nothing happens any more; how long it takes says nothing
def test_the_tour_goes_from_data_to_export_and_leaves_a_picture_of_each_step(tmp_path: Path):
    pictures = tmp_path / "pictures"
    end = drive(CODE, tmp_path / "workspace", pictures)
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


def test_a_tour_that_fails_while_a_job_runs_asks_nothing_and_says_why(tmp_path: Path):
    end = drive(IN_VAIN, tmp_path / "workspace")
    assert end.returncode == 1
    assert end.stderr.splitlines() == ["The tour found no control named no-such-button."]


# What it waits for, and for how long.


@pytest.fixture
def tour(studio, show, monkeypatch):
    monkeypatch.setattr(touring, "STANDSTILL", 0.3)

    def made(script):
        made = Tour(show(MainWindow(studio)), None, script)
        made.sentences = []
        made.ended.connect(made.sentences.append)
        made.start()
        return made

    return made


def never() -> bool:
    return False


def test_what_cannot_come_any_more_ends_it(tour, qtbot):
    ended = tour(lambda tour: iter([Wait("the moon", never)]))
    qtbot.waitUntil(lambda: ended.sentences == ["The tour waited in vain for the moon."])


def test_the_reason_of_a_job_that_failed_is_told(tour, qtbot, studio):
    ended = tour(lambda tour: iter([Wait("the moon", never)]))
    job = studio.submit(JobRequest("Fetch", "a:b"))
    studio.jobs.deliver([(job, Started()), (job, Failed("There is no rocket."))])
    qtbot.waitUntil(lambda: bool(ended.sentences))
    assert ended.sentences[0].endswith("The last job that failed said: There is no rocket.")


def test_a_job_that_is_silent_is_waited_for_and_one_that_tells_of_progress_without_end(
    tour, qtbot, studio, monkeypatch
):
    monkeypatch.setattr(touring, "SILENCE", 0.6)
    waiting = tour(lambda tour: iter([Wait("the moon", never)]))
    job = studio.submit(JobRequest("Fetch", "a:b"))
    studio.jobs.deliver([(job, Started())])
    beat = QTimer(interval=100)
    told = []
    beat.timeout.connect(lambda: told.append(1) or studio.jobs.deliver([(job, Progress(len(told), 100))]))
    beat.start()
    qtbot.waitUntil(lambda: len(told) >= 15)
    assert waiting.sentences == []
    beat.stop()
    qtbot.waitUntil(lambda: waiting.sentences == ["The tour waited in vain for the moon."])


def test_a_script_that_breaks_ends_it_with_a_sentence(tour, qtbot, caplog):
    def script(tour):
        yield Wait("the window", lambda: True)
        raise ZeroDivisionError("by nought")

    ended = tour(script)
    qtbot.waitUntil(lambda: bool(ended.sentences))
    assert ended.sentences == ["The tour broke off at the window (ZeroDivisionError: by nought)."]
    assert "Traceback" in caplog.text


def test_what_goes_wrong_in_the_window_ends_it(tour, studio):
    ended = tour(lambda tour: iter([Wait("the moon", never)]))
    studio.went_wrong.emit("KeyError: 'x'", "Traceback")
    studio.went_wrong.emit("KeyError: 'y'", "Traceback")
    assert ended.sentences == ["Something went wrong while the tour waited for the window: KeyError: 'x'"]


def test_a_control_that_is_missing_is_named(tour):
    with pytest.raises(TourError, match="no control named nothing"):
        tour(lambda tour: iter([])).click("nothing")
