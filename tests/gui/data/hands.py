"""Hands on the Data panel: they answer its questions as an engine would, read what it shows and press its buttons."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel

from fmstudio.gui.data.jobs import PREVIEW
from tests.gui import recorded
from tests.gui.recorded import changed


def answer(studio, engine, target, data):
    """The latest question is answered as the real job answers, but with this data."""
    job = engine.latest(target)
    studio.jobs.deliver([(job, event) for event in recorded.told(target, data)])


def end(studio, engine, target, **changes):
    """The latest job of a target goes through its events to its end, but with other values in its result."""
    job = engine.latest(target.partition(" ")[0])
    studio.jobs.deliver([(job, event) for event in recorded.ended(target, **changes)])


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
    """What a dataset of so many scenes answers."""
    told = recorded.answer(PREVIEW)
    documents = [
        changed(told["documents"][0], index=n, title=f"Scene {n + 1}", text=f"Text of {n + 1}. Lear!")
        for n in range(start, min(total, start + count))
    ]
    return changed(told, total=total, start=start, documents=documents, **more)
