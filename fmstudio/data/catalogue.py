"""The catalogue of data and models that can be fetched: what there is, and the job that brings it here."""

import tomllib
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmstudio.data import importing, samples
from fmstudio.data.errors import DataError
from fmstudio.data.fetching import Archive, obtain
from fmstudio.data.unpacking import unpack
from fmstudio.jobs import Artefact, Event, JobContext, Sample
from fmstudio.places import catalogue_folder
from fmstudio.resources import RESOURCES
from fmstudio.workspace import Workspace, atomic_folder, explained

# Written last into an item's folder: the hash of the archive that it was unpacked from.
_MARK = ".sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that can be fetched. An item without a package comes with the program."""

    name: str
    title: str
    kind: str
    licence: str
    size: int
    description: str
    source: str
    package: str = ""
    file: str = ""
    sha256: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its files are once it is fetched, for all workspaces."""
        return catalogue_folder(self.name)

    @property
    def fetched(self) -> bool:
        """Whether its files are here, of this very version."""
        try:
            return not self.package or (self.folder / _MARK).read_text("utf-8") == self.sha256
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All items by name, and named sets of them."""

    items: Mapping[str, Item]
    sets: Mapping[str, list[str]]

    def choose(self, name: str) -> list[Item]:
        """An item or the items of a set; raises DataError that lists what there is."""
        names = self.sets.get(name, [name])
        if not set(names) <= set(self.items):
            known = ", ".join([*self.sets, *self.items])
            raise DataError(f"The catalogue has no {name!r}; it has {known}.")
        return [self.items[each] for each in names]


def read_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue that comes with the program, or another of its form."""
    tables = tomllib.loads((path or RESOURCES / "catalogue.toml").read_text("utf-8"))
    items = {name: Item(name=name, **values) for name, values in tables["items"].items()}
    return Catalogue(items, tables.get("sets", {}))


def listing(context: JobContext, workspace: Workspace) -> Generator[Event, None, None]:
    """Show what there is, and what of it is here: a text in this workspace, anything else in the shared folder."""
    catalogue = read_catalogue()
    rows = [
        {
            "name": item.name,
            "title": item.title,
            "kind": item.kind,
            "licence": item.licence,
            "size": item.size,
            "description": item.description,
            "source": item.source,
            "installed": _in_workspace(workspace, item) if item.kind == "text" else item.fetched,
            "fetched": item.fetched,
        }
        for item in catalogue.items.values()
    ]
    yield Sample("catalogue", "catalogue", rows)


def _origin(item: Item) -> str:
    return f"catalogue:{item.name}"


def _in_workspace(workspace: Workspace, item: Item) -> bool:
    known = {record.name: record for record in workspace.datasets()}
    return item.name in known and workspace.dataset_folder(item.name).is_dir()


def fetch(context: JobContext, item: str, workspace: Workspace | None = None) -> Generator[Event, None, dict[str, Any]]:
    """Bring an item, or the items of a set such as "starter", to the shared folder; texts into the workspace as well.

    What is here already is not fetched again. Returns {"items": names, "datasets": names, "folders": {name: path}}.
    """
    chosen = read_catalogue().choose(item)
    datasets: list[str] = []
    for each in chosen:
        if not each.fetched:
            yield from _bring(context, each)
        if context.stopping:
            break
        if each.kind == "text" and workspace is not None:
            yield from _import(context, workspace, each)
            datasets.append(each.name)
    folders = {each.name: str(each.folder) for each in chosen if each.package and each.fetched}
    return {"items": [each.name for each in chosen], "datasets": datasets, "folders": folders}


def _bring(context: JobContext, item: Item) -> Generator[Event, None, None]:
    archive = yield from obtain(context, Archive(item.title, item.package, item.file, item.size, item.sha256))
    if archive is None:
        return
    with explained(item.folder), atomic_folder(item.folder) as temporary:
        yield from unpack(archive, item.files, temporary, item.title)
        (temporary / _MARK).write_text(item.sha256, "utf-8")
    archive.unlink(missing_ok=True)
    yield Artefact("catalogue", item.name, str(item.folder))


def _import(context: JobContext, workspace: Workspace, item: Item) -> Generator[Event, None, None]:
    if _in_workspace(workspace, item):
        return
    if item.name == samples.NAME:
        yield from samples.ensure(context, workspace)
        return
    options = {"licence": item.licence, "title": item.title, "description": item.description}
    yield from importing.add(context, workspace, [str(item.folder)], item.name, options=options, origin=_origin(item))
