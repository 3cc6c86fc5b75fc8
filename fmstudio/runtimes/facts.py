"""What a model says of itself before it is loaded: read from the header of a GGUF file or the files of a folder."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from fmstudio.errors import StudioError
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_parts import siblings
from fmstudio.runtimes.model_facts import ModelFacts

_LONGEST_REASON = 120


def facts_of(path: Path) -> ModelFacts:
    """The facts of a GGUF file or model folder, from memory where it is as it was.

    Raises ModelError or StudioError with the sentence that says what is wrong with it.
    """
    return _facts(path, stamp_of(path))


def stamp_of(path: Path) -> tuple[Any, ...]:
    """Changes when a file of the model does."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else sorted({path, *siblings(path)})
        found = [(file.name, file.stat()) for file in files if not file.is_dir()]
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ModelError(f"{path} cannot be read ({reason}); choose a model that is there.") from error
    return tuple((name, status.st_mtime_ns, status.st_size) for name, status in found)


@lru_cache(maxsize=512)
def _facts(path: Path, stamp: tuple[Any, ...]) -> ModelFacts:
    from fmstudio.runtimes.folder_facts import folder_facts
    from fmstudio.runtimes.gguf_facts import gguf_facts

    try:
        facts = folder_facts(path) if path.is_dir() else gguf_facts(path)
    except (StudioError, MemoryError):
        raise
    except Exception as error:  # the readers name what they know to go wrong; of a stranger's file there is always more
        raise ModelError(
            f"{path} is damaged or of a kind not known here ({_reason(error)}); copy or download it again."
        ) from error
    return replace(facts, stamp=stamp)


def _reason(error: Exception) -> str:
    """One line, of a length that can be read: an error may quote what it found."""
    told = " ".join(f"{type(error).__name__}: {error}".split())
    return told if len(told) <= _LONGEST_REASON else told[:_LONGEST_REASON] + "…"
