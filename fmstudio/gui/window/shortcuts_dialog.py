"""All keys at a glance."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from fmstudio.gui.panel import PanelInfo
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.window.navigation import shortcut_of

GENERAL = (
    ("Ctrl+K", "Find any panel, dataset, model, run or command"),
    ("Ctrl+Enter", "Do what the panel's main button does"),
    ("Esc", "Stop the interactive job"),
    ("Ctrl+J", "Show the jobs of this session"),
    ("Ctrl+O", "Open another workspace"),
    ("F1", "Show this list"),
)


class ShortcutsDialog(QDialog):
    """Two columns: the key, and what it does. Deletes itself when closed."""

    def __init__(self, theme: Theme, infos: Sequence[PanelInfo], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts-dialog")
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        panels = [(keys, f"Go to {info.title}") for info in infos if (keys := shortcut_of(info, infos))]
        for row, (keys, meaning) in enumerate((*panels, *GENERAL)):
            grid.addWidget(label(keys, "mono"), row, 0)
            grid.addWidget(label(meaning), row, 1)
        close = button("Close", "shortcuts-close", theme, clicked=self.accept)
        self.setLayout(
            vbox(
                label("Keyboard shortcuts", "section"),
                grid,
                (close, 0, Qt.AlignmentFlag.AlignRight),
                gap=16,
                margins=(24, 16, 24, 16),
            )
        )
