"""Keeps examples that the studio has already, such as answers that people judged, as a dataset."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fmstudio.data.documents import Document
from fmstudio.data.errors import Refused
from fmstudio.data.text_intake import keep
from fmstudio.data.tuning.examples import Example, title_of, written
from fmstudio.data.tuning.intake import COUNTED
from fmstudio.data.tuning.shapes import Columns, Row, example_of
from fmstudio.workspace import DatasetRecord, Workspace


def usable(kind: str, rows: Iterable[Row], left_out: Counter[str]) -> Iterator[Example]:
    """The examples in rows of the usual shapes. Those that cannot be used are counted by reason, an example that was
    there before among them. Raises DataError for a kind that is not known."""
    make = example_of(kind)
    seen: set[str] = set()
    for row in rows:
        try:
            example = make(row, Columns().taken(row))
        except Refused as refusal:
            left_out[str(refusal)] += 1
            continue
        line = written(example)
        if line in seen:
            left_out["says the same as another"] += 1
        else:
            seen.add(line)
            yield example


def reasons(left_out: Counter[str]) -> list[dict[str, Any]]:
    """Why entries were left out, with how many, the most first: [{reason, entries}]."""
    return [{"reason": reason, "entries": count} for reason, count in left_out.most_common() if count]


def counts_of(examples: Iterable[Example]) -> dict[str, int]:
    """How many there are of each kind of example."""
    return dict(Counter(COUNTED[type(example)] for example in examples))


def keep_examples(
    workspace: Workspace,
    name: str,
    kind: str,
    examples: Sequence[tuple[Example, str]],
    details: Mapping[str, Any] | None = None,
    made_of: tuple[str, str] | None = None,
) -> DatasetRecord:
    """Write examples, each with where it is from, as a dataset. details: of its record. made_of: the kind and key of
    what they were made of, such as a batch, to which the dataset is linked."""
    documents = (Document(written(each), title_of(each), source) for each, source in examples)
    all_details = {"counts": counts_of(each for each, _ in examples), "complete": True, **(details or {})}
    if made_of is not None:
        all_details["made_of"] = dict(zip(("kind", "key"), made_of, strict=True))
    record = keep(workspace, name, documents, all_details, kind)
    if made_of is not None:
        workspace.link(made_of, ("dataset", name))
    return record
