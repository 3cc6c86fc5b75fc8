"""How the window looks: colours by meaning, fonts, icons and the style sheet, light and dark from one list of names.

Painters ask `theme.color("accent")` while they paint, and icons paint themselves in the present colours, so a change
of theme needs nothing but the repaint that the style sheet brings.
"""

import json
import logging
import string
import tomllib
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QStyleFactory

from fmstudio.gui.rest import leave_what_is_hidden

THEMES = Path(__file__).parents[2] / "resources" / "themes"
CHOICES = ("system", "light", "dark")
TEXT_SIZES = (12, 13, 14, 16, 18)
_ICON_FONT = "fonts/materialdesignicons6-webfont-6.9.96"
_NEUTRAL = "circle-outline"

log = logging.getLogger(__name__)


class Theme(QObject):
    """The present look. `changed` is emitted after everything has been restyled."""

    changed = Signal()

    def __init__(self, choice: str = "system", text_size: int = 13) -> None:
        super().__init__()
        tables = tomllib.loads((THEMES / "tokens.toml").read_text("utf-8"))
        self._colors = {scheme: tables[scheme] for scheme in ("light", "dark")}
        self._families: dict[str, list[str]] = tables["type"]
        self._parsed: dict[str, QColor] = {}
        self.choice = choice
        self.text_size = text_size
        self.scheme = self._resolve(choice)
        QApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    # What painters ask.

    def css(self, token: str) -> str:
        """A colour as "#rrggbb"; raises KeyError for a name that the theme does not have."""
        return self._colors[self.scheme][token]

    def color(self, token: str, opacity: float = 1.0) -> QColor:
        """A colour by its token: "text", "accent", "training", … at an opacity from 0 to 1."""
        color = self._parsed.get(token)
        if color is None:
            color = self._parsed[token] = QColor(self.css(token))
        if opacity < 1.0:
            color = QColor(color)
            color.setAlphaF(opacity)
        return color

    @property
    def dark(self) -> bool:
        """Whether the dark colours are in use."""
        return self.scheme == "dark"

    def font(self, role: str = "body") -> QFont:
        """The font of a role: body, caption, section, title, display, strong or mono. All have tabular figures."""
        size = self.size(role)
        font = QFont(self._families["mono" if role == "mono" else "families"])
        font.setPixelSize(size)
        if role in ("section", "title", "display", "strong"):
            font.setWeight(QFont.Weight.DemiBold)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def size(self, role: str) -> int:
        """The height of a role's letters in pixels; all follow the size that the person chose for text."""
        steps = {"caption": -1, "section": 1, "title": 7, "display": 13, "mono": -1}
        return self.text_size + steps.get(role, 0)

    def icon(self, name: str, token: str = "text") -> QIcon:
        """A Material Design icon ("mdi6.play") in a colour of the theme; it follows changes of the theme by itself."""
        return QIcon(_GlyphEngine(self, self._glyph(name.removeprefix("mdi6.")), token))

    # Changing it.

    def apply(self) -> None:
        """Style the whole application."""
        QApplication.setStyle(QStyleFactory.create("Fusion"))
        self._restyle()

    def choose(self, choice: str | None = None, text_size: int | None = None) -> None:
        """Switch to "light", "dark" or "system" and to another text size; what is not given stays."""
        self.choice = choice or self.choice
        self.text_size = text_size or self.text_size
        self.scheme = self._resolve(self.choice)
        self._restyle()

    def _restyle(self) -> None:
        self._parsed.clear()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        # Changing one style sheet into another polishes every widget several times over; from none it is ten times
        # quicker, and nothing is painted in between.
        leave_what_is_hidden()
        application.setStyleSheet("")
        application.setFont(self.font())
        application.setPalette(self._palette())
        application.setStyleSheet(self._style_sheet())
        self.changed.emit()

    def _resolve(self, choice: str) -> str:
        if choice in ("light", "dark"):
            return choice
        return "dark" if QApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"

    def _follow_system(self) -> None:
        if self.choice == "system" and self._resolve("system") != self.scheme:
            self.choose()

    def _style_sheet(self) -> str:
        sizes = {f"size_{role}": f"{self.size(role)}px" for role in ("body", "caption", "section", "title", "display")}
        values = (
            self._colors[self.scheme]
            | sizes
            | {
                "scheme": self.scheme,
                "icons": (THEMES / "icons").as_posix(),
                "mono": ", ".join(f'"{family}"' for family in self._families["mono"]),
                "size_mono": f"{self.size('mono')}px",
                "line": f"{round(1.55 * self.text_size)}px",
            }
        )
        return string.Template((THEMES / "template.qss").read_text("utf-8")).substitute(values)

    def _palette(self) -> QPalette:
        role = QPalette.ColorRole
        tokens = {
            role.Window: "window", role.WindowText: "text", role.Base: "field", role.AlternateBase: "window",
            role.Text: "text", role.Button: "surface", role.ButtonText: "text", role.BrightText: "error",
            role.ToolTipBase: "surface", role.ToolTipText: "text", role.PlaceholderText: "secondary",
            role.Highlight: "selection", role.HighlightedText: "text", role.Link: "accent", role.Accent: "accent_fill",
            role.Light: "surface", role.Midlight: "hover", role.Mid: "hairline", role.Dark: "border",
        }  # fmt: skip
        palette = QPalette()
        for which, token in tokens.items():
            palette.setColor(which, self.color(token))
        for which in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, which, self.color("disabled"))
        return palette

    def _glyph(self, name: str) -> str:
        """The character of an icon. A name that the font lacks is told in the log once, and a neutral one shown."""
        if name not in self._glyphs:
            log.warning("The icon font has no “%s”; a neutral icon is shown in its place.", name)
            self._glyphs[name] = self._glyphs[_NEUTRAL]
        return self._glyphs[name]

    # The icon font comes with qtawesome. Reading its one file here spares the start-up its loading of ten others.

    @cached_property
    def _glyphs(self) -> dict[str, str]:
        spec = find_spec("qtawesome")
        assert spec is not None
        base = Path(str(spec.origin)).parent / _ICON_FONT
        font = QFontDatabase.addApplicationFont(f"{base}.ttf")
        self._icon_family = QFontDatabase.applicationFontFamilies(font)[0]
        charmap = json.loads(
            base.with_name(base.name.replace("-6.9.96", "-charmap-6.9.96")).with_suffix(".96.json").read_text()
        )
        return {name: chr(int(code, 16)) for name, code in charmap.items()}

    def draw_glyph(self, painter: QPainter, rect: QRectF, glyph: str, color: QColor) -> None:
        """Paint one character of the icon font as a square at the left of `rect`."""
        font = QFont(self._icon_family)
        side = min(rect.width(), rect.height())
        rect = QRectF(rect.left(), rect.center().y() - side / 2, side, side)
        font.setPixelSize(round(side))
        painter.setFont(font)
        painter.setPen(color)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, glyph)


class _GlyphEngine(QIconEngine):
    """Paints one character of the icon font in whatever colour the theme has at that moment."""

    def __init__(self, theme: Theme, glyph: str, token: str) -> None:
        super().__init__()
        self._theme, self._glyph, self._token = theme, glyph, token

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        token = "disabled" if mode == QIcon.Mode.Disabled else self._token
        painter.save()
        self._theme.draw_glyph(painter, QRectF(rect), self._glyph, self._theme.color(token))
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> "_GlyphEngine":
        return _GlyphEngine(self._theme, self._glyph, self._token)
