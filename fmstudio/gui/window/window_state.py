"""Keeps where the window stood, what it showed and how its panels were divided, for each workspace."""

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSplitter

from fmstudio.gui.panel import Panel
from fmstudio.gui.window.shell import Shell

_FRAME = 36
"""Pixels that a window manager's title takes of the screen."""


def restore_window(window: Shell) -> None:
    """Put the window where it was. Its panel is shown by whoever opens the window."""
    geometry = window.studio.preferences.recall(window.studio.workspace.path, "geometry")
    if isinstance(geometry, QByteArray):
        window.restoreGeometry(geometry)
    if QGuiApplication.platformName() != "offscreen":  # there nobody sees where it ends
        window.resize(fitting(window.size(), window.screen().availableSize()))


def fitting(wanted: QSize, screen: QSize) -> QSize:
    """The size in which a window opens: no larger than what a screen has for it and its frame."""
    return wanted.boundedTo(QSize(screen.width(), screen.height() - _FRAME))


def last_panel(window: Shell) -> str:
    """The panel that was shown last, or the first there is."""
    name = window.studio.preferences.recall(window.studio.workspace.path, "panel")
    names = [info.name for info in window.infos]
    return name if name in names else names[0]


def restore_panel(window: Shell, panel: Panel) -> None:
    """Divide a panel that was just built as it was divided."""
    for splitter in panel.findChildren(QSplitter):
        state = window.studio.preferences.recall(window.studio.workspace.path, _key(splitter))
        if splitter.objectName() and isinstance(state, QByteArray):
            splitter.restoreState(state)


def save_window(window: Shell) -> None:
    """Remember the window as it is."""
    settings, workspace = window.studio.preferences, window.studio.workspace.path
    settings.remember(workspace, "geometry", window.saveGeometry())
    settings.remember(workspace, "panel", window.current)
    for panel in window.built_panels():
        for splitter in panel.findChildren(QSplitter):
            if splitter.objectName():
                settings.remember(workspace, _key(splitter), splitter.saveState())
    settings.save()


def _key(splitter: QSplitter) -> str:
    return f"splitter-{splitter.objectName()}"
