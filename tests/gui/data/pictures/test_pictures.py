"""Datasets of pictures in the Data panel: the wall, the chosen picture, and what can be done with it."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QMenu

from fmstudio.gui.data.jobs import PICTURE, PICTURES
from fmstudio.gui.widgets.pictures.tiles import image_of
from fmstudio.jobs import Failed
from fmstudio.workspace.deleting import delete
from tests.gui import recorded
from tests.gui.data.hands import answer, asked, click, text
from tests.gui.recorded import changed
from tests.pictures import keep_shapes, shape


def page(start=0, count=60, total=60):
    shown = [shape(number) for number in range(start, min(start + count, total))]
    pictures = np.stack([each.pixels for each in shown]) if shown else np.zeros((0, 16, 16, 3), np.uint8)
    return changed(
        recorded.answer(PICTURES), total=total, start=start, indices=list(range(start, start + len(shown))),
        pictures=pictures, labels=[each.label for each in shown], captions=[each.caption for each in shown],
    )  # fmt: skip


def one(index):
    known = shape(index)
    return changed(
        recorded.answer(PICTURE), index=index, pixels=known.pixels, label=known.label, caption=known.caption,
        attributes=known.attributes, source=known.source, width=1024, height=768, mode="RGBA",
    )  # fmt: skip


@pytest.fixture
def pictures(workspace, put, open_data, studio, engine):
    """The panel with a dataset of sixty pictures and one of texts."""
    put("notes", 20, 44_100)
    keep_shapes(workspace, "shapes")
    panel = open_data()
    panel.open_dataset("shapes")
    answer(studio, engine, PICTURES, page())
    return panel


def test_a_dataset_of_pictures_says_how_many_and_how_large(pictures):
    tile = next(tile for tile in pictures.store.tiles if tile.name == "shapes")
    assert tile.facts == "60 pictures · 16 × 16 · 46.1 kB"
    assert text(pictures, "pictures-found") == "60 pictures"


def test_pictures_have_no_tokens_and_texts_do(pictures):
    view = pictures.dataset.view_choice
    assert not view.button("tokens").isVisible()
    pictures.open_dataset("notes")
    assert view.button("tokens").isVisible()
    pictures.dataset.look_at("tokens")
    pictures.open_dataset("shapes")
    assert view.value() == "preview"
    assert pictures.dataset.pictures.isVisible()
    pictures.dataset.look_at("clean")
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert pictures.dataset.duplicates.isVisible()


def test_the_chosen_picture_is_shown_with_all_that_is_known(pictures, studio, engine, qtbot):
    wall = pictures.dataset.pictures.wall
    QTest.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=wall.tile(4).center())
    assert text(pictures, "picture-caption") == shape(4).caption
    qtbot.waitUntil(lambda: PICTURE in engine.targets() and asked(engine, PICTURE)["index"] == 4)
    answer(studio, engine, PICTURE, one(4))
    assert pictures.dataset.pictures.detail.facts.pairs == [
        ("Class", "cross"), ("Colour", "green"), ("Size", "large"), ("Original", "1,024 × 768 · colour, transparent"),
        ("Source", "shapes/cross/4.png"), ("Number", "5"),
    ]  # fmt: skip
    assert text(pictures, "picture-detail-title") == "5 of 60"


def test_only_the_picture_that_one_rests_on_is_asked_for(pictures, engine, qtbot):
    wall = pictures.dataset.pictures.wall
    for _ in range(10):
        QTest.keyClick(wall, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: PICTURE in engine.targets() and asked(engine, PICTURE)["index"] == 10)
    assert engine.targets().count(PICTURE) <= 3  # and not once for each that was passed


def test_one_class_can_be_shown(pictures, studio, engine):
    classes = pictures.findChild(QComboBox, "pictures-class")
    assert [classes.itemText(row) for row in range(4)] == ["All classes", "circle", "cross", "square"]
    classes.setCurrentIndex(2)
    classes.edited.emit()
    assert asked(engine, PICTURES) == {"dataset": "shapes", "start": 0, "count": 256, "label": "cross", "search": ""}
    answer(studio, engine, PICTURES, page(total=20))
    assert text(pictures, "pictures-found") == "20 pictures found"


def test_captions_are_searched_once_one_has_typed(pictures, studio, engine, qtbot):
    field = pictures.findChild(QLineEdit, "pictures-search")
    QTest.keyClicks(field, "green cat")
    qtbot.waitUntil(lambda: asked(engine, PICTURES)["search"] == "green cat")
    answer(studio, engine, PICTURES, page(total=0))
    assert text(pictures, "pictures-found") == "None found"
    assert text(pictures, "picture-caption") == "No picture is like that."


def test_coming_back_finds_the_place_again(pictures, studio, engine):
    pictures.dataset.pictures.wall.choose(42)
    pictures.open_dataset("notes")
    pictures.open_dataset("shapes")
    assert pictures.dataset.pictures.wall.selected == 42


def test_a_dataset_that_was_made_anew_is_read_anew(pictures, workspace, studio, engine):
    delete(workspace, "dataset", "shapes")
    keep_shapes(workspace, "shapes", count=40)
    before = engine.targets().count(PICTURES)
    pictures.open_dataset("notes")
    pictures.store.refresh()
    pictures.open_dataset("shapes")
    assert engine.targets().count(PICTURES) == before + 1
    answer(studio, engine, PICTURES, page(total=40))
    assert text(pictures, "pictures-found") == "40 pictures"


def test_the_slider_changes_the_size_of_the_tiles(pictures):
    view = pictures.dataset.pictures
    assert view.wall.side == 64
    view.tools.slider.setValue(view.tools.slider.maximum())
    assert view.wall.side == 256


def test_a_picture_can_be_saved_and_copied_as_the_model_sees_it(pictures, tmp_path):
    view = pictures.dataset.pictures
    view.wall.choose(7)
    view.save(tmp_path / "seven")
    expected = image_of(shape(7).pixels).convertToFormat(QImage.Format.Format_RGB32)
    assert QImage(str(tmp_path / "seven.png")).convertToFormat(QImage.Format.Format_RGB32) == expected
    click(pictures, "picture-copy")
    assert QGuiApplication.clipboard().image().convertToFormat(QImage.Format.Format_RGB32) == expected
    view.save(tmp_path / "missing" / "seven.png")
    assert "seven.png cannot be written; choose another folder." in view.error.sentence.text()


def test_a_right_click_offers_what_the_buttons_offer(pictures, studio):
    went = []
    studio.navigation_requested.connect(lambda name, what: went.append((name, what)))
    view = pictures.dataset.pictures
    view.wall.choose(9)
    view.wall.menu_wanted.emit(9, QPoint(20, 20))
    menu = view.findChild(QMenu, "data-menu")
    assert [action.text() for action in menu.actions()] == ["Save as PNG…", "Copy", "Use as input in Diffusion"]
    menu.actions()[2].trigger()
    menu.close()
    assert went == [("diffusion", {"dataset": "shapes", "index": 9})]


def test_pictures_that_cannot_be_read_are_said_in_place_and_asked_again(pictures, studio, engine):
    pictures.dataset.pictures.reload()
    studio.jobs.deliver([(engine.latest(PICTURES), Failed("The files of dataset 'shapes' are damaged.", "trace"))])
    assert pictures.dataset.pictures.error.isVisible()
    click(pictures, "pictures-again")
    answer(studio, engine, PICTURES, page())
    assert not pictures.dataset.pictures.error.isVisible()


def test_deleting_pictures_speaks_of_pictures(pictures, qtbot):
    pictures.verbs.ask_delete("shapes")
    box = pictures.findChild(object, "delete-dataset")
    assert box.informativeText().startswith("Its 60 pictures (46.1 kB) go to the bin,")
    box.close()


def test_only_datasets_of_one_kind_are_mixed(pictures, workspace, put, studio):
    went = []
    studio.navigation_requested.connect(lambda name, what: went.append((name, what)))
    assert not pictures.column.findChild(object, "data-mix").isVisible()
    keep_shapes(workspace, "more", count=30)
    put("plays", 10, 1000)
    pictures.store.refresh()
    click(pictures, "data-mix")
    assert {share.title for share in pictures.mixture.shares.shares} == {"shapes", "more"}
    assert text(pictures, "mixture-note").startswith("While shapes is seen once, more is seen 2.0 times")
    click(pictures, "mixture-even")
    assert text(pictures, "mixture-note") == "Every picture is seen about equally often."
    click(pictures, "mixture-train")
    assert {name["name"] if isinstance(name, dict) else name for name in went[0][1]["datasets"]} == {"shapes", "more"}
    click(pictures, "mixture-kind-text")
    assert {share.title for share in pictures.mixture.shares.shares} == {"notes", "plays"}


def test_pictures_of_another_size_are_not_mixed(pictures, workspace):
    keep_shapes(workspace, "large", count=30, side=24)
    pictures.store.refresh()
    click(pictures, "data-mix")
    assert "24 × 24 in colour" in text(pictures, "mixture-note")
    assert not pictures.mixture.go.isEnabled()


def test_both_themes_and_a_small_window_paint_every_view(pictures, theme):
    pictures.resize(760, 520)
    for scheme in ("dark", "light"):
        theme.choose(scheme)
        for view in ("preview", "statistics", "clean"):
            pictures.dataset.look_at(view)
            assert not pictures.grab().isNull()
