"""Adding pictures: files of several kinds, what an import makes of one, and pictures drawn on this machine."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLineEdit

from fmstudio.data.avatars import styles
from fmstudio.data.generating import preview
from fmstudio.gui.data.jobs import DRAW, DRAWN, FITTING, IMPORT, LISTING
from fmstudio.gui.data.pictures.style_field import PICTURES
from fmstudio.jobs import Failed, JobContext
from tests.driving import run_job
from tests.gui import recorded
from tests.gui.data.hands import answer, asked, click, end, text
from tests.gui.recorded import changed
from tests.gui.small_jobs import OF_PICTURES
from tests.pictures import keep_shapes, shape


@pytest.fixture
def files(tmp_path):
    """A folder of pictures in two classes, with a text beside them."""
    folder = tmp_path / "harbour"
    for number in range(4):
        place = folder / shape(number).label
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(shape(number, 40).pixels).save(place / f"{number}.png")
    (folder / "readme.txt").write_text("Boats.", "utf-8")
    return folder


def option(panel, key, value):
    row = panel.sheet.rows[key]
    row.editor.set_value(value)
    row.editor.edited.emit()


def test_a_folder_of_pictures_is_recognised_and_imported_as_such(panel, engine, files):
    panel.dropped([files])
    assert panel.sheet.kind.value() == "images"
    assert text(panel, "import-how-title") == "How it becomes pictures"
    option(panel, "size", 16)
    panel.primary_action.trigger()
    assert asked(engine, IMPORT) == {
        "sources": [str(files)], "name": "harbour", "kind": "images", "options": {"size": 16},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.txt", "text"), ("a.JPEG", "images"), ("train-images-idx3-ubyte.gz", "images"), ("digits.npz", "images"),
     ("a.mp4", "video"), ("a.gif", "images"), ("a.unheard-of", "text")],
)  # fmt: skip
def test_files_are_recognised_by_their_endings(panel, tmp_path, name, kind):
    path = tmp_path / name
    path.write_bytes(b"")
    panel.dropped([path])
    assert panel.sheet.kind.value() == kind


def test_what_a_person_says_the_files_hold_is_kept(panel, files, tmp_path):
    panel.dropped([files])
    click(panel, "import-kind-text")
    assert text(panel, "import-how-title") == "How it becomes documents"
    more = tmp_path / "more.png"
    more.write_bytes(b"")
    panel.dropped([more])
    assert panel.sheet.kind.value() == "text"


def test_the_first_picture_shows_what_the_model_will_see(panel, studio, engine, files, qtbot):
    panel.dropped([files])
    qtbot.waitUntil(lambda: FITTING in engine.targets())
    assert asked(engine, FITTING) == {"source": str(files / "circle" / "0.png"), "options": {}}
    told = recorded.answer(FITTING)
    shown = changed(told, width=4000, height=3000, mode="RGBA", note="What is transparent becomes white")
    answer(studio, engine, FITTING, shown)
    assert text(panel, "fitting-images-original-facts") == "4,000 × 3,000 · colour, transparent"
    assert text(panel, "fitting-images-fitted-facts") == "16 × 16"
    assert text(panel, "fitting-images-note") == "0.png. What is transparent becomes white"
    option(panel, "crop", "fit")
    qtbot.waitUntil(lambda: asked(engine, FITTING)["options"] == {"crop": "fit"})


def test_a_first_picture_that_cannot_be_read_is_said_beside_the_options(panel, studio, engine, files, qtbot):
    panel.dropped([files])
    qtbot.waitUntil(lambda: FITTING in engine.targets())
    studio.jobs.deliver([(engine.latest(FITTING), Failed("0.png cannot be imported: it is cut off.", "trace"))])
    assert text(panel, "fitting-images-note") == "0.png cannot be imported: it is cut off."
    assert panel.primary_action.isEnabled()  # the others may be sound


def test_settings_that_matter_less_wait_behind_a_button(panel, files):
    panel.dropped([files])
    row = panel.sheet.rows["background"]
    assert not row.isVisible()
    click(panel, "import-options-images-more")
    assert row.isVisible()


def test_an_option_out_of_range_is_said_and_keeps_from_importing(panel, files):
    panel.dropped([files])
    option(panel, "size", 1)
    assert "Size must be a whole number from" in panel.primary_action.reason


def test_imported_pictures_are_counted_as_pictures(panel, studio, engine, files, workspace):
    panel.dropped([files])
    panel.primary_action.trigger()
    keep_shapes(workspace, "harbour", count=4)
    skipped = [{"source": "harbour/half.jpg", "reason": "it is cut off"}]
    end(studio, engine, OF_PICTURES, dataset="harbour", pictures=4, bytes=3072, skipped=skipped)
    assert text(panel, "import-sentence") == "4 pictures, 3.07 kB. 1 file could not be used."
    assert panel.importing.skipped.texts == [("harbour/half.jpg", "it is cut off")]


def test_a_failed_import_of_pictures_comes_back_as_it_was(panel, studio, engine, files):
    panel.dropped([files])
    click(panel, "import-kind-video")
    option(panel, "size", 64)
    panel.primary_action.trigger()
    studio.jobs.deliver([(engine.latest(IMPORT), Failed("There is no video in harbour.", "trace"))])
    click(panel, "import-again")
    assert panel.sheet.kind.value() == "video"
    assert panel.sheet.rows["size"].value() == 64


# Drawing.


@pytest.fixture
def drawing(panel):
    panel.open_drawing()
    return panel.drawing


def test_a_style_is_shown_with_its_creator_and_licence_and_a_dozen_pictures(panel, drawing, studio, engine, qtbot):
    assert text(panel, "draw-about") == "By Pablo Stanley. Licence: Free for personal and commercial use."
    assert "eyes (14)" in text(panel, "draw-known")
    qtbot.waitUntil(lambda: DRAWN in engine.targets())
    assert asked(engine, DRAWN) == {"style": "bottts", "options": {}}
    answer(studio, engine, DRAWN, recorded.answer(DRAWN))
    assert drawing.tiles.count == 12


def test_another_style_is_previewed_and_named_after(panel, drawing, engine, qtbot):
    field = panel.findChild(QComboBox, "draw-style")
    field.setCurrentIndex(field.findData("pixel-art"))
    field.edited.emit()
    qtbot.waitUntil(lambda: DRAWN in engine.targets() and asked(engine, DRAWN)["style"] == "pixel-art")
    assert panel.findChild(QLineEdit, "draw-name").text() == "pixel-art"


def test_as_many_pictures_as_wanted_are_drawn_by_a_job(panel, drawing, studio, engine, workspace):
    drawing.count.set_value(500)
    drawing.options.rows["seed"].editor.set_value(3)
    drawing.name.set_value("robots")
    drawing.name.edited.emit()
    assert panel.primary_action.text() == "Draw"
    panel.dataset.view_choice.set_value("clean")  # as what was seen before
    panel.primary_action.trigger()
    assert asked(engine, DRAW) == {"style": "bottts", "count": 500, "name": "robots", "options": {"seed": 3}}
    assert text(panel, "import-card-title") == "Drawing “robots”"
    keep_shapes(workspace, "robots", count=5)
    end(studio, engine, DRAW)
    assert text(panel, "dataset-heading") == "robots"
    assert panel.dataset.pages.currentWidget() is panel.dataset.pictures


def test_what_cannot_be_drawn_is_said_in_place(panel, drawing, studio, engine, qtbot):
    drawing.count.set_value(0)
    drawing.count.edited.emit()
    assert panel.primary_action.reason == "How many must be a whole number from 1 to 1,000,000."
    drawing.count.set_value(10)
    drawing.name.set_value("plays")
    drawing.name.edited.emit()
    assert text(panel, "draw-problem") == "There is a dataset of this name already; choose another."
    qtbot.waitUntil(lambda: DRAWN in engine.targets())
    studio.jobs.deliver([(engine.latest(DRAWN), Failed("The style has no such part.", "trace"))])
    assert drawing.error.isVisible()


def test_a_drawing_that_failed_can_be_changed_and_tried_again(panel, drawing, studio, engine):
    drawing.count.set_value(77)
    panel.primary_action.trigger()
    studio.jobs.deliver([(engine.latest(DRAW), Failed("The disk is full; make room.", "trace"))])
    click(panel, "import-again")
    assert drawing.isVisible()
    assert drawing.count.value() == 77


def test_the_catalogue_offers_pictures(panel, studio, engine):
    panel.open_catalogue()
    answer(studio, engine, LISTING, recorded.answer(LISTING))
    licence = "Free for personal and commercial use"
    assert text(panel, "catalogue-robots-facts") == f"Pictures · drawn on this machine · Licence: {licence}"


def test_an_empty_place_for_a_picture_is_painted(theme, show):
    from fmstudio.gui.data.pictures.large import PictureBox

    box = show(PictureBox(theme, "box", "Picture"), 200, 100)
    assert box.grab().toImage().pixelColor(100, 50) == theme.color("hover")
    box.show_image(QImage(30, 30, QImage.Format.Format_RGB32))
    assert not box.grab().isNull()


def test_every_style_is_shown_by_its_first_picture(drawing):
    assert {path.stem for path in PICTURES.glob("*.png")} == set(styles())
    drawn = run_job(preview(JobContext(), None, "bottts", {"size": 96}, count=1))[0][-1].data[0]
    with Image.open(PICTURES / "bottts.png") as picture:
        assert np.abs(np.asarray(picture).astype(int) - drawn).mean() < 2
    field = drawing.style_field
    assert not any(field.itemIcon(place).isNull() for place in range(field.count()))
