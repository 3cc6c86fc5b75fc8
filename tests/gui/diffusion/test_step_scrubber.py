"""Going through steps: what can be reached, what follows, and what holds still."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from fmstudio.gui.diffusion.film_strip import FilmStrip
from fmstudio.gui.diffusion.mask_canvas import MaskCanvas
from fmstudio.gui.diffusion.step_scrubber import StepScrubber


@pytest.fixture
def scrubber(theme, show):
    made = show(StepScrubber(theme), 600, 40)
    made.heard = []
    made.moved.connect(made.heard.append)
    return made


def test_it_follows_what_arrives_until_one_takes_hold(scrubber):
    scrubber.set_extent(10, 3)
    assert scrubber.position == 3
    scrubber.back()
    scrubber.set_extent(10, 4)
    assert scrubber.position == 2
    scrubber.to_last()
    scrubber.set_extent(10, 5)
    assert scrubber.position == 5


def test_the_mouse_goes_where_it_is_but_not_beyond_what_arrived(scrubber):
    scrubber.set_extent(10, 6)
    bar = scrubber.bar
    across = lambda position: QPoint(round(bar._across(position)), bar.height() // 2)  # noqa: E731
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=across(2))
    assert scrubber.position == 2
    QTest.mouseMove(bar, across(4))
    assert scrubber.position == 4
    QTest.mouseMove(bar, across(9))
    assert scrubber.position == 6
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=across(9))
    assert scrubber.heard[-3:] == [2, 4, 6]


def test_playing_ends_at_the_end_and_begins_anew(scrubber, qtbot):
    scrubber.set_extent(3, 3)
    scrubber.play()
    assert scrubber.position == 0
    qtbot.waitUntil(lambda: not scrubber.playing)
    assert scrubber.position == 3


def test_with_nothing_there_it_cannot_be_used(scrubber):
    scrubber.clear()
    assert not scrubber.bar.isEnabled()
    scrubber.play()
    assert not scrubber.playing


def test_a_click_on_the_film_asks_for_its_step(theme, show):
    strip = show(FilmStrip(theme, "strip", "Steps"), 400, 120)
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    strip.set_columns([(0, "1", [image]), (5, "6", [image]), (10, "result", [image])])
    heard = []
    strip.chosen.connect(heard.append)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.column_rect(1).center())
    assert heard == [5]
    assert strip.captions == ["1", "6", "result"]


def test_the_right_button_takes_paint_away(theme, show):
    canvas = show(MaskCanvas(theme, "canvas"), 256, 256)
    canvas.set_picture(np.zeros((16, 16, 3), np.uint8))
    canvas.brush = 4
    middle = canvas.area.center().toPoint()
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle)
    assert 8 <= canvas.filled.sum() <= 16
    assert canvas.filled[8, 8]
    QTest.mousePress(canvas, Qt.MouseButton.RightButton, pos=middle)
    QTest.mouseRelease(canvas, Qt.MouseButton.RightButton, pos=middle)
    assert not canvas.filled.any()


@pytest.mark.parametrize(("region", "share"), [("left", 0.5), ("upper", 0.5), ("middle", 0.25)])
def test_a_region_can_be_chosen_without_a_mouse(theme, show, region, share):
    canvas = show(MaskCanvas(theme, "canvas"), 256, 256)
    canvas.set_picture(np.zeros((16, 16, 3), np.uint8))
    canvas.mask_region(region)
    assert canvas.filled.mean() == share
