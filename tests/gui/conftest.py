"""What tests of the window share: a studio with a fake engine, and watch over what is left behind."""

import importlib
import inspect
import itertools
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from fmstudio.gui.preferences import Preferences
from fmstudio.gui.pump import Pump
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.jobs import Engine, JobRequest, Mailbox
from fmstudio.jobs.request import WORKSPACE, plain_arguments
from fmstudio.workspace import DatasetRecord
from tests.gui.recorded import check_event, keep_records_in
from tests.gui.train.runs import keep_run

OFFSCREEN_CANNOT = "This plugin does not support"


class FakeEngine:
    """Records what the window asks for. Events are fed by `studio.jobs.deliver([(job, event), ...])`.

    It refuses what the engine would: arguments that are no plain data, and those that the job does not take.
    """

    def __init__(self):
        self.requests: dict[str, JobRequest] = {}
        self.calls: list[tuple[str, str]] = []
        self._numbers = itertools.count(1)

    def submit(self, request: JobRequest) -> str:
        check(request)
        job = f"job-{next(self._numbers)}"
        self.requests[job] = request
        return job

    def pause(self, job: str) -> None:
        self.calls.append(("pause", job))

    def resume(self, job: str) -> None:
        self.calls.append(("resume", job))

    def stop(self, job: str) -> None:
        self.calls.append(("stop", job))

    def cancel(self, job: str) -> None:
        self.calls.append(("cancel", job))

    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [request.target for request in self.requests.values()]

    def latest(self, target: str) -> str:
        """The id of the latest job of a target."""
        return next(job for job, request in reversed(self.requests.items()) if request.target == target)


def check(request: JobRequest) -> None:
    """Raises where a request could not be run. Targets of no module of the program stand for any job."""
    arguments = plain_arguments(request)
    module, _, name = request.target.partition(":")
    if module.startswith("fmstudio."):
        signature = inspect.signature(getattr(importlib.import_module(module), name))
        given = {WORKSPACE: None} if WORKSPACE in signature.parameters else {}
        signature.bind(None, **given, **arguments)


@pytest.fixture(scope="session", autouse=True)
def records(tmp_path_factory):
    """What real jobs answered is kept for the session, by whichever of its processes was the first to need it."""
    folder = tmp_path_factory.getbasetemp()
    keep_records_in((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "records")


@pytest.fixture(autouse=True)
def nothing_is_left(qapp, qtlog, own_user_folders):
    """A test that leaves a window behind, or about which Qt complained, fails."""
    before = set(map(id, QApplication.topLevelWidgets()))
    yield
    collect_deleted()
    left = [widget for widget in QApplication.topLevelWidgets() if id(widget) not in before]
    names = [f"{type(widget).__name__} {widget.objectName()!r}" for widget in left if not _is_qts_own(widget)]
    for widget in left:
        widget.deleteLater()
    collect_deleted()
    assert not names, f"windows left open: {', '.join(names)}"
    complaints = [record.message for record in qtlog.records if not record.message.startswith(OFFSCREEN_CANNOT)]
    assert not complaints, f"Qt complained: {complaints}"


def _is_qts_own(widget) -> bool:
    """Qt keeps the label of its tooltips, and the lists of combo boxes that are being deleted."""
    return type(widget).__name__ in ("QTipLabel", "QLabel") or widget.inherits("QComboBoxPrivateContainer")


def collect_deleted() -> None:
    """Let `deleteLater` take place."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def theme(qapp):
    made = Theme("light")
    made.apply()
    return made


@pytest.fixture
def preferences(tmp_path):
    return Preferences(tmp_path / "user-config" / "settings.ini")


@pytest.fixture
def studio(workspace, engine, theme, preferences):
    """A studio that hears from its jobs only what the real ones could tell."""
    made = Studio(workspace, engine, theme, preferences)
    deliver = made.jobs.deliver

    def deliver_checked(letters):
        letters = list(letters)
        for job, event in letters:
            if job in engine.requests:
                check_event(engine.requests[job].target, event)
        deliver(letters)

    made.jobs.deliver = deliver_checked
    return made


@pytest.fixture
def show(qtbot):
    """Shows a widget as a window of its own, which is gone after the test."""

    def show(widget, width: int = 1280, height: int = 800, before_close=None):
        qtbot.addWidget(widget, before_close_func=before_close)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return show


@pytest.fixture
def with_data(workspace):
    """A workspace with two datasets."""
    for name in ("plays", "manual"):
        workspace.dataset_folder(name).mkdir(parents=True)
        workspace.put_dataset(DatasetRecord(name, "text", 3, 60_000))
    return workspace


@pytest.fixture
def with_runs(with_data):
    """… and three runs."""
    keep_run(with_data, "first", final=3.4)
    keep_run(with_data, "second", final=2.8)
    keep_run(with_data, "broken", status="failed", upto=120, reason="loss/training became nan at step 121; lower it.")
    return with_data


@pytest.fixture
def real_studio(workspace, theme, preferences):
    """A studio on the test's workspace with an engine of its own."""
    mailbox = Mailbox()
    engine = Engine(mailbox, workspace)
    studio = Studio(workspace, engine, theme, preferences)
    pump = Pump(mailbox, studio.jobs)
    pump.start()
    yield studio
    engine.close()
    pump.stop()
