"""The Diffusion panel, fed with the events of its jobs: what a person sees, and what they ask for."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel

from fmstudio.gui.diffusion.forward import DISSOLVE
from fmstudio.gui.diffusion.jobs import BETWEEN, EDIT, WALK
from fmstudio.gui.diffusion.models import ABOUT
from fmstudio.gui.diffusion.panel import DiffusionPanel
from fmstudio.gui.diffusion.source import SOURCE
from fmstudio.gui.panel import find_panels
from fmstudio.gui.widgets.pictures.export import SAVE
from fmstudio.gui.window.page import Page
from fmstudio.jobs import Failed, JobRequest, Paused, Priority, Sample, Started
from fmstudio.jobs.request import from_plain
from fmstudio.workspace import DatasetRecord, ModelRecord, RunRecord
from tests.gui import recorded
from tests.gui.data.hands import answer, asked, click, text
from tests.gui.recorded import changed

RESUME = "fmstudio.training.pretraining:resume"
SIZE = (8, 8, 3)
CONDITIONS = [{"name": "headVariant", "values": ["round", "square"]}]


def known(**changes):
    """What a model can be asked for."""
    return changed(recorded.answer(ABOUT), **{"height": 8, "width": 8, "parameters": 1000, "conditions": []} | changes)


def done(target=WALK, pictures=4):
    """The end of a walk."""
    return recorded.finished(target, pictures=pictures, steps=4, evaluations=4, seconds=0.4, seconds_per_evaluation=0.1)


def source(**changes):
    """A picture to begin with."""
    usual = {"pixels": shade(5, 1)[0], "title": "", "dataset": "robots", "index": 0, "total": 10}
    return changed(recorded.answer(SOURCE), **usual | changes)


def shade(value, count=4):
    return np.full((count, *SIZE), value, np.uint8)


def step(index, total, time, count=4):
    """A step whose pictures are as bright as its number says."""
    views = {"state": shade(10 + index, count), "denoised": shade(100 + index, count), "noise": shade(200, count)}
    told = changed(
        recorded.answer(WALK), index=index, steps=total, time=time, alpha=1 - time, sigma=time, decibels=0.0, **views
    )
    return Sample(f"step-{index:04d}", "diffusion-step", told)


def steps(total, count=4):
    return [step(index, total, 1 - index / total, count) for index in range(total + 1)]


@pytest.fixture
def stocked(workspace):
    """A workspace with a dataset of pictures and a diffusion model."""
    workspace.put_dataset(DatasetRecord("robots", "images", 10, 1920, details={"height": 8, "width": 8, "channels": 3}))
    workspace.put_dataset(DatasetRecord("plays", "text", 3, 100))
    workspace.put_model(ModelRecord("robots-small", "diffusion", 1000, 4000))
    workspace.put_model(ModelRecord("writer", "language", 1000, 4000))
    return workspace


class Hands:
    """Opens the panel and plays the engine."""

    def __init__(self, studio, engine, show):
        self.studio, self.engine, self.show = studio, engine, show
        self.asked_to_go = []
        studio.navigation_requested.connect(lambda panel, what: self.asked_to_go.append((panel, what)))

    def open(self, view="forward", **can):
        info = next(info for info in find_panels() if info.name == "diffusion")
        self.page = Page(info, self.studio.theme)
        self.page.fill(DiffusionPanel(self.studio))
        self.panel = self.show(self.page).panel
        self.panel.look_at(view)
        self.panel.shown()
        if view != "forward" and ABOUT in self.engine.targets():
            answer(self.studio, self.engine, ABOUT, known(**can))
        return self.panel

    def tell(self, target, *events):
        job = self.engine.latest(target)
        self.studio.jobs.deliver([(job, event) for event in events])

    def text(self, name):
        return text(self.panel, name)

    def press(self, key):
        QTest.keyClick(self.panel, key)


@pytest.fixture
def hands(studio, engine, show):
    return Hands(studio, engine, show)


def catch_menus(view):
    """The menus that right clicks open in a view from now on, which are not shown."""
    menus = []
    view.export.open_menu = lambda place, *arguments, **more: menus.append(view.export.menu(*arguments, **more))
    return menus


def brightness(tiles, index=0):
    return tiles.image(index).pixelColor(0, 0).red()


# Nothing there yet.


def test_without_a_model_the_way_to_the_preset_is_offered(hands, workspace):
    panel = hands.open("reverse")
    assert panel.primary_action.reason == "Train a diffusion model first."
    assert hands.text("diffusion-empty-title") == "No diffusion model yet"
    click(panel, "diffusion-train")
    assert hands.asked_to_go == [("train", {"preset": "robots-diffusion"})]


def test_without_pictures_the_way_to_data_is_offered(hands):
    panel = hands.open()
    assert panel.primary_action.reason == "Add a dataset of pictures first."
    click(panel, "forward-add-data")
    assert hands.asked_to_go == [("data", {})]


def test_a_model_that_arrives_is_listed_and_chosen(hands, workspace):
    panel = hands.open("reverse")
    workspace.put_model(ModelRecord("robots-small", "diffusion", 1000, 4000))
    hands.studio.announce("model", "robots-small")
    assert panel.reverse.fields[0].model.text() == "robots-small"
    answer(hands.studio, hands.engine, ABOUT, known())
    assert panel.primary_action.isEnabled()


# Adding noise.


def dissolved(times=11):
    time = np.linspace(0, 1, times)
    edges = np.linspace(-3, 3, 7)
    with np.errstate(divide="ignore"):
        ratio = 20 * np.log10((1 - time) / time)
    return changed(
        recorded.answer(DISSOLVE), frames=np.concatenate([shade(10 * n, 1) for n in range(times)]),
        noise=shade(7, 1)[0], times=time, alpha=1 - time, sigma=time, decibels=ratio, edges=edges,
        histograms=np.full((times, 6), 1 / 6), gaussian=np.full(6, 1 / 6),
    )  # fmt: skip


def see_picture(hands, index=0):
    answer(hands.studio, hands.engine, SOURCE, source(title="a robot", index=index))
    answer(hands.studio, hands.engine, DISSOLVE, dissolved())


def test_dragging_time_dissolves_the_picture_without_another_job(hands, stocked):
    panel = hands.open()
    see_picture(hands)
    forward, before = panel.forward, len(hands.engine.requests)
    assert hands.text("forward-source-title") == "1 of 10 · a robot"
    forward.scrubber.go_to(7)
    assert brightness(forward.tiles["noisy"]) == 70
    assert hands.text("forward-time-label") == "time 0.70 · σ 0.70"
    assert hands.text("forward-alpha") == "= 0.30 ×"
    assert forward.signal.reading == "−7.4 dB"
    forward.scrubber.to_last()
    assert forward.signal.reading == "no signal"
    assert len(hands.engine.requests) == before


def test_a_picture_can_be_asked_for_from_elsewhere(hands, stocked):
    panel = hands.open()
    panel.shown(dataset="robots", index=7)
    assert asked(hands.engine, SOURCE) == {"dataset": "robots", "index": 7, "size": None}
    see_picture(hands, 7)
    click(panel, "forward-source-next")
    assert asked(hands.engine, SOURCE)["index"] == 8


def test_another_path_is_asked_for_and_the_time_stays(hands, stocked):
    panel = hands.open()
    see_picture(hands)
    panel.forward.scrubber.go_to(3)
    panel.forward.path.set_value("ddpm-cosine")
    panel.forward.path.edited.emit()
    assert asked(hands.engine, DISSOLVE)["path"] == "ddpm-cosine"
    answer(hands.studio, hands.engine, DISSOLVE, dissolved())
    assert panel.forward.scrubber.position == 3
    assert "cosine" in hands.text("forward-about-path")


def test_a_file_that_cannot_be_read_is_named(hands, stocked, tmp_path):
    panel = hands.open()
    panel.dropped([tmp_path / "broken.png"])
    hands.tell(SOURCE, Started(), Failed("broken.png is not a picture that can be read; choose another file."))
    assert hands.text("forward-error-sentence").startswith("broken.png is not a picture")


# Removing noise.


def test_generating_shows_every_step_and_one_can_go_back(hands, stocked):
    panel = hands.open("reverse")
    panel.reverse.fields[0].rows["steps"].set_value(4)
    panel.reverse.count.set_value(4)
    panel.primary_action.trigger()
    wanted = asked(hands.engine, WALK)
    request = hands.engine.requests[hands.engine.latest(WALK)]
    assert (request.priority, request.visible) == (Priority.INTERACTIVE, True), "it goes first, and Esc stops it"
    assert wanted["model"] == "robots-small"
    assert wanted["settings"] == {"sampler": "dpm-solver++", "steps": 4, "guidance": 1.0, "seed": 0, "count": 4}
    hands.tell(WALK, Started(), *steps(4)[:3])
    tiles = panel.reverse.player.tiles[0]
    assert hands.text("reverse-scrubber-label") == "step 3 of 4 · σ 0.50"
    assert (brightness(tiles["state"]), brightness(tiles["denoised"])) == (12, 102)

    hands.press(Qt.Key.Key_Left)
    assert hands.text("reverse-scrubber-label") == "step 2 of 4 · σ 0.75"
    hands.tell(WALK, *steps(4)[3:], done())
    assert hands.text("reverse-scrubber-label") == "step 2 of 4 · σ 0.75", "what one looks at stays where it is"
    hands.press(Qt.Key.Key_End)
    assert hands.text("reverse-scrubber-label") == "after 4 steps · σ 0"
    assert brightness(tiles["state"]) == 14
    assert "4 evaluations, 100 ms each for 4 pictures" in hands.text("reverse-facts-a")


def test_what_is_under_way_can_be_stopped_where_it_was_begun(hands, stocked):
    panel = hands.open("reverse")
    panel.primary_action.trigger()
    hands.tell(WALK, Started(), *steps(4)[:2])
    assert (panel.primary_action.text(), panel.primary_action.isEnabled()) == ("Stop", True)
    panel.look_at("forward")
    assert panel.primary_action.text() == "Random picture"
    panel.look_at("reverse")
    panel.primary_action.trigger()
    assert hands.engine.calls[-1] == ("stop", hands.engine.latest(WALK))
    hands.tell(WALK, done())
    assert panel.primary_action.text() == "Generate"


def test_space_plays_from_the_beginning_and_pauses(hands, stocked, qtbot):
    panel = hands.open("reverse")
    panel.primary_action.trigger()
    hands.tell(WALK, Started(), *steps(6), done())
    scrubber = panel.reverse.scrubber
    hands.press(Qt.Key.Key_Space)
    assert (scrubber.playing, scrubber.position) == (True, 0)
    qtbot.waitUntil(lambda: scrubber.position == 3)
    hands.press(Qt.Key.Key_Space)
    assert not scrubber.playing


def test_a_click_shows_one_picture_alone_and_another_shows_all(hands, stocked):
    panel = hands.open("reverse")
    panel.primary_action.trigger()
    hands.tell(WALK, Started(), *steps(4), done())
    tiles = panel.reverse.player.tiles[0]["denoised"]
    QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=tiles.tile(2).center())
    assert panel.reverse.player.which.currentText() == "Picture 3"
    assert tiles.count == 1
    QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=tiles.tile(0).center())
    assert tiles.count == 4


def test_two_settings_are_compared_on_the_same_noise_at_the_same_level(hands, stocked):
    panel = hands.open("reverse")
    reverse = panel.reverse
    reverse.fields[0].rows["steps"].set_value(8)
    click(panel, "reverse-compare")
    reverse.fields[1].rows["steps"].set_value(4)
    reverse.seed.set_value(7)
    panel.primary_action.trigger()
    first, second = [job for job, request in hands.engine.requests.items() if request.target == WALK]
    chosen = [hands.engine.requests[job].arguments["settings"] for job in (first, second)]
    assert [each["seed"] for each in chosen] == [7, 7]
    assert [each["sampler"] for each in chosen] == ["dpm-solver++", "euler"]
    hands.studio.jobs.deliver([(first, each) for each in steps(8)])
    hands.studio.jobs.deliver([(second, each) for each in steps(4)])
    reverse.scrubber.go_to(4)
    assert hands.text("reverse-where-a").startswith("step 5 of 8 · σ 0.50")
    assert hands.text("reverse-where-b").startswith("step 3 of 4 · σ 0.50")
    assert brightness(reverse.player.tiles[1]["state"]) == 12


def test_what_a_model_can_be_asked_for_is_offered(hands, stocked):
    panel = hands.open("reverse", conditions=CONDITIONS)
    fields = panel.reverse.fields[0]
    head = fields.conditions["headVariant"]
    assert [head.itemText(n) for n in range(head.count())] == ["Anything", "Round", "Square"]
    head.set_value("square")
    fields.rows["guidance"].set_value(3)
    panel.primary_action.trigger()
    wanted = asked(hands.engine, WALK)
    assert wanted["condition"] == {"headVariant": "square"}
    assert wanted["settings"]["guidance"] == 3


def test_a_run_in_training_can_be_drawn_from(hands, stocked):
    (stocked.run_folder("r-1") / "checkpoints" / "step-001500").mkdir(parents=True)
    stocked.put_run(RunRecord("r-1", "robots", "diffusion", "", "running", 1700, 4000))
    job = hands.studio.submit(JobRequest("Train “robots”", RESUME, {"run": "r-1"}))
    hands.studio.jobs.deliver([(job, Started())])
    panel = hands.open("reverse")
    panel.shown(run="r-1")
    assert panel.reverse.fields[0].model.text() == "robots · step 1,500"
    assert hands.text("reverse-a-model-note") == "Training: the latest average of its weights, at step 1,500."
    hands.studio.jobs.deliver([(job, Paused())])
    assert hands.text("reverse-a-model-note") == "Paused: the latest average of its weights, at step 1,500."
    answer(hands.studio, hands.engine, ABOUT, known())
    panel.primary_action.trigger()
    assert asked(hands.engine, WALK)["model"] == "run:r-1"


def test_a_failure_is_said_in_place_and_one_can_try_again(hands, stocked):
    panel = hands.open("reverse")
    panel.primary_action.trigger()
    hands.tell(WALK, Started(), Failed("The weights do not fit; copy the folder again.", "Traceback"))
    assert hands.text("reverse-error-sentence") == "The weights do not fit; copy the folder again."
    assert panel.primary_action.isEnabled()


def test_settings_that_cannot_be_used_are_refused(hands, stocked):
    panel = hands.open("reverse")
    field = panel.reverse.fields[0].rows["steps"].editor
    field.setFocus()
    field.lineEdit().selectAll()
    QTest.keyClicks(field.lineEdit(), "many")
    assert panel.primary_action.reason == "Steps must be a whole number from 1 to 1,000."


# Editing.


def open_edit(hands):
    panel = hands.open("edit")
    answer(hands.studio, hands.engine, SOURCE, source())
    return panel


def test_a_picture_comes_in_the_models_size_and_is_changed(hands, stocked):
    panel = open_edit(hands)
    assert asked(hands.engine, SOURCE)["size"] == SIZE
    panel.edit.strength.set_value(0.5)
    panel.primary_action.trigger()
    wanted = asked(hands.engine, EDIT)
    assert (wanted["strength"], wanted["mask"], wanted["rounds"]) == (0.5, None, 1)
    assert from_plain(wanted["picture"]).shape == SIZE


def test_a_region_is_painted_with_the_mouse_and_filled(hands, stocked):
    panel = open_edit(hands)
    click(panel, "edit-mode-fill")
    assert panel.primary_action.reason == "Paint over what is to be filled."
    canvas = panel.edit.canvas
    corner, other = QPoint(3, 3), QPoint(int(canvas.area.width()) - 3, 3)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=corner)
    QTest.mouseMove(canvas, other)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=other)
    assert canvas.filled[0, 0]
    assert not canvas.filled[-1].any()
    panel.primary_action.trigger()
    wanted = asked(hands.engine, EDIT)
    assert (from_plain(wanted["mask"]) == canvas.filled).all()
    assert (wanted["strength"], wanted["rounds"]) == (1.0, 3)
    click(panel, "edit-clear")
    assert not canvas.filled.any()
    click(panel, "edit-invert")
    assert canvas.filled.all()


def test_a_generated_picture_can_be_edited(hands, stocked):
    panel = hands.open("reverse")
    panel.primary_action.trigger()
    hands.tell(WALK, Started(), *steps(4), done())
    menus = catch_menus(panel.reverse)
    panel.reverse.player.tiles[0]["denoised"].menu_wanted.emit(1, QPoint(0, 0))
    entry = next(action for action in menus[0].actions() if action.text() == "Edit this picture")
    entry.trigger()
    assert panel.view_choice.value() == "edit"
    assert int(panel.edit.canvas.pixels[0, 0, 0]) == 104


def test_a_picture_of_another_size_is_brought_to_the_models(hands, stocked):
    panel = open_edit(hands)
    panel.edit.source.take(np.zeros((4, 4, 3), np.uint8), "a small one")
    assert asked(hands.engine, SOURCE)["size"] == SIZE
    small = source(pixels=shade(77, 1)[0], title="a small one", dataset="", total=1)
    answer(hands.studio, hands.engine, SOURCE, small)
    assert hands.text("edit-source-title") == "a small one"
    assert int(panel.edit.canvas.pixels[0, 0, 0]) == 77


# Between seeds.


def test_the_pictures_between_two_seeds_are_shown(hands, stocked):
    panel = hands.open("between")
    panel.between.last.set_value(9)
    panel.between.frames.set_value(5)
    panel.primary_action.trigger()
    wanted = asked(hands.engine, BETWEEN)
    assert (wanted["seeds"], wanted["frames"]) == ((0, 9), 5)
    hands.tell(BETWEEN, Started(), *steps(3, count=5), done(BETWEEN, 5))
    assert hands.text("between-heading-last") == "Seed 9"
    hands.press(Qt.Key.Key_Right)
    assert hands.text("between-scrubber-label") == "picture 2 of 5 · 25 % of the way"
    assert panel.between.player.strip.count == 5
    assert brightness(panel.between.player.tiles["now"]) == 103


def test_a_picture_between_two_seeds_can_be_edited(hands, stocked):
    panel = hands.open("between")
    panel.primary_action.trigger()
    hands.tell(BETWEEN, Started(), *steps(3, count=5), done(BETWEEN, 5))
    menus = catch_menus(panel.between)
    panel.between.player.strip.menu_wanted.emit(2, QPoint(0, 0))
    next(action for action in menus[0].actions() if action.text() == "Edit this picture").trigger()
    assert int(panel.edit.canvas.pixels[0, 0, 0]) == 103


# Getting pictures out.


@pytest.mark.parametrize(
    ("title", "ending", "shape"),
    [
        ("Picture as PNG…", ".png", (1, *SIZE)),
        ("Sheet of all pictures as PNG…", ".png", (4, *SIZE)),
        ("Animation of the predicted pictures as GIF…", ".gif", (5, 4, *SIZE)),
    ],
)
def test_pictures_and_animations_are_saved(hands, stocked, tmp_path, monkeypatch, title, ending, shape):
    panel = hands.open("reverse")
    panel.primary_action.trigger()
    hands.tell(WALK, Started(), *steps(4), done())
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "chosen"), ""))
    next(action for action in panel.reverse.export_menu().actions() if action.text() == title).trigger()
    wanted = dict(hands.engine.requests[hands.engine.latest(SAVE)].arguments)
    assert wanted["path"] == str(tmp_path / f"chosen{ending}")
    assert np.asarray(from_plain(wanted["pictures"])).shape == shape


def test_every_view_says_what_it_shows(hands, stocked):
    panel = hands.open()
    sentences = set()
    for view in panel.views:
        panel.look_at(view)
        sentences.add(panel.findChild(QLabel, "diffusion-sentence").text())
    assert len(sentences) == 4
