"""What a person chose for the program, and where its window was: one ini file in the user's configuration folder."""

import hashlib
import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal


def preferences_path() -> Path:
    """Where the preferences are: FMSTUDIO_CONFIG if it is set, else the system's folder for them."""
    if folder := os.environ.get("FMSTUDIO_CONFIG"):
        return Path(folder) / "settings.ini"
    from platformdirs import user_config_path

    return user_config_path("FM Studio", appauthor=False) / "settings.ini"


class Preferences(QObject):
    """Choices by name. `changed` tells the name of a choice that has a new value."""

    changed = Signal(str)

    DEFAULTS = {  # noqa: RUF012
        "theme": "system",
        "text_size": 13,
        "device": "auto",
        "threads": 0,
        "last_workspace": "",
        "feedback/logging": True,
        "playground/enter_sends": True,
    }

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = QSettings(str(path), QSettings.Format.IniFormat, self)

    @property
    def path(self) -> Path:
        """The ini file."""
        return Path(self._file.fileName())

    def get(self, name: str) -> Any:
        """A choice in the type of its default; what cannot be read counts as not chosen."""
        default: Any = self.DEFAULTS[name]
        value = self._file.value(f"preferences/{name}", default)
        if isinstance(default, bool):
            return value in (True, "true")  # an ini file holds words
        try:
            return type(default)(value)
        except (TypeError, ValueError):
            return default

    def set(self, name: str, value: Any) -> None:
        """Choose; does nothing where it is the present choice."""
        if value != self.get(name):
            self._file.setValue(f"preferences/{name}", value)
            self.changed.emit(name)

    @property
    def device(self) -> str:
        """The device that new runs take: "auto", "cpu", "cuda" or "mps"."""
        return self.get("device")

    @property
    def logging(self) -> bool:
        """Whether outputs are kept in the feedback log."""
        return self.get("feedback/logging")

    @property
    def threads(self) -> int:
        """How many cores the engine may use; 0 means that torch decides."""
        return self.get("threads")

    # The window's own memory: where it stood, what it showed, how it was divided.

    def remember(self, workspace: Path, key: str, value: Any) -> None:
        """Keep a piece of the window's state for one workspace."""
        self._file.setValue(f"{_section(workspace)}/{key}", value)

    def recall(self, workspace: Path, key: str) -> Any:
        """A piece of the window's state, or None."""
        return self._file.value(f"{_section(workspace)}/{key}")

    def save(self) -> None:
        """Write to the disk now."""
        self._file.sync()


def _section(workspace: Path) -> str:
    """Ini sections cannot hold a path's slashes, so a workspace is known by a digest of its path."""
    return "window-" + hashlib.sha256(str(workspace).encode()).hexdigest()[:12]
