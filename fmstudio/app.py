"""Puts the window together: the only place that knows the workspace, the engine and the window, and joins them."""

import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from fmstudio import warmup
from fmstudio.gui.garbage import GarbageCollector
from fmstudio.gui.preferences import Preferences, preferences_path
from fmstudio.gui.pump import Pump
from fmstudio.gui.studio import JobBoard, Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.uncaught import Uncaught
from fmstudio.gui.window.main_window import MainWindow
from fmstudio.gui.window.questions import ask_for_another_workspace
from fmstudio.gui.window.window_state import last_panel
from fmstudio.jobs import Engine, Event, JobRequest, Mailbox, Sample
from fmstudio.log_file import LogFile
from fmstudio.places import default_workspace, log_path, named_workspace
from fmstudio.workspace import Workspace, WorkspaceError, renaming

CALM = 500
"""Milliseconds between two redraws of a job's numbers and curves: each is taken from the training that it shows."""

log = logging.getLogger(__name__)


def open_window(workspace_path: Path | None = None, argv: Sequence[str] = ()) -> int:
    """Show the studio until its window is closed; returns the process's exit code.

    Without a path it opens the workspace that the environment names, the one that was open last, or the usual one.
    """
    application = _application(argv)
    preferences = Preferences(preferences_path())
    theme = Theme(preferences.get("theme"), preferences.get("text_size"))
    theme.apply()
    # Ctrl+C in the terminal ends the window as closing it does: what runs is stopped and kept.
    before = signal.signal(signal.SIGINT, lambda *_: application.quit())
    try:
        with _log_and_uncaught() as uncaught:
            return _work(application, workspace_path or _workspace_to_open(preferences), theme, preferences, uncaught)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _log_and_uncaught(aloud: bool = True) -> Iterator[Uncaught]:
    """While the program runs, its log is kept, and what no part of it has caught is told."""
    log, uncaught = LogFile(log_path()), Uncaught(aloud)
    log.open()
    uncaught.open()
    try:
        yield uncaught
    finally:
        uncaught.close()
        log.close()


def _work(application: QApplication, path: Path, theme: Theme, preferences: Preferences, uncaught: Uncaught) -> int:
    """One session after another, until a person wants no other workspace."""
    next_path: Path | None = path
    while next_path is not None:
        session = _begin(next_path, theme, preferences)
        if session is None:
            return 1
        uncaught.happened.connect(session.studio.went_wrong)
        session.show()
        application.exec()
        next_path = session.end()
    return 0


def _application(argv: Sequence[str]) -> QApplication:
    running = QApplication.instance()
    application = running if isinstance(running, QApplication) else QApplication([sys.argv[0], *argv])
    application.setApplicationName("FM Studio")
    application.setDesktopFileName("fmstudio")
    # A question may be the last window that closes; only the end of the main window is the end.
    application.setQuitOnLastWindowClosed(False)
    return application


def run_tour(workspace_path: Path | None, screenshots: Path | None, steps: int = 80) -> int:
    """Drive the real window through the life of small models; returns the process's exit code.

    It works on a workspace of its own unless one is named, changes no preferences, and needs no display.
    """
    from fmstudio.gui.tour.script import life_of_models
    from fmstudio.gui.tour.tour import Tour

    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as own, _log_and_uncaught(aloud=False) as uncaught:
        preferences = Preferences(Path(own) / "preferences.ini")
        theme = Theme("light", preferences.get("text_size"))
        theme.apply()
        session = Session(workspace_path or Path(own) / "workspace", theme, preferences)
        uncaught.happened.connect(session.studio.went_wrong)
        tour = Tour(session.window, screenshots, partial(life_of_models, steps=steps))
        sentences: list[str] = []
        tour.ended.connect(sentences.append)
        tour.ended.connect(application.quit)
        session.show()
        session.window.resize(1280, 800)
        tour.start()
        application.exec()
        pictures = tour.pictures
        session.end()
    for picture in pictures:
        print(picture)
    if not sentences or sentences[0]:
        print(sentences[0] if sentences else "The window was closed before the tour ended.", file=sys.stderr)
        return 1
    return 0


def _workspace_to_open(preferences: Preferences) -> Path:
    last = preferences.get("last_workspace")
    return named_workspace() or (Path(last) if last and Path(last).is_dir() else default_workspace())


def _begin(path: Path, theme: Theme, preferences: Preferences) -> "Session | None":
    """A session on the folder, or on another that the person chooses when this one cannot be used."""
    wanted: Path | None = path
    while wanted is not None:
        try:
            session = Session(wanted, theme, preferences)
        except WorkspaceError as error:
            wanted = ask_for_another_workspace(str(error), wanted)
        else:
            preferences.set("last_workspace", str(wanted))
            return session
    return None


class Session:
    """One workspace while its window is open: an engine, its mailbox, and the window that they feed."""

    def __init__(self, path: Path, theme: Theme, preferences: Preferences) -> None:
        """Raises WorkspaceError where the folder cannot be used or another window has it."""
        is_new = not (path / "studio.db").exists()
        self.workspace = Workspace(path)
        try:
            self.workspace.claim_window()
        except WorkspaceError:
            self.workspace.close()
            raise
        renaming.finish(self.workspace)
        self.workspace.note_interrupted_runs()
        self._next: Path | None = None
        warmup.panels_built.clear()
        self._is_new = is_new
        self._preferences = preferences
        self._theme = theme
        mailbox = Mailbox()
        self.engine = Engine(mailbox, self.workspace)
        self.studio = Studio(self.workspace, self.engine, theme, preferences, JobBoard(calm=CALM))
        self.pump = Pump(mailbox, self.studio.jobs)
        self.garbage = GarbageCollector()
        self.window = MainWindow(self.studio)
        self.studio.workspace_wanted.connect(self._move_to)
        self.studio.jobs.listener_failed.connect(self.studio.went_wrong)
        self.window.closed.connect(QApplication.quit)
        preferences.changed.connect(self._use_preference)

    def show(self) -> None:
        """Bring the window up; what takes longer begins when it is on the screen."""
        self.window.show_frame(last_panel(self.window))
        painted = _FirstPaint(self.window)
        painted.happened.connect(self._after_first_paint)
        self.window.show()
        self.pump.start()
        self.garbage.start()

    def _after_first_paint(self) -> None:
        self._warm_up()
        self.window.show_panel(last_panel(self.window))
        warmup.panels_built.set()
        self.window.load_the_rest()

    def _warm_up(self) -> None:
        """What the engine does first: a newcomer's sample data, torch, and what can be trained."""
        studio = self.studio
        if self._is_new:
            studio.submit(JobRequest("Sample data", "fmstudio.data.samples:ensure", visible=False))
        # Importing torch and building panels would each wait for the other's Python: the panels go first.
        arguments = {"threads": self._preferences.threads, "after_panels": True}
        studio.query("fmstudio.warmup:load_torch", self._hear_of_machine, **arguments)
        studio.query("fmstudio.training.describe:describe", self._hear_of_families)

    def _hear_of_machine(self, event: Event) -> None:
        if isinstance(event, Sample) and isinstance(event.data, dict):
            self.studio.know_machine(event.data)

    def _hear_of_families(self, event: Event) -> None:
        if isinstance(event, Sample) and isinstance(event.data, dict):
            self.studio.know_families(event.data)
            self.garbage.settle()  # torch and all that trains are loaded

    def _use_preference(self, name: str) -> None:
        if name in ("theme", "text_size"):
            self._theme.choose(self._preferences.get("theme"), self._preferences.get("text_size"))
        if name == "threads":
            self.studio.query("fmstudio.warmup:use_threads", self._hear_of_machine, threads=self._preferences.threads)

    def _move_to(self, path: Path) -> None:
        if path != self.workspace.path and self.window.close():
            self._next = path

    def end(self) -> Path | None:
        """Stop what runs, keep what it has, and give the workspace back. Returns the workspace to open next, if any."""
        self._preferences.changed.disconnect(self._use_preference)
        self.window.hide()
        warmup.panels_built.set()
        ended = self.engine.close()
        self.pump.stop()
        self.garbage.stop()
        self._preferences.save()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if ended:
            self.workspace.close()
        else:  # a job that still works on it must find it open
            self._say_what_still_runs()
        return self._next

    def _say_what_still_runs(self) -> None:
        sentence = (
            f"{', '.join(self.engine.titles())} did not stop in time; the workspace {self.workspace.path} stays open "
            "until this program ends."
        )
        log.warning(sentence)


class _FirstPaint(QObject):
    """Tells once when a window has been painted for the first time."""

    happened = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            # After this paint, not in it.
            QTimer.singleShot(0, self, self.happened.emit)
        return False
