"""The jobs that export: which formats a model can be written in, and writing it in one of them, with the proof."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmstudio.deployment.format import ExportFormat, Source
from fmstudio.deployment.formats import format_named, formats
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.training.snapshot import model_folder
from fmstudio.workspace import ExportRecord, Workspace, atomic_folder, explained
from fmstudio.workspace.files import atomic_place


def export(context: JobContext, workspace: Workspace, model: str, to: str, format: str) -> Job:
    """Write a model to a new place, a folder or a file, and open it again; what fails the proof does not stay."""
    chosen = format_named(format)
    path, family = yield from model_folder(context, workspace, model)
    source = Source(model, path, family)
    if reason := chosen.refusal(source):
        raise StudioError(reason)
    target = Path(to).expanduser().absolute()
    _check_free(target, chosen)
    with explained(target), _new(target, chosen) as place:
        proof = yield from chosen.write(source, place)
    proof |= {"path": str(target)}
    workspace.put_export(ExportRecord(model=model, format=chosen.name, path=str(target), details=proof))
    yield Artefact("export", model, str(target))
    return {**proof, "model": model, "format": chosen.name}


def offered(context: JobContext, workspace: Workspace, model: str) -> Job:
    """Show the formats that a model can be written in as Sample("formats")."""
    path, family = yield from model_folder(context, workspace, model)
    source = Source(model, path, family)
    fitting = [each for each in formats() if not each.refusal(source)]
    rows = [
        {"name": each.name, "title": each.title, "description": each.description, "suffix": each.suffix}
        for each in fitting
    ]
    yield Sample("formats", "formats", {"model": model, "formats": rows})
    return None


def _check_free(target: Path, chosen: ExportFormat) -> None:
    if chosen.suffix:
        if target.suffix.lower() != chosen.suffix:
            raise StudioError(f"{target} does not end in {chosen.suffix}, which {chosen.title} is; choose such a name.")
        if target.exists():
            raise StudioError(f"{target} exists already; choose a new name to export to.")
    elif target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StudioError(f"{target} exists already; choose a new folder to export to, or empty it.")


@contextmanager
def _new(target: Path, chosen: ExportFormat) -> Iterator[Path]:
    with atomic_place(target) if chosen.suffix else atomic_folder(target) as place:
        yield place
