"""A prompt over the rows of a table, as a job that can be held, stopped, killed and gone on with.

Each row is asked on its own, with a seed of its own, and its line keeps all that is needed to ask it again. So a batch
that was killed and gone on with has the same lines as one that was not.
"""

from collections.abc import Generator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from fmstudio.adapt.batch_rows import BatchError, Row, Table, open_table
from fmstudio.adapt.batch_store import BatchRequest, BatchStore, Counts, new_id
from fmstudio.adapt.generation import answer, load_model
from fmstudio.adapt.prompts import as_data, as_template, asked, quietly
from fmstudio.adapt.prompts import replay as replay_prompt
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import build
from fmstudio.runtimes.text import TextSampling
from fmstudio.workspace import Workspace
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import PromptTemplate

_PACE = 500  # rows between two turns that counting gives to others
_SEEDS = 2**31


def run(
    context: JobContext,
    workspace: Workspace,
    source: str,
    prompt: str,
    model: str,
    settings: Mapping[str, Any] | None = None,
    mapping: Mapping[str, str] | None = None,
    expected: str = "",
    version: int | None = None,
    backend: str = "auto",
) -> Job:
    """Ask a model a prompt of the library once for each row of a table; returns the batch's id and its counts.

    mapping: the column of each variable; those that are left out take the column of their name. expected: a column
    with the answers that are right. Raises BatchError where a column is missing and RecipeError where a setting is not
    allowed, both before anything is kept.
    """
    seed_of(settings or {})  # refused here, not row by row
    path = Path(source).expanduser().absolute()
    kept = PromptLibrary(workspace).version(prompt, version)
    table = yield from opened(path)
    total, columns = yield from _counted(table)
    about = path.stat()
    request = BatchRequest(
        id=new_id(workspace, path.stem), source=str(path), prompt=prompt, version=kept.number,
        template=as_data(kept.template), model=model, settings=dict(settings or {}), backend=backend,
        mapping=mapped(kept.template, mapping or {}, columns, path), expected=_known(expected, columns, path),
        columns=columns, total=total, source_bytes=about.st_size, source_modified=about.st_mtime_ns,
    )  # fmt: skip
    # A model that cannot be loaded ends the batch before it has a folder, not each of its rows.
    chat = (yield from load_model(context, workspace, model, backend)).facts.chat
    store = BatchStore.begin(workspace, request)
    yield Artefact("batch", request.id, str(store.folder))
    return (yield from _work(context, workspace, store, table, chat))


def resume(context: JobContext, workspace: Workspace, batch: str) -> Job:
    """Go on with a batch behind the last row that it has; raises BatchError where its table is another now."""
    store = BatchStore(workspace, batch)
    path = Path(store.request.source)
    if not path.is_file():
        raise BatchError(f"The table {path} of this batch is gone; put it back, or begin a new batch.")
    about = path.stat()
    if (about.st_size, about.st_mtime_ns) != (store.request.source_bytes, store.request.source_modified):
        raise BatchError(f"{path.name} was changed since this batch began; begin a new batch with it.")
    table = yield from opened(path)
    chat = (yield from load_model(context, workspace, store.request.model, store.request.backend)).facts.chat
    yield Artefact("batch", batch, str(store.folder))
    return (yield from _work(context, workspace, store, table, chat))


def replay(context: JobContext, workspace: Workspace, batch: str, row: int) -> Job:
    """Ask a row again exactly as it was asked; returns {"same", "difference", "text"}."""
    result = next(islice(BatchStore(workspace, batch).results(), max(0, row - 1), max(0, row)), None)
    if result is None or result["status"] != "done":
        raise BatchError(f"Row {row:,} of this batch has no answer that could be compared; choose another row.")
    return (yield from replay_prompt(context, workspace, {**result, "text": result["output"]}))


# What a table must have.


def opened(path: Path) -> Generator[Event, None, Table]:
    """The table at a path, with an event for each turn that looking at it takes."""
    looking = open_table(path)
    while True:
        try:
            next(looking)
        except StopIteration as end:
            return end.value
        yield Progress(0, None, "rows", f"Reading {path.name}")


def _counted(table: Table) -> Generator[Event, None, tuple[int, list[str]]]:
    total, columns = 0, dict[str, None]()
    for total, row in enumerate(table.rows(), 1):
        columns.update(dict.fromkeys(row.values))
        if total % _PACE == 0:
            yield Progress(total, None, "rows", "Counting the rows")
    if not columns:
        raise BatchError(f"{table.path.name} has no row that can be read; choose a table with rows.")
    return total, list(columns)


def mapped(template: PromptTemplate, mapping: Mapping[str, str], columns: list[str], path: Path) -> dict[str, str]:
    """The column of each variable; raises BatchError that lists the columns where one has none."""
    by_name = {column.casefold(): column for column in reversed(columns)}
    chosen = {}
    for variable in template.variables:
        column = mapping.get(variable) or by_name.get(variable.casefold(), "")
        if not column:
            raise BatchError(
                f"{path.name} has no column for the variable {{{variable}}}; choose one of: {', '.join(columns)}."
            )
        chosen[variable] = _known(column, columns, path)
    return chosen


def _known(column: str, columns: list[str], path: Path) -> str:
    if column and column not in columns:
        raise BatchError(f"{path.name} has no column {column!r}; choose one of: {', '.join(columns)}.")
    return column


# The work.


def _work(context: JobContext, workspace: Workspace, store: BatchStore, table: Table, chat: bool) -> Job:
    first_seed = seed_of(store.request.settings)
    with store.claim():
        store.mend()
        counts, total = store.counts(), store.request.total
        yield _state(store, counts)
        with store.append_to() as writer:
            for row in islice(table.rows(), counts.rows, None):
                at_row = Progress(counts.rows, total, "rows", f"Row {row.number:,}")
                yield at_row
                seed = (first_seed + row.number) % _SEEDS  # the same however often this row is asked
                result = yield from _result(context, workspace, store.request, row, chat, seed, at_row)
                if result is None:  # stopped in the midst of it: a half answer is none
                    break
                writer.add(result)
                counts.take(result)
                yield _state(store, counts)
                if context.stopping:
                    break
        yield Progress(counts.rows, total, "rows")
    return {"batch": store.request.id, "total": total, **asdict(counts)}


def _state(store: BatchStore, counts: Counts) -> Sample:
    return Sample("batch", "batch", {"id": store.request.id, "total": store.request.total, **asdict(counts)})


def _result(
    context: JobContext,
    workspace: Workspace,
    request: BatchRequest,
    row: Row,
    chat: bool,
    seed: int,
    at_row: Progress,
) -> Generator[Event, None, dict[str, Any] | None]:
    """A row's line. What a person can mend about one row is kept with it; anything else ends the batch."""
    head = {"row": row.number, "line": row.line}
    if row.problem:
        return {**head, "status": "bad", "error": f"Line {row.line:,} cannot be used: {row.problem}."}
    settings = {**request.settings, "seed": seed}
    beside = {name: row.values[name] for name in request.other_columns if name in row.values}
    kept = {
        "variables": _values(request, row),
        "columns": beside,
        "seed": seed,
        "settings": settings,
        "model": request.model,
    }
    try:
        question = asked(as_template(request.template), _present(request, row), chat)
        asking = answer(context, workspace, request.model, **question, settings=settings, backend=request.backend)
        got = yield from quietly(asking, at_row)
    except StudioError as error:
        return {**head, "status": "failed", "error": str(error), **kept}
    if got["finish"] == "stopped":
        return None
    verdict = judged(got["text"], row.values.get(request.expected, "")) if request.expected else {}
    return {**head, "status": "done", **verdict, "output": got["text"], **kept, **_facts(got)}


def _values(request: BatchRequest, row: Row) -> dict[str, str]:
    return {variable: row.values.get(column, "") for variable, column in request.mapping.items()}


def _present(request: BatchRequest, row: Row) -> dict[str, str]:
    for column in request.mapping.values():
        if column not in row.values:
            raise BatchError(f"Line {row.line:,} has no value for {column!r}; add it there.")
    return _values(request, row)


def _facts(got: Mapping[str, Any]) -> dict[str, Any]:
    """All of an answer that asking it again needs, and what it cost."""
    names = (
        "prompt", "messages", "settings", "model_version", "backend", "note", "finish", "tokens", "prompt_tokens",
        "context", "tokens_per_second", "seconds_to_first_token",
    )  # fmt: skip
    return {name: got.get(name) for name in names}


def seed_of(settings: Mapping[str, Any]) -> int:
    """The seed of settings that a row can be asked with; raises RecipeError that names one that is not allowed."""
    sampling: TextSampling = build(TextSampling, {name: settings[name] for name in settings if name != "raw"})
    return sampling.seed


def judged(output: str, expected: str) -> dict[str, Any]:
    """Whether an answer is the expected one, and whether it has it within, blanks around it and case aside."""
    got, right = output.strip().casefold(), expected.strip().casefold()
    return {"exact": got == right, "contains": bool(right) and right in got, "expected": expected}
