"""How smoothly 100,000 pictures scroll: the gaps between two passes of the event loop while the wall is scrolled.

A dataset of 32×32 pictures in colour is made in a temporary folder and opened in the real window, which then is
scrolled in three ways: steadily as by a wheel, by the scroll bar through the whole range, and by Page Down. The engine
fetches the pages at the same time, so that the interpreter is shared as it is in use. A real X server (Xvfb) is used
where there is one.

    python benchmarks/wall.py [--pictures 100000] [--seconds 8]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from window import Passes, begin, display

NAME = "wall"
FRAME = 16
"""Milliseconds between two moves of the wall: sixty a second, as a hand on a wheel."""


def main() -> int:
    """Print the figures as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each way to scroll")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments.child, arguments.seconds)))
        return 0
    print(f"display: {display()}")
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        make_pictures(workspace, arguments.pictures)
        print(child(workspace, arguments.seconds))
    return 0


def make_pictures(folder: Path, count: int) -> None:
    """A dataset of so many pictures, no two alike, in ten classes and with captions."""
    import numpy as np

    from fmstudio.data.images import ImageWriter, Picture
    from fmstudio.workspace import DatasetRecord, Workspace, atomic_folder
    from fmstudio.workspace.record_files import write_record

    workspace, random = Workspace(folder), np.random.default_rng(0)
    ramp = np.linspace(0, 127, 32)
    shade = (ramp[:, None, None] + ramp[None, :, None]) / 2
    with atomic_folder(workspace.dataset_folder(NAME)) as temporary:
        with ImageWriter(temporary, 32, 32, 3) as writer:
            for number in range(count):
                pixels = (shade + random.integers(0, 128, (1, 1, 3))).astype(np.uint8)
                pixels[8:24, 8:24] = random.integers(0, 256, (16, 16, 3), np.uint8)
                writer.add(Picture(pixels, f"class {number % 10}", caption=f"picture number {number}"))
        record = DatasetRecord(NAME, "images", writer.count, writer.bytes, details=writer.details())
        write_record(temporary, record)
    workspace.put_dataset(record)
    workspace.close()


def child(workspace: Path, seconds: float) -> str:
    """Scroll in a process of its own."""
    command = [sys.executable, __file__, "--child", str(workspace), "--seconds", str(seconds)]
    environment = os.environ | {"FMSTUDIO_CONFIG": str(workspace.parent / "config")}
    if display() == "Xvfb":
        command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *command]
    elif display() == "offscreen":
        environment["QT_QPA_PLATFORM"] = "offscreen"
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    return output.splitlines()[-1]


def measure(workspace: Path, seconds: float) -> dict[str, Any]:
    """Open the wall and scroll it in each way, with the tiles of middle size and the smallest."""
    application, session = begin(workspace)
    session.show()
    session.window.resize(1280, 800)
    wait(application, lambda: bool(session.studio.description))
    wait(application, lambda: len(session.window.built_pages()) == len(session.window.infos))
    session.window.show_panel("data")
    panel = next(page.panel for page in session.window.built_pages() if page.info.name == "data")
    panel.open_dataset(NAME)
    pictures = panel.dataset.pictures
    wait(application, lambda: pictures.pages.find(0) is not None and bool(panel.sheet.rows))
    jobs = session.studio.jobs
    wait(application, lambda: not any(state.active for state in jobs.all(visible=False)))  # torch is loaded too
    found: dict[str, Any] = {"pictures": pictures.pages.total}
    for side in (64, 32):
        pictures.wall.set_side(side)
        for way, moves in (("wheel", wheel), ("scroll bar", drag), ("page down", page_down)):
            found[f"{way}, tiles of {side}"] = scroll(application, moves(pictures.wall), seconds)
    session.end()
    return found


def wait(application: Any, come: Callable[[], bool]) -> None:
    """Let the window work until something is there."""
    while not come():
        application.processEvents()
        time.sleep(0.001)


def scroll(application: Any, moves: Iterator[None], seconds: float) -> dict[str, float]:
    """Make a move each frame and tell the gaps of the event loop."""
    from PySide6.QtCore import Qt, QTimer

    passes = Passes()
    watch = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=5)
    watch.timeout.connect(passes.tick)
    mover = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=FRAME)
    mover.timeout.connect(lambda: next(moves))
    passes.begin()
    watch.start()
    mover.start()
    QTimer.singleShot(round(1000 * (seconds + 1)), application.quit)
    application.exec()
    for timer in (watch, mover):
        timer.stop()
    passes.end()
    return {key: round(value, 2) for key, value in passes.result().items()}


def wheel(wall: Any) -> Iterator[None]:
    """Half a line a frame, from the top on."""
    bar = wall.verticalScrollBar()
    bar.setValue(0)
    while True:
        bar.setValue((bar.value() + bar.singleStep()) % max(1, bar.maximum()))
        yield


def drag(wall: Any) -> Iterator[None]:
    """Through the whole range in four seconds and back, as the scroll bar is dragged."""
    bar, frames = wall.verticalScrollBar(), 4000 // FRAME
    while True:
        for frame in [*range(frames), *range(frames, 0, -1)]:
            bar.setValue(bar.maximum() * frame // frames)
            yield


def page_down(wall: Any) -> Iterator[None]:
    """Page Down as often as a held key repeats, choosing a picture each time."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    wall.setFocus()
    while True:
        QTest.keyClick(wall, Qt.Key.Key_PageDown)
        if wall.selected >= wall.pages.total - 1:
            QTest.keyClick(wall, Qt.Key.Key_Home)
        yield
        yield


if __name__ == "__main__":
    sys.exit(main())
