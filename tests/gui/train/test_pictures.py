"""Train with a family that draws: its own data, presets, plots, samples and settings."""

import numpy as np
import pytest
from PySide6.QtGui import QImage

from fmstudio.data.picture_files import grid, save_png
from fmstudio.gui.runs.jobs import DESCRIBE, OBJECTIVE
from fmstudio.gui.runs.sheets import read_sheet
from fmstudio.jobs import Artefact, Metrics, Progress, Sample, Started
from fmstudio.workspace import DatasetRecord, ModelRecord
from fmstudio.workspace.deleting import delete
from tests.gui import recorded
from tests.gui.recorded import changed
from tests.gui.small_jobs import DRAWN_BY, OF_A_DIFFUSION, OF_DRAWINGS
from tests.gui.train.runs import description, few_settings

PICTURES = np.random.default_rng(0).integers(0, 255, (6, 8, 8, 3), np.uint8)


PATHS = ("data.datasets", "training.batch_size")


def drawing_family(real):
    """The family of diffusion as the job tells it, by another name and with few settings."""
    return changed(
        few_settings(real, PATHS), name="drawing", title="Drawing model", sizes={},
        plots=[each for each in real["plots"] if each["name"] in ("loss", "pictures_per_second")], can_continue=False,
        sampling=[each for each in real["sampling"] if each.path == "count"],
    )  # fmt: skip


@pytest.fixture
def drawing(train, with_data):
    """The panel where a drawing family is known too, with pictures to learn from and a model."""
    with_data.dataset_folder("robots").mkdir(parents=True)
    with_data.put_dataset(DatasetRecord("robots", "images", 6, 1152))
    with_data.model_folder("painter").mkdir(parents=True)
    with_data.put_model(ModelRecord("painter", "drawing", 1000, 4000))
    told, real = description(), recorded.answer(DESCRIBE)["families"]
    told["families"].append(drawing_family(next(each for each in real if each["name"] == "diffusion")))
    values = {"data.datasets": ["robots"]}
    told["presets"].append(changed(told["presets"][0], name="robots", title="Robots", family="drawing", values=values))
    panel = train.panel
    panel.family.clear()
    panel.setup.family = {}
    train.studio.know_families(told)
    train.studio.announce("dataset", "robots")
    train.studio.announce("model", "painter")
    return train


def test_a_preset_brings_its_family_with_its_data_and_nothing_of_another(drawing):
    drawing.panel.shown(preset="robots")
    assert drawing.panel.family.currentText() == "Drawing model"
    recipe = drawing.panel.setup.recipe()
    assert (recipe["family"], recipe["data"]["datasets"], recipe["name"]) == ("drawing", ["robots"], "robots-drawing")
    assert "model" not in recipe
    assert drawing.panel.setup.init.isHidden() or not drawing.panel.setup.init.isVisible()


def test_a_dataset_of_pictures_chooses_a_family_that_learns_from_pictures(drawing):
    drawing.panel.shown(dataset="robots")
    assert drawing.panel.setup.family["name"] == "drawing"
    drawing.panel.shown(dataset="plays")
    assert drawing.panel.setup.family["name"] == "language"
    offered = drawing.panel.setup.form.rows["data.datasets"].editor.rows[0].choice
    assert offered.findText("robots") < 0 <= offered.findText("manual")


def test_its_run_has_its_own_plots_and_shows_what_it_draws(drawing):
    drawing.panel.shown(preset="robots")
    job = drawing.begin("robots")
    for step in (0, 50):
        drawing.tell(job, Metrics(step, {"loss/training": 0.5}), Sample("sample", "images", PICTURES, step),
                     Progress(step, 100, "steps", "", 260.0, "pictures/s"))  # fmt: skip
    view = drawing.panel.view
    assert list(view.curves.small) == ["pictures_per_second"]
    assert view.curves.against.itemText(2) == "against pictures"
    assert view.samples.headings() == ["Step 0", "Step 50"]
    assert view.samples.texts == ["6 pictures", "6 pictures"]
    drawn = view.samples.grab().toImage()
    colours = {drawn.pixelColor(x, y).name() for x in range(0, drawn.width(), 3) for y in range(30, drawn.height(), 3)}
    assert len(colours) > 30, "the pictures are painted"


def test_its_model_draws_with_the_settings_of_its_family(drawing, engine):
    drawing.panel.shown(model="painter")
    store = drawing.panel.sampling
    store.drawing.form.set_values({"count": 6})
    store.drawing.go.click()
    job = engine.latest("fmstudio.training.sampling:sample")
    assert engine.requests[job].arguments["settings"] == {"count": 6}
    drawing.tell(
        job, Started(), Sample("output", "images", PICTURES), recorded.finished(DRAWN_BY, count=6, seconds=1.5)
    )
    assert store.drawing.tiles.count == 6
    assert store.drawing.pace.text() == "6 pictures in 1.5 s"
    store.model.show_model("none of these")
    store.model.chosen.emit("none of these")
    assert not store.drawing.halt.isEnabled()


def test_its_objective_is_rows_of_pictures(drawing, engine, qtbot):
    drawing.panel.shown(preset="robots")
    qtbot.waitUntil(lambda: engine.targets().count("fmstudio.training.estimate:objective") > 0)
    rows = [{"title": "Growing noise", "pictures": PICTURES, "captions": ["0"] * 6}]
    drawing.panel.objective.show_example(changed(recorded.answer(OF_DRAWINGS), rows=rows, source="robots"))
    assert drawing.panel.objective.rows.isVisible()
    assert not drawing.panel.objective.tokens.isVisible()
    line = changed(recorded.answer(OBJECTIVE), inputs=[], targets=[], source="a line")
    drawing.panel.objective.show_example(line)
    assert not drawing.panel.objective.rows.isVisible()


def test_a_sheet_of_samples_is_read_back_as_the_pictures_it_was_made_of(tmp_path):
    for pictures in (PICTURES, PICTURES[..., :1]):
        save_png(tmp_path / "sheet.png", grid(pictures, gap=0), tile="8x8", count="6")
        assert np.array_equal(read_sheet(tmp_path / "sheet.png"), pictures)
    QImage(4, 4, QImage.Format.Format_RGB32).save(str(tmp_path / "other.png"))
    assert read_sheet(tmp_path / "other.png") is None


def test_a_finished_run_of_the_family_names_its_model(drawing, with_data):
    drawing.panel.shown(preset="robots")
    job = drawing.begin("robots")
    drawing.tell(
        job, Artefact("model", "painter", "/models"), recorded.finished(OF_A_DIFFUSION, run="robots", model="painter")
    )
    drawing.panel.view.header.write.click()
    assert drawing.panel.sampling.drawing.model == "painter"


def also_painting(told):
    """… and another family that draws, whose first preset is made for data that are not here."""
    drawing = next(each for each in told["families"] if each["name"] == "drawing")
    faces = changed(told["presets"][-1], title="Faces", values={"data.datasets": ["faces"]})
    others = [changed(faces, name="faces"), changed(faces, name="faces-2", family="painting")]
    families = [*told["families"], changed(drawing, name="painting", title="Painting model")]
    return changed(told, families=families, presets=[*told["presets"], *others])


def choose_family(panel, title):
    panel.family.setCurrentIndex(panel.family.findText(title))
    panel.family.edited.emit()


def learns_from(panel):
    return panel.setup.recipe()["data"]["datasets"]


@pytest.fixture
def painting(drawing, open_panel):
    """The panel anew, where two families that draw are known, and pictures of one's own are here."""
    drawing.studio.workspace.dataset_folder("cats").mkdir()
    drawing.studio.workspace.put_dataset(DatasetRecord("cats", "images", 6, 1152))
    drawing.studio.description = also_painting(drawing.studio.description)
    drawing.panel = open_panel()
    return drawing


def test_a_choice_of_data_stands_whatever_family_or_preset_is_chosen_after_it(painting):
    panel = painting.panel
    panel.shown(dataset="cats")
    assert panel.family.currentText() == "Drawing model"
    for title in ("Painting model", "Language model", "Drawing model"):
        choose_family(panel, title)
        assert learns_from(panel) == (["plays"] if title == "Language model" else ["cats"])
    panel.preset.setCurrentIndex(panel.preset.findText("Faces"))
    panel.preset.edited.emit()
    assert learns_from(panel) == ["cats"]
    panel.setup.form.reset()
    assert learns_from(panel) == ["cats"]


def test_data_chosen_in_the_form_stand_as_well(painting):
    panel = painting.panel
    choose_family(panel, "Drawing model")
    choice = panel.setup.form.rows["data.datasets"].editor.rows[0].choice
    choice.setCurrentIndex(choice.findData("cats"))
    choice.edited.emit()
    choose_family(panel, "Painting model")
    assert learns_from(panel) == ["cats"]


def test_a_family_whose_preset_has_no_data_here_takes_what_is_here(painting):
    choose_family(painting.panel, "Painting model")
    assert learns_from(painting.panel) == ["robots"]


def test_training_on_data_takes_the_preset_that_was_made_for_them(painting):
    panel = painting.panel
    choose_family(panel, "Drawing model")
    panel.preset.setCurrentIndex(panel.preset.findText("Faces"))
    panel.preset.edited.emit()
    panel.shown(dataset="robots")
    assert (panel.preset.currentText(), learns_from(panel)) == ("Robots", ["robots"])


def test_data_chosen_before_it_is_known_what_can_be_trained_are_taken_then(painting, open_panel):
    description, painting.studio.description = painting.studio.description, {}
    panel = open_panel()
    panel.shown(dataset="cats")
    painting.studio.know_families(description)
    assert (panel.family.currentText(), learns_from(panel)) == ("Drawing model", ["cats"])


def test_the_choice_of_family_and_data_is_there_again_when_the_program_is(painting, open_panel):
    choose_family(painting.panel, "Painting model")
    painting.panel.shown(dataset="robots")
    again = open_panel()
    assert (again.family.currentText(), learns_from(again)) == ("Painting model", ["robots"])
    delete(painting.studio.workspace, "dataset", "robots")
    assert learns_from(open_panel()) == ["cats"]
