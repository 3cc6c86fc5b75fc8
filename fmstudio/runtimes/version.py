"""A model's version: a hash that changes when its weights or its tokenizer do, without reading gigabytes."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_parts import siblings

_PIECE = 1 << 20
_PIECES = 16


def stamp_of_files(path: Path) -> tuple[Any, ...]:
    """Changes when one of a model's own files does."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else sorted({path, *siblings(path)})
        found = [(file.name, file.stat()) for file in files if not file.is_dir()]
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ModelError(f"{path} cannot be read ({reason}); choose a model that is there.") from error
    return tuple((name, status.st_mtime_ns, status.st_size) for name, status in found)


def version_of(path: Path) -> str:
    """The version of a GGUF file or model folder, as sixteen hexadecimal digits, from memory where it is unchanged."""
    return _version(path, stamp_of_files(path))


@lru_cache(maxsize=64)
def _version(path: Path, stamp: tuple[Any, ...]) -> str:
    digest = hashlib.sha256()
    files = [path] if path.is_file() else [*sorted(path.glob("*.safetensors")), path / "config.json",
                                           path / "adapter_config.json", path / "tokenizer.json"]  # fmt: skip
    for file in files:
        if file.is_file():
            _add(digest, file)
    return digest.hexdigest()[:16]


def _add(digest: Any, file: Path) -> None:
    """A file's size and sixteen pieces of it, the first and the last among them; a small file is read whole."""
    size = file.stat().st_size
    digest.update(f"{file.suffix} {size} ".encode())
    with file.open("rb") as stream:
        if size <= _PIECE * _PIECES:
            digest.update(stream.read())
            return
        for number in range(_PIECES):
            stream.seek((size - _PIECE) * number // (_PIECES - 1))
            digest.update(stream.read(_PIECE))
