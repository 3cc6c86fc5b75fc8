"""The jobs that delete, bring back and rename what a person has made, and that tell what needs it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from fmstudio.jobs import Artefact, Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.workspace import deleting, renaming
from fmstudio.workspace.bin import Bin
from fmstudio.workspace.dependants import dependants
from fmstudio.workspace.index import Workspace


def listing(context: JobContext, workspace: Workspace) -> Iterator[Event]:
    """What is in the bin, the latest first: Sample "bin" with its entries and the bytes of all."""
    kept = Bin(workspace.path)
    yield Sample("bin", "bin", {"entries": [asdict(each) for each in kept.entries()], "bytes": kept.size})


def needed(context: JobContext, workspace: Workspace, kind: str, name: str) -> Iterator[Event]:
    """What would miss something once it is deleted: Sample "needed" with sentences."""
    yield Sample("needed", "needed", {"kind": kind, "name": name, "sentences": dependants(workspace, kind, name)})


def delete(context: JobContext, workspace: Workspace, kind: str, name: str) -> Job:
    """Move something into the bin; "bin" of what is returned is the entry that `restore` brings back."""
    entry = deleting.delete(workspace, kind, name)
    yield Artefact(kind, name, "")
    return {"kind": kind, "name": name, "bin": entry.id if entry else ""}


def restore(context: JobContext, workspace: Workspace, entry: str, another: bool = False) -> Job:
    """Bring something back from the bin; with `another` under another name where its own is taken again."""
    found = Bin(workspace.path).entry(entry)
    yield Progress(0, None, "files", f"Bringing back {found.title}")
    back = deleting.restore(workspace, found, another=another)
    yield Artefact(found.kind, back, "")
    return {"kind": found.kind, "name": back}


def empty(context: JobContext, workspace: Workspace, entries: Sequence[str] | None = None) -> Job:
    """Delete for good what is in the bin, or these entries of it; a stop leaves those that it has not come to."""
    kept = Bin(workspace.path)
    doomed = [each for each in kept.entries() if entries is None or each.id in entries]
    for number, each in enumerate(doomed):
        yield Progress(number, len(doomed), "entries", f"Deleting {each.title} for good")
        if context.stopping:
            return {"deleted": number}
        deleting.empty(workspace, [each])
    if entries is None:
        deleting.empty(workspace)  # also what says nothing of itself
    return {"deleted": len(doomed)}


def rename(context: JobContext, workspace: Workspace, kind: str, name: str, new: str) -> Job:
    """Call something otherwise, so that all links to it hold."""
    yield Progress(0, None, "files", f"Renaming {name}")
    renaming.rename(workspace, kind, name, new)
    yield Artefact(kind, name if kind == "run" else new.strip(), "")
    return {"kind": kind, "name": name, "new": new.strip()}
