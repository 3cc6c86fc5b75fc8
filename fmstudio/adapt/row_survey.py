"""What fine-tuning would make of a whole dataset under a model, told before anything starts.

How long its rows are in tokens, which would not fit, of which nothing would be learnt, and which say the same.
"""

from collections import Counter, OrderedDict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fmstudio.adapt.seen_rows import RowReader, Turns, learns_all, opened_reader
from fmstudio.data.duplicates import ExactDuplicates, NearDuplicates
from fmstudio.data.inspection import length_histogram
from fmstudio.data.pacing import Pace
from fmstudio.data.rules import CleaningRules
from fmstudio.data.tuning.examples import Example, readable, texts_of, title_of
from fmstudio.data.tuning.opened import Examples, open_examples
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.runtimes.errors import ModelError
from fmstudio.workspace import Workspace

LISTED = 500
"""Rows of a kind that are listed by number; beyond them they are counted."""

COMPARED = 5_000
"""Rows that are compared with each other for being nearly the same."""

_KEPT = 4
_USUAL_LENGTH = 1024


@dataclass(slots=True)
class Survey:
    """What was found in all rows. Rows are numbered from 0."""

    tokens: list[int] = field(default_factory=list)
    """Of each row; of a pair those of its longer text; -1 where a row cannot be read."""
    total: int = 0
    """Of all texts, both of a pair among them; `learnt` are those that carry loss."""
    learnt: int = 0
    roles: Counter[str] = field(default_factory=Counter)
    titles: list[str] = field(default_factory=list)
    unlearnt: list[int] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
    exact: list[tuple[int, int]] = field(default_factory=list)
    near: list[tuple[int, int]] = field(default_factory=list)


_known: OrderedDict[tuple[Any, ...], Survey] = OrderedDict()


def survey(
    context: JobContext, workspace: Workspace, dataset: str, model: str, turns: Turns = "all",
    length: int = _USUAL_LENGTH,
) -> Job:  # fmt: skip
    """Read every row of a dataset as a model does, and show as Sample "survey" what training would find.

    length: tokens beyond which rows are left out; at most as many as the model can read count. Each list has the rows
    by number from 0, with what they ask, up to `LISTED`, and "count" of all. A stopped job shows nothing.
    """
    reader = yield from opened_reader(context, workspace, model)
    key = (workspace.path, workspace.dataset(dataset).details.get("content"), reader.facts.stamp, turns)
    found = _known.pop(key, None)
    if found is None:
        with open_examples(workspace, dataset) as examples:
            found = yield from _read_all(context, reader, examples, turns)
        if context.stopping:
            return {}
    _known[key] = found
    while len(_known) > _KEPT:
        _known.popitem(last=False)
    most = min(length, reader.facts.context)
    yield Sample("survey", "survey", {"dataset": dataset, "model": model, "turns": turns, **_told(found, most, reader)})
    return {"rows": len(found.tokens)}


def _read_all(
    context: JobContext, reader: RowReader, examples: Examples, turns: Turns
) -> Generator[Event, None, Survey]:
    found, pace = Survey(), Pace()
    same, alike = ExactDuplicates(), NearDuplicates(CleaningRules().similarity)
    for place in range(len(examples)):
        if pace.due():
            yield Progress(place, len(examples), "rows", "Reading the rows as the model does")
            if context.stopping:
                break
        example = examples[place]
        found.titles.append(title_of(example))
        _count_tokens(found, reader, place, example, learns_all(example, turns))
        text = readable(example)
        if twin := same.find(place, text):
            found.exact.append((place, twin.index))
        elif place < COMPARED and (twin := alike.find(place, text)):
            found.near.append((place, twin.index))
    return found


def _count_tokens(found: Survey, reader: RowReader, place: int, example: Example, all_turns: bool) -> None:
    texts = texts_of(example)
    found.roles.update(message.role for message in example.prompt)
    found.roles["assistant"] += len(texts)
    try:
        read = [reader.read(messages, all_turns) for _, messages in texts]
    except ModelError as error:
        found.tokens.append(-1)
        found.unread.append((place, str(error)))
        return
    found.tokens.append(max(map(len, read)))
    found.total += sum(map(len, read))
    found.learnt += sum(token.learnt for tokens in read for token in tokens)
    if not all(map(reader.learns, read)):
        found.unlearnt.append(place)


def _told(found: Survey, most: int, reader: RowReader) -> dict[str, Any]:
    """As the window shows it."""
    tokens = np.array(found.tokens, np.int64)
    too_long = np.flatnonzero(tokens > most).tolist()
    read = tokens[tokens >= 0]
    return {
        "length": most, "context": reader.facts.context, "rows": len(tokens), "roles": dict(found.roles),
        "tokens": found.total, "learnt": found.learnt, "longest": int(read.max(initial=0)),
        "histogram": length_histogram(read) if len(read) else {"edges": [], "counts": []},
        "too_long": _listed(found, [(place, f"{found.tokens[place]:,} tokens") for place in too_long]),
        "unlearnt": _listed(found, [(place, "nothing of it would be learnt") for place in found.unlearnt]),
        "unread": _listed(found, found.unread),
        "exact": _listed(found, [(place, f"the same as row {first + 1:,}") for place, first in found.exact]),
        "near": _listed(found, [(place, f"nearly the same as row {first + 1:,}") for place, first in found.near]),
        "compared": min(COMPARED, len(tokens)),
    }  # fmt: skip


def _listed(found: Survey, rows: Sequence[tuple[int, str]]) -> dict[str, Any]:
    listed = [{"row": place, "title": found.titles[place], "why": why} for place, why in rows[:LISTED]]
    return {"count": len(rows), "rows": listed}
