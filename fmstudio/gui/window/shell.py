"""What the parts of the window need of the window itself; none of them needs to know how it is built."""

from typing import Any

from PySide6.QtWidgets import QMainWindow

from fmstudio.gui.panel import Panel, PanelInfo
from fmstudio.gui.studio import Studio
from fmstudio.gui.things import Things


class Shell(QMainWindow):
    """The window as its menus, its palette and its memory see it."""

    studio: Studio
    infos: tuple[PanelInfo, ...]
    things: Things

    @property
    def current(self) -> str:
        """The name of the panel that is shown."""
        raise NotImplementedError

    def built_panels(self) -> list[Panel]:
        """The panels that are built so far."""
        raise NotImplementedError

    def show_panel(self, name: str, **what: Any) -> None:
        """Bring a panel to the front and tell it what to show."""
        raise NotImplementedError

    def do_in_panel(self, name: str, method: str, *given: str) -> None:
        """Show a panel and call a method of it, or of one of its parts ("adding.ask_files")."""
        raise NotImplementedError

    def open_palette(self) -> None:
        """Find anything."""
        raise NotImplementedError

    def open_job_list(self) -> None:
        """Show all jobs of this session."""
        raise NotImplementedError
