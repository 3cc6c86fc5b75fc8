"""The language models that are loaded: each is kept until others need its memory, or a person unloads it."""

import threading
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from fmstudio.jobs import Event, Progress
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.memory import check_fits, context_to_use, needed_memory, usual_context
from fmstudio.runtimes.model_cache import MODELS
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.runtime import Backend, Runtime
from fmstudio.runtimes.text import LanguageModel

_PATIENCE = 0.05


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory. `bytes` is an estimate."""

    path: Path
    backend: Backend
    bytes: int
    runtime: Runtime
    facts: ModelFacts


_LOADING: "dict[tuple[Path, str], _Loading]" = {}


def choose_backend(facts: ModelFacts, wanted: str = "auto") -> Backend:
    """llama.cpp for GGUF files, torch for folders, or the one that is wanted if it can run the model."""
    for backend in ("llama.cpp", "torch"):
        if wanted in ("auto", backend) and backend in facts.backends:
            return backend
    if wanted == "torch" and facts.torch_problem:
        raise ModelError(facts.torch_problem)
    raise ModelError(
        f"{facts.path.name} cannot be run by {wanted!r}; it can be run by {' or '.join(facts.backends)}, or choose "
        "auto."
    )


def open_runtime(path: Path, backend: str = "auto") -> Runtime:
    """The runtime of a GGUF file or model folder, from memory where it is loaded.

    Raises ModelError before anything is loaded where it is damaged, unsupported, or needs more memory than there is.
    """
    steps = opening(path, backend)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            entry: Loaded = end.value
            return entry.runtime


def opening(path: Path, backend: str = "auto") -> Generator[None, None, Loaded]:
    """`open_runtime` step by step: yields about twenty times a second while a model is being loaded."""
    facts = facts_of(path)
    chosen = choose_backend(facts, backend)
    key = _key(path, chosen)
    base = None
    if facts.base is not None:
        base = yield from opening(facts.base, "torch")
    while (found := MODELS.get(key, facts.stamp)) is None:
        yield from _load_together(key, facts, chosen, base)
    entry: Loaded = found
    return entry


def loading(path: Path, backend: str = "auto") -> Generator[Event, None, Loaded]:
    """`opening` for a job: tells what is being loaded."""
    steps = opening(path, backend)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            entry: Loaded = end.value
            return entry
        yield Progress(0, None, "tokens", f"Loading {path.stem if path.is_file() else path.name}")


def open_language_model(path: Path) -> LanguageModel:
    """The model as our torch decoder, from memory where it is loaded."""
    from fmstudio.runtimes.torch_runtime import TorchRuntime

    runtime = open_runtime(path, "torch")
    assert isinstance(runtime, TorchRuntime)
    return runtime.model


def loaded() -> list[Loaded]:
    """What is in memory, the least recently used first."""
    return [model for model in MODELS.models().values() if isinstance(model, Loaded)]


def unload(path: Path) -> int:
    """Drop a model from memory, in whichever runtimes it is; returns how many bytes that gives back, estimated."""
    place = _place(path)
    keys = [key for key, model in MODELS.models().items() if isinstance(model, Loaded) and _place(model.path) == place]
    return sum(MODELS.forget(key) for key in keys)


def _place(path: Path) -> Path:
    return path.expanduser().absolute()


def _key(path: Path, backend: str) -> tuple[Path, str]:
    return _place(path), backend


def _key_of(entry: Loaded | None) -> tuple[Path, str] | None:
    return None if entry is None else _key(entry.path, entry.backend)


def _make_room(facts: ModelFacts, backend: Backend, base: Loaded | None) -> None:
    """Drop the least recently used models until this one fits; refuse it where that is not enough."""
    # Rather drop what nobody has used lately than give this one a shorter context.
    MODELS.make_room(needed_memory(facts, backend, usual_context(facts)), _key_of(base))
    check_fits(facts, backend, context_to_use(facts, backend))


def _load_together(
    key: tuple[Path, str], facts: ModelFacts, backend: Backend, base: Loaded | None
) -> Generator[None, None, None]:
    """Load a model, or wait with whoever is loading it already: several ask at once where columns are compared.

    base: of an adapter, whose weights it shares.

    What all who waited for it have given up is not kept.
    """
    work = _LOADING.get(key)
    if work is None or work.facts.stamp != facts.stamp:
        MODELS.forget(key)
        _make_room(facts, backend, base)
        work = _LOADING[key] = _Loading(facts, backend, context_to_use(facts, backend), base)
    work.waiting += 1
    try:
        entry = yield from work.result()
        if _LOADING.get(key) is work:  # the first who sees it ready keeps it for all
            MODELS.keep(key, entry, entry.bytes, entry.facts.stamp, entry.runtime.close, _key_of(base))
            del _LOADING[key]
    finally:
        work.waiting -= 1
        if not work.waiting and _LOADING.get(key) is work:
            del _LOADING[key]


class _Loading:
    """A model that is being loaded on another thread, so that whoever waits can go on drawing."""

    def __init__(self, facts: ModelFacts, backend: Backend, context: int, base: Loaded | None) -> None:
        self.facts, self._backend, self._context, self._base = facts, backend, context, base
        self.waiting = 0
        self._outcome: Loaded | BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="loading", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        needed = needed_memory(self.facts, self._backend, self._context)
        try:
            runtime = _load(self.facts, self._backend, self._context, self._base)
            self._outcome = Loaded(self.facts.path, self._backend, needed, runtime, self.facts)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._outcome = error

    def result(self) -> Generator[None, None, Loaded]:
        """Yields about twenty times a second until it is loaded; raises what kept it from being loaded."""
        while self._thread.is_alive():
            self._thread.join(_PATIENCE)
            yield None
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        assert self._outcome is not None
        return self._outcome


def _load(facts: ModelFacts, backend: Backend, context: int, base: Loaded | None) -> Runtime:
    if backend == "torch":
        from fmstudio.runtimes.torch_runtime import TorchRuntime

        return TorchRuntime(facts, context, base.runtime if base is not None else None)
    from fmstudio.runtimes.llama_cpp import LlamaCppRuntime

    return LlamaCppRuntime(facts, context)
