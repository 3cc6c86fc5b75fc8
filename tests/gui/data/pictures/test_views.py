"""What a dataset of pictures holds in numbers, and its duplicates."""

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication

from fmstudio.gui.data.jobs import DUPLICATES, PICTURE_STATISTICS, SOME_PICTURES, WITHOUT_DUPLICATES
from fmstudio.jobs import Failed, Progress
from tests.gui import recorded
from tests.gui.data.hands import answer, asked, click, end, text
from tests.gui.recorded import changed
from tests.pictures import keep_shapes, shape


@pytest.fixture
def pictures(workspace, open_data):
    keep_shapes(workspace, "shapes")
    return open_data()


def counted():
    """The real statistics, with numbers whose shares can be read off."""
    return changed(
        recorded.answer(PICTURE_STATISTICS), pictures=60, bytes=46_080, different_sizes=2,
        original_sizes=[{"width": 1024, "height": 768, "count": 59}, {"width": 8, "height": 8, "count": 1}],
        modes={"RGBA": 59, "L": 1}, classes={"circle": 20, "cross": 20, "square": 19, "": 1},
        attributes={"colour": {"red": 30, "green": 30}}, mean_picture=np.full((16, 16, 3), 200, np.uint8),
        histograms={"red": [0] * 255 + [100], "green": [50] + [0] * 254 + [50], "blue": [1] * 256},
    )  # fmt: skip


def test_statistics_are_figures_shares_and_a_mean_picture(pictures, studio, engine):
    click(pictures, "data-view-statistics")
    job = engine.latest(PICTURE_STATISTICS)
    studio.jobs.deliver([(job, Progress(30, 60, "pictures", "Counting"))])
    assert text(pictures, "picture-statistics-progress") == "Counting… 50 %"
    answer(studio, engine, PICTURE_STATISTICS, counted())
    view = pictures.dataset.picture_statistics
    assert {name: figure.value.text() for name, figure in view.figures.items()} == {
        "pictures": "60", "size": "46.1 kB", "resolution": "16 × 16", "channels": "3, colour", "licence": "Not stated",
    }  # fmt: skip
    shares = {title: [(share.title, share.amount) for share in shares.shares] for title, shares in view.counted.items()}
    assert shares == {
        "Classes": [("circle", "20"), ("cross", "20"), ("square", "19"), ("Without a class", "1")],
        "Original sizes": [("1,024 × 768", "59"), ("8 × 8", "1")],
        "Original colours": [("Colour, transparent", "59"), ("Grey", "1")],
        "Colour": [("red", "30"), ("green", "30")],
    }
    assert view.mean.image.pixelColor(3, 3).red() == 200
    assert view.channels.describe(255) == "Value 255: red 100 %, green 50 %, blue 0.4 %"
    assert "red: most often 255, 100 %" in view.channels.accessibleDescription()


def test_broken_files_are_listed_with_their_reason(pictures, studio, engine):
    click(pictures, "data-view-statistics")
    answer(studio, engine, PICTURE_STATISTICS, counted())
    assert pictures.dataset.picture_statistics.skipped.texts == [
        ("shapes/square/half.png", "it is truncated: its end is missing")
    ]
    click(pictures, "picture-statistics-skipped-copy")
    assert QGuiApplication.clipboard().text() == "shapes/square/half.png\tit is truncated: its end is missing"


def test_statistics_that_fail_are_said_in_place(pictures, studio, engine):
    click(pictures, "data-view-statistics")
    studio.jobs.deliver([(engine.latest(PICTURE_STATISTICS), Failed("The files are damaged; add it again.", "trace"))])
    assert pictures.dataset.picture_statistics.error.isVisible()


# Duplicates.


@pytest.fixture
def clean(pictures):
    click(pictures, "data-view-clean")
    return pictures.dataset.duplicates


def some(indices):
    pictures = np.stack([shape(index).pixels for index in indices])
    labels, captions = ([getattr(shape(index), name) for index in indices] for name in ("label", "caption"))
    return changed(recorded.answer(SOME_PICTURES), indices=indices, pictures=pictures, labels=labels, captions=captions)


@pytest.fixture
def found(clean, pictures, studio, engine):
    """Two identical and three similar pictures; one of the identical is the last of the similar."""
    click(pictures, "duplicates-find")
    answer(studio, engine, DUPLICATES, {"exact": [[7, 8]], "similar": [[2, 3, 7]], "pictures": 3})
    answer(studio, engine, SOME_PICTURES, some([7, 8, 2, 3, 7]))
    return clean


def test_duplicates_are_shown_before_anything_goes(found, pictures, engine):
    assert asked(engine, DUPLICATES) == {"dataset": "shapes", "distance": 4}
    assert asked(engine, SOME_PICTURES) == {"dataset": "shapes", "indices": [7, 8, 2, 3, 7]}
    titles = [row.title.text() for row in found.groups.rows if row.isVisible()]
    assert titles == ["2 identical pictures", "3 similar pictures"]
    assert text(pictures, "duplicates-state") == "2 groups; 3 pictures would go."
    assert WITHOUT_DUPLICATES not in engine.targets()


def test_only_the_identical_can_be_removed(found, pictures):
    click(pictures, "duplicates-which-exact")
    assert found.groups.going == [8]
    assert not found.distance.isVisible()


def test_a_click_lets_a_picture_stay(found, pictures):
    found.groups.rows[1].tiles.clicked.emit(1)
    assert found.groups.going == [7, 8]
    for number in (0, 1):
        found.groups.rows[0].tiles.clicked.emit(number)
    assert found.refusal() == "All of them stay; click a picture to let it go."


def test_removing_makes_a_new_dataset(found, pictures, studio, engine, workspace):
    assert found.making.apply_button.text() == "Remove 3 pictures"
    click(pictures, "duplicates-apply")
    assert asked(engine, WITHOUT_DUPLICATES) == {"dataset": "shapes", "indices": [3, 7, 8], "name": "shapes-unique"}
    keep_shapes(workspace, "shapes-unique", count=57)
    end(studio, engine, WITHOUT_DUPLICATES, pictures=57, bytes=1, removed=3)
    assert text(pictures, "duplicates-done") == "“shapes-unique” is here: 57 pictures, 1 B."
    click(pictures, "duplicates-open")
    assert text(pictures, "dataset-heading") == "shapes-unique"


def test_many_groups_are_leafed_through(clean, pictures, studio, engine):
    click(pictures, "duplicates-find")
    groups = [[2 * number, 2 * number + 1] for number in range(20)]
    answer(studio, engine, DUPLICATES, {"exact": groups, "similar": [], "pictures": 20})
    assert text(pictures, "duplicates-place") == "1 to 6 of 20 groups"
    click(pictures, "duplicates-forth")
    assert asked(engine, SOME_PICTURES)["indices"][0] == 12


def test_no_duplicates_is_good_news(clean, pictures, studio, engine):
    click(pictures, "duplicates-find")
    answer(studio, engine, DUPLICATES, {"exact": [], "similar": [], "pictures": 0})
    assert text(pictures, "duplicates-state") == "No two pictures are alike."
    assert not pictures.findChild(object, "duplicates-apply").isVisible()


def test_a_search_that_fails_can_be_made_again(clean, pictures, studio, engine):
    click(pictures, "duplicates-find")
    assert not clean.find_button.isEnabled()
    studio.jobs.deliver([(engine.latest(DUPLICATES), Failed("The files are damaged; add it again.", "trace"))])
    assert clean.error.isVisible()
    assert clean.find_button.isEnabled()


def test_a_distance_out_of_range_is_refused_at_once(clean, pictures):
    clean.distance.set_value(40)
    clean.distance.edited.emit()
    assert text(pictures, "duplicates-state") == "It must be a whole number from 0 to 16."
    assert not clean.find_button.isEnabled()
