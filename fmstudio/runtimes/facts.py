"""What a model says of itself before it is loaded: read from the header of a GGUF file or the files of a folder."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from fmstudio.errors import StudioError
from fmstudio.runtimes.adapter_base import is_adapter, path_of_base
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.version import stamp_of_files

_LONGEST_REASON = 120


def facts_of(path: Path) -> ModelFacts:
    """The facts of a GGUF file or model folder, from memory where it is as it was.

    Raises ModelError or StudioError with the sentence that says what is wrong with it.
    """
    return _facts(path, stamp_of(path))


def stamp_of(path: Path) -> tuple[Any, ...]:
    """Changes when a file of the model does, or of the one that it adapts."""
    own = stamp_of_files(path)
    return (*own, *stamp_of_files(path_of_base(path))) if is_adapter(path) else own


@lru_cache(maxsize=512)
def _facts(path: Path, stamp: tuple[Any, ...]) -> ModelFacts:
    from fmstudio.runtimes.adapters import adapter_facts
    from fmstudio.runtimes.folder_facts import folder_facts
    from fmstudio.runtimes.gguf_facts import gguf_facts

    try:
        if is_adapter(path):
            return replace(adapter_facts(path, facts_of(path_of_base(path))), stamp=stamp)
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
