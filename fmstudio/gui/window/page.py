"""The frame around a panel: its title, one line of what happens here, its header controls and the primary button."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from fmstudio.gui.panel import Panel, PanelInfo, PrimaryAction
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.primary_button import PrimaryButton

MARGIN = 24


class Page(QWidget):
    """A header over a panel. Made from the panel's description; the panel itself may come later with `fill`."""

    def __init__(self, info: PanelInfo, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("page")
        self.info = info
        self.panel: Panel | None = None
        self.primary: PrimaryButton | None = None
        self._theme = theme
        self._header = hbox((label(info.title, "title", f"{info.name}-title"), 1))
        summary = label(info.summary, "secondary", f"{info.name}-summary", wrap=True)
        layout = vbox(vbox(self._header, summary, gap=2), gap=16, margins=(MARGIN, 16, MARGIN, 16))
        self.setLayout(layout)
        self._body = layout
        self._space = QWidget()
        layout.addWidget(self._space, 1)

    def fill(self, panel: Panel) -> None:
        """Put the panel in its frame."""
        self.panel = panel
        self._space.hide()
        self._body.removeWidget(self._space)
        self._space.deleteLater()
        for control in panel.header_controls:  # before the panel, as Tab comes to them
            self._header.addWidget(control)
        if panel.primary_action and panel.primary_in_header:
            self._add_primary(panel.primary_action)
        self._body.addWidget(panel, 1)

    def _add_primary(self, action: PrimaryAction) -> None:
        self.primary = PrimaryButton(action, self._theme)
        reason = label(action.reason, "caption", f"{self.info.name}-primary-reason", wrap=True)
        reason.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        action.reason_changed.connect(reason.setText)
        self._header.insertWidget(1, reason)
        self._header.addWidget(self.primary)
