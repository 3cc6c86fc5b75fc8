"""Conversations as tokens, ready to be learnt: read once, told what does not fit, drawn in an order of their own."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fmstudio.data.splits import validation_mask
from fmstudio.data.tuning.examples import Instruction, title_of
from fmstudio.data.tuning.opened import open_examples
from fmstudio.errors import StudioError
from fmstudio.families.chance import philox
from fmstudio.jobs import Event, Note, Progress
from fmstudio.recipe import DatasetChoice
from fmstudio.runtimes.conversation_tokens import ConversationReader
from fmstudio.wording import numbered, plural
from fmstudio.workspace import Workspace

ORDER = 21
"""The stream of chance that orders an epoch."""

_EVERY = 64


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A conversation as numbers: ids (tokens,) of int32, and which of them are learnt, (tokens,) of bool."""

    ids: np.ndarray
    learnt: np.ndarray
    dataset: str
    number: int
    """The row's number in its dataset, from 1."""
    question: str = ""
    """What was asked last, as far as a line shows it."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def last_answer(self) -> int:
        """Where the last answer that is learnt begins."""
        return int(np.flatnonzero(self.learnt & ~np.append(False, self.learnt[:-1]))[-1])


@dataclass(frozen=True, slots=True)
class InstructionRows:
    """The rows to train on with how often each dataset is drawn, and those that are held back."""

    train: list[TokenRow]
    validation: list[TokenRow]
    weights: Mapping[str, float]

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
    workspace: Workspace,
    choices: Sequence[DatasetChoice],
    reader: ConversationReader,
    *,
    all_turns: bool,
    longest: int,
    fraction: float,
    seed: int,
) -> Generator[Event, None, InstructionRows]:
    """Read the conversations of some datasets as a model does.

    Rows of more than `longest` tokens are left out, and told. Raises StudioError, with its number, for a row of which
    nothing would be learnt, and where nothing is left to train on or to hold back.
    """
    if not choices:
        raise StudioError("data.datasets is empty; name at least one dataset of instructions of the workspace.")
    train: list[TokenRow] = []
    validation: list[TokenRow] = []
    for choice in choices:
        rows = yield from _read(workspace, choice.name, reader, all_turns, longest)
        held_back = validation_mask(choice.name, np.array([len(row) for row in rows]), fraction, seed)
        for row, is_held in zip(rows, held_back, strict=True):
            (validation if is_held else train).append(row)
    return InstructionRows(train, validation, {choice.name: choice.weight for choice in choices})


def _read(
    workspace: Workspace, name: str, reader: ConversationReader, all_turns: bool, longest: int
) -> Generator[Event, None, list[TokenRow]]:
    rows: list[TokenRow] = []
    too_long: list[int] = []
    with open_examples(workspace, name) as examples:
        for place in range(len(examples)):
            if place % _EVERY == 0:
                yield Progress(place, len(examples), "rows", f"Reading {name}")
            example = examples[place]
            if not isinstance(example, Instruction):
                raise StudioError(f"Dataset {name!r} holds preferences, not instructions; choose one of instructions.")
            tokens = reader.read(example.as_json()["messages"], all_turns)
            learnt = np.array([token.learnt for token in tokens])
            if all(token.id in reader.ends for token in tokens if token.learnt):
                raise StudioError(
                    f"Of row {place + 1:,} of {name!r} nothing would be learnt: the model's chat template leaves its "
                    "answer out. Mend the row and import the dataset again, or choose another model."
                )
            if len(tokens) > longest:
                too_long.append(place + 1)
                continue
            ids = np.array([token.id for token in tokens], np.int32)
            rows.append(TokenRow(ids, learnt, name, place + 1, title_of(example)))
    if too_long:
        rest = f"{'is' if len(too_long) == 1 else 'are'} longer than {longest:,} tokens and left out"
        yield Note(
            f"{name}: {plural(len(too_long), 'row')} {rest} ({numbered('row', too_long)}); raise data.length to learn "
            "them too.", "warning",
        )  # fmt: skip
    if len(rows) < 2:
        raise StudioError(
            f"Dataset {name!r} has {len(rows)} rows that fit into {longest:,} tokens, and two are needed: one to learn "
            "from and one to measure on; raise data.length, or add more rows."
        )
    return rows
