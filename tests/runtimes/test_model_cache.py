"""Models of every kind share one memory: the least recently used go where another needs it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fmstudio.laboratory.opened import opened
from fmstudio.runtimes.model_cache import MODELS, SHARE, ModelCache


class Machine:
    """A machine with memory that models take and give back."""

    def __init__(self, total: int) -> None:
        self.total, self.taken = total, 0
        self.cache = ModelCache(lambda: self.total, lambda: self.total - self.taken)

    def load(self, name: str, size: int) -> None:
        self.cache.make_room(size)
        self.taken += size
        self.cache.keep(name, f"model {name}", size, close=lambda: self.free(size))

    def free(self, size: int) -> None:
        self.taken -= size


def names(cache: ModelCache) -> list[object]:
    return list(cache.models())


def test_the_least_recently_used_go_first_and_only_as_many_as_must() -> None:
    machine = Machine(100)
    for name in "abc":
        machine.load(name, 15)
    assert machine.cache.get("a") == "model a"
    machine.load("d", 15)
    assert names(machine.cache) == ["c", "a", "d"]
    assert machine.taken == 45, "what is dropped gives its memory back"


def test_many_small_ones_stay() -> None:
    machine = Machine(1000)
    for number in range(40):
        machine.load(str(number), 10)
    assert len(names(machine.cache)) == 40


def test_together_they_leave_the_machine_its_share() -> None:
    machine = Machine(100)
    for number in range(20):
        machine.load(str(number), 10)
    assert machine.taken <= SHARE * 100


def test_memory_that_others_take_is_minded_too() -> None:
    machine = Machine(100)
    machine.load("a", 10)
    machine.taken += 85  # by another program
    machine.load("b", 10)
    assert names(machine.cache) == ["b"]


def test_one_that_is_larger_than_all_finds_everything_dropped() -> None:
    machine = Machine(100)
    machine.load("a", 10)
    machine.cache.make_room(1000)
    assert names(machine.cache) == []


def test_a_model_whose_files_have_changed_is_dropped() -> None:
    machine = Machine(100)
    machine.cache.keep("a", "old", 10, stamp=1)
    assert machine.cache.get("a", 1) == "old"
    assert machine.cache.get("a", 2) is None
    assert names(machine.cache) == []


def test_a_folder_is_opened_once_until_it_changes(tmp_path: Path) -> None:
    loads = []

    def load(folder: Path) -> int:
        loads.append(folder)
        return len(loads)

    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"1")
    assert [opened(tmp_path, load), opened(tmp_path, load)] == [1, 1]
    weights.write_bytes(b"22")
    os.utime(weights, ns=(1, 1))
    assert opened(tmp_path, load) == 2
    assert len([model for model in MODELS.models().values() if model in (1, 2)]) == 1


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """What a test has put into the cache of the program goes with it."""
    before = names(MODELS)
    yield
    for key in names(MODELS):
        if key not in before:
            MODELS.forget(key)
