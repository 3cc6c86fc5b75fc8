"""Examples as tokens, ready to be learnt from: read once, told what does not fit, drawn in an order of their own."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from fmstudio.data.splits import validation_mask
from fmstudio.data.tuning.examples import Example, Message
from fmstudio.data.tuning.opened import open_examples
from fmstudio.errors import StudioError
from fmstudio.families.chance import philox
from fmstudio.jobs import Event, Note, Progress
from fmstudio.recipe import DatasetChoice, setting
from fmstudio.runtimes.conversation_tokens import ConversationReader
from fmstudio.wording import numbered, plural
from fmstudio.workspace import Workspace

ORDER = 21
"""The stream of chance that orders an epoch."""

READ_AT_ONCE = 2048
"""Tokens that are read before other jobs may go first, where nothing is learnt."""

_EVERY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleData:
    """The [data] section of what learns from examples: which, and which of them are held back."""

    datasets: list[DatasetChoice] = setting(
        [], "The examples to learn from; weights say how often each set is drawn.", simple=True
    )
    length: int = setting(
        1024,
        "Conversations of more tokens are left out, and told; none is ever cut.",
        minimum=16,
        maximum=131_072,
        unit="tokens",
    )
    validation_fraction: float = setting(
        0.1, "Part of the examples held back to measure on.", minimum=0.001, maximum=0.5
    )
    split_seed: int = setting(0, "Which examples are held back.", minimum=0, maximum=2**31 - 1)


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A text as numbers: ids (tokens,) of int32, and which of them are learnt, (tokens,) of bool."""

    ids: np.ndarray
    learnt: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def longest(self) -> int:
        """Its tokens."""
        return len(self)

    @property
    def predicted(self) -> np.ndarray:
        """Which tokens are followed by one that is learnt, (tokens,): the first token has nothing before it."""
        return np.append(self.learnt[1:], False)

    @property
    def last_answer(self) -> int:
        """Where the last answer that is learnt begins."""
        return int(np.flatnonzero(self.learnt & ~np.append(False, self.learnt[:-1]))[-1])


def conversation_row(reader: ConversationReader, messages: Sequence[Message], all_turns: bool = True) -> TokenRow:
    """A conversation that ends with an answer, as the model reads it.

    Raises NothingLearntError where no word of it would be learnt.
    """
    tokens = reader.read([{"role": each.role, "content": each.content} for each in messages], all_turns)
    if all(token.id in reader.ends for token in tokens if token.learnt):
        raise NothingLearntError
    return TokenRow(np.array([token.id for token in tokens], np.int32), np.array([token.learnt for token in tokens]))


class NothingLearntError(Exception):
    """The model's chat template leaves the answer out."""


class Read(Protocol):
    """What is read at once."""

    @property
    def longest(self) -> int:
        """Tokens of its longest text."""


class Row(Read, Protocol):
    """What is drawn for a step."""

    @property
    def dataset(self) -> str:
        """The dataset that it is from."""


Portioned = TypeVar("Portioned", bound=Read)
Drawn = TypeVar("Drawn", bound=Row)


class Rows(Generic[Drawn]):
    """The rows to train on, with how often each dataset is drawn, and those that are held back."""

    def __init__(self, train: list[Drawn], validation: list[Drawn], weights: Mapping[str, float]) -> None:
        self.train, self.validation, self.weights = train, validation, weights
        self._orders: dict[tuple[int, int], np.ndarray] = {}

    def drawn(self, seed: int, step: int, count: int) -> list[int]:
        """The places in `train` of what a step from 1 on draws."""
        return [self._place(seed, (step - 1) * count + each) for each in range(count)]

    def _place(self, seed: int, number: int) -> int:
        epoch, place = divmod(number, len(self._order(seed, 0)))
        return int(self._order(seed, epoch)[place])

    def _order(self, seed: int, epoch: int) -> np.ndarray:
        if (seed, epoch) not in self._orders:
            self._orders = {key: order for key, order in self._orders.items() if key[1] == 0}
            self._orders[seed, epoch] = self.epoch(seed, epoch)
        return self._orders[seed, epoch]

    def epoch(self, seed: int, number: int) -> np.ndarray:
        """The places in `train` in the order of an epoch: each once, more or less often where weights say so."""
        chance = philox(seed, number, ORDER)
        by_dataset: dict[str, list[int]] = {}
        for place, row in enumerate(self.train):
            by_dataset.setdefault(row.dataset, []).append(place)
        chosen: list[np.ndarray] = []
        for name, places in by_dataset.items():
            count = max(1, round(self.weights[name] * len(places)))
            rounds = [chance.permutation(places) for _ in range(-(-count // len(places)))]
            chosen.append(np.concatenate(rounds)[:count])
        return chance.permutation(np.concatenate(chosen))


def read_rows(
    workspace: Workspace, data: ExampleData, convert: Callable[[Example, str, int], Sequence[Drawn]], most: int
) -> Generator[Event, None, Rows[Drawn]]:
    """Read the examples of some datasets as a model does.

    convert(example, dataset, number from 1) gives the rows of an example, which are held back together. What has more
    tokens than the data's length, or than `most`, is left out, and told. Raises StudioError, with its number, for an
    example of which nothing would be learnt, and where nothing is left to train on or to hold back.
    """
    if not data.datasets:
        raise StudioError("data.datasets is empty; name at least one dataset of the workspace.")
    train: list[Drawn] = []
    validation: list[Drawn] = []
    for choice in data.datasets:
        found = yield from _read(workspace, choice.name, convert, min(data.length, most))
        sizes = np.array([rows[0].longest for rows in found])
        held_back = validation_mask(choice.name, sizes, data.validation_fraction, data.split_seed)
        for rows, is_held in zip(found, held_back, strict=True):
            (validation if is_held else train).extend(rows)
    return Rows(train, validation, {choice.name: choice.weight for choice in data.datasets})


def _read(
    workspace: Workspace, name: str, convert: Callable[[Example, str, int], Sequence[Drawn]], longest: int
) -> Generator[Event, None, list[Sequence[Drawn]]]:
    found: list[Sequence[Drawn]] = []
    too_long: list[int] = []
    with open_examples(workspace, name) as examples:
        for place in range(len(examples)):
            if place % _EVERY == 0:
                yield Progress(place, len(examples), "rows", f"Reading {name}")
            try:
                rows = convert(examples[place], name, place + 1)
            except NothingLearntError as error:
                raise StudioError(
                    f"Of row {place + 1:,} of {name!r} nothing would be learnt: the model's chat template leaves its "
                    "answer out. Mend the row and import the dataset again, or choose another model."
                ) from error
            if max(row.longest for row in rows) > longest:
                too_long.append(place + 1)
            else:
                found.append(rows)
    if too_long:
        rest = f"{'is' if len(too_long) == 1 else 'are'} longer than {longest:,} tokens and left out"
        yield Note(
            f"{name}: {plural(len(too_long), 'row')} {rest} ({numbered('row', too_long)}); raise data.length to learn "
            "them too.", "warning",
        )  # fmt: skip
    if len(found) < 2:
        raise StudioError(
            f"Dataset {name!r} has {len(found)} rows that fit into {longest:,} tokens, and two are needed: one to "
            "learn from and one to measure on; raise data.length, or add more rows."
        )
    return found


def in_portions(rows: Sequence[Portioned]) -> Iterator[list[Portioned]]:
    """Rows together as long as they have READ_AT_ONCE tokens at most, each counted as its longest text; a longer one is
    alone."""
    portion: list[Portioned] = []
    for row in rows:
        if portion and sum(each.longest for each in portion) + row.longest > READ_AT_ONCE:
            yield portion
            portion = []
        portion.append(row)
    if portion:
        yield portion
