"""Kernels that are compiled on the machine that runs them, and kept for the next start."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs


@cache
def kernels() -> Any:
    """The module `nn.packed_kernels`: its import compiles for seconds where no earlier start has left the results."""
    import numba

    numba.config.CACHE_DIR = str(_folder())  # type: ignore[attr-defined]
    from fmstudio.nn import packed_kernels

    return packed_kernels


def _folder() -> Path:
    """The studio's part of the person's cache, or a folder of this process alone where that cannot be written."""
    folder = platformdirs.user_cache_path("fmstudio", appauthor=False) / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        made = tempfile.mkdtemp(prefix="fmstudio-kernels-")
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        return Path(made)
