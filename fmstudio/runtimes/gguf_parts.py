"""A model in several GGUF files: the first part names what it is, the weights are in all of them."""

import re
from pathlib import Path

from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_header import GgufHeader, read_header

_NAME = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf", re.IGNORECASE)


def siblings(path: Path) -> list[Path]:
    """The parts that are there of a model of which `path` is one by its name; none for a file that is whole."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        return []
    parts = (path.with_name(f"{found[1]}-{number:05d}-of-{found[3]}.gguf") for number in range(1, int(found[3]) + 1))
    return [part for part in parts if part.is_file()]


def other_parts(first: GgufHeader) -> list[GgufHeader]:
    """The headers of the parts after the first; empty for a file that is whole.

    Raises ModelError where the file is not the first part, or another is missing.
    """
    count, number = first.metadata.get("split.count", 1), first.metadata.get("split.no", 0)
    if not isinstance(count, int) or count <= 1:
        return []
    named = _NAME.fullmatch(first.path.name)
    if named is None or int(named[3]) != count:
        raise ModelError(
            f"{first.path.name} is one part of {count}, but is not named so; give the parts their names, which end in "
            f"-00001-of-{count:05d}.gguf and so on."
        )
    if number != 0 or int(named[2]) != 1:
        raise ModelError(
            f"{first.path.name} is part {int(named[2])} of {count} of a model; open its first part, "
            f"{named[1]}-00001-of-{named[3]}.gguf."
        )
    there = siblings(first.path)
    if len(there) < count:
        names = {f"{named[1]}-{part:05d}-of-{named[3]}.gguf" for part in range(2, count + 1)}
        missing = min(names - {path.name for path in there})
        raise ModelError(f"{first.path.name} is one part of {count}, but {missing} is missing; copy it beside it.")
    return [read_header(path) for path in there if path != first.path]
