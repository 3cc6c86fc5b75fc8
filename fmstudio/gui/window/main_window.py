"""The window: navigation, pages and job bar, and what joins them. What is done in a page is its panel's business."""

from operator import attrgetter
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import QStackedWidget, QWidget

from fmstudio.gui.models.files import has_weights, is_model
from fmstudio.gui.panel import HOME, Panel, PanelInfo, dropped_paths, find_panels
from fmstudio.gui.preload import Preload
from fmstudio.gui.studio import Studio
from fmstudio.gui.things import Things
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.error_box import Banner
from fmstudio.gui.window.drop_hint import DropHint
from fmstudio.gui.window.findings import findings
from fmstudio.gui.window.job_bar import JobBar
from fmstudio.gui.window.job_list import JobList
from fmstudio.gui.window.kept_focus import KeptFocus
from fmstudio.gui.window.menus import Menus
from fmstudio.gui.window.navigation import Navigation, shortcut_of
from fmstudio.gui.window.page import Page
from fmstudio.gui.window.palette import Palette
from fmstudio.gui.window.questions import ask_to_stop
from fmstudio.gui.window.shell import Shell
from fmstudio.gui.window.trouble_bar import TroubleBar
from fmstudio.gui.window.undo_bar import UndoBar
from fmstudio.gui.window.window_state import restore_panel, restore_window, save_window


class MainWindow(Shell):
    """Shows the panels that exist. A panel is built when it is first shown; its code is loaded before that when there
    is nothing to do.

    closed: the window is gone for good. unattended: nobody is there to answer, so it asks nothing before it closes.
    """

    closed = Signal()

    def __init__(self, studio: Studio, infos: tuple[PanelInfo, ...] | None = None) -> None:
        super().__init__()
        self.setObjectName("main-window")
        self.setWindowTitle(f"{studio.workspace.path.name} – FM Studio")
        self.resize(1280, 800)
        self.setMinimumSize(960, 600)
        self.setAcceptDrops(True)
        self.studio = studio
        self.unattended = False
        self.infos = find_panels() if infos is None else infos
        self.things = Things(studio.workspace)
        self.navigation = Navigation(self.infos, studio.theme)
        self.pages = QStackedWidget()
        self.pages.setObjectName("pages")
        self._pages = {info.name: Page(info, studio.theme) for info in self.infos}
        for page in self._pages.values():
            self.pages.addWidget(page)
        self.banner = Banner(studio.theme, "notice")
        self._notice = boxed(vbox(self.banner, margins=(24, 12, 24, 0)))
        self._notice.setVisible(bool(studio.workspace.notice))
        self.banner.dismissed.connect(self._notice.hide)
        self.job_bar = JobBar(studio)
        self.job_list = JobList(studio, self)
        self.palette_box = Palette(studio.theme, self)
        self.trouble = TroubleBar(studio.theme)
        self.undo = UndoBar(studio)
        self.kept_focus = KeptFocus(self)
        self.preload = Preload(self.infos, studio.jobs, self)
        self._drop_hint = DropHint(studio.theme, self)
        self.menus = Menus(self)
        self._minutes = QTimer(self, interval=60_000)
        self._lay_out()
        self._connect()
        self.banner.tell(studio.workspace.notice)
        restore_window(self)

    def _lay_out(self) -> None:
        foot = vbox(self.undo, self.trouble, margins=(24, 0, 24, 8))
        right = vbox(self._notice, (self.pages, 1), foot, gap=0)
        central = QWidget()
        central.setObjectName("central")
        central.setLayout(vbox((hbox(self.navigation, (right, 1), gap=0), 1), self.job_bar, gap=0))
        self.setCentralWidget(central)

    def _connect(self) -> None:
        self.navigation.chosen.connect(self.show_panel)
        self.navigation.palette_wanted.connect(self.open_palette)
        self.studio.navigation_requested.connect(self._navigate)
        self.studio.went_wrong.connect(self.trouble.tell)
        # Bound methods, not lambdas: Qt lets go of them with the window, while the settings live on.
        self.studio.machine_changed.connect(self._show_device)
        self.studio.preferences.changed.connect(self._show_device)
        self.job_bar.list_wanted.connect(self.open_job_list)
        self._minutes.timeout.connect(self.studio.minute_passed)
        self._minutes.start()
        for info in self.infos:
            if keys := shortcut_of(info, self.infos):
                self._shortcut(keys, lambda name=info.name: self.show_panel(name))
        self._shortcut("Ctrl+K", self.open_palette)
        self._shortcut("Esc", self.stop_interactive)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            self._shortcut(keys, self.trigger_primary)

    def _show_device(self, _: object) -> None:
        self.job_bar.set_device(in_use(self.studio.machine, self.studio))

    def _shortcut(self, keys: str, act: Any) -> None:
        QShortcut(QKeySequence(keys), self).activated.connect(lambda: act())

    # Panels.

    @property
    def current(self) -> str:
        """The name of the panel that is shown."""
        page = self.pages.currentWidget()
        return page.info.name if isinstance(page, Page) else ""

    def panel(self, name: str) -> Panel:
        """A panel, built now if it was not."""
        page = self._pages[name]
        if page.panel is not None:
            return page.panel
        built = page.info.load()(self.studio)
        page.fill(built)
        restore_panel(self, built)
        return built

    def show_panel(self, name: str, **what: Any) -> None:
        """Bring a panel to the front and tell it what to show."""
        if name not in self._pages:
            return
        panel = self.panel(name)
        self.pages.setCurrentWidget(self._pages[name])
        self.navigation.show_chosen(name)
        # Keys go to the panel; Tab then leads into it, and the navigation shows no focus that nobody put there.
        panel.setFocus()
        panel.shown(**what)

    def _navigate(self, name: str, what: dict[str, Any]) -> None:
        self.show_panel(name, **what)

    def show_frame(self, name: str) -> None:
        """Show a panel's header before its code is loaded, so that the window is up at once. Home needs no wait."""
        if self._pages[name].info.chapter == HOME:
            self.panel(name)
        self.pages.setCurrentWidget(self._pages[name])
        self.navigation.show_chosen(name)

    def built_panels(self) -> list[Panel]:
        """The panels that are built so far."""
        return [page.panel for page in self._pages.values() if page.panel is not None]

    def load_the_rest(self) -> None:
        """Load the code of the panels that were not shown yet, bit by bit while no job runs."""
        self.preload.start()

    def do_in_panel(self, name: str, method: str, *given: str) -> None:
        """Show a panel and call a method of it, or of one of its parts ("adding.ask_files")."""
        self.show_panel(name)
        attrgetter(method)(self.panel(name))(*given)

    # What keys do.

    def trigger_primary(self) -> None:
        """Do what the shown panel's primary button does, if it can."""
        page = self.pages.currentWidget()
        action = page.panel.primary_action if isinstance(page, Page) and page.panel else None
        if action and action.isEnabled():
            action.trigger()

    def stop_interactive(self) -> None:
        """Stop what the shown panel is doing, and the interactive job, if there is one."""
        page = self.pages.currentWidget()
        if isinstance(page, Page) and page.panel:
            page.panel.stop()
        if job := self.studio.jobs.interactive():
            self.studio.stop(job.id)

    def open_palette(self) -> None:
        """Find anything."""
        self.palette_box.pop_up(findings(self, self.menus.commands))

    def open_job_list(self) -> None:
        """Show all jobs of this session above the job bar."""
        corner = self.job_bar.mapToGlobal(self.job_bar.rect().topRight())
        self.job_list.pop_up(corner - QPoint(16, 8))

    # Files from outside.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if taker := self._taker(dropped_paths(event.mimeData())):
            _take_copy(event)
            self._drop_hint.offer(taker.title)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        _take_copy(event)  # each move proposes anew

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_hint.hide()
        paths = dropped_paths(event.mimeData())
        if taker := self._taker(paths):
            _take_copy(event)
            self.show_panel(taker.name)
            self.panel(taker.name).dropped(paths)

    def _taker(self, paths: list[Path]) -> PanelInfo | None:
        """The panel that wants these files: the shown one before the others. None is built for being asked."""
        pages = sorted(self._pages.values(), key=lambda page: page.info.name != self.current) if paths else []
        return next((page.info for page in pages if self._takes(page, paths)), None)

    def _takes(self, page: Page, paths: list[Path]) -> bool:
        if page.panel is not None:
            return page.panel.accepts(paths)
        wanted = {"models": all(map(is_model, paths)), "files": not all(map(has_weights, paths))}
        return wanted.get(page.info.takes, False)

    # Its end.

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.unattended and not ask_to_stop(self, self.studio.jobs.active()):
            event.ignore()
            return
        self._minutes.stop()
        save_window(self)
        event.accept()
        self.closed.emit()


def _take_copy(event: QDropEvent) -> None:
    """Whatever a file manager proposes, what is dropped stays where it is: a source that is told "move" deletes it."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def in_use(machine: dict[str, Any], studio: Studio) -> str:
    """The device that new runs take, in words."""
    devices = machine.get("devices") or [{"name": "cpu", "title": "CPU"}]
    wanted = studio.preferences.device
    return next((device["title"] for device in devices if device["name"] == wanted), devices[0]["title"])
