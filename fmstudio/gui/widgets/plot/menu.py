"""What a right click on a chart offers: saving it as a picture or a table, and what the chart itself adds."""

from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from fmstudio.gui.widgets.menus import RULE, menu_of, tell
from fmstudio.gui.widgets.plot import export
from fmstudio.workspace import WorkspaceError


class Saved(Protocol):
    """What the menu knows of a chart."""

    title: str

    def drawing(self) -> export.Drawing:
        """The chart as it is seen."""

    def table(self) -> export.Table:
        """The numbers behind it."""

    def extend_menu(self, menu: QMenu) -> None:
        """Add what this chart offers beyond saving."""


class ChartMenu:
    """The menu of one chart; `widget` is where it opens."""

    def __init__(self, chart: Saved, widget: QWidget) -> None:
        self._chart, self._widget = chart, widget

    def build(self) -> QMenu:
        """The menu as it would be shown now."""
        saving = [
            (f"Save as {title}…", partial(self._ask_and_save, suffix)) for suffix, title in export.FORMATS.items()
        ]
        copy = ("Copy picture", lambda: QApplication.clipboard().setPixmap(self._chart.drawing().pixmap()))
        menu = menu_of([*saving, copy, RULE], self._widget, "plot-menu")
        self._chart.extend_menu(menu)
        return menu

    def open(self, place: QPoint) -> None:
        """Show the menu at a place of the screen."""
        self.build().popup(place)

    def _ask_and_save(self, suffix: str) -> None:
        proposed = self._chart.title.lower().replace(" ", "-").replace("/", "-") + suffix
        kind = export.FORMATS[suffix]
        chosen, _ = QFileDialog.getSaveFileName(self._widget, f"Save as {kind}", proposed, f"{kind} (*{suffix})")
        if not chosen:
            return
        try:
            self.save(Path(chosen).with_suffix(suffix))
        except (OSError, WorkspaceError) as error:
            tell(self._widget, "Not saved", f"{chosen} cannot be written ({error}); choose another folder.")

    def save(self, path: Path) -> None:
        """Write the chart in the format that the path's suffix names: .png, .svg or .csv."""
        export.save(self._chart.drawing(), self._chart.table(), path)
