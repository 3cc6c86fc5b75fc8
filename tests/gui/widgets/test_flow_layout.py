"""Widgets one after another in as many lines as the width asks for."""

import gc

import shiboken6
from PySide6.QtWidgets import QLabel, QWidget

from fmstudio.gui.widgets.boxes import discard, empty
from fmstudio.gui.widgets.flow_layout import flow, tiled


def shown(layout, show, width=600):
    holder = QWidget()
    holder.setLayout(layout)
    return show(holder, width, 200)


def labels(count):
    return [QLabel(f"Number {number}") for number in range(count)]


def test_lines_follow_the_width(show):
    made = labels(6)
    layout = flow(*made)
    wide, narrow = layout.heightForWidth(2_000), layout.heightForWidth(made[0].sizeHint().width() + 4)
    assert narrow >= 6 * wide
    holder = shown(layout, show, 2_000)
    assert len({each.y() for each in holder.children() if isinstance(each, QLabel)}) == 1


def test_it_outlives_what_python_calls_its_items(show):
    """Python's wrappers of them may die while the items live; a layout that held them took the window along."""
    made = labels(4)
    layout = flow(*made)
    holder = shown(layout, show)
    for place in range(layout.count()):
        shiboken6.invalidate(layout.itemAt(place))
    gc.collect()
    holder.resize(90, 300)
    assert layout.heightForWidth(90) > layout.heightForWidth(2_000)
    assert [layout.itemAt(place).widget() for place in range(layout.count())] == made


def test_what_is_taken_out_is_gone(show, qapp):
    made = labels(3)
    layout = tiled(*made)
    holder = shown(layout, show)
    discard(made[1])
    assert [layout.itemAt(place).widget() for place in range(layout.count())] == [made[0], made[2]]
    empty(layout)
    layout.addWidget(QLabel("Another"))
    qapp.processEvents()
    assert (layout.count(), holder.findChild(QLabel).text()) == (1, "Another")


def test_fields_of_a_line_stand_on_one_level(show):
    low, high = QLabel("low"), QLabel("high")
    low.setFixedSize(40, 20)
    high.setFixedSize(40, 32)
    holder = QWidget()
    holder.setLayout(flow(low, high, level=True))
    show(holder, 300, 60)
    assert low.geometry().bottom() == high.geometry().bottom()
