"""Cleaning jobs: show what the rules would change and remove, and make a new dataset of what they leave."""

import json
from collections.abc import Generator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fmstudio.data.documents import Document, Documents, DocumentWriter, open_documents
from fmstudio.data.errors import DataError
from fmstudio.data.pacing import Pace
from fmstudio.data.rules import RULES, CleaningRules, FilterResult, judge
from fmstudio.jobs import Artefact, Event, JobContext, Note, Progress, Sample
from fmstudio.recipe import build
from fmstudio.workspace import DatasetRecord, Workspace, explained
from fmstudio.workspace.record_files import write_record

REMOVED = "removed.jsonl"
_EXAMPLES = 20
_SNIPPET = 400


def review(
    context: JobContext, workspace: Workspace, dataset: str, rules: Mapping[str, Any] | None = None
) -> Generator[Event, None, dict[str, Any]]:
    """Show what each rule would change or remove, as it is found. Nothing is written."""
    chosen: CleaningRules = build(CleaningRules, rules or {}, "rules.")
    with open_documents(workspace, dataset) as documents:
        report = _Report(documents)
        pace, rhythm = Pace(), Pace(0.5)
        for result in judge(documents, chosen):
            report.add(result)
            if rhythm.due():
                yield Sample("review", "review", report.data())
            if pace.due():
                yield report.progress(f"Looking through {dataset}")
                if context.stopping:
                    break
        yield Sample("review", "review", report.data())
        return report.summary()


def apply(
    context: JobContext, workspace: Workspace, dataset: str, rules: Mapping[str, Any] | None = None, name: str = ""
) -> Generator[Event, None, dict[str, Any]]:
    """Make a new dataset of what the rules leave; the old one stays, and removed.jsonl lists what is gone and why.

    A stopped job keeps what was cleaned so far and says so.
    """
    chosen: CleaningRules = build(CleaningRules, rules or {}, "rules.")
    name = _new_name(workspace, dataset, name)
    folder = workspace.dataset_folder(name)
    with open_documents(workspace, dataset) as documents, explained(folder), workspace.new_dataset(name) as temporary:
        report = _Report(documents)
        with DocumentWriter(temporary) as writer:
            yield from _write(context, chosen, writer, temporary / REMOVED, report, dataset)
        if not writer.documents:
            raise DataError(f"These rules leave no document of {dataset!r}; loosen them.")
        details = _details(workspace, dataset, chosen, writer, report)
        record = DatasetRecord(name, "text", writer.documents, writer.bytes, details=details)
        write_record(temporary, record)
    workspace.put_dataset(record)
    workspace.link(("dataset", dataset), ("dataset", name))
    yield Note(f"{report.done:,} documents of {dataset} became {record.items:,} of {name}.")
    yield Artefact("dataset", name, str(folder))
    return {"dataset": name, "documents": record.items, "bytes": record.bytes, **report.summary()}


def _new_name(workspace: Workspace, dataset: str, name: str) -> str:
    if not name:
        return workspace.free_name("datasets", f"{dataset[:70]}-clean")
    if workspace.free_name("datasets", name) != name:
        raise DataError(f"There is a dataset named {name!r} already; choose another name.")
    return name


def _write(
    context: JobContext, rules: CleaningRules, writer: DocumentWriter, removed: Path, report: "_Report", dataset: str
) -> Generator[Event, None, None]:
    pace = Pace()
    with removed.open("w", encoding="utf-8") as gone:
        for result in judge(report.documents, rules):
            report.add(result)
            about = report.documents.about(result.index)
            if result.rule:
                entry = {"index": result.index, "title": about["title"], "rule": result.rule, "why": result.why}
                gone.write(json.dumps(entry, ensure_ascii=False) + "\n")
            else:
                writer.add(Document(result.text, **about))
            if pace.due():
                yield report.progress(f"Cleaning {dataset}")
                if context.stopping:
                    return


def _details(
    workspace: Workspace, dataset: str, rules: CleaningRules, writer: DocumentWriter, report: "_Report"
) -> dict[str, Any]:
    """Those of the old dataset, licence and sources among them, with what is new."""
    old = dict(workspace.dataset(dataset).details)
    complete = bool(old.get("complete", True)) and report.done == len(report.documents)
    new = {"content": writer.content, "complete": complete, "made_from": dataset, "rules": asdict(rules)}
    return old | new | report.summary()


class _Report:
    """What the rules have found so far, with a few examples of each."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.done = 0
        self._sizes = documents.sizes
        self._bytes_done = 0
        self._rules: dict[str, dict[str, Any]] = {rule: {"count": 0, "bytes": 0, "examples": []} for rule in RULES}

    def add(self, result: FilterResult) -> None:
        self.done += 1
        size = int(self._sizes[result.index])
        self._bytes_done += size
        if result.changed:
            self._count("encoding", result, size)
        if result.rule:
            self._count(result.rule, result, size)

    def _count(self, rule: str, result: FilterResult, size: int) -> None:
        entry = self._rules[rule]
        entry["count"] += 1
        entry["bytes"] += size
        if len(entry["examples"]) < _EXAMPLES:
            entry["examples"].append(self._example(rule, result))

    def _example(self, rule: str, result: FilterResult) -> dict[str, Any]:
        """Before and after, from where they first differ: the repaired text, or the duplicate that stays."""
        before, after, why = result.text[:_SNIPPET], "", result.why
        if rule == "encoding":
            before, after, why = *_first_difference(result.before, result.text), "wrongly decoded once"
        elif result.twin:
            before, after = _first_difference(result.text, self.documents.text(result.twin.index))
            why += f" ({self.documents.about(result.twin.index)['title']}), which stays"
        title = self.documents.about(result.index)["title"]
        return {"index": result.index, "title": title, "why": why, "before": before, "after": after}

    def data(self) -> dict[str, Any]:
        """For the panel: by rule how many documents, their bytes and some examples."""
        return {rule: {**entry, "examples": list(entry["examples"])} for rule, entry in self._rules.items()}

    def progress(self, message: str) -> Progress:
        return Progress(self._bytes_done, int(self._sizes.sum()), "bytes", message)

    def summary(self) -> dict[str, int]:
        """How many documents were changed and removed."""
        changed = int(self._rules["encoding"]["count"])
        return {"changed": changed, "removed": sum(int(self._rules[rule]["count"]) for rule in RULES) - changed}


def _first_difference(before: str, after: str) -> tuple[str, str]:
    place = next((number for number, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, place - _SNIPPET // 4)
    return before[start : start + _SNIPPET], after[start : start + _SNIPPET]
