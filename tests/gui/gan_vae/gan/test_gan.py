"""The GAN side of GAN & VAE, fed with what training and the laboratory tell."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from fmstudio.gui.runs.scores import Scores
from fmstudio.jobs import Artefact, Failed, Finished, Progress, Started
from fmstudio.jobs.request import from_plain
from fmstudio.workspace import ModelRecord
from tests.gui.gan_vae.hands import Hands, finished, gan, pictures, step_events

COLLAPSE = "Mode collapse: generated pictures are only 12% as varied as real ones; raise game.gamma (now 0.5)."


@pytest.fixture
def hands(studio, engine, show):
    return Hands(studio, engine, show)


@pytest.fixture
def generate(hands):
    """A kept model, opened in the view that generates."""
    hands.keep_model("robots", "gan")
    hands.panel.gan.look_at("generate")
    hands.answer("gan:open", "gan", gan(), "gan")
    hands.answer("gan:generate", "generated", pictures(24))
    return hands.panel.gan.generate


def press(hands, name):
    hands.panel.findChild(QPushButton, name).click()


def test_with_nothing_to_look_at_it_leads_to_the_preset_or_to_steps_by_hand(hands, studio):
    gone = []
    studio.navigation_requested.connect(lambda *where: gone.append(where))
    press(hands, "no-gan-train")
    assert gone == [("train", {"preset": "robots-gan"})]
    assert not hands.panel.primary_action.isEnabled()
    press(hands, "no-gan-step")
    assert hands.panel.gan.learning.isVisible()
    assert hands.panel.primary_action.isEnabled()
    hands.panel.look_at("vae")
    press(hands, "no-vae-train")
    assert gone[-1] == ("train", {"preset": "robots-vae"})


def test_it_opens_on_the_side_that_has_something(hands, workspace):
    workspace.put_model(ModelRecord("walker", "vae", 1000, 4000))
    hands.panel.shown()
    assert hands.panel.side.value() == "vae"
    QTest.mouseClick(hands.panel.side.button("gan"), Qt.MouseButton.LeftButton)
    hands.panel.shown()
    assert hands.panel.side.value() == "gan", "a person's choice stays"


def test_a_run_in_training_is_followed_live(hands):
    learning = hands.panel.gan.learning
    job = hands.train()
    hands.panel.look_at("gan")
    assert hands.panel.source.text() == "live · training now"
    for step in (1, 2, 3):
        hands.tell(job, *step_events(step))
    assert set(learning.losses.columns) == {"Discriminator", "Generator"}
    assert list(learning.losses.columns["Generator"].steps) == [1, 2, 3]
    # 10 of 16 pairs are won by the real picture, 3 are draws.
    assert learning.scores.scores.told_apart == pytest.approx((10 + 3 / 2) / 16)
    assert "72 %" in learning.findChild(type(learning.error.sentence), "gan-scores-card-caption").text()
    assert "75 % as varied" in learning.diversity.share.text()
    assert learning.alarm.isHidden()
    hands.tell(job, *step_events(4, COLLAPSE, generated=0.05))
    assert learning.alarm.title.text() == "Mode collapse"
    assert "raise game.gamma" in learning.alarm.sentence.text()


def test_one_scrubs_back_through_what_was_drawn_and_follows_again(hands):
    history = hands.panel.gan.learning.history
    job = hands.train()
    hands.panel.look_at("gan")
    for step in (10, 20, 30):
        hands.tell(job, *step_events(step))
    assert (history.steps, history.step) == ([10, 20, 30], 30)
    history.slider.setValue(0)
    assert history.place.text() == "Step 10"
    assert np.array_equal(history.sheet, pictures(4, 10))
    hands.tell(job, *step_events(40))
    assert history.step == 10
    history.slider.setValue(history.slider.maximum())
    hands.tell(job, *step_events(50))
    assert history.step == 50


def test_a_run_that_ends_becomes_its_model(hands):
    job = hands.train()
    hands.panel.look_at("gan")
    hands.keep_model("live", "gan", run="live")
    hands.tell(job, Artefact("model", "live", "/models"), finished("live"))
    assert hands.panel.source.text() == "live"


def test_steps_on_a_run_outlast_its_end(hands):
    job = hands.train()
    hands.panel.look_at("gan")
    press(hands, "gan-step-both")
    hands.tell(hands.engine.latest("fmstudio.laboratory.gan:steps"), Started(), *step_events(7), Finished())
    hands.keep_model("live", "gan", run="live")
    hands.tell(job, finished("live"))
    assert list(hands.panel.gan.learning.losses.columns["Generator"].steps) == [7]


def test_steps_by_hand_are_apart_from_saved_runs(hands):
    hands.keep_run("kept", "gan", "loss/discriminator", "loss/generator")
    hands.keep_model("kept", "gan", run="kept")
    learning = hands.panel.gan.learning
    assert list(learning.losses.columns["Generator"].steps) == [10, 20, 30]
    learning.bar.count.button(10).click()
    press(hands, "gan-step-discriminator")
    (asked,) = hands.asked("gan:steps")
    assert {key: asked[key] for key in ("source", "which", "count", "reset")} == {
        "source": "kept", "which": "discriminator", "count": 10, "reset": True,
    }  # fmt: skip
    assert not learning.bar.buttons["both"].isEnabled()
    job = hands.engine.latest("fmstudio.laboratory.gan:steps")
    hands.tell(job, Started(), *step_events(31), Finished())
    assert list(learning.losses.columns["Generator"].steps) == [31]
    assert "nothing of it is kept" in learning.bar.note.text()
    press(hands, "gan-step-both")
    assert hands.asked("gan:steps")[-1]["reset"] is False
    hands.tell(hands.engine.latest("fmstudio.laboratory.gan:steps"), Finished("stopped"))
    press(hands, "gan-step-reset")
    assert list(learning.losses.columns["Generator"].steps) == [10, 20, 30]


def test_a_preset_is_stepped_on_the_chosen_pictures(hands):
    hands.keep_dataset("faces")
    hands.panel.shown()
    press(hands, "no-gan-step")
    learning = hands.panel.gan.learning
    assert [learning.bar.dataset.itemText(n) for n in range(2)] == ["robots", "faces"]
    hands.panel.primary_action.trigger()
    job = hands.engine.latest("fmstudio.laboratory.gan:steps")
    hands.tell(job, Started(), Progress(1500, 6000, "pictures", "drawing robots"))
    assert learning.bar.note.text() == "Drawing robots… 25 %"
    source = hands.asked("gan:steps")[0]["source"]
    assert (source["family"], source["data"], source["training"]) == ("gan", {"datasets": ["robots"]}, {"steps": 500})
    hands.tell(hands.engine.latest("fmstudio.laboratory.gan:steps"), Failed("robots is gone; add it again.", "trace"))
    assert learning.error.sentence.text() == "robots is gone; add it again."
    learning.bar.dataset.set_value("faces")
    learning.bar.dataset.edited.emit()
    press(hands, "gan-step-generator")
    assert hands.asked("gan:steps")[-1]["source"]["data"] == {"datasets": ["faces"]}


def test_a_model_whose_run_is_gone_can_only_generate(hands):
    hands.keep_model("orphan", "gan", run="gone")
    assert not hands.panel.primary_action.isEnabled()
    assert "discriminator" in hands.panel.primary_action.reason
    hands.panel.gan.look_at("generate")
    assert hands.panel.primary_action.isEnabled()


def test_while_the_slider_is_dragged_the_newest_wish_is_drawn_next(hands, generate):
    before = len(hands.asked("gan:generate"))
    for position in (90, 70, 50, 30):
        generate.truncation.setValue(position)
    asked = hands.asked("gan:generate")[before:]
    assert [each["truncation"] for each in asked] == [0.9]  # one at a time, and none is cancelled
    assert ("cancel", hands.engine.latest("fmstudio.laboratory.gan:generate")) not in hands.engine.calls
    hands.answer("gan:generate", "generated", pictures(24, 1))
    assert [each["truncation"] for each in hands.asked("gan:generate")[before:]] == [0.9, 0.3]
    hands.answer("gan:generate", "generated", pictures(24, 2))
    assert np.array_equal(generate._pictures, pictures(24, 2))


def test_conditions_and_seeds_reach_the_generator(hands, generate):
    generate.conditions.choose("class", "square")
    asked = hands.answer("gan:generate", "generated", pictures(24, 3))
    assert asked["condition"] == {"class": "square"}
    assert asked["seeds"] == list(range(24))
    hands.panel.primary_action.trigger()
    assert hands.answer("gan:generate", "generated", pictures(24, 4))["seeds"] == list(range(24, 48))
    assert "0.82 M" in generate.facts.text()


def test_a_walk_goes_by_the_pictures_that_were_clicked(hands, generate, qtbot):
    for index in (2, 5):
        qtbot.mouseClick(generate.tiles, Qt.MouseButton.LeftButton, pos=generate.tiles.tile(index).center())
    assert generate.walk.seeds.value() == "2, 5"
    press(hands, "gan-walk-go")
    asked = hands.answer("gan:walk", "walk", pictures(13))
    assert (asked["seeds"], asked["frames"], asked["truncation"]) == ([2, 5], 12, 1.0)
    strip = generate.walk.strip
    assert strip.playing
    strip.film.go_to(12)
    assert strip.place.text() == "Frame 13 of 13"
    strip.film.go_to(99)
    assert strip.film.position == 12
    press(hands, "gan-walk-clear")
    assert not strip.frames


def test_a_model_that_cannot_be_opened_says_so_in_place(hands):
    hands.keep_model("broken", "gan")
    hands.panel.gan.look_at("generate")
    hands.tell(
        hands.engine.latest("fmstudio.laboratory.gan:open"), Failed("broken has no weights; train it again.", "")
    )
    assert hands.panel.gan.generate.error.sentence.text() == "broken has no weights; train it again."


def test_a_sheet_is_saved_with_what_it_is_of(hands, generate, monkeypatch, tmp_path):
    target = tmp_path / "seeds.png"
    where = "fmstudio.gui.widgets.pictures.export.QFileDialog.getSaveFileName"
    monkeypatch.setattr(where, lambda *_: (str(target), ""))
    press(hands, "gan-save-grid")
    asked = hands.asked("picture_export:save")[0]
    assert asked["path"] == str(target)
    assert np.array_equal(from_plain(asked["pictures"]), pictures(24))
    assert asked["about"]["model"] == "robots"


def test_scores_that_overlap_fully_are_a_draw_and_apart_are_not():
    same = np.arange(5.0)
    assert Scores(same, same).told_apart == 0.5
    assert Scores(same + 9, same).told_apart == 1.0
