"""Where the files are that come with the program: presets, themes, the catalogue."""

from pathlib import Path

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
