"""A plot as a person sees it: its curves' pixels, axes, readings and files."""

import csv
import io

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from fmstudio.gui.widgets.plot.axis import Look
from fmstudio.gui.widgets.plot.live_plot import LivePlot


@pytest.fixture
def plot(theme, show):
    made = LivePlot(theme, "Loss", "nats per token")
    made.add_curve("training", "training", "training")
    made.add_curve("validation", "validation", "validation", smoothed=False)
    return show(made, 600, 300)


def feed(plot, count=100):
    for step in range(count):
        plot.append("training", step, 5 - step / 50, step * 0.1)
        if step % 20 == 0:
            plot.append("validation", step, 5.2 - step / 50, step * 0.1)
    plot.redraw()


def amount(plot, token):
    """How many pixels have very nearly this colour of the theme."""
    image = plot.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    wanted = QColor(plot.theme.color(token))
    distance = np.abs(pixels[..., 2::-1].astype(int) - (wanted.red(), wanted.green(), wanted.blue())).sum(axis=-1)
    return int((distance < 12).sum())


def test_curves_are_drawn_in_their_colours_in_both_themes(plot, theme):
    drawn = {"training": amount(plot, "training"), "validation": amount(plot, "validation")}
    feed(plot)
    for token, before in drawn.items():
        assert amount(plot, token) > before + 300
    theme.choose("dark")
    assert amount(plot, "training") > 300
    assert amount(plot, "surface") > 100_000


def test_a_curve_of_many_points_is_where_its_values_are(plot):
    steps = np.arange(100_000.0)
    values = np.where(steps < 50_000, 1.0, 3.0)
    plot.curves["training"].extend(steps, values, steps)
    plot.redraw()
    (_, right), (low, high) = plot.box.viewRange()
    assert right == 100_000
    assert low < 1.0 < 3.0 < high
    assert plot.read_at(70_000).splitlines() == ["step 70,000", "training  3.000"]


def test_gaps_are_left_open(plot):
    steps = np.arange(1000.0)
    plot.curves["training"].extend(steps, np.where((steps > 100) & (steps < 900), np.nan, 2.0), steps)
    plot.redraw()
    with_gap = amount(plot, "training")
    plot.curves["training"].extend(np.arange(1000.0), np.full(1000, 2.0), steps)
    plot.redraw()
    assert with_gap < 0.5 * amount(plot, "training")


def test_hovering_reads_every_curve(plot):
    feed(plot)
    assert plot.read_at(40.2).splitlines() == ["step 40", "training  4.200", "validation  4.400"]
    assert plot.read_at(52).splitlines()[-1] == "validation at 60  4.000"
    plot.show_against("seconds")
    assert plot.read_at(4.0).splitlines()[0] == "4 s"


def test_the_mouse_reads_and_leaving_ends_it(plot, qtbot):
    feed(plot)
    viewport = plot.findChild(type(plot._canvas)).viewport()
    QTest.mouseMove(viewport, QPoint(300, 120))
    qtbot.waitUntil(lambda: plot.crosshair.text != "")
    qtbot.wait(50)  # pyqtgraph passes over moves that follow each other too fast
    QTest.mouseMove(viewport, QPoint(300, viewport.height() - 2))
    qtbot.waitUntil(lambda: plot.crosshair.text == "")


def test_the_arrow_keys_read_from_measurement_to_measurement(plot, qtbot):
    feed(plot)
    plot.setFocus()
    for _ in range(3):
        qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.crosshair.text.splitlines()[0] == "step 2"
    assert plot.accessibleName() == "Plot of loss: step 2, training  4.960, validation at 0  5.200"
    qtbot.keyClick(plot, Qt.Key.Key_End)
    assert plot.crosshair.text.splitlines()[0] == "step 99"
    assert plot.accessibleDescription() == "Latest: training 3.020, validation 3.600"
    plot.clear()
    plot.redraw()
    assert plot.accessibleName() == "Plot of loss"


def test_a_right_click_on_the_plane_opens_one_menu(plot, qtbot):
    viewport = plot._canvas.viewport()
    place = QPoint(300, 120)
    QTest.mouseClick(viewport, Qt.MouseButton.RightButton, pos=place)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, event)
    menus = plot.findChildren(QMenu, "plot-menu")
    assert len(menus) == 1
    menus[0].close()


def test_numbers_beside_a_plot_are_never_cut_off(theme, show):
    theme.choose(text_size=18)
    plot = show(LivePlot(theme, "Loss"), 600, 300)
    plot.add_curve("training", "training", "training")
    for step in range(10):
        plot.append("training", step, 1.0001 + step * 1e-5)
    plot.redraw()
    axis = plot._left
    look, scale = Look.of(theme), axis.scale_now
    widest = max(look.metrics.horizontalAdvance(text) for _, text in look.rows(scale, axis.height()))
    assert axis.width() >= widest + 8


def test_steps_are_numbered_whole(plot, theme):
    for step in range(5):
        plot.append("training", step, 5.0)
    plot.fit()
    plot.redraw()
    numbers = Look.of(theme).columns(plot._bottom.scale_now, 900)
    assert [text for _, text in numbers] == ["0", "1", "2", "3", "4"]


def test_a_smoothed_curve_reads_its_average(plot):
    for step in range(200):
        plot.append("training", step, 2.0 if step % 2 else 4.0)
    plot.set_smoothing(0.98)
    value = float(plot.read_at(199).splitlines()[1].split()[-1])
    assert value == pytest.approx(3.0, abs=0.05)


def test_a_logarithmic_axis_shows_the_same_values(plot):
    for step in range(100):
        plot.append("training", step, 10.0 ** (2 - step / 25))
    plot.append("training", 100, -1.0)
    plot.set_logarithmic(True)
    low, high = plot.box.viewRange()[1]
    assert low < -1.9
    assert high >= 2
    assert plot.read_at(50).splitlines()[1] == "training  1.000"


def test_the_axis_stands_still_where_the_end_is_known(plot):
    plot.set_extent(2000)
    feed(plot, 50)
    before = plot.box.viewRange()
    assert before[0] == [0, 2000]
    for step in range(50, 60):
        plot.append("training", step, 4.0)
    plot.redraw()
    assert plot.box.viewRange() == before
    plot.show_against("units", 128)
    assert plot.box.viewRange()[0] == [0, 256_000]


def test_zooming_stays_until_a_double_click_fits(plot):
    feed(plot)
    plot.box.scaleBy((0.5, 0.5))
    plot.box.sigRangeChangedManually.emit([True, True])
    zoomed = plot.box.viewRange()
    plot.append("training", 500, 9.0)
    plot.redraw()
    assert plot.box.viewRange() == zoomed
    viewport = plot._canvas.viewport()
    for action in (QTest.mouseClick, QTest.mouseDClick, QTest.mouseRelease):
        action(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 120))
    assert plot.following
    assert plot.box.viewRange()[0][1] >= 500


def test_nothing_is_drawn_while_hidden_and_everything_when_it_is_seen_again(plot, qtbot):
    plot.hide()
    drawn = plot.redraws
    plot.append("training", 1, 3.0)
    qtbot.wait(700)
    assert plot.redraws == drawn
    plot.show()
    qtbot.waitUntil(lambda: plot.redraws == drawn + 1)


def test_many_appends_are_one_redraw(plot, qtbot):
    qtbot.waitUntil(lambda: plot.redraws > 0)
    qtbot.wait(600)
    drawn = plot.redraws
    for step in range(1000):
        plot.append("training", step, 3.0)
    qtbot.waitUntil(lambda: plot.redraws > drawn)
    assert plot.redraws == drawn + 1


def test_a_legend_only_where_two_curves_need_it(theme, show):
    single = LivePlot(theme, "Speed", "tokens/s")
    show(single)
    single.add_curve("now", "now", "training")
    single.append("now", 1, 38_240)
    single.redraw()
    assert single.heading.entries == []
    assert single.heading.latest == "38.24k"
    single.add_curve("other", "plays-wide", "real")
    assert single.heading.entries == ["now", "plays-wide"]


def test_csv_holds_every_number_as_it_was_fed(plot, tmp_path):
    feed(plot)
    plot.append("training", 100, float("nan"), 10.0)
    plot.append("training", 101, 1 / 3, 10.1)
    plot.menu.save(tmp_path / "loss.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "loss.csv").read_text("utf-8"))))
    assert list(rows[0]) == ["step", "seconds", "training", "validation"]
    assert len(rows) == 102
    assert [float(row["training"]) for row in rows[:100]] == [5 - step / 50 for step in range(100)]
    assert [row["validation"] for row in rows[19:21]] == ["", repr(5.2 - 20 / 50)]
    assert rows[100]["training"] == ""
    assert float(rows[101]["training"]) == 1 / 3
    assert rows[10]["seconds"] == "1"


def test_pictures_are_saved_in_both_formats(plot, tmp_path):
    feed(plot)
    plot.menu.save(tmp_path / "loss.png")
    plot.menu.save(tmp_path / "loss.svg")
    picture = QImage(str(tmp_path / "loss.png"))
    assert (picture.width(), picture.height()) == (1200, 600)
    drawing = QSvgRenderer(str(tmp_path / "loss.svg"))
    assert drawing.isValid()
    assert drawing.viewBox().width() == 600
    assert "nats per token" in (tmp_path / "loss.svg").read_text("utf-8")


def test_the_menu_offers_saving_fitting_and_the_scale(plot):
    menu = plot.menu.build()
    texts = [action.text() for action in menu.actions()]
    for wanted in ("Save as PNG picture…", "Save as SVG drawing…", "Save as CSV table…", "Copy picture"):
        assert wanted in texts
    next(action for action in menu.actions() if action.text() == "Logarithmic scale").trigger()
    assert plot.logarithmic
    menu.deleteLater()
