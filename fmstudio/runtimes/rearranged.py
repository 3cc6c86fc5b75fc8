"""A copy of a GGUF file with the same numbers in an order for which llama.cpp has a fast product.

On a processor llama.cpp multiplies several tokens at once by eight rows side by side where a matrix is Q4_0; for Q4_1
it has no such product and takes nearly twice as long to read a prompt. But a block of Q4_1 is one of Q4_0 and a number:

    scale · code + minimum  =  scale · (code - 8) + (minimum + 8 · scale)

So W x = Q x + B (A x), where Q has the same scales and codes in Q4_0, A adds up each block of x, and B has the numbers
of the blocks. That is what llama.cpp knows as an adapter of low rank (Hu et al. 2021). B is kept in 16 bits, as the
minimums were: what it is rounded by is far below a step of the codes. The four more operations cost a single token
less than the faster product saves it where a matrix is large and narrow, as gate and values of the feed-forward layers
are: these are rearranged, and all else stays as it is.

Copies are kept in the person's cache by the hash of the whole file, so that a file that changes never meets the copy
of what it was, and they go when no file of theirs is there any more.
"""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import struct
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import gguf
import numpy as np
import platformdirs
from gguf import GGMLQuantizationType

from fmstudio.runtimes.facts import stamp_of
from fmstudio.runtimes.gguf_header import GgufHeader, TensorPlace, read_header
from fmstudio.runtimes.model_facts import ModelFacts

MODEL, ADAPTER, SOURCE = "model.gguf", "adapter.gguf", "source.json"
_LAYOUT = "2"
"""Of the copies: another one makes them anew."""

_SMALLEST = 512 * 1024
"""Numbers of a matrix from which on it is worth it."""

_WIDEST = 2048
"""Columns up to which B, which has one number of 16 bits for 32 of 4 bits, and A stay small beside the matrix."""

_LARGEST = 1 << 30
"""Bytes of a file up to which it is copied."""

_AT_ONCE = 8 << 20

_FORSAKEN = 3600.0
"""Seconds after which nobody is writing a copy any more."""


@dataclass(frozen=True, slots=True)
class Rearranged:
    """What is opened in place of a file."""

    model: Path
    adapter: Path


def rearranged(facts: ModelFacts) -> Rearranged | None:
    """The copy of a file, made if it is not there yet; None where it would not help or cannot be kept."""
    if facts.format != "gguf" or facts.shape is None or facts.bytes > _LARGEST or not plain_processor():
        return None
    header = read_header(facts.path)
    chosen = worth_it(header)
    if not chosen:
        return None
    try:
        source = _hash_of(facts.path, stamp_of(facts.path))
        folder = _folder() / source
        sweep(folder)
        if not _whole(folder):
            _make(folder, header, chosen, source)
    except OSError:
        return None  # a full or forbidden cache: the file itself can be opened
    with contextlib.suppress(OSError):
        _remember(folder, facts.path)
    return Rearranged(folder / MODEL, folder / ADAPTER)


def worth_it(header: GgufHeader) -> list[str]:
    """The matrices whose product becomes faster."""
    return [place.name for place in header.tensors.values() if _is_slow(place)]


def forget(copy: Rearranged) -> None:
    """Drop a copy that could not be opened."""
    shutil.rmtree(copy.model.parent, ignore_errors=True)


def sweep(but: Path | None = None) -> None:
    """Drop the copies whose files are gone or have become others; `but` is left alone."""
    for folder in _copies():
        if folder != but and not any(_is_still(path, stamp) for path, stamp in _sources(folder).items()):
            shutil.rmtree(folder, ignore_errors=True)
    for left in _folder().glob(".making-*"):  # of programs that were killed while they wrote
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _FORSAKEN:
                shutil.rmtree(left, ignore_errors=True)


@cache
def plain_processor() -> bool:
    """Whether llama.cpp computes on a processor of the kind that all this was measured on, and on nothing else."""
    import xllamacpp

    devices = xllamacpp.get_device_info()
    cpu = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_CPU
    return platform.machine().lower() in ("x86_64", "amd64") and all(each["type"] == cpu for each in devices)


def _is_slow(place: TensorPlace) -> bool:
    return (
        place.kind == GGMLQuantizationType.Q4_1
        and place.name.endswith((".ffn_gate.weight", ".ffn_up.weight"))
        and len(place.shape) == 2
        and place.parameters >= _SMALLEST
        and place.shape[0] % 8 == 0
        and place.shape[1] <= _WIDEST
    )


def _folder() -> Path:
    return platformdirs.user_cache_path("fmstudio", appauthor=False) / "rearranged"


def _copies() -> list[Path]:
    folder = _folder()
    return [each for each in folder.iterdir() if (each / SOURCE).is_file()] if folder.is_dir() else []


@lru_cache(maxsize=64)
def _hash_of(path: Path, stamp: tuple[Any, ...]) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return f"{digest.hexdigest()}-{_LAYOUT}"


def _told(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / SOURCE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _whole(folder: Path) -> bool:
    """Whether both files are there with the sizes that they were written with."""
    sizes = _told(folder).get("sizes")
    if not isinstance(sizes, dict) or set(sizes) != {MODEL, ADAPTER}:
        return False
    return all((folder / name).is_file() and (folder / name).stat().st_size == size for name, size in sizes.items())


def _sources(folder: Path) -> dict[str, list[Any]]:
    """The files that had this content when they were last opened, with what tells whether they are as they were."""
    found = _told(folder).get("sources")
    return found if isinstance(found, dict) else {}


def _is_still(path: str, stamp: list[Any]) -> bool:
    try:
        return _stamp(Path(path)) == stamp
    except OSError:
        return False


def _stamp(path: Path) -> list[Any]:
    found = path.stat()
    return [found.st_mtime_ns, found.st_size]


def _remember(folder: Path, path: Path) -> None:
    """Note that a file has this content."""
    told, place = _told(folder), str(path.expanduser().absolute())
    known = _sources(folder)
    if known.get(place) != _stamp(path):
        _write_source(folder, told | {"sources": {**known, place: _stamp(path)}})


def _write_source(folder: Path, told: dict[str, Any]) -> None:
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False, encoding="utf-8") as file:
        json.dump(told, file, indent=1)
    os.replace(file.name, folder / SOURCE)


def _make(folder: Path, header: GgufHeader, chosen: list[str], source: str) -> None:
    """Write a copy beside its place and move it there whole; where another program was faster, its copy stands."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        _write_model(header, set(chosen), made / MODEL)
        _write_adapter(header, chosen, made / ADAPTER)
        sizes = {name: (made / name).stat().st_size for name in (MODEL, ADAPTER)}
        _write_source(made, {"sha256": source.partition("-")[0], "sizes": sizes, "sources": {}})
        if folder.exists() and not _whole(folder):
            shutil.rmtree(folder, ignore_errors=True)
        try:
            made.replace(folder)
        except OSError:
            if not _whole(folder):
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write_model(header: GgufHeader, chosen: set[str], to: Path) -> None:
    """The file with the chosen matrices in Q4_0: its header but for the table of the tensors, then all data."""
    with header.path.open("rb") as source, to.open("wb") as file:
        file.write(source.read(header.table))
        offset = 0
        for place in header.tensors.values():
            count = place.parameters // 32 * 18 if place.name in chosen else place.bytes
            kind = GGMLQuantizationType.Q4_0 if place.name in chosen else place.kind
            name = place.name.encode()
            file.write(struct.pack("<Q", len(name)) + name + struct.pack("<I", len(place.shape)))
            file.write(struct.pack(f"<{len(place.shape)}QIQ", *place.shape[::-1], kind, offset))
            offset += -(-count // header.alignment) * header.alignment
        for place in header.tensors.values():
            file.write(bytes(-file.tell() % header.alignment))
            _copy(source, place, place.name in chosen, file)
        file.write(bytes(-file.tell() % header.alignment))
        file.flush()
        os.fsync(file.fileno())


def _copy(source: BinaryIO, place: TensorPlace, changed: bool, to: BinaryIO) -> None:
    """One tensor's data, as it is or in Q4_0: a block of Q4_1 without its minimum, which stands after the scale."""
    if changed:
        blocks = _blocks(source, place)
        to.write(np.concatenate([blocks[:, :2], blocks[:, 4:]], axis=1).tobytes())
        return
    source.seek(place.start)
    for count in _portions(place.bytes):
        to.write(source.read(count))


def _portions(total: int) -> Iterator[int]:
    for done in range(0, total, _AT_ONCE):
        yield min(_AT_ONCE, total - done)


def _blocks(source: BinaryIO, place: TensorPlace) -> np.ndarray:
    """The stored blocks of a matrix in Q4_1, (blocks, 20 bytes)."""
    source.seek(place.start)
    return np.frombuffer(source.read(place.bytes), np.uint8).reshape(-1, 20)


def _write_adapter(header: GgufHeader, chosen: list[str], to: Path) -> None:
    """A and B of each chosen matrix."""
    writer = gguf.GGUFWriter(str(to), header.architecture)
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 0.0)  # as it is, times one
    with header.path.open("rb") as source:
        for name in chosen:
            place = header.tensors[name]
            blocks = _blocks(source, place)
            scales, minimums = (
                np.ascontiguousarray(blocks[:, at : at + 2]).view(np.float16).astype(np.float32) for at in (0, 2)
            )
            numbers = (minimums + 8 * scales).astype(np.float16).reshape(place.shape[0], -1)
            writer.add_tensor(f"{name}.lora_a", _sums(place.shape[1]), raw_dtype=GGMLQuantizationType.Q4_0)
            writer.add_tensor(f"{name}.lora_b", numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _sums(columns: int) -> np.ndarray:
    """A in Q4_0, (blocks, bytes of a row): row n is one for the columns of block n and zero elsewhere."""
    blocks = columns // 32
    rows = np.empty((blocks, blocks, 18), np.uint8)
    rows[..., :2] = np.frombuffer(np.float16(1).tobytes(), np.uint8)
    rows[..., 2:] = 0x88  # two codes of 8 in a byte, which stand for zero
    rows[np.arange(blocks), np.arange(blocks), 2:] = 0x99
    return rows.reshape(blocks, -1)
