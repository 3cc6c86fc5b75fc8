"""Which reader serves which file. A reader is imported when the first file of its kind is met."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

from fmstudio.data.readers.source import Reading, SourceFile

_MODULES = {
    "text": (".txt", ".text", ".md", ".markdown", ".rst", ".org", ".tex", ".log"),
    "web": (".html", ".htm", ".xhtml"),
    "pdf": (".pdf",),
    "office": (".docx",),
    "tables": (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet"),
    "ebook": (".epub",),
}
_BY_ENDING = {ending: module for module, endings in _MODULES.items() for ending in endings}
TABLES = frozenset(_MODULES["tables"])


def is_known(path: Path) -> bool:
    """Whether a file's ending promises text that can be read."""
    return path.suffix.lower() in _BY_ENDING


def known_endings() -> str:
    """The endings, for a person."""
    return " ".join(_BY_ENDING)


def read(source: SourceFile) -> Reading:
    """The documents of a file. One of an unknown ending is tried as plain text, which refuses what is none."""
    module = _BY_ENDING.get(source.path.suffix.lower(), "text")
    reader = importlib.import_module(f"fmstudio.data.readers.{module}")
    return cast(Callable[[SourceFile], Reading], reader.read)(source)
