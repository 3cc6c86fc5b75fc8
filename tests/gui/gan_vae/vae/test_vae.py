"""The VAE side of GAN & VAE, fed with what training and the laboratory tell."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLabel, QPushButton

from fmstudio.jobs import Failed, Finished, Metrics, Progress, Started
from tests.gui import recorded
from tests.gui.gan_vae.hands import Hands, codebook, pictures, survey
from tests.gui.gan_vae.hands import vae as opened
from tests.gui.recorded import changed


@pytest.fixture
def hands(studio, engine, show):
    made = Hands(studio, engine, show)
    made.panel.look_at("vae")
    made.keep_dataset()
    return made


@pytest.fixture
def vae(hands):
    """A model that is open on its dataset, not surveyed yet."""
    hands.keep_model("robots", "vae")
    hands.answer("vae:open", "vae", opened(), "vae")
    return hands.panel.vae


@pytest.fixture
def mapped(hands, vae):
    """… and surveyed."""
    hands.answer("vae:survey", "survey", survey(), "survey")
    hands.answer("vae:decode", "decoded", pictures(1))
    return vae


def reconstructed(count):
    return changed(
        recorded.answer("fmstudio.laboratory.vae:reconstruct"), originals=pictures(count, 1),
        reconstructions=pictures(count, 2), errors=[4.0] * count, latents=np.arange(4.0) + np.zeros((count, 1)),
    )  # fmt: skip


def text(hands, name):
    return hands.panel.findChild(QLabel, name).text()


def told_at(chart, across):
    return chart.describe(chart.mark_at(chart.view().place(across, 0.0)))


def test_the_map_is_drawn_of_the_pictures_the_model_learnt_from(hands, vae):
    hands.keep_dataset("large", side=64)
    assert vae.dataset.count() == 1  # only pictures of the model's size can be encoded
    assert not hands.panel.primary_action.isEnabled()
    job = hands.engine.latest("fmstudio.laboratory.vae:survey")
    hands.tell(job, Started(), Progress(500, 2000, "pictures", "encoding"))
    assert vae.space.waiting.text() == "Encoding… 500 of 2,000"
    asked = hands.answer("vae:survey", "survey", survey(), "survey")
    assert (asked["model"], asked["dataset"]) == ("robots", "robots")
    assert vae.space.map.isVisible()
    assert [entry.text().strip() for entry in vae.space.legend.entries.values()] == ["square", "round"]
    assert hands.panel.primary_action.isEnabled()


def test_a_click_decodes_the_point_and_shows_the_nearest_picture(hands, mapped, qtbot):
    chart = mapped.space.map
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=chart.view().place(0.9, 0.1).toPoint())
    asked = hands.answer("vae:decode", "decoded", pictures(1, 5))
    across, up = np.array(asked["latents"][0][:2]) - 0.5  # the centre is at 0.5 of each dimension
    assert (across, up) == (pytest.approx(0.9, abs=0.02), pytest.approx(0.1, abs=0.02))
    assert list(asked["latents"][0][2:]) == [0.5, 0.5]
    hands.answer("vae:reconstruct", "reconstructions", reconstructed(1), "reconstructions")
    asked = hands.answer("vae:reconstruct", "reconstructions", reconstructed(1), "reconstructions")
    assert asked["indices"] == [3]  # row 1 of the map is picture 3 of the dataset
    assert text(hands, "vae-nearest-title") == "Nearest picture · square"
    hands.panel.findChild(QPushButton, "vae-visit").click()
    assert list(mapped.point.vector) == [0, 1, 2, 3]


def test_a_drag_walks_and_only_the_newest_point_waits(hands, mapped, qtbot):
    before = len(hands.asked("vae:decode"))
    chart = mapped.space.map
    start = chart.view().place(-0.5, 0.2).toPoint()
    qtbot.mousePress(chart, Qt.MouseButton.LeftButton, pos=start)
    for x in (20, 40, 60):
        qtbot.mouseMove(chart, start + QPoint(x, 0))
    qtbot.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 0))
    assert len(hands.asked("vae:decode")) == before + 1
    hands.answer("vae:decode", "decoded", pictures(1))
    newest = hands.asked("vae:decode")[-1]["latents"][0]
    assert len(hands.asked("vae:decode")) == before + 2
    assert newest == pytest.approx(mapped.point.vector)


def test_the_arrow_keys_walk_too(mapped, qtbot):
    across, _ = mapped.point.place
    qtbot.keyClick(mapped.space.map, Qt.Key.Key_Right)
    assert mapped.point.place[0] > across


def test_sliders_are_those_of_the_most_active_dimensions(hands, mapped):
    sliders = mapped.space.sliders
    assert list(sliders.sliders) == [1, 3]
    sliders.sliders[3].setValue(200)
    assert hands.answer("vae:decode", "decoded", pictures(1))["latents"][0][3] == pytest.approx(3.5)
    hands.panel.findChild(QPushButton, "vae-centre").click()
    assert sliders.sliders[3].value() == 0


def test_a_class_can_be_seen_alone(mapped):
    legend = mapped.space.legend
    legend.entries[1].click()
    assert mapped.space.map.highlighted == 1
    legend.entries[1].click()
    assert mapped.space.map.highlighted is None
    assert told_at(mapped.space.map, -1.0) == "Picture 0 · round"
    assert mapped.space.map.mark_at(QPointF(0, 0)) == -1


def test_the_map_can_be_coloured_by_an_attribute_and_stays_so(hands, mapped):
    space = mapped.space
    space.colour.set_value("colour")
    space.colour.edited.emit()
    assert [entry.text().strip() for entry in space.legend.entries.values()] == ["blue", "green"]
    assert told_at(space.map, -1.0) == "Picture 0 · green"
    hands.panel.primary_action.trigger()
    hands.answer("vae:open", "vae", opened(), "vae")
    hands.answer("vae:survey", "survey", survey(), "survey")
    assert told_at(space.map, 1.0) == "Picture 3 · blue"


def test_originals_stand_beside_their_reconstructions(hands, mapped, qtbot):
    mapped.look_at("pairs")
    asked = hands.answer("vae:reconstruct", "reconstructions", reconstructed(24), "reconstructions")
    assert len(set(asked["indices"])) == 24
    assert text(hands, "vae-mean-error") == "off by 4.0 of 255 grey levels"
    pairs = mapped.pairs
    for index in (3, 8):
        qtbot.mouseClick(pairs.decoded, Qt.MouseButton.LeftButton, pos=pairs.decoded.tile(index).center())
    film = hands.answer("vae:interpolate", "interpolation", pictures(16))
    assert (film["first"], film["second"]) == (asked["indices"][3], asked["indices"][8])
    assert len(pairs.strip.frames) == 16
    hands.panel.primary_action.trigger()
    assert hands.asked("vae:reconstruct")[-1]["indices"] != asked["indices"]


def test_samples_follow_the_prior_and_the_temperature(hands, mapped):
    mapped.look_at("prior")
    asked = hands.answer("vae:prior", "prior", pictures(24))
    assert (asked["count"], asked["seed"], asked["temperature"], asked["prior"]) == (24, 0, 1.0, "learnt")
    mapped.prior.temperature.setValue(60)
    assert hands.answer("vae:prior", "prior", pictures(24))["temperature"] == 0.6
    hands.panel.primary_action.trigger()
    assert hands.answer("vae:prior", "prior", pictures(24))["seed"] == 1
    assert mapped.prior.tiles.count == 24


def test_posterior_collapse_is_named_and_the_active_dimensions_counted(hands, vae):
    collapse = "Posterior collapse: none of the 4 latent dimensions tells pictures apart; lower objective.kl_weight."
    hands.answer("vae:survey", "survey", survey(collapse=collapse), "survey")
    vae.look_at("inside")
    assert text(hands, "vae-figures") == "2 of 4 dimensions active · 4.01 nats a picture"
    assert (vae.inside.kl.values, vae.inside.kl.marked) == ([2.5, 1.5, 0.01, 0.0], 2)
    assert vae.inside.kl.describe(0) == "Dimension 1: 2.5 nats"
    assert vae.inside.alarm.title.text() == "Posterior collapse"


def test_a_vector_quantised_model_shows_the_use_of_its_codes(hands, vae):
    codes = codebook(size=4, used=3, perplexity=2.6, counts=[5, 0, 20, 7])
    hands.answer("vae:survey", "survey", survey(kl=[], codebook=codes), "survey")
    vae.look_at("inside")
    assert text(hands, "vae-figures") == "3 of 4 codes used · perplexity 2.60"
    assert (vae.inside.codes.values, vae.inside.codes.marked) == ([20, 7, 5, 0], 3)
    assert not vae.space.sliders.sliders


def test_the_curves_are_those_of_the_run_live_or_kept(hands):
    hands.keep_run("first", "vae", "reconstruction/training", "reconstruction/validation", "kl/training")
    hands.keep_model("first", "vae", run="first")
    inside = hands.panel.vae.inside
    assert set(inside.plots["reconstruction"].columns) == {"training", "validation"}
    assert list(inside.plots["kl"].columns["training"].steps) == [10, 20, 30]
    job = hands.train("vae", "second")
    hands.panel.look_at("vae")
    hands.tell(job, Metrics(5, {"kl/training": 2.0, "reconstruction/training": 30.0}))
    assert list(inside.plots["kl"].columns["training"].values) == [2.0]


def test_errors_are_said_in_place_and_can_be_tried_again(hands, vae):
    job = hands.engine.latest("fmstudio.laboratory.vae:survey")
    hands.tell(job, Failed("The pictures of dataset 'robots' are 4 × 4; choose another dataset.", "trace"))
    assert vae.error.sentence.text().startswith("The pictures of dataset 'robots'")
    hands.panel.primary_action.trigger()
    hands.answer("vae:open", "vae", opened(), "vae")
    hands.answer("vae:survey", "survey", survey(), "survey")
    assert not vae.error.showing


def test_without_pictures_of_its_size_a_model_still_draws_samples(hands, workspace):
    hands.keep_model("foreign", "vae")
    hands.answer("vae:open", "vae", opened(height=28, width=28, datasets=[]), "vae")
    vae = hands.panel.vae
    assert "28×28" in vae.space.waiting.text()
    assert hands.panel.primary_action.reason == "Choose pictures first."
    vae.look_at("prior")
    assert hands.panel.primary_action.isEnabled()
    assert hands.asked("vae:prior")[-1]["model"] == "foreign"
    hands.tell(hands.engine.latest("fmstudio.laboratory.vae:prior"), Finished())
