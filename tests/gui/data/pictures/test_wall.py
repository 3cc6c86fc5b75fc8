"""The wall of pictures: what it fetches, what it paints where, and how one goes about in it."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from fmstudio.gui.data.jobs import PICTURES
from fmstudio.gui.data.pictures.pages import PicturePages, atlas_of, page_size
from fmstudio.gui.data.pictures.wall import PictureWall, tile_sides
from fmstudio.jobs import Failed
from tests.gui import recorded
from tests.gui.recorded import changed

TOTAL = 100_000
SIZE = 64


def picture(number: int, side: int) -> np.ndarray:
    """Noise of which no two are alike."""
    return np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)


def page(start, count=SIZE, total=TOTAL):
    numbers = range(start, min(start + count, total))
    pictures = np.stack([picture(number, 16) for number in numbers]) if numbers else np.zeros((0, 16, 16, 3), np.uint8)
    return changed(
        recorded.answer(PICTURES), total=total, start=start, indices=list(numbers), labels=["boats"] * len(numbers),
        captions=[f"number {number}" for number in numbers], pictures=pictures,
    )  # fmt: skip


@pytest.fixture
def pages(studio):
    return PicturePages(studio)


@pytest.fixture
def wall(theme, pages, show):
    """Nine columns of 64 pixels, seven lines in sight and one in part."""
    made = show(PictureWall(theme, pages, "wall", "Pictures"), 640, 500)
    pages.show("robots", SIZE)
    return made


@pytest.fixture
def reply(studio, engine):
    """Answers what is asked, page after page, until nothing is; tells the starts that were asked for."""

    def reply(total=TOTAL):
        starts = []
        while (job := engine.latest(PICTURES)) and studio.jobs.get(job):
            asked = engine.requests[job].arguments
            starts.append(asked["start"])
            events = recorded.told(PICTURES, page(asked["start"], asked["count"], total))
            studio.jobs.deliver([(job, event) for event in events])
        return starts

    return reply


def colour(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    return image.pixelColor(x, y).getRgb()[:3]


def test_an_atlas_has_every_picture_in_its_place():
    pictures = np.stack([picture(number, 5) for number in range(37)])
    atlas = atlas_of(pictures)
    for number in (0, 15, 16, 36):
        line, column = divmod(number, 16)
        for x, y in ((0, 0), (4, 2), (3, 4)):
            assert colour(atlas, column * 5 + x, line * 5 + y) == tuple(pictures[number, y, x])


def test_grey_pictures_are_grey():
    atlas = atlas_of(np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1) * 10)
    assert colour(atlas, 3, 3) == (150, 150, 150)


@pytest.mark.parametrize(("side", "size"), [(32, 256), (64, 64), (256, 8), (1024, 8), (1, 256)])
def test_a_page_is_about_a_megabyte(side, size):
    assert page_size(side, side, 3) == size


@pytest.mark.parametrize(
    ("width", "height", "sides"),
    [(32, 32, [32, 64, 96, 128, 160, 192, 224, 256]), (28, 28, [28, 56, 84, 112, 140, 168, 196, 224, 252]),
     (512, 512, [32, 64, 128, 256]), (1, 10_000, [78, 156]), (1, 1, None)],
)  # fmt: skip
def test_tiles_have_sizes_at_which_pixels_stay_even(width, height, sides):
    assert sides is None or tile_sides(width, height) == sides
    assert all(24 <= side <= 256 for side in tile_sides(width, height))


def test_what_is_in_sight_comes_first_then_the_page_after_it(wall, reply):
    assert reply() == [0, 64, 128]  # eight lines of nine are the first two pages
    wall.show_from(50_000)
    first, last = wall.in_sight()
    starts = reply()
    assert starts[:2] == [first // SIZE * SIZE, last // SIZE * SIZE]
    assert starts[2:] == [starts[1] + SIZE, starts[0] - SIZE]


def test_what_was_scrolled_past_is_not_fetched(wall, reply, engine):
    reply()
    before = len(engine.requests)
    for place in range(1000, 90_000, 1000):
        wall.show_from(place)
    assert len(engine.requests) == before + 1
    assert len(reply()) <= 5


def test_few_pages_are_kept(wall, pages, reply, monkeypatch):
    monkeypatch.setattr("fmstudio.gui.data.pictures.pages._KEPT_BYTES", 20 * SIZE * 16 * 16 * 4)
    for place in range(0, 40 * SIZE, SIZE):
        wall.show_from(place)
        reply()
    assert len([number for number in range(60) if pages.page(number)]) == 20
    assert pages.find(wall.in_sight()[0]) is not None
    assert pages.find(0) is None


def test_pictures_are_painted_crisply_where_they_belong(wall, reply):
    reply()
    image = wall.viewport().grab().toImage()
    for place in (0, 8, 9, 40):
        corner, pixels = wall.tile(place).topLeft(), picture(place, 16)
        assert colour(image, corner.x() + 1, corner.y() + 1) == tuple(pixels[0, 0])
        assert colour(image, corner.x() + 62, corner.y() + 34) == tuple(pixels[8, 15])


def test_smaller_tiles_show_all_of_a_picture(wall, reply, pages):
    wall.set_side(8)
    reply()
    image = wall.viewport().grab().toImage()
    tile, pixels = wall.tile(3), picture(3, 16).astype(int)
    mean = pixels[6:8, 6:8].mean((0, 1))
    assert np.abs(np.array(colour(image, tile.left() + 3, tile.top() + 3)) - mean).max() < 4


def test_what_is_not_here_yet_has_a_place_held(wall, studio, engine, theme):
    job = engine.latest(PICTURES)
    studio.jobs.deliver([(job, event) for event in recorded.told(PICTURES, page(0, 18))[:-1]])
    image = wall.viewport().grab().toImage()
    assert image.pixelColor(wall.tile(66).topLeft() + QPoint(5, 5)) == theme.color("hover")


def test_keys_go_through_the_pictures(wall, reply):
    reply()
    wall.setFocus()
    wall.choose(0)
    seen = []
    wall.chosen.connect(seen.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_PageDown,
                Qt.Key.Key_PageUp, Qt.Key.Key_End, Qt.Key.Key_Home):  # fmt: skip
        QTest.keyClick(wall, key)
    assert seen == [1, 10, 9, 0, 63, 0, TOTAL - 1, 0]
    assert wall.accessibleDescription() == "Picture 1 of 100,000"


def test_the_chosen_picture_is_brought_into_sight(wall, reply):
    reply()
    wall.choose(70_000)
    first, last = wall.in_sight()
    assert first <= 70_000 <= last
    assert wall.viewport().rect().contains(wall.tile(70_000))


def test_another_size_keeps_what_one_looks_at_in_sight(wall, reply):
    reply()
    wall.choose(5000)
    for side in (16, 128, 64):
        wall.set_side(side)
        assert wall.viewport().rect().intersects(wall.tile(5000))
    wall.resize(400, 300)
    assert wall.viewport().rect().intersects(wall.tile(5000))


def test_a_click_chooses_and_a_gap_does_not(wall, reply):
    reply()
    QTest.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=wall.tile(12).center())
    assert wall.selected == 12
    QTest.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=wall.tile(20).topLeft() - QPoint(2, 2))
    assert wall.selected == 12


def test_a_right_click_chooses_and_asks_for_the_menu(wall, reply):
    reply()
    asked = []
    wall.menu_wanted.connect(lambda place, where: asked.append(place))
    place = wall.tile(5).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, wall.viewport().mapToGlobal(place))
    QApplication.sendEvent(wall.viewport(), event)
    assert (asked, wall.selected) == ([5], 5)


def test_resting_on_a_picture_shows_it_large(wall, reply, qtbot):
    reply()
    place = wall.tile(3).center()
    here, there = QPointF(place), QPointF(wall.viewport().mapToGlobal(place))
    none = Qt.MouseButton.NoButton
    move = QMouseEvent(QEvent.Type.MouseMove, here, there, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(wall.viewport(), move)
    large = next(child for child in wall.children() if child.objectName() == "wall-large")
    qtbot.waitUntil(large.isVisible)
    assert large.accessibleName() == "boats · number 3"
    assert not large.geometry().intersects(wall.tile(3))
    wall.verticalScrollBar().setValue(40)
    assert not large.isVisible()


def test_fewer_pictures_than_fit_leave_nothing_to_scroll(wall, pages, reply):
    pages.show("robots", SIZE, "boats")
    reply(total=5)
    assert wall.verticalScrollBar().maximum() == 0
    assert wall.place_at(wall.tile(5).center()) == -1
    pages.show("robots", SIZE, None, "nothing like it")
    reply(total=0)
    assert wall.in_sight()[1] == -1
    QTest.keyClick(wall, Qt.Key.Key_Down)
    assert wall.selected == -1


def test_a_page_that_fails_is_told_and_asks_for_no_other(wall, pages, studio, engine):
    told = []
    pages.failed.connect(lambda reason, details: told.append(reason))
    studio.jobs.deliver([(engine.latest(PICTURES), Failed("The files are damaged.", "trace"))])
    assert told == ["The files are damaged."]
    assert engine.targets().count(PICTURES) == 1
