"""What a window asks about batches: a table before it is used, the batches there are, their rows page by page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmstudio.adapt.batch import opened
from fmstudio.adapt.batch_lines import Only, ResultLines, lines_of
from fmstudio.adapt.batch_rows import BatchError, Row
from fmstudio.adapt.batch_store import BatchStore, batch_ids, parsed
from fmstudio.jobs import JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.workspace import Workspace, deleting
from fmstudio.workspace.bin import Bin

KIND = "batch"
SHOWN = 50
"""Rows of a table that are shown before it is used."""

MOST_BAD = 1000
"""Rows that cannot be used which are listed by line; beyond them they are counted."""

RIGHT_ANSWERS = ("expected", "expected answer", "answer", "label")
"""Names of the columns that are proposed as those of the right answers, the likeliest first."""

_CUT = 300
_PACE = 500


def inspect(context: JobContext, workspace: Workspace, path: str) -> Job:
    """Look a table through: its columns, its first rows, how many there are, and each row that cannot be used.

    "expected" of what is found is the column that is proposed as that of the right answers, or "".
    """
    file = Path(path).expanduser()
    table = yield from opened(file)
    columns, rows, bad = dict[str, None](), list[dict[str, str]](), list[dict[str, Any]]()
    total = wrong = 0
    for total, row in enumerate(table.rows(), 1):
        columns.update(dict.fromkeys(row.values))
        wrong += bool(row.problem)
        if row.problem and len(bad) < MOST_BAD:
            bad.append(_bad(row))
        elif not row.problem and len(rows) < SHOWN:
            rows.append({name: cut(value) for name, value in row.values.items()})
        if total % _PACE == 0:
            yield Progress(total, None, "rows", f"Reading {file.name}")
    if not columns:
        raise BatchError(f"{file.name} has no row that can be read; choose a table with rows.")
    found = {
        "path": str(file), "title": file.name, "columns": list(columns), "rows": rows, "total": total, "bad": bad,
        "bad_total": wrong, "encoding": table.encoding, "bytes": file.stat().st_size,
        "expected": _proposed(list(columns)),
    }  # fmt: skip
    yield Sample("table", "table", found)
    return {"rows": total, "bad": wrong}


def _proposed(columns: list[str]) -> str:
    """The column that seems to have the right answers, or ""."""
    by_name = {column.casefold().replace("_", " "): column for column in reversed(columns)}
    return next((by_name[name] for name in RIGHT_ANSWERS if name in by_name), "")


def _bad(row: Row) -> dict[str, Any]:
    return {"line": row.line, "reason": row.problem}


def cut(text: str) -> str:
    """As much of a text as a cell of a table shows."""
    return text if len(text) <= _CUT else text[: _CUT - 1] + "…"


def listing(context: JobContext, workspace: Workspace) -> Job:
    """The batches of a workspace, the newest first; one that cannot be read is listed with its problem."""
    rows = []
    for name in batch_ids(workspace):
        try:
            store = BatchStore(workspace, name)
            rows.append(_about(store, lines_of(store)))
        except BatchError as error:
            rows.append({"id": name, "problem": str(error)})
        yield Progress(len(rows), None, "batches")
    yield Sample("batches", "batches", rows)
    return None


def _about(store: BatchStore, lines: ResultLines) -> dict[str, Any]:
    request, rows = store.request, lines.count("all")
    names = ("id", "prompt", "version", "model", "created", "total", "expected", "settings", "mapping")
    state = "running" if store.running else "complete" if rows >= request.total else "incomplete"
    return {
        **{name: getattr(request, name) for name in names},
        "source": request.source, "title": Path(request.source).name, "rows": rows, "failed": lines.count("failed"),
        "wrong": lines.count("wrong"), "state": state, "problem": "",
    }  # fmt: skip


def results(context: JobContext, workspace: Workspace, batch: str, start: int, count: int, only: Only = "all") -> Job:
    """Some rows of a batch, cut to what cells show, and how many there are of that kind by now."""
    lines = lines_of(BatchStore(workspace, batch))
    yield Progress(0, None, "rows")
    rows = [_cell_texts(parsed(line, number + 1, batch)) for number, line in lines.lines(only, start, count)]
    yield Sample(
        "results", "results",
        {"batch": batch, "only": only, "start": start, "total": lines.count(only), "all": lines.count("all"),
         "failed": lines.count("failed"), "wrong": lines.count("wrong"), "rows": rows},
    )  # fmt: skip
    return None


def _cell_texts(result: Mapping[str, Any]) -> dict[str, Any]:
    names = ("row", "line", "status", "exact", "contains", "seed", "tokens", "finish")
    texts = {name: cut(str(result.get(name, ""))) for name in ("output", "expected", "error")}
    variables = {name: cut(value) for name, value in result.get("variables", {}).items()}
    return {**{name: result.get(name) for name in names}, **texts, "variables": variables}


def result(context: JobContext, workspace: Workspace, batch: str, row: int) -> Job:
    """One row with all that was kept of it."""
    found = lines_of(BatchStore(workspace, batch)).lines("all", row - 1, 1)
    if not found:
        raise BatchError(f"The batch {batch!r} has no row {row:,} yet; choose another.")
    yield Sample("result", "result", parsed(found[0][1], row, batch))
    return None


def delete(context: JobContext, workspace: Workspace, batch: str) -> Job:
    """Move a batch to the bin; `restore` brings it back."""
    yield Progress(0, 1, "batches")
    bin_entry = deleting.delete(workspace, KIND, batch, _title(workspace, batch))
    return {"batch": batch, "bin": bin_entry.id if bin_entry else ""}


def _title(workspace: Workspace, batch: str) -> str:
    try:
        request = BatchStore(workspace, batch).request
    except BatchError:  # one that cannot be read can be deleted all the same
        return batch
    return f"{request.prompt} over {Path(request.source).name}"


def restore(context: JobContext, workspace: Workspace, batch: str) -> Job:
    """Bring a deleted batch back."""
    yield Progress(0, 1, "batches")
    deleting.restore(workspace, Bin(workspace.path).latest(KIND, batch))
    return {"batch": batch}
