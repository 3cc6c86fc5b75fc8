"""Loads torch in the engine's thread while the window is already in use, without holding the window up.

Importing torch spends most of its first second in the dynamic linker, inside one call that keeps Python's global lock.
So its libraries are loaded first through the C library's own `dlopen`, called as a foreign function, for which ctypes
lets the lock go; the import then finds them in memory.
"""

import ctypes
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from fmstudio.jobs import Event, JobContext, Progress, Sample

LIBRARIES = ("c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch_python")
PATIENCE = 5.0
panels_built = threading.Event()
"""Set when the window of this process has built the panel that it begins with; more are built when they are shown."""
_RTLD_NOW = 2  # the same on Linux and macOS


def load_torch(context: JobContext, threads: int = 0, after_panels: bool = False) -> Generator[Event, None, None]:
    """Load torch step by step, then tell as Sample("machine") what it can compute on.

    threads: 0 leaves torch's own choice. after_panels: wait for `panels_built` with what needs Python's lock; the
    libraries, which do not, are loaded meanwhile, and after PATIENCE seconds the import goes on in any case.
    """
    for library in torch_libraries():
        yield Progress(0, message=f"Loading {library.name}")
        if context.stopping:
            return
        _open_without_the_lock(library)
    if after_panels:
        panels_built.wait(PATIENCE)  # the thread is kept on purpose: all that comes after this needs the lock as well
    yield Progress(0, message="Starting torch")
    importlib.import_module("torch")
    yield from use_threads(context, threads)


def use_threads(context: JobContext, threads: int = 0) -> Generator[Event, None, None]:
    """Let torch compute on so many cores from its next step on, and tell as Sample("machine") what it computes on."""
    import torch

    from fmstudio.training.device import devices

    torch.set_num_threads(threads or _default_threads(torch))
    found: list[dict[str, Any]] = [{"name": device.name, "title": device.title} for device in devices()]
    machine = {"devices": found, "threads": torch.get_num_threads(), "cores": _cores(), "torch": torch.__version__}
    yield Sample("machine", "machine", machine)


_threads_at_start: list[int] = []


def _default_threads(torch: Any) -> int:
    """What torch chose by itself, remembered from before anyone changed it."""
    if not _threads_at_start:
        _threads_at_start.append(torch.get_num_threads())
    return _threads_at_start[0]


def _cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def torch_libraries() -> list[Path]:
    """The shared libraries of torch in an order in which each finds what it needs; none where torch is loaded."""
    spec = importlib.util.find_spec("torch") if "torch" not in sys.modules else None
    if spec is None or spec.origin is None or os.name == "nt":
        return []
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    files = [Path(spec.origin).parent / "lib" / f"lib{name}{suffix}" for name in LIBRARIES]
    return [file for file in files if file.exists()]


def _open_without_the_lock(library: Path) -> None:
    """What cannot be loaded here is loaded by the import, which also says what is wrong with it."""
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    dlopen(os.fsencode(library), _RTLD_NOW)
