"""The menus, whose actions Ctrl+K finds too."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox

import fmstudio
from fmstudio.gui.panel import LOOP
from fmstudio.gui.theme import CHOICES
from fmstudio.gui.window.navigation import shortcut_of
from fmstudio.gui.window.shell import Shell
from fmstudio.gui.window.shortcuts_dialog import ShortcutsDialog

_THEME_ICONS = ("mdi6.theme-light-dark", "mdi6.white-balance-sunny", "mdi6.weather-night")


class Menus(QObject):
    """File, View and Help of a window. `commands` are the actions that a person may look for by name."""

    def __init__(self, window: Shell) -> None:
        super().__init__(window)
        self._window = window
        self.commands: list[tuple[QAction, str]] = []
        self._fill_file(window.menuBar().addMenu("&File"))
        self._fill_view(window.menuBar().addMenu("&View"))
        self._fill_help(window.menuBar().addMenu("&Help"))

    def _fill_file(self, menu: QMenu) -> None:
        self._add(
            menu, "Open workspace…", "open-workspace", "mdi6.folder-open-outline", self.choose_workspace, "Ctrl+O"
        )
        self._add(menu, "Show workspace folder", "show-folder", "mdi6.folder-outline", self.show_folder)
        menu.addSeparator()
        self._add(menu, "Quit", "quit", "mdi6.exit-to-app", self._window.close, QKeySequence.StandardKey.Quit)

    def _fill_view(self, menu: QMenu) -> None:
        theme = self._window.studio.theme
        infos = self._window.infos
        for before, info in zip((None, *infos), infos, strict=False):
            if before is not None and (before.chapter in LOOP) != (info.chapter in LOOP):
                menu.addSeparator()
            action = QAction(theme.icon(info.icon, "secondary"), info.title, menu)
            action.setObjectName(f"view-{info.name}")
            # Shown only: the window itself listens to these keys.
            keys = shortcut_of(info, infos)
            action.setText(f"{info.title.replace('&', '&&')}\t{keys}")
            action.triggered.connect(lambda _=False, name=info.name: self._window.show_panel(name))
            menu.addAction(action)
        menu.addSeparator()
        themes = menu.addMenu("Theme")
        themes.setObjectName("theme-menu")
        group = QActionGroup(menu)
        for choice, icon in zip(CHOICES, _THEME_ICONS, strict=True):
            title = "Follow the system" if choice == "system" else choice.capitalize()
            action = self._add(themes, title, f"theme-{choice}", icon, partial(self._choose_theme, choice))
            action.setCheckable(True)
            action.setChecked(theme.choice == choice)
            group.addAction(action)
        self._themes = group.actions()
        theme.changed.connect(self._check_theme)
        self._add(menu, "Find anything…\tCtrl+K", "find", "mdi6.magnify", self._window.open_palette)
        self._add(
            menu, "Jobs of this session", "jobs", "mdi6.format-list-bulleted", self._window.open_job_list, "Ctrl+J"
        )

    def _fill_help(self, menu: QMenu) -> None:
        self._add(menu, "Keyboard shortcuts", "shortcuts", "mdi6.keyboard-outline", self.show_shortcuts, "F1")
        self._add(menu, "About FM Studio", "about", "mdi6.information-outline", self.show_about)

    def _add(
        self,
        menu: QMenu,
        text: str,
        name: str,
        icon: str,
        act: Callable[[], object],
        keys: str | QKeySequence.StandardKey = "",
    ) -> QAction:
        action = QAction(self._window.studio.theme.icon(icon, "secondary"), text, menu)
        action.setObjectName(f"action-{name}")
        action.triggered.connect(lambda: act())
        if keys:
            action.setShortcut(QKeySequence(keys))
        menu.addAction(action)
        self.commands.append((action, icon))
        return action

    # What they do.

    def choose_workspace(self) -> None:
        """Ask for another workspace; opening it is up to whoever owns the window."""
        here = str(self._window.studio.workspace.path.parent)
        if chosen := QFileDialog.getExistingDirectory(self._window, "Open or create a workspace", here):
            self._window.studio.workspace_wanted.emit(Path(chosen))

    def show_folder(self) -> None:
        """Open the workspace's folder in the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._window.studio.workspace.path)))

    def show_shortcuts(self) -> None:
        """List all keys."""
        ShortcutsDialog(self._window.studio.theme, self._window.infos, self._window).open()

    def show_about(self) -> None:
        """Name, version and licence."""
        box = QMessageBox(self._window)
        box.setObjectName("about")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("About FM Studio")
        box.setIconPixmap(self._window.studio.theme.icon("mdi6.orbit", "accent").pixmap(48, 48))
        box.setText(f"FM Studio {fmstudio.__version__}")
        box.setInformativeText(
            "A foundation model's whole life on one machine: choose data, pre-train, adapt, evaluate, deploy, "
            "improve.\n\n"
            "MIT licence. Everything stays on this computer."
        )
        box.open()

    def _check_theme(self) -> None:
        for action, choice in zip(self._themes, CHOICES, strict=True):
            action.setChecked(self._window.studio.theme.choice == choice)

    def _choose_theme(self, choice: str) -> None:
        self._window.studio.preferences.set("theme", choice)
