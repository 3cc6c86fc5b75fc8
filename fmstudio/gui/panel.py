"""What a panel is, and how panels are found.

A panel is a folder in gui/ whose panel.py has one subclass of `Panel`. What the navigation needs (name, title, icon,
order) is read from the file's text, so the window is on screen before the panels' own imports, plots among them, are
loaded.
"""

import ast
import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from fmstudio.gui.studio import Studio

WINDOW = Path(__file__).parent


class PrimaryAction(QAction):
    """The one thing a panel is there to do. While it cannot succeed, it says why beside its button."""

    reason_changed = Signal(str)

    def __init__(self, text: str, icon: str, parent: QWidget, name: str = "primary") -> None:
        """icon: an mdi6 name such as "mdi6.play"; name: the object name of the button."""
        super().__init__(text, parent)
        self.setObjectName(name)
        self.icon_name = icon
        self.reason = ""

    def allow(self) -> None:
        """It can succeed now."""
        self._set("")

    def refuse(self, reason: str) -> None:
        """It cannot succeed, for this reason (a short sentence: "Choose a dataset first.")."""
        self._set(reason or "This cannot be done now.")

    def _set(self, reason: str) -> None:
        self.reason = reason
        self.setEnabled(not reason)
        self.reason_changed.emit(reason)


class Panel(QWidget):
    """A page of the window. Subclasses give the class attributes as plain literals and build themselves in __init__.

    name: what `studio.navigate` calls it. title and summary: its header. icon: an mdi6 name. order: its place in the
    life cycle (tens: Home 0, Data 10, Train 20, … Settings 1000). primary_in_header: false where the panel shows the
    button of its primary action itself.
    """

    name = ""
    title = ""
    summary = ""
    icon = "mdi6.circle-outline"
    order = 500
    primary_in_header = True

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self.theme = studio.theme
        self.setObjectName(f"{self.name}-panel")
        self.setAccessibleName(f"{self.title} panel")
        self.primary_action: PrimaryAction | None = None
        self.header_controls: list[QWidget] = []

    def shown(self, **what: Any) -> None:
        """The panel came to the front; `what` is what `studio.navigate` was given."""

    def stop(self) -> None:
        """Esc: end what the panel is doing for someone who waits; the window then stops the interactive job."""

    def accepts(self, paths: list[Path]) -> bool:
        """Whether files dropped on the window are meant for this panel."""
        return False

    def dropped(self, paths: list[Path]) -> None:
        """Take files that were dropped on the window and that it accepts."""

    def findings(self) -> "list[Finding]":
        """What Ctrl+K can find here besides what the workspace has: the panel's own commands."""
        return []


@dataclass(frozen=True, slots=True)
class Finding:
    """An entry of the Ctrl+K palette. `run` is called when it is chosen."""

    title: str
    kind: str
    icon: str
    run: Any
    hint: str = ""


@dataclass(frozen=True, slots=True)
class PanelInfo:
    """What is known of a panel before its code is imported."""

    module: str
    class_name: str
    name: str
    title: str
    summary: str
    icon: str
    order: int

    def load(self) -> type[Panel]:
        """Import the panel's module and return its class."""
        return getattr(importlib.import_module(self.module), self.class_name)


@cache
def find_panels(folder: Path = WINDOW, package: str = "fmstudio.gui") -> tuple[PanelInfo, ...]:
    """The panels of all folders that have one, in the order of the life cycle."""
    files = [(file, f"{package}.{file.parent.name}.panel") for file in folder.glob("*/panel.py")]
    found = [info for file, module in sorted(files) for info in _panels_of(file.read_text("utf-8"), module)]
    return tuple(sorted(found, key=lambda info: (info.order, info.name)))


def _panels_of(source: str, module: str) -> list[PanelInfo]:
    if "(Panel)" not in source:
        return []
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and _is_panel(node)]
    return [PanelInfo(module, node.name, **_attributes(node)) for node in classes]


def _is_panel(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Panel" for base in node.bases)


def _attributes(node: ast.ClassDef) -> dict[str, Any]:
    values = {key: getattr(Panel, key) for key in ("name", "title", "summary", "icon", "order")}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            key = statement.targets[0].id
            if key in values:
                values[key] = ast.literal_eval(statement.value)
    return values


def dropped_paths(data: QMimeData) -> list[Path]:
    """The local files and folders of a drop."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
