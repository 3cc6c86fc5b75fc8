"""What "Show the recipe" opens: the TOML of a run as it would be kept, to copy or to save for the command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QPlainTextEdit, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import button, label
from fmstudio.recipe import write_toml
from fmstudio.workspace import write_atomically


class RecipeDialog(QDialog):
    """Shows a recipe given as nested tables. Not modal: `open()` or `show()` it, it deletes itself when closed."""

    def __init__(
        self, theme: Theme, tables: Mapping[str, Any], name: str = "recipe", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("recipe-dialog")
        self.setWindowTitle("Recipe")
        self.resize(620, 560)
        self._name = name
        self.text = QPlainTextEdit(write_toml(tables))
        self.text.setObjectName("recipe-text")
        self.text.setAccessibleName("Recipe as TOML")
        self.text.setReadOnly(True)
        self.text.setProperty("role", "log")
        self.error = ErrorBox(theme, "recipe-error")
        self._copy = button("Copy", "recipe-copy", theme, "mdi6.content-copy", clicked=self.copy)
        self._done = label("", "caption", "recipe-done")
        close = button("Close", "recipe-close", theme, clicked=self.accept)
        row = hbox(
            self._copy,
            button("Save as…", "recipe-save", theme, "mdi6.content-save-outline", clicked=self.choose_file),
            (self._done, 1),
            close,
        )
        hint = "Save it and run it again with “fmstudio run FILE”, here or on another machine."
        self.setLayout(
            vbox(
                label("Everything this run needs, in one file", "section", "recipe-title"),
                label(hint, "secondary", "recipe-hint", wrap=True),
                (self.text, 1),
                self.error,
                row,
                gap=12,
                margins=(24, 16, 24, 16),
            )
        )

    def copy(self) -> None:
        """Put the recipe on the clipboard."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self._done.setText("Copied.")

    def choose_file(self) -> None:
        """Ask where to save, and save there."""
        chosen, _ = QFileDialog.getSaveFileName(self, "Save recipe", f"{self._name}.toml", "Recipes (*.toml)")
        if chosen:
            self.save(Path(chosen))

    def save(self, path: Path) -> None:
        """Write the recipe to a file; what the disk says against it is shown here."""
        try:
            write_atomically(path, self.text.toPlainText())
        except OSError as error:
            self.error.show_error(f"{path} could not be written ({error.strerror}); choose another place.", str(error))
            return
        self.error.clear()
        self._done.setText(f"Saved as {path.name}.")
