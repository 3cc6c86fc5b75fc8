"""Small real texts to train on."""

import pydoc_data.topics
from pathlib import Path

TOPICS = ("assert", "break", "class", "del", "for", "if", "import", "pass", "return", "try", "while", "with")


def write_texts(folder: Path) -> Path:
    """Twelve articles of Python's reference as text files."""
    folder.mkdir(parents=True, exist_ok=True)
    for topic in TOPICS:
        (folder / f"{topic}.txt").write_text(pydoc_data.topics.topics[topic], "utf-8")
    return folder
