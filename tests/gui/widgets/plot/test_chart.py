"""What all charts do alike: pointing, keys, what is spoken, the menu's files, and their place among other widgets."""

import csv
import io

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from fmstudio.gui.data.pictures.channels import ChannelHistogram
from fmstudio.gui.data.shares import Shares, shares_of
from fmstudio.gui.data.text.histogram import Histogram
from fmstudio.gui.diffusion.plots import PixelHistogram, SignalPlot
from fmstudio.gui.feedback.chart import TimeChart
from fmstudio.gui.feedback.models import ModelRows
from fmstudio.gui.gan_vae.gan.scores import ScoresView
from fmstudio.gui.gan_vae.vae.bars import Bars
from fmstudio.gui.playground.inside.bars import Choice, ChoiceBars
from fmstudio.gui.playground.inside.matrix import MatrixMap
from fmstudio.gui.playground.inside.scatter import NamedPoints
from fmstudio.gui.playground.inside.thumbs import MapThumbs
from fmstudio.gui.playground.retrieval.bars import MEASURES, QualityBars
from fmstudio.gui.runs.scores import Scores
from fmstudio.gui.widgets.plot.scale import Scale

DAYS = ["2026-05-01", "2026-05-02", "2026-05-04"]
FIGURES = {"entries": 4, "rated": 3, "up": 2, "down": 1, "scored": 0, "share_up": 0.67, "mean_score": None}
INTERVALS = {"share_interval": (0.2, 0.9), "score_interval": None}


def pixels(theme):
    made = PixelHistogram(theme)
    made.show_gaussian(np.linspace(-1, 1, 4), np.full(3, 0.5))
    made.show_density(np.array([0.2, 0.9, 0.1]))
    return made


def line(theme):
    made = TimeChart(theme, "share", "Thumbs up over time", Scale(title="thumbs up"))
    made.show_line(DAYS, 1, [0.5, None, 0.75], [(0.3, 0.7), None, (0.6, 0.9)], ["half", "nobody", "most"])
    return made


def filled(make, show, *arguments):
    """A chart after one of its `show_…` methods."""

    def made(theme):
        chart = make(theme)
        getattr(chart, show)(*arguments)
        return chart

    return made


EMPTY = {
    "histogram": lambda theme: Histogram(theme, "lengths", "characters", "document"),
    "channels": lambda theme: ChannelHistogram(theme, "channels"),
    "shares": lambda theme: Shares(theme, "languages", "Languages"),
    "signal": SignalPlot,
    "pixels": PixelHistogram,
    "scores": ScoresView,
    "bars": lambda theme: Bars(theme, "kl", "KL divergence", "nats", "dimensions"),
    "time": lambda theme: TimeChart(theme, "ratings", "Ratings", Scale(title="ratings"), {"up": "accent"}),
    "line": lambda theme: TimeChart(theme, "share", "Thumbs up over time", Scale(title="thumbs up")),
    "models": ModelRows,
    "quality": QualityBars,
    "choices": lambda theme: ChoiceBars(theme, "next", "Likeliest tokens"),
    "points": lambda theme: NamedPoints(theme, "points", "Map of words"),
    "matrix": lambda theme: MatrixMap(theme, "matrix", "Attention"),
    "thumbs": lambda theme: MapThumbs(theme, "thumbs", "Heads"),
}
EYE = np.eye(3, dtype=np.float32)
FULL = {
    "histogram": filled(EMPTY["histogram"], "show_counts", [1, 10, 100, 1000], [5, 1, 40]),
    "channels": filled(EMPTY["channels"], "show_counts", {"red": [1] * 256, "blue": [0, 3] * 128}),
    "shares": filled(EMPTY["shares"], "show_shares", shares_of({"English": 3, "German": 1, "French": 1})),
    "signal": filled(SignalPlot, "show_curve", np.array([0.0, 0.5, 1.0]), np.array([np.inf, 0.0, -np.inf])),
    "pixels": pixels,
    "scores": filled(ScoresView, "show_scores", Scores(np.linspace(-1, 1, 40), np.linspace(-2, 0, 40))),
    "bars": filled(EMPTY["bars"], "show_values", [3.0, 1.0, 0.0], ["Dimension 2", "Dimension 0", "Dimension 1"], 2),
    "time": filled(EMPTY["time"], "show_bars", DAYS, 1, {"up": [2, 0, 1]}, ["two", "none", "one"]),
    "line": line,
    "models": filled(ModelRows, "show_rows", [{"name": name, **FIGURES, **INTERVALS} for name in "abc"]),
    "quality": filled(QualityBars, "show_rows", [{"method": "both", **dict.fromkeys(MEASURES, 0.5)}]),
    "choices": filled(EMPTY["choices"], "show_rows", [Choice(" a", 0.5), Choice(" b", 0.3), Choice(" c", 0.1)]),
    "points": filled(
        EMPTY["points"], "show_points", np.array([[0, 0], [1, 2], [3, 1]]), ["a", "b", "c"], ("first", "second"), EYE
    ),
    "matrix": filled(EMPTY["matrix"], "show_matrix", EYE, "abc", "abc", lambda row, column: f"{row} looks at {column}"),
    "thumbs": filled(EMPTY["thumbs"], "show_maps", [EYE] * 3, ["Mean", "1", "2"], ["mean", "head 1", "head 2"]),
}
each_chart = pytest.mark.parametrize("name", FULL)


@pytest.fixture
def chart(name, theme, show):
    return show(FULL[name](theme), 420, 240)


@each_chart
def test_the_keys_go_over_the_marks_and_tell_them(chart, qtbot):
    title, told = chart.accessibleName(), []
    chart.pointed.connect(told.append)
    chart.setFocus()
    step = Qt.Key.Key_Down if Qt.Key.Key_Down in chart.keys else Qt.Key.Key_Right
    qtbot.keyClick(chart, Qt.Key.Key_Home)
    qtbot.keyClick(chart, step)
    number = chart.pointer
    assert told == [0, number]
    assert number > 0
    assert chart.accessibleName() == f"{title}: {chart.describe(number)}".replace("\n", ", ")
    qtbot.keyClick(chart, Qt.Key.Key_End)
    assert chart.pointer == chart.count - 1
    QApplication.sendEvent(chart, leaving())
    assert chart.accessibleName() == title


def leaving():
    return QEvent(QEvent.Type.Leave)


@each_chart
def test_what_is_pointed_at_is_marked_and_no_more(chart):
    before = chart.grab().toImage()
    chart.point_at(chart.count - 1)
    assert chart.grab().toImage() != before
    chart.point_at(-1)
    assert chart.grab().toImage() == before


@each_chart
def test_a_mark_is_found_where_it_is_told(chart):
    for number in {0, chart.count - 1}:
        place = chart.anchor(number)
        around = [place + QPointF(x, y) for x in (-3, 0, 3) for y in (-3, 0, 3)]
        assert number in [chart.mark_at(each) for each in around]


@each_chart
def test_a_right_click_saves_what_is_seen_and_every_number(chart, tmp_path):
    place = QPoint(100, 100)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, chart.mapToGlobal(place))
    QApplication.sendEvent(chart, event)
    (menu,) = chart.findChildren(QMenu, "plot-menu")
    assert [action.text() for action in menu.actions()][:3] == [
        "Save as PNG picture…", "Save as SVG drawing…", "Save as CSV table…"
    ]  # fmt: skip
    menu.close()
    for suffix in ("png", "svg", "csv"):
        chart.menu.save(tmp_path / f"chart.{suffix}")
    picture = QImage(str(tmp_path / "chart.png"))
    assert (picture.width(), picture.height()) == (2 * chart.width(), 2 * chart.height())
    assert QSvgRenderer(str(tmp_path / "chart.svg")).isValid()
    header, *rows = csv.reader(io.StringIO((tmp_path / "chart.csv").read_text("utf-8")))
    assert len(rows) >= 1
    assert {len(row) for row in rows} == {len(header)}


@pytest.mark.parametrize("name", EMPTY)
def test_a_chart_of_nothing_is_calm(name, theme, show, qtbot):
    chart = show(EMPTY[name](theme), 420, 240)
    assert chart.focusPolicy() == Qt.FocusPolicy.NoFocus
    QTest.mouseMove(chart, QPoint(100, 100))
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.pointer == -1
    said = chart.grab().toImage()
    chart.empty = ""
    chart.restyle()
    assert (chart.grab().toImage() != said) == (name not in ("shares", "models", "choices"))


@each_chart
@pytest.mark.parametrize("size", [12, 18])
def test_the_least_size_holds_in_every_text_size_and_theme(name, size, theme, show):
    chart = show(FULL[name](theme), 420, 240)
    theme.choose("dark", size)
    chart.resize(chart.minimumSizeHint())
    assert not chart.grab().isNull()
    if hasattr(chart, "view"):
        area = chart.view().area
        assert area.width() > 5 * chart.line()
        assert area.height() > 2 * chart.line()


def test_a_chart_that_is_filled_again_and_again_shows_what_it_has_now(theme, show):
    chart = show(pixels(theme), 420, 240)
    first = chart.grab().toImage()
    chart.show_density(np.array([0.7, 0.1, 0.1]))
    second = chart.grab().toImage()
    assert second != first
    chart.show_gaussian(np.linspace(-1, 1, 4), np.full(3, 0.5))
    assert chart.grab().toImage() not in (first, second)  # a sentence, until there are bars again
    chart.show_density(np.array([0.2, 0.9, 0.1]))
    assert chart.grab().toImage() == first


def test_a_line_of_which_nothing_is_known_is_no_line(theme, show):
    chart = show(EMPTY["line"](theme), 420, 140)
    chart.show_line(DAYS, 1, [None] * 3, [None] * 3, ["nobody"] * 3)
    assert not chart.grab().isNull()
    assert chart.table().csv().splitlines()[1] == "2026-05-01,,,"
