"""Files that come to the playground: models that are dropped on it, and pasted texts that become documents."""

import hashlib
from pathlib import Path

from fmstudio.workspace import Workspace, explained, write_atomically

PASTED = "pasted"


def is_model(path: Path) -> bool:
    """Whether a file or folder looks like a language model; what it really is, the job that links it finds out."""
    if path.is_dir():
        return (path / "config.json").is_file() or (path / "adapter_config.json").is_file()
    return path.suffix.lower() == ".gguf"


def has_weights(path: Path) -> bool:
    """Whether it is more than a folder of texts that happens to have a config.json."""
    return is_model(path) and (path.is_file() or any(path.glob("*.safetensors")))


def keep_pasted(workspace: Workspace, text: str) -> Path:
    """Keep a pasted text as a document of the workspace; the same text is kept once. Raises WorkspaceError."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    file = workspace.path / PASTED / f"{_title(text)}-{digest}.txt"
    with explained(file):
        write_atomically(file, text.encode("utf-8", "replace"))
    return file


def _title(text: str) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in text[:200]).split()[:5]
    return "-".join(words).lower()[:48] or "text"
