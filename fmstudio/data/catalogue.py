"""The catalogue of data and models that can be fetched: what there is, and the job that brings it here."""

import tomllib
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmstudio.data import importing, making, samples
from fmstudio.data.errors import DataError
from fmstudio.data.fetching import Archive, obtain
from fmstudio.data.kinds import KINDS
from fmstudio.data.unpacking import unpack
from fmstudio.jobs import Artefact, Event, JobContext, Sample
from fmstudio.places import catalogue_folder
from fmstudio.resources import RESOURCES
from fmstudio.workspace import Workspace, atomic_folder, explained

# Written last into an item's folder: the hash of the archive that it was unpacked from.
_MARK = ".sha256"
DATASETS = tuple(KINDS)
"""Kinds of items that become datasets of a workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that can be fetched. An item without a package comes with the program, or is drawn by it.

    content: the folder of its files that holds the data, where not all of them do. options: how these become a dataset.
    generator: the style and count of pictures to draw instead, with options of their own.
    """

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
    content: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    generator: Mapping[str, Any] = field(default_factory=dict)

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
    """Show what there is, and what of it is here: a dataset in this workspace, anything else in the shared folder."""
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
            "installed": _in_workspace(workspace, item) if item.kind in DATASETS else item.fetched,
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
    """Bring an item, or the items of a set such as "starter", to the shared folder; data into the workspace as well.

    What is here already is not fetched again. Returns {"items": names, "datasets": names, "folders": {name: path}}.
    """
    chosen = read_catalogue().choose(item)
    datasets: list[str] = []
    for each in chosen:
        if not each.fetched:
            yield from _bring(context, each)
        if context.stopping:
            break
        if each.kind in DATASETS and workspace is not None:
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
    about = {"title": item.title, "description": item.description}
    if item.name in making.made_sets():
        known: dict[str, Any] = {**about, "licence": item.licence, "sources": [_origin(item)]}
        yield from making.make(workspace, item.name, known)
        return
    if item.generator:
        yield from _generate(context, workspace, item, about)
        return
    options = {**item.options, **about, "licence": item.licence}
    source = str(item.folder / item.content)
    yield from importing.add(context, workspace, [source], item.name, item.kind, options, _origin(item))


def _generate(
    context: JobContext, workspace: Workspace, item: Item, about: Mapping[str, str]
) -> Generator[Event, None, None]:
    from fmstudio.data.generating import generate  # it loads Qt, which nothing else here needs

    options = {**item.options, **about}
    yield from generate(context, workspace, name=item.name, options=options, origin=_origin(item), **item.generator)
