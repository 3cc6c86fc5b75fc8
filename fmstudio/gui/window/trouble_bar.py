"""The bar below the page that says when something went wrong that no part of the window foresaw. Never a dialog."""

import platform

import PySide6
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout

import fmstudio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.labels import ElidedLabel, IconLabel, button, icon_button

_MOST = 20  # different troubles that are kept to be read; the log has all
_DETAILS_HEIGHT = 160


class TroubleBar(QFrame):
    """Takes no room until `tell`. What comes again is counted, so that a fault of each repaint is one line."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("trouble")
        self.setProperty("role", "error-box")
        self._times: dict[tuple[str, str], int] = {}
        self.sentence = ElidedLabel("", "body", "trouble-sentence")
        self.details = QPlainTextEdit()
        self.details.setObjectName("trouble-details")
        self.details.setAccessibleName("Details")
        self.details.setProperty("role", "log")
        self.details.setReadOnly(True)
        self.details.setFixedHeight(_DETAILS_HEIGHT)
        self.details.hide()
        self.details_button = button("Details", "trouble-details-button", theme, role="link", clicked=self._fold)
        self.copy_button = button("Copy", "trouble-copy", theme, "mdi6.content-copy", "quiet", self._copy)
        self.close_button = icon_button("mdi6.close", "Dismiss", "trouble-close", theme, self.clear)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(IconLabel(theme, "mdi6.alert-circle-outline", "error"))
        row.addWidget(self.sentence, 1)
        for each in (self.details_button, self.copy_button, self.close_button):
            row.addWidget(each)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.details)
        self.hide()

    def tell(self, reason: str, details: str) -> None:
        """Say that something went wrong; what went wrong so already is counted."""
        known = (reason, details)
        if known in self._times or len(self._times) < _MOST:
            self._times[known] = self._times.get(known, 0) + 1
        times = sum(self._times.values())
        self.sentence.setText(f"Something went wrong{f' ({times} times)' if times > 1 else ''}: {reason}")
        self.setAccessibleName(self.sentence.text())
        self.copy_button.setText("Copy")
        if not self.details.isHidden():
            self._show_details()
        self.show()

    def clear(self) -> None:
        """Take it away; what comes later is told anew."""
        self._times.clear()
        self._set_folded(True)
        self.hide()

    def text(self) -> str:
        """Everything that is known of it, for whoever wants to report it."""
        troubles = [
            f"{reason}{f' ({times} times)' if times > 1 else ''}\n\n{details.rstrip()}"
            for (reason, details), times in self._times.items()
        ]
        return "\n\n".join(troubles)

    def _fold(self) -> None:
        self._set_folded(not self.details.isHidden())

    def _set_folded(self, folded: bool) -> None:
        self.details.setHidden(folded)
        self.details_button.setText("Details" if folded else "Hide details")
        if not folded:
            self._show_details()

    def _show_details(self) -> None:
        self.details.setPlainText(self.text())

    def _copy(self) -> None:
        made_of = f"FM Studio {fmstudio.__version__}, Python {platform.python_version()}, PySide {PySide6.__version__}"
        QGuiApplication.clipboard().setText(f"{made_of}, {platform.platform()}\n\n{self.text()}\n")
        self.copy_button.setText("Copied")
