"""Threads stand ready that do nothing while others compute, and go when they have done."""

import subprocess
import sys
import threading
import time

import pytest
import torch

from fmstudio.nn.crowd import Crowd, is_crowded


@pytest.mark.parametrize(
    ("others", "threads", "cores", "already", "crowded"),
    [
        (0.0, 2, 2, False, False), (0.4, 2, 2, False, False), (0.6, 2, 2, False, True),
        (0.4, 2, 2, True, True), (0.2, 2, 2, True, False),
        (1.0, 2, 4, False, False), (2.6, 2, 4, False, True),  # there is room beside two threads
        (1.0, 1, 1, False, False),  # one thread waits for none
    ],
)  # fmt: skip
def test_whether_others_want_the_cores(others, threads, cores, already, crowded):
    assert is_crowded(others, threads, cores, already) == crowded


@pytest.mark.usefixtures("two_threads")
def test_they_come_beside_a_program_that_computes():
    x, crowd = torch.rand(300, 300), Crowd()
    before, deadline = x @ x, time.monotonic() + 30
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        while not crowd.is_here and time.monotonic() < deadline:
            crowd.look()
        assert crowd.is_here
        assert standing()
        assert torch.equal(x @ x, before)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
        crowd.dismiss()
    assert not crowd.is_here
    assert not standing()


def standing() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "crowd"]
