"""What the window costs: its start, the gaps of its event loop while a model trains, and the speed it takes from it;
and the gaps while the starter model answers in the playground and another model trains.

Each measurement is a process of its own. Training with and without the window is run in turn, several pairs of it;
medians are reported, wall time beside CPU time. A real X server (Xvfb) is used where there is one.

    python benchmarks/window.py [--pairs 5] [--steps 1500]
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

PRESET = "shakespeare-cpu"
WARM_UP = 100
"""Steps before the clock starts: threads and caches settle."""

STARTER = "smollm2-135m-instruct"
TALK = 20.0
"""Seconds in which a model answers."""


def main() -> int:
    """Print the figures as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--child", choices=tuple(CHILDREN), help=argparse.SUPPRESS)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(CHILDREN[arguments.child](arguments.workspace, arguments.steps)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        report(arguments, Path(folder) / "workspace")
    return 0


def report(arguments: argparse.Namespace, workspace: Path) -> None:
    """Run the children in turn and print what they measured."""
    print(f"display: {display()}")
    child(workspace, "windowless", WARM_UP + 10)  # fetches the data and learns the vocabulary once
    starts = [child(workspace, "start", 0) for _ in range(arguments.starts)]
    for key in ("first_paint_s", "settled_s"):
        print(f"{key}: {[round(start[key], 3) for start in starts]} median {median(starts, key):.3f}")
    print(f"torch loaded at the first paint: {any(start['torch'] for start in starts)}")
    ratios, gaps, talks = [], [], []
    for number in range(arguments.pairs):
        order = ("windowless", "windowed") if number % 2 == 0 else ("windowed", "windowless")
        speed = {name: child(workspace, name, arguments.steps)["steps_per_s"] for name in order}
        ratios.append(speed["windowed"] / speed["windowless"])
        gaps.append(child(workspace, "gaps", arguments.steps))
        shown = {key: round(value, 3) for key, value in gaps[-1].items()}
        print(
            f"pair {number + 1}: {speed['windowless']:.1f} steps/s without, ratio {ratios[-1]:.4f}, {shown}", flush=True
        )
        talks.append(child(workspace, "talking", arguments.steps))
        print(f"  while a model answers: { {key: round(value, 3) for key, value in talks[-1].items()} }", flush=True)
    figures = {
        "first_paint_s": median(starts, "first_paint_s"),
        "throughput_kept": statistics.median(ratios),
        "gap_p99_ms": median(gaps, "gap_p99_ms"),
        "gap_max_ms": max(row["gap_max_ms"] for row in gaps),
        "main_thread_cpu_share": median(gaps, "main_thread_cpu_share"),
        "talking_gap_p99_ms": median(talks, "gap_p99_ms"),
        "talking_gap_max_ms": max(row["gap_max_ms"] for row in talks),
    }
    print(json.dumps(figures))


def median(rows: list[dict[str, Any]], key: str) -> float:
    """The median of one figure."""
    return statistics.median(row[key] for row in rows)


def display() -> str:
    """Which kind of screen the children draw on."""
    if os.environ.get("DISPLAY"):
        return "the X server " + os.environ["DISPLAY"]
    return "Xvfb" if shutil.which("xvfb-run") else "offscreen"


def child(workspace: Path, name: str, steps: int) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, __file__, "--child", name, "--workspace", str(workspace), "--steps", str(steps)]
    environment = dict(os.environ)
    if name != "windowless" and display() == "Xvfb":
        command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *command]
    elif display() == "offscreen":
        environment["QT_QPA_PLATFORM"] = "offscreen"
    environment["FMSTUDIO_CONFIG"] = str(workspace.parent / "config")
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


# The children.


def measure_start(workspace: Path, steps: int) -> dict[str, Any]:
    """Seconds from the start of the process to the first paint, and until torch and every panel are there."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    found: dict[str, Any] = {}

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and "first_paint_s" not in found and watched.isWidgetType():
                found["first_paint_s"] = age()
                found["torch"] = "torch" in sys.modules
            return False

    application, session = begin(workspace)
    watch = Watch()
    session.window.installEventFilter(watch)
    session.show()
    while not session.studio.description:
        application.processEvents()
        time.sleep(0.001)
    found["settled_s"] = age()
    session.end()
    QApplication.quit()
    return found


def age() -> float:
    """Seconds since this process was started, by the clock that counts from the machine's start: the time of day at
    which a process began is known to no better than a second on Linux.
    """
    stat = Path("/proc/self/stat")
    if stat.exists():
        ticks = int(stat.read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    import psutil

    return time.time() - psutil.Process().create_time()


def begin(workspace: Path) -> tuple[Any, Any]:
    """The application and a session, put together as the program does it."""
    from PySide6.QtWidgets import QApplication

    from fmstudio.app import Session
    from fmstudio.gui.preferences import Preferences, preferences_path
    from fmstudio.gui.theme import Theme

    application = QApplication(sys.argv[:1])
    preferences = Preferences(preferences_path())
    theme = Theme(preferences.get("theme"), preferences.get("text_size"))
    theme.apply()
    return application, Session(workspace, theme, preferences)


def recipe(steps: int) -> dict[str, Any]:
    """The preset, for so many steps without the pauses of a validation or a checkpoint."""
    from fmstudio.training.recipes import recipe_tables

    rare = ("training.evaluate_every=1000000", "training.checkpoint_every=1000000", "training.keep='last'")
    return recipe_tables(PRESET, [f"training.steps={steps}", "data.validation_tokens=64", "sample.tokens=0", *rare])


def measure_windowless(workspace: Path, steps: int) -> dict[str, Any]:
    """Steps a second of the engine alone, its mailbox drained as the window would."""
    from fmstudio.jobs import Engine, Mailbox
    from fmstudio.workspace import Workspace

    clock, mailbox = StepClock(steps), Mailbox()
    engine = Engine(mailbox, Workspace(workspace))
    engine.submit(request(steps))
    while not clock.done:
        time.sleep(0.033)
        for _, event in mailbox.drain():
            clock.see(event)
    engine.close()
    return clock.result()


def measure_windowed(workspace: Path, steps: int) -> dict[str, Any]:
    """Steps a second behind the window, with the Train panel and its live plots in sight and nothing else going on."""
    clock, _ = train_in_window(workspace, steps, watch_passes=False)
    return clock.result()


def measure_gaps(workspace: Path, steps: int) -> dict[str, Any]:
    """The event loop's gaps in the same situation, told by a timer of 5 ms that itself takes some of the speed."""
    _, passes = train_in_window(workspace, steps, watch_passes=True)
    return passes.result()


def train_in_window(workspace: Path, steps: int, watch_passes: bool) -> tuple["StepClock", "Passes"]:
    """Open the window, wait until it is at rest, show the Train panel, train, and close it again."""
    from PySide6.QtCore import Qt, QTimer

    application, session = begin(workspace)
    session.show()
    session.window.resize(1280, 800)
    while not session.studio.description:
        application.processEvents()
        time.sleep(0.001)
    session.window.show_panel("train")
    clock, passes = StepClock(steps), Passes()
    timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=5)
    timer.timeout.connect(passes.tick)
    clock.on_begin = passes.begin
    clock.on_end = application.quit
    session.studio.submit(request(steps), clock.see)
    if watch_passes:
        timer.start()
    application.exec()
    timer.stop()
    passes.end()
    session.end()
    return clock, passes


def measure_talking(workspace: Path, steps: int) -> dict[str, Any]:
    """The event loop's gaps for TALK seconds in which the starter model writes in the chat, answer after answer, while
    a training waits for its turns between and beside them."""
    from PySide6.QtCore import Qt, QTimer

    application, session = begin(workspace)
    session.show()
    session.window.resize(1280, 800)
    session.window.show_panel("playground")
    panel, passes = session.window.panel("playground"), Passes()

    def until(come: Callable[[], bool]) -> None:
        while not come():
            application.processEvents()
            time.sleep(0.001)

    until(lambda: bool(session.studio.description) and panel.state.listed and bool(panel.state.settings))
    panel.state.choose(STARTER)
    panel.state.set_sampling({"maximum_tokens": 300, "temperature": 0.8})
    session.studio.submit(request(1_000_000))
    answers = 0

    def talk() -> None:
        nonlocal answers
        passes.tick()
        if not panel.view.running:
            answers += 1
            panel.view.look(prompt=f"Tell me story number {answers} of a ship that is lost at sea.")
            panel.view.act()

    talk()
    until(lambda: any(len(message.text) > 100 for message in panel.view.session.conversation.messages.values()
                      if message.role == "assistant"))  # fmt: skip
    passes.begin()
    timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=5)
    timer.timeout.connect(talk)
    timer.start()
    QTimer.singleShot(int(1000 * TALK), application.exit)  # `quit` would close the window, which asks about its jobs
    application.exec()
    timer.stop()
    passes.end()
    for job in session.studio.jobs.active():
        session.studio.cancel(job.id)
    until(lambda: not session.studio.jobs.active())  # or the window would ask before it closes
    session.end()
    return passes.result() | {"answers": float(answers)}


def request(steps: int) -> Any:
    """The training job as the Train panel asks for it."""
    from fmstudio.jobs import JobRequest, Priority

    target = "fmstudio.training.pretraining:pretrain"
    return JobRequest("Train", target, {"recipe": recipe(steps)}, Priority.BACKGROUND)


class StepClock:
    """Wall time from the end of the warm-up to the last step."""

    def __init__(self, steps: int) -> None:
        self.steps, self.done = steps, False
        self.on_begin: Callable[[], None] = lambda: None
        self.on_end: Callable[[], None] = lambda: None
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, float] | None = None

    def see(self, event: Any) -> None:
        """Take one event of the job."""
        from fmstudio.jobs import Failed, Finished, Metrics

        if isinstance(event, Failed):
            raise SystemExit(event.reason)
        if isinstance(event, Metrics) and "loss/training" in event.values:
            now = (event.step, time.perf_counter())
            if event.step >= WARM_UP and self._first is None:
                self._first = now
                self.on_begin()
            self._last = now
        if isinstance(event, Finished):
            self.done = True
            self.on_end()

    def result(self) -> dict[str, float]:
        """Steps a second."""
        assert self._first is not None
        assert self._last is not None
        return {"steps_per_s": (self._last[0] - self._first[0]) / (self._last[1] - self._first[1])}


class Passes:
    """The time between two passes of the event loop, from one second after training has begun."""

    def __init__(self) -> None:
        self._gaps: list[float] = []
        self._last = 0.0
        self._from = float("inf")
        self._cpu = (0.0, 0.0)

    def begin(self) -> None:
        """Training is at full speed."""
        self._from = time.perf_counter() + 1.0
        self._cpu = (time.thread_time(), time.perf_counter())

    def end(self) -> None:
        """Training is over."""
        self._cpu = (time.thread_time() - self._cpu[0], time.perf_counter() - self._cpu[1])

    def tick(self) -> None:
        """The event loop came by."""
        now = time.perf_counter()
        if now > self._from and self._last:
            self._gaps.append(now - self._last)
        self._last = now

    def result(self) -> dict[str, float]:
        """Gaps in milliseconds, and the share of a core that the window's own thread used."""
        gaps = sorted(self._gaps)
        return {
            "gap_p50_ms": 1000 * gaps[len(gaps) // 2],
            "gap_p99_ms": 1000 * gaps[int(0.99 * len(gaps))],
            "gap_max_ms": 1000 * gaps[-1],
            "gaps": float(len(gaps)),
            "main_thread_cpu_share": self._cpu[0] / self._cpu[1],
        }


CHILDREN = {
    "start": measure_start,
    "windowless": measure_windowless,
    "windowed": measure_windowed,
    "gaps": measure_gaps,
    "talking": measure_talking,
}

if __name__ == "__main__":
    sys.exit(main())
