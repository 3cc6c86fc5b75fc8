"""The log keeps warnings and what nobody caught, in a file that never grows large."""

import logging
import threading
import warnings

import pytest

from fmstudio.log_file import LogFile
from fmstudio.places import log_path


@pytest.fixture
def log():
    made = LogFile(log_path())
    made.open()
    yield made
    made.close()


def test_warnings_go_to_the_file_and_less_does_not(log):
    logging.getLogger("fmstudio.somewhere").info("all is well")
    assert not log_path().exists()
    logging.getLogger("fmstudio.somewhere").warning("the tap %s", "drips")
    warnings.showwarning("old door", DeprecationWarning, "house.py", 3)
    text = log_path().read_text("utf-8")
    assert "WARNING fmstudio.somewhere: the tap drips" in text
    assert "old door" in text
    assert "all is well" not in text


def test_what_a_thread_died_of_is_kept(log, monkeypatch):
    told = []
    monkeypatch.setattr(log, "_before", lambda what: told.append(what.exc_type))
    thread = threading.Thread(target=lambda: {}["missing"])
    thread.start()
    thread.join()
    assert "KeyError: 'missing'" in log_path().read_text("utf-8")
    assert told == [KeyError]


def test_it_never_grows_large(log):
    for _ in range(400):
        logging.getLogger("fmstudio").warning("x" * 10_000)
    files = sorted(log_path().parent.iterdir())
    assert len(files) == 3
    assert sum(file.stat().st_size for file in files) < 3_100_000


def test_a_place_that_cannot_be_written_is_said_and_harms_nobody(tmp_path, capsys):
    (tmp_path / "file").touch()
    log = LogFile(tmp_path / "file" / "log")
    log.open()
    logging.getLogger("fmstudio").warning("one")
    logging.getLogger("fmstudio").warning("two")
    log.close()
    assert capsys.readouterr().err.count("cannot be written") == 1


def test_when_it_is_closed_nothing_is_kept(tmp_path):
    log = LogFile(tmp_path / "log")
    hook = threading.excepthook
    log.open()
    log.close()
    logging.getLogger("fmstudio").warning("later")
    assert not (tmp_path / "log").exists()
    assert threading.excepthook is hook
