"""Which kind of data files are, told from the endings of their names: texts, pictures, or videos.

Whether tables hold examples to fine-tune on is told by what is in them.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

TEXT, IMAGES, VIDEO = "text", "images", "video"
INSTRUCTIONS, PREFERENCES = EXAMPLES = ("instructions", "preferences")
TITLES = (
    (TEXT, "Text"), (IMAGES, "Pictures"), (VIDEO, "Video frames"),
    (INSTRUCTIONS, "Instructions"), (PREFERENCES, "Preferences"),
)  # fmt: skip
_LOOKED_AT = 400  # files; a folder of a million is told by its first ones, and the window does not wait

Endings = Mapping[str, Sequence[str]]


def kind_of(paths: Iterable[Path], endings: Endings) -> str:
    """The kind that most of the files have; text where none is known."""
    kinds = Counter(kind for path in islice(_files(paths), _LOOKED_AT) if (kind := _kind(path, endings)))
    return max(kinds, key=kinds.__getitem__, default=TEXT)


def first_of(paths: Iterable[Path], kind: str, endings: Endings) -> Path | None:
    """The first file of a kind, to show what becomes of it."""
    return next((path for path in islice(_files(paths), _LOOKED_AT) if _kind(path, endings) == kind), None)


def some_of(paths: Iterable[Path], endings: Sequence[str], most: int) -> list[Path]:
    """The first files with one of these endings, at most so many."""
    known = tuple(endings)
    found = (path for path in islice(_files(paths), _LOOKED_AT) if path.name.lower().endswith(known))
    return list(islice(found, most))


def _kind(path: Path, endings: Endings) -> str:
    name = path.name.lower()
    return next((kind for kind, known in endings.items() if name.endswith(tuple(known))), "")


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, files in os.walk(path):
            folders.sort()
            yield from (Path(folder) / name for name in sorted(files) if not name.startswith("."))
