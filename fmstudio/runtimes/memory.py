"""How much memory a model needs, and whether the machine has it: asked before anything is loaded."""

import psutil  # type: ignore[import-untyped]

from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.model_facts import ModelFacts

USUAL_CONTEXT = 8192
"""Tokens that a runtime makes room for where the model could read more."""

SMALLEST_CONTEXT = 512
BLOCK = 64
"""Tokens of a prompt that llama.cpp reads at once at least, and of which it keeps whole multiples."""

MOST_AT_ONCE = 512
_A_WHILE = 7e10
"""Parameters times tokens that two cores read in well under a second: no longer does one wait for a text to stop."""

_MIB = 1024 * 1024
_COMPILER = 128 * _MIB
"""What compiles the kernels of packed weights (see `nn.compiled`) takes for itself, as measured."""


def available_memory() -> int:
    """Bytes that can be taken without anything being swapped out."""
    return int(psutil.virtual_memory().available)


def needed_memory(facts: ModelFacts, backend: str, context: int) -> int:
    """Estimate in bytes: the weights as the runtime keeps them, keys and values of `context` tokens, working space.

    llama.cpp keeps the weights as the file has them, and keys and values in 16 bits. Torch keeps quantised weights in
    8 bits and scales, all else in 32. An adapter has the room of its base, which is counted there.
    """
    if facts.base is not None:
        return facts.torch_bytes
    if backend == "torch":
        working = 4 * facts.vocabulary_size * 8
        compiler = _COMPILER if facts.torch_bytes < 4 * facts.parameters else 0
        return facts.torch_bytes + 4 * facts.key_value_numbers * context + working + compiler + 64 * _MIB
    working = 4 * tokens_at_once(facts.parameters) * facts.vocabulary_size
    return facts.bytes + 2 * facts.key_value_numbers * context + working + 48 * _MIB


def tokens_at_once(parameters: int, least: int = BLOCK, most: int = MOST_AT_ONCE) -> int:
    """Tokens of a prompt to be read at once: the more, the fewer times the threads wait for each other.

    least, most: what it is between, for llama.cpp if not given; most is least times a power of two.
    """
    while most > least and most * parameters > _A_WHILE:
        most //= 2
    return most


def usual_context(facts: ModelFacts) -> int:
    """How many tokens to make room for where there is memory enough."""
    return min(facts.context, USUAL_CONTEXT)


def context_to_use(facts: ModelFacts, backend: str, available: int | None = None) -> int:
    """How many tokens to make room for: what the model reads, at most USUAL_CONTEXT, and less where memory is short."""
    available = available_memory() if available is None else available
    context = usual_context(facts)
    while context > SMALLEST_CONTEXT and needed_memory(facts, backend, context) > available:
        context //= 2
    return context


def check_fits(facts: ModelFacts, backend: str, context: int) -> None:
    """Raise ModelError with both figures where the model needs more than there is."""
    needed, available = needed_memory(facts, backend, context), available_memory()
    if needed > available:
        raise ModelError(
            f"{facts.path.name} needs {_size(needed)} of memory in {backend}, but only {_size(available)} are free; "
            "close other programs or choose a smaller model."
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
