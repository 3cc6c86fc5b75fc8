"""What a panel is, and how panels are found.

A panel is a folder in gui/ whose panel.py has one subclass of `Panel`. It says its own place: its chapter and order,
what it opens, what it is begun with. That is read from the file's text, so that navigation, menus, Ctrl+K and Home know
of every panel before the panels' own imports, plots among them, are loaded; and no list of panels is kept anywhere.
"""

import ast
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

import fmstudio.gui
from fmstudio.gui.studio import Studio

HOME, LABORATORY, PROGRAM = "home", "laboratory", "program"
LOOP = ("data selection", "pre-training", "adaptation", "evaluation", "deployment", "feedback")
"""A model's life: each stage leads to the next, and the last to the first again."""

CHAPTERS = (HOME, *LOOP, LABORATORY, PROGRAM)
KEY = "*"
"""Stands for the key of a thing in what a panel is told to open it; `*dataset` stands for the newest dataset's."""

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """How one begins in a panel, for Home to offer: a title and a reason (in which {dataset} is the newest dataset's
    title), the words of the button, and what the panel is told. It is done when there is something of a kind of `until`
    (without it: anything that the panel opens).
    """

    title: str
    reason: str
    button: str
    icon: str
    what: Arguments = field(default_factory=dict)
    until: tuple[str, ...] = ()


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

    name: what `studio.navigate` calls it. title and summary: its header. icon: an mdi6 name. chapter: one of CHAPTERS;
    order: its place among the panels of that chapter.
    opens: the kinds of things (of things.KINDS; "model:diffusion" for those of one family) that it shows, each with
    what `shown` is told, in which "*" stands for the thing's key. "model:found" is where Ctrl+K leads to a model, if
    that is not where it is tried.
    commands: what Ctrl+K can do with it: title, icon, the name of the method and what that is given.
    takes: what it is for when files are dropped on the window while another panel is shown: "files" or "models".
    begin: how one begins here. primary_in_header: false where the panel shows the button of its primary action itself.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    icon: ClassVar[str] = "mdi6.circle-outline"
    chapter: ClassVar[str] = LABORATORY
    order: ClassVar[int] = 500
    opens: ClassVar[Mapping[str, Arguments]] = {}
    commands: ClassVar[Sequence[tuple[str, ...]]] = ()
    takes: ClassVar[str] = ""
    begin: ClassVar[Step | None] = None
    primary_in_header: ClassVar[bool] = True

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


@dataclass(frozen=True, slots=True)
class PanelInfo:
    """What is known of a panel before its code is imported."""

    module: str
    class_name: str
    name: str = ""
    title: str = ""
    summary: str = ""
    icon: str = Panel.icon
    chapter: str = Panel.chapter
    order: int = Panel.order
    opens: Mapping[str, Arguments] = field(default_factory=dict)
    commands: Sequence[tuple[str, ...]] = ()
    takes: str = ""
    begin: Step | None = None

    def __post_init__(self) -> None:
        if self.chapter not in CHAPTERS:
            raise ValueError(f"{self.module}: its chapter is {self.chapter!r}, but must be one of {CHAPTERS}.")

    @property
    def place(self) -> tuple[int, int, str]:
        """By which panels are sorted."""
        return CHAPTERS.index(self.chapter), self.order, self.name

    def load(self) -> type[Panel]:
        """Import the panel's module and return its class."""
        return getattr(importlib.import_module(self.module), self.class_name)


def find_panels() -> tuple[PanelInfo, ...]:
    """The panels of all folders of the window that have one, in their order."""
    return _panels_in(tuple(fmstudio.gui.__path__), fmstudio.gui.__name__)


@cache
def _panels_in(folders: tuple[str, ...], package: str) -> tuple[PanelInfo, ...]:
    files = sorted(file for folder in folders for file in Path(folder).glob("*/panel.py"))
    found = [_panels_of(file.read_text("utf-8"), f"{package}.{file.parent.name}.panel") for file in files]
    return tuple(sorted((info for infos in found for info in infos), key=lambda info: info.place))


def _panels_of(source: str, module: str) -> list[PanelInfo]:
    if "(Panel)" not in source:
        return []
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and _is_panel(node)]
    return [PanelInfo(module, node.name, **_attributes(node)) for node in classes]


def _is_panel(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Panel" for base in node.bases)


def _attributes(node: ast.ClassDef) -> dict[str, Any]:
    known = {each.name for each in fields(PanelInfo)}
    values = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            key = statement.targets[0].id
            if key in known:
                values[key] = _value(statement.value)
    return values


def _value(node: ast.expr) -> Any:
    """A literal, or a Step of literals."""
    if not isinstance(node, ast.Call):
        return ast.literal_eval(node)
    named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg}
    return Step(*(ast.literal_eval(each) for each in node.args), **named)


def opening(
    infos: Sequence[PanelInfo], kind: str, key: str, family: str = ""
) -> tuple[PanelInfo, dict[str, Any]] | None:
    """The panel that opens a thing and what it is told: one for its family before one for all; None without one."""
    for wanted in (f"{kind}:{family}", kind):
        for info in infos:
            if wanted in info.opens:
                return info, {name: key if value == KEY else value for name, value in info.opens[wanted].items()}
    return None


def dropped_paths(data: QMimeData) -> list[Path]:
    """The local files and folders of a drop."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
