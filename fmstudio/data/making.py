"""The datasets of examples that are made here: those of the catalogue, and what each task is learnt from."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fmstudio.data.tasks import tasks
from fmstudio.data.tuning import made
from fmstudio.data.tuning.examples import Example
from fmstudio.data.tuning.keeping import keep_examples
from fmstudio.jobs import Artefact, Event
from fmstudio.workspace import Workspace


@dataclass(frozen=True, slots=True)
class MadeSet:
    """kind: of the dataset. source: what its examples are made of, in words."""

    kind: str
    source: str
    examples: Callable[[], Iterator[Example]]


@cache
def made_sets() -> dict[str, MadeSet]:
    """All of them by name."""
    known = {name: MadeSet(kind, "Python's reference", examples) for name, (kind, examples) in made.SETS.items()}
    return known | {task.name: MadeSet(task.kind, task.source, task.examples) for task in tasks().values()}


def make(workspace: Workspace, name: str, about: Mapping[str, Any]) -> Generator[Event, None, dict[str, Any]]:
    """Add one of them as a dataset. about: details of its record, such as title and licence."""
    chosen = made_sets()[name]
    examples = [(each, chosen.source) for each in chosen.examples()]
    for example, _ in examples:
        example.check()
    record = keep_examples(workspace, name, chosen.kind, examples, about)
    yield Artefact("dataset", name, str(workspace.dataset_folder(name)))
    return {"dataset": name, "examples": record.items, "bytes": record.bytes}
