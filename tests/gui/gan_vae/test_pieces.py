"""The pieces of GAN & VAE that hold by themselves."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from fmstudio.gui.gan_vae.gan.scores import ScoresView
from fmstudio.gui.gan_vae.strip import PlayableStrip
from fmstudio.gui.gan_vae.tiles import EvenTiles
from fmstudio.gui.gan_vae.vae.map import look_of
from fmstudio.gui.panel import find_panels
from fmstudio.gui.runs.scores import Scores
from fmstudio.gui.runs.state import MOST_SHEETS, RunState
from fmstudio.gui.window.navigation import Navigation
from fmstudio.jobs import Sample

PICTURE = np.zeros((8, 8, 3), np.uint8)


@pytest.mark.parametrize(("count", "width", "height"), [(36, 400, 330), (24, 760, 340), (16, 340, 340)])
def test_rows_of_tiles_are_full(theme, show, count, width, height):
    tiles = show(EvenTiles(theme, "tiles", "Tiles"), width, height)
    tiles.set_pictures([PICTURE] * count)
    columns, side = tiles.layout_of()
    assert count % columns == 0
    assert columns * side <= width
    assert count // columns * side <= height


def test_a_number_of_tiles_without_divisors_is_laid_out_all_the_same(theme, show):
    tiles = show(EvenTiles(theme, "tiles", "Tiles"), 400, 400)
    tiles.set_pictures([PICTURE] * 13)
    assert tiles.layout_of()[1] > 90


def test_a_long_history_is_thinned_but_keeps_its_beginning_and_its_end():
    run = RunState("long")
    for step in range(2 * MOST_SHEETS):
        run.take(Sample("sample", "images", PICTURE[None], step))
    assert len(run.samples) <= MOST_SHEETS
    assert min(run.samples) == 0
    assert set(range(2 * MOST_SHEETS - 50, 2 * MOST_SHEETS)) <= set(run.samples)


def test_small_batches_are_pooled_with_the_latest_before_them_and_large_ones_stand_alone():
    run = RunState("pooled")
    for number in range(6):
        run.take(Sample("scores", "scores", {"real": [number] * 16, "generated": [-number] * 16}, number))
    assert run.scores.real.tolist() == [2] * 16 + [3] * 16 + [4] * 16 + [5] * 16
    run.take(Sample("scores", "scores", {"real": [105] * 16, "generated": [95] * 16}, 6))
    assert set(run.scores.real) == {103, 104, 105}  # they have drifted by 100, all together
    run.take(Sample("scores", "scores", {"real": [9] * 64, "generated": [8] * 64}, 7))
    assert run.scores.real.tolist() == [9] * 64
    assert run.scores.told_apart == 1


def test_the_axis_of_scores_stands_still_until_they_leave_it_or_shrink(theme, show):
    view = show(ScoresView(theme), 400, 200)
    spread = np.linspace(-1, 1, 50)
    view.show_scores(Scores(spread, spread))
    low, high = view.x_scale.low, view.x_scale.high
    view.show_scores(Scores(spread * 0.8, spread * 0.8))
    assert (view.x_scale.low, view.x_scale.high) == (low, high)
    view.show_scores(Scores(spread * 3, spread))
    assert view.x_scale.high > high
    view.show_scores(Scores(spread * 0.1, spread * 0.1))
    assert view.x_scale.high < high
    assert sum(view.shares["real"]) == pytest.approx(1)


def test_scores_that_are_not_finite_do_not_break_the_picture(theme, show):
    view = show(ScoresView(theme), 400, 200)
    view.show_scores(Scores(np.array([np.nan, 1.0]), np.array([np.inf, 2.0])))
    view.grab()


def test_a_film_plays_and_holds(theme, show, qtbot):
    strip = show(PlayableStrip(theme, "strip", "Nothing yet."), 500, 140)
    assert strip.hint.isVisible()
    strip.set_pictures([PICTURE] * 3)
    assert strip.playing
    qtbot.waitUntil(lambda: strip.film.position == 2)
    strip.play.click()
    assert not strip.playing
    strip.play.click()
    qtbot.mouseClick(strip.film, Qt.MouseButton.LeftButton, pos=strip.film.rect().center())
    assert not strip.playing  # it does not run away under the hand
    strip.set_pictures(())
    assert strip.hint.isVisible()


def test_the_first_classes_of_a_map_differ_in_colour_and_two_dozen_in_look():
    assert len({look_of(number)[0] for number in range(6)}) == 6
    assert len({look_of(number) for number in range(24)}) == 24


def test_an_ampersand_in_a_panels_title_is_seen(theme, show):
    navigation = show(Navigation(find_panels(), theme), 200, 600)
    button = navigation.findChild(object, "navigation-gan-vae")
    assert button.text() == "GAN && VAE"
    assert button.accessibleName() == "GAN & VAE"
