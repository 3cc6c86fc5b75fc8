"""What every test stands on: folders of its own, and a check that it leaves no thread behind."""

import gc
import os

# Tests run side by side, a process for each core; small models compute no slower on one thread each. Where a test wants
# two, threads that wait must not keep the others' core busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest

from fmstudio.gui.garbage import collect_if_due
from fmstudio.jobs import JobContext
from fmstudio.workspace import Workspace
from tests.driving import run_job
from tests.pictures import keep_shapes
from tests.talks import add_talks
from tests.texts import write_texts
from tests.waiting import alone

# How long an example takes says more of the machine than of the program.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


MOST_WORKERS = 4
MEMORY_OF_A_WORKER = 2.5e9


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many processes run the tests, by the machine: on one core, or with little memory, this one alone."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    room = int(psutil.virtual_memory().available / MEMORY_OF_A_WORKER)
    workers = min(cores, room, MOST_WORKERS)
    return workers if workers > 1 else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take long begin, so that no process waits at the end for another's last test."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def own_user_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes what belongs to the person at this machine."""
    monkeypatch.setenv("FMSTUDIO_DATA", str(tmp_path / "user-data"))
    monkeypatch.setenv("FMSTUDIO_STATE", str(tmp_path / "user-state"))
    monkeypatch.setenv("FMSTUDIO_CONFIG", str(tmp_path / "user-config"))
    monkeypatch.setenv("FMSTUDIO_WORKSPACE", str(tmp_path / "default-workspace"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session", autouse=True)
def collected_between_tests() -> Iterator[None]:
    """No engine's thread destroys what an earlier test has left of a window."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def no_thread_outlives_its_test() -> Iterator[None]:
    """Fails a test whose threads still run when it ends (those that libraries keep for good are not counted)."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        left = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("engine")]
        if not left:
            collect_if_due()
            return
        time.sleep(0.01)
    pytest.fail(f"threads outlived the test: {left}")


@pytest.fixture
def two_threads() -> Iterator[None]:
    """torch computes on two threads, as it does for most people; other tests have one each."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def no_model_outlives_its_test() -> Iterator[None]:
    """What a test has loaded to talk to is no business of the next."""
    yield
    if opened := sys.modules.get("fmstudio.runtimes.opened"):
        for entry in opened.loaded():
            opened.unload(entry.path)


@pytest.fixture(scope="session")
def fetched_starter_models(pytestconfig: pytest.Config) -> Path:
    """A data folder with the chat model and the sentence embeddings of the starter set, kept between test runs."""
    from fmstudio.data.catalogue import fetch
    from fmstudio.errors import StudioError

    folder = Path(pytestconfig.cache.mkdir("starter-models")) if pytestconfig.cache else Path()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FMSTUDIO_DATA", str(folder))
        try:
            with alone(folder / "fetch.lock"):
                for name in ("smollm2-135m-instruct", "all-minilm-l6-v2"):
                    run_job(fetch(JobContext(), name))
        except StudioError as error:
            pytest.skip(f"the starter models cannot be fetched: {error}")
    return folder


@pytest.fixture
def starter_models(own_user_folders: None, fetched_starter_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The starter set's models as a person has them who fetched it; returns the catalogue's folder."""
    monkeypatch.setenv("FMSTUDIO_DATA", str(fetched_starter_models))
    return fetched_starter_models / "catalogue"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace."""
    opened = Workspace(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def stocked(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with the dataset "articles"."""
    from fmstudio.data import importing

    sources = [str(write_texts(tmp_path / "texts"))]
    run_job(importing.add(JobContext(), workspace, sources, "articles"))
    return workspace


@pytest.fixture
def pictured(workspace: Workspace) -> Workspace:
    """A workspace with the dataset "shapes": 60 pictures of 16 × 16 in three classes, with two attributes."""
    keep_shapes(workspace)
    return workspace


@pytest.fixture
def talking(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with the instructions "talks", the preferences "choices", and a model "tiny" that takes turns."""
    add_talks(workspace, tmp_path)
    return workspace


@pytest.fixture
def tables() -> dict[str, Any]:
    """A recipe for a model of a few thousand parameters."""
    return {
        "family": "language",
        "name": "small",
        "data": {"datasets": ["articles"], "validation_tokens": 512},
        "tokenizer": {"kind": "byte"},
        "model": {"context": 32, "layers": 2, "width": 32, "heads": 2},
        "sample": {"tokens": 16, "prompt": "The "},
        "training": {"steps": 12, "batch_size": 4, "evaluate_every": 6, "checkpoint_every": 5, "warmup_steps": 2,
                     "device": "cpu"},
    }  # fmt: skip
