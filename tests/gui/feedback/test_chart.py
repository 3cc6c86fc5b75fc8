"""The chart of judgements over time."""

import pytest

from fmstudio.gui.feedback.chart import TimeChart
from fmstudio.gui.widgets.plot.scale import Scale


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-27"])
@pytest.mark.parametrize("width", [1, 7])
def test_the_first_and_the_last_days_of_the_calendar_are_drawn(show, theme, day, width):
    chart = show(TimeChart(theme, "chart", "Ratings", Scale(), {"up": "accent"}), 480, 130)
    chart.show_bars([day], width, {"up": [1]}, ["one"])
    picture, bar = chart.grab().toImage(), theme.color("accent").rgb()
    assert any(picture.pixel(x, 90) == bar for x in range(picture.width()))
