"""Light and dark: the same names, contrast that everyone can read, and a change that reaches everything at once."""

import re
import tomllib
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from fmstudio.gui.theme import THEMES, Theme
from fmstudio.gui.widgets.boxes import column, stack
from fmstudio.gui.widgets.labels import button, label

TABLES = tomllib.loads((THEMES / "tokens.toml").read_text("utf-8"))
TEXTS = ("text", "secondary", "accent", "success", "warning", "error", "training", "validation", "generated", "real")
PAIRS = [(text, ground) for text in TEXTS for ground in ("window", "surface", "field")]
PAIRS += [(text, ground) for text in ("text", "secondary", "accent") for ground in ("sidebar", "hover", "accent_soft")]
PAIRS += [("on_accent", ground) for ground in ("accent_fill", "accent_hover", "error_fill")]
PAIRS += [("text", "error_soft"), ("text", "warning_soft"), ("text", "selection")]
PAIRS += [(text, f"token_{number}") for text in ("text", "secondary") for number in range(1, 7)]
PAIRS += [("text", "segment"), ("secondary", "segments")]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [value / 255 for value in QColor(colour).getRgb()[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_wcag_does():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_light_and_dark_have_the_same_names():
    assert TABLES["light"].keys() == TABLES["dark"].keys()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(scheme):
    colours = TABLES[scheme]
    poor = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in PAIRS}
    assert not {pair: round(ratio, 2) for pair, ratio in poor.items() if ratio < 4.5}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fields_can_be_told_from_what_is_around_them(scheme):
    colours = TABLES[scheme]
    assert min(contrast(colours["border"], colours[ground]) for ground in ("window", "surface", "field")) >= 3


def test_a_change_reaches_colours_icons_and_style(theme, show):
    button = show(QPushButton("Start"), 200, 80)
    button.setIcon(theme.icon("mdi6.square", "text"))
    light = button.icon().pixmap(18, 18).toImage().pixelColor(9, 9)
    changes = []
    theme.changed.connect(lambda: changes.append(theme.css("window")))
    theme.choose("dark")
    assert theme.dark
    assert changes == [TABLES["dark"]["window"]]
    assert theme.color("accent") == QColor(TABLES["dark"]["accent"])
    assert light == QColor(TABLES["light"]["text"])
    assert button.icon().pixmap(18, 18).toImage().pixelColor(9, 9) == QColor(TABLES["dark"]["text"])


def test_the_text_size_reaches_every_role(theme):
    before = {role: theme.size(role) for role in ("body", "caption", "section", "title")}
    theme.choose(text_size=18)
    assert {role: theme.size(role) - size for role, size in before.items()} == dict.fromkeys(before, 5)


def test_figures_have_one_width(theme):
    from PySide6.QtGui import QFontMetricsF

    measure = QFontMetricsF(theme.font())
    assert len({measure.horizontalAdvance(figure * 4) for figure in "0123456789"}) == 1


def test_a_colour_can_be_made_fainter_without_changing_the_theme(theme):
    assert theme.color("accent", 0.5).alphaF() == pytest.approx(0.5, abs=0.01)
    assert theme.color("accent").alphaF() == 1


def test_a_name_that_does_not_exist_is_an_error(theme):
    with pytest.raises(KeyError):
        theme.color("puce")


def test_system_follows_the_desktop(qapp):
    assert Theme("system").scheme in ("light", "dark")


def test_the_text_size_reaches_what_is_already_on_the_screen(theme, show):
    from fmstudio.gui.widgets.labels import button, label

    parts = [show(made, 300, 60) for made in (label("text"), label("more", "secondary"), button("Go", "go", theme))]
    before = [part.font().pixelSize() for part in parts]
    theme.choose(text_size=18)
    assert before == [13, 13, 13]
    assert [part.fontInfo().pixelSize() for part in parts] == [18, 18, 18]


ICON = re.compile(r"mdi6?\.([a-z0-9-]+)")


def icon_names() -> dict[str, set[str]]:
    """Every icon that program and resources name, and who names it: names built from parts included."""
    named: dict[str, set[str]] = {}
    for path in (*Path("fmstudio").rglob("*.py"), *Path("resources").rglob("*.*")):
        text = path.read_text("utf-8", errors="ignore")
        here = set(ICON.findall(text))
        if re.search(r'(?<!\w)-outline"', ICON.sub("", text)):  # the icon of one state is the other's, in outline
            here |= {f"{name}-outline" for name in here if not name.endswith("-outline")}
        for name in here:
            named.setdefault(name, set()).add(str(path))
    return named


def test_the_icon_font_has_every_icon_that_is_named(theme, caplog):
    named = icon_names()
    assert {"play", "table-arrow-right", "thumb-up", "thumb-up-outline"} <= named.keys()
    for name in named:
        theme.icon(f"mdi6.{name}")
    assert not [(record.args[0], named[record.args[0]]) for record in caplog.records]


def test_an_icon_that_the_font_lacks_is_told_once_and_shown_as_a_neutral_one(theme, caplog):
    for _ in range(2):
        icon = theme.icon("mdi6.no-such-icon")
    assert icon.pixmap(18, 18).toImage() != theme.icon("mdi6.play").pixmap(18, 18).toImage()
    assert icon.pixmap(18, 18).toImage() == theme.icon("mdi6.circle-outline").pixmap(18, 18).toImage()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "no-such-icon" in caplog.text


class Told(QObject):
    """Counts how often a widget is told that the style is another one."""

    def __init__(self, widget):
        super().__init__(widget)
        self.times = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched, event):
        self.times += event.type() == QEvent.Type.StyleChange
        return False


def two_pages(theme):
    """A page with a section's title and a button, and an empty one over it."""
    title, pressed = label("A title", "section"), button("Press", "press", theme, "mdi6.play", "primary")
    pressed.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the focus would show on that page which was opened last
    return stack("pages", column(title, pressed), QWidget())


def test_what_is_hidden_takes_on_a_look_when_it_is_shown_and_costs_nothing_before(theme, show):
    pages = show(two_pages(theme), 300, 200)
    told = Told(pages.findChild(QPushButton, "press"))
    pages.setCurrentIndex(1)
    for size in (16, 18):
        theme.choose("dark", size)
    assert told.times == 0
    pages.setCurrentIndex(0)
    assert told.times == 1
    QApplication.processEvents()
    fresh = show(two_pages(theme), 300, 200)
    QApplication.processEvents()
    assert pages.grab().toImage() == fresh.grab().toImage()


def test_a_hidden_page_that_is_deleted_is_missed_by_nobody(theme, show):
    pages = show(two_pages(theme), 300, 200)
    pages.setCurrentIndex(1)
    theme.choose("dark")
    pages.widget(0).deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.choose("light")
    assert pages.count() == 1
