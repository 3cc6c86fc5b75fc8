"""Folders outside of any workspace: what was fetched once is there for all of them."""

import os
from pathlib import Path

import platformdirs


def data_folder() -> Path:
    """The studio's own folder in the person's; the environment variable FMSTUDIO_DATA names another."""
    chosen = os.environ.get("FMSTUDIO_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("fmstudio", appauthor=False)


def catalogue_folder(item: str) -> Path:
    """Where the files of a catalogue item are once it is fetched."""
    return data_folder() / "catalogue" / item


def downloads_folder() -> Path:
    """Where archives are while they are being fetched."""
    return data_folder() / "downloads"


def state_folder() -> Path:
    """Where the log is kept; the environment variable FMSTUDIO_STATE names another folder."""
    chosen = os.environ.get("FMSTUDIO_STATE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_state_path("fmstudio", appauthor=False)


def log_path() -> Path:
    """The file with warnings, and with what went wrong unforeseen."""
    return state_folder() / "fmstudio.log"


def default_workspace() -> Path:
    """The folder to work in where nobody names one; the environment variable FMSTUDIO_WORKSPACE names another."""
    return named_workspace() or Path.home() / "FM Studio"


def named_workspace() -> Path | None:
    """The folder that FMSTUDIO_WORKSPACE names, if it names one."""
    chosen = os.environ.get("FMSTUDIO_WORKSPACE")
    return Path(chosen).expanduser() if chosen else None
