"""Hands on the Data panel: they answer its questions as an engine would, read what it shows and press its buttons."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel

from fmstudio.jobs import Finished, Sample, Started


def answer(studio, engine, target, data):
    """The engine's answer to the latest question."""
    job = engine.latest(target)
    studio.jobs.deliver([(job, Started()), (job, Sample("answer", "answer", data)), (job, Finished())])


def asked(engine, target):
    """The arguments of the latest question."""
    return dict(engine.requests[engine.latest(target)].arguments)


def text(panel, name):
    return panel.findChild(QLabel, name).text()


def click(panel, name):
    found = panel.findChild(QAbstractButton, name)
    assert found.isVisible(), f"{name} is not in sight"
    assert found.isEnabled(), f"{name} cannot be used"
    QTest.mouseClick(found, Qt.MouseButton.LeftButton)


def page(start, total, count=50, **more):
    documents = [
        {
            "index": n,
            "title": f"Scene {n + 1}",
            "source": "plays/hamlet.txt",
            "bytes": 1234,
            "text": f"Text of {n + 1}. Lear!",
        }
        for n in range(start, min(total, start + count))
    ]
    return {"total": total, "start": start, "search": "", "complete": True, "documents": documents} | more
