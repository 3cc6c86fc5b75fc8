"""What a right click on a plot offers: saving it as a picture or a table, fitting it, and its scale."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox

from fmstudio.gui.widgets.plot import export as plot_export
from fmstudio.workspace import WorkspaceError

if TYPE_CHECKING:
    from fmstudio.gui.widgets.plot.live_plot import LivePlot


class PlotMenu:
    """The menu of one plot."""

    def __init__(self, plot: "LivePlot") -> None:
        self._plot = plot

    def build(self) -> QMenu:
        """The menu as it would be shown now."""
        menu = QMenu(self._plot)
        menu.setObjectName("plot-menu")
        for suffix, title in plot_export.FORMATS.items():
            menu.addAction(f"Save as {title}…", lambda suffix=suffix: self._ask_and_save(suffix))
        menu.addAction("Copy picture", lambda: QApplication.clipboard().setPixmap(self._plot.grab()))
        menu.addSeparator()
        menu.addAction("Fit to data (double click)", self._plot.fit)
        scale = menu.addAction("Logarithmic scale")
        scale.setCheckable(True)
        scale.setChecked(self._plot.logarithmic)
        scale.toggled.connect(self._plot.set_logarithmic)
        return menu

    def open(self, place: QPoint) -> None:
        """Show the menu at a place of the screen."""
        menu = self.build()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _ask_and_save(self, suffix: str) -> None:
        proposed = self._plot.heading.title.lower().replace(" ", "-") + suffix
        kind = plot_export.FORMATS[suffix]
        chosen, _ = QFileDialog.getSaveFileName(self._plot, f"Save as {kind}", proposed, f"{kind} (*{suffix})")
        if not chosen:
            return
        try:
            self.save(Path(chosen).with_suffix(suffix))
        except (OSError, WorkspaceError) as error:
            QMessageBox.warning(
                self._plot, "Not saved", f"{chosen} cannot be written ({error}); choose another folder."
            )

    def save(self, path: Path) -> None:
        """Write the plot in the format that the path's suffix names: .png, .svg or .csv."""
        background = self._plot.theme.color("surface")
        if path.suffix == ".csv":
            plot_export.save_csv(self._plot.columns, path)
        elif path.suffix == ".svg":
            plot_export.save_svg(self._plot, path, background)
        else:
            plot_export.save_png(self._plot, path, background)
