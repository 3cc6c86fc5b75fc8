"""Pictures in the Data panel on the real engine: from a folder with a broken file to a dataset without duplicates."""

import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel

from fmstudio.gui.data.panel import DataPanel
from tests.gui.data.hands import click, text
from tests.pictures import shape

PATIENCE = 30_000  # milliseconds; a wait ends as soon as what it waits for is there


@pytest.fixture
def real(show, real_studio):
    """The panel with an engine of its own."""
    panel = show(DataPanel(real_studio))
    panel.shown()
    return panel


@pytest.fixture
def wait(qtbot):
    return lambda condition: qtbot.waitUntil(condition, timeout=PATIENCE)


@pytest.fixture
def folder(tmp_path):
    """Eighteen pictures of three classes, one of them twice, and one that is cut off."""
    folder = tmp_path / "shapes"
    for number in range(18):
        place = folder / shape(number).label
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(shape(number, 48).pixels).save(place / f"{number:02}.png")
    whole = (folder / "circle" / "00.png").read_bytes()
    (folder / "circle" / "99.png").write_bytes(whole)
    (folder / "square" / "half.png").write_bytes(whole[: len(whole) // 2])
    return folder


def test_from_a_folder_to_pictures_without_duplicates(real, folder, wait, workspace):
    # A folder is dropped; its first picture shows what will become of all.
    wait(lambda: bool(real.sheet.rows))
    real.dropped([folder])
    wait(lambda: text(real, "fitting-images-fitted-facts") == "32 × 32")
    real.primary_action.trigger()
    wait(lambda: text(real, "import-card-title") == "“shapes” is here")
    assert [source for source, _ in real.importing.skipped.texts] == ["shapes/square/half.png"]
    click(real, "import-open")

    # The wall shows them, of one class too.
    view = real.dataset.pictures
    wait(lambda: text(real, "pictures-found") == "19 pictures")
    wait(lambda: ("Class", "circle") in view.detail.facts.pairs and len(view.detail.facts.pairs) > 2)
    view.tools.classes.set_value("square")
    view.tools.classes.edited.emit()
    wait(lambda: text(real, "pictures-found") == "6 pictures found")

    # They are counted.
    real.dataset.look_at("statistics")
    wait(lambda: real.dataset.picture_statistics.figures["pictures"].value.text() == "19")
    assert real.dataset.picture_statistics.skipped.texts

    # What is there twice is found, seen and left out.
    real.dataset.look_at("clean")
    click(real, "duplicates-which-exact")
    click(real, "duplicates-find")
    wait(lambda: text(real, "duplicates-state") == "1 group; 1 picture would go.")
    wait(lambda: real.dataset.duplicates.groups.rows[0].tiles.count == 2)
    click(real, "duplicates-apply")
    wait(lambda: real.findChild(QLabel, "duplicates-done").isVisible())
    click(real, "duplicates-open")
    assert text(real, "dataset-heading") == "shapes-unique"
    assert workspace.dataset("shapes-unique").items == 18
    wait(lambda: not real.studio.jobs.active())


def test_pictures_are_drawn_from_a_style(real, wait, workspace):
    wait(lambda: real.drawing.style_field.count() > 0)
    real.open_drawing()
    wait(lambda: real.drawing.tiles.count == 12)
    real.drawing.count.set_value(20)
    real.primary_action.trigger()
    wait(lambda: text(real, "dataset-heading") == "bottts" and text(real, "pictures-found") == "20 pictures")
    assert workspace.dataset("bottts").details["classes"]
    wait(lambda: not real.studio.jobs.active())
