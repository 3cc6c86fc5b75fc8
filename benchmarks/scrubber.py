"""Whether the step scrubber follows the mouse: frames a second over a walk of 50 steps of 16 pictures.

The real panel's view is fed with the steps that its job would tell. Then the mouse is dragged to and fro along the bar,
1,000 moves a second as a fast mouse sends them, and each repaint of the pictures is timed: the frames a second, and the
gaps between two of them. A real X server (Xvfb) is used where there is one.

    python benchmarks/scrubber.py [--seconds 10] [--steps 50] [--pictures 16] [--side 32] [--compare]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np


def main() -> int:
    """Print the figures as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--compare", action="store_true", help="two walks beside each other")
    arguments = parser.parse_args()
    if not os.environ.get("DISPLAY") and not os.environ.get("QT_QPA_PLATFORM"):
        return again_on_a_display()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(arguments, Path(folder))))
    return 0


def again_on_a_display() -> int:
    """Run this again under Xvfb, or without a display where that is missing."""
    command = [sys.executable, *sys.argv]
    if shutil.which("xvfb-run"):
        return subprocess.call(["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *command])
    return subprocess.call(command, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Drag for so many seconds and count."""
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication

    application = QApplication(sys.argv[:1])
    view, close = open_view(folder)
    player = view.player
    player.clear(2 if arguments.compare else 1)
    view.show_walks()
    for walk in range(len(player.walks)):
        for data in steps(arguments):
            player.take(walk, data)
    application.processEvents()
    hand = Hand(player.scrubber.bar)
    watch = Watch(player.tiles[0]["state"])
    moving = QTimer(interval=1)
    moving.timeout.connect(hand.move)
    hand.press()
    moving.start()
    QTimer.singleShot(round(arguments.seconds * 1000), application.quit)
    application.exec()
    moving.stop()
    display = QGuiApplication.platformName()
    close()
    return {"display": display, "steps": arguments.steps, "pictures": arguments.pictures, "walks": len(player.walks),
            "moves_per_s": hand.moves / arguments.seconds, **watch.result()}  # fmt: skip


def open_view(folder: Path) -> tuple[Any, Any]:
    """The view in the real window, at its usual size, and a way to close it."""
    from PySide6.QtWidgets import QApplication

    from fmstudio.app import Session
    from fmstudio.gui.preferences import Preferences
    from fmstudio.gui.theme import Theme

    keep_model(folder / "workspace")
    theme = Theme("light")
    theme.apply()
    session = Session(folder / "workspace", theme, Preferences(folder / "settings.ini"))
    session.show()
    session.window.resize(1280, 800)
    while not session.studio.description:  # every panel is built, and nothing else goes on
        QApplication.processEvents()
        time.sleep(0.001)
    session.window.show_panel("diffusion")
    panel = session.window.panel("diffusion")
    panel.look_at("reverse")
    while not panel.primary_action.isEnabled():
        QApplication.processEvents()
        time.sleep(0.001)
    return panel.reverse, session.end


def keep_model(workspace: Path) -> None:
    """An untrained model, without which the view has nothing to show."""
    from fmstudio.families.conditions import Conditions
    from fmstudio.families.diffusion_model import DiffusionModel, save_diffusion
    from fmstudio.nn.noise_path import FlowPath
    from fmstudio.nn.unet import UNet, UNetShape
    from fmstudio.workspace import ModelRecord, Workspace

    opened = Workspace(workspace)
    folder = opened.model_folder("untrained")
    folder.mkdir(parents=True)
    save_diffusion(folder, DiffusionModel(UNet(UNetShape(channels=3)), FlowPath(), "v", 32, 32, Conditions()))
    opened.put_model(ModelRecord("untrained", "diffusion", 0, 0))
    opened.close()


def steps(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """What a walk's job tells: pictures of noise, which nothing can make cheap to paint."""
    chance = np.random.default_rng(0)
    shape = (arguments.pictures, arguments.side, arguments.side, 3)
    views = [{view: chance.integers(0, 256, shape, np.uint8) for view in ("state", "denoised", "noise")}
             for _ in range(arguments.steps + 1)]  # fmt: skip
    places = [index / arguments.steps for index in range(arguments.steps + 1)]
    return [
        {"index": index, "steps": arguments.steps, "time": 1 - place, "alpha": place, "sigma": 1 - place,
         "decibels": 0.0, **arrays}
        for index, (place, arrays) in enumerate(zip(places, views, strict=True))
    ]  # fmt: skip


class Hand:
    """A mouse that goes to and fro along the bar, a little further at each move."""

    def __init__(self, bar: Any) -> None:
        self._bar, self.moves = bar, 0
        self._place, self._way = 0.0, 1

    def press(self) -> None:
        """Take hold of the knob."""
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtTest import QTest

        QTest.mousePress(self._bar, Qt.MouseButton.LeftButton, pos=QPoint(4, self._bar.height() // 2))

    def move(self) -> None:
        """A sweep of the bar takes half a second of moves."""
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent
        from PySide6.QtWidgets import QApplication

        self.moves += 1
        self._place += self._way * self._bar.width() / 500
        if not 0 < self._place < self._bar.width():
            self._way = -self._way
        at = QPointF(self._place, self._bar.height() / 2)
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(
            QEvent.Type.MouseMove, at, self._bar.mapToGlobal(at), button, button, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(self._bar, event)


class Watch:
    """Times the repaints of a widget from its second one on."""

    def __init__(self, widget: Any) -> None:
        from PySide6.QtCore import QEvent, QObject

        self._times: list[float] = []
        times = self._times

        class Filter(QObject):
            def eventFilter(self, watched: QObject, event: QEvent) -> bool:
                if event.type() == QEvent.Type.Paint:
                    times.append(time.perf_counter())
                return False

        self._filter = Filter()
        widget.installEventFilter(self._filter)

    def result(self) -> dict[str, float]:
        """Frames a second, and the gaps between frames in milliseconds."""
        gaps = sorted(np.diff(self._times[1:]) * 1000)
        return {
            "frames_per_s": round(1000 / statistics.fmean(gaps), 1),
            "gap_median_ms": round(statistics.median(gaps), 2),
            "gap_p99_ms": round(gaps[int(0.99 * len(gaps))], 2),
            "gap_max_ms": round(gaps[-1], 2),
        }


if __name__ == "__main__":
    sys.exit(main())
