"""The models as a list: name and size on the disk, then family, parameters, licence and date."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt

from fmstudio.gui import formatting
from fmstudio.gui.library.shelf import LibraryShelf
from fmstudio.gui.models.shelf import Record
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.menus import MenuEntry

_ICONS = {"workspace": "mdi6.cube-outline", "linked": "mdi6.link-variant", "catalogue": "mdi6.bookshelf"}
TO_FETCH = "mdi6.cloud-download-outline"


def family_title(description: Mapping[str, Any], name: str) -> str:
    """What a family is called."""
    found = (each["title"] for each in description.get("families", ()) if each["name"] == name)
    return str(next(found, name.capitalize()))


def facts_of(record: Record, family: str) -> str:
    """Family, parameters, licence and date of a model in one line; what is not known is left out."""
    parts = [f"Adapter of {record['adapter_of']}" if record.get("adapter_of") else family]
    if record.get("parameters"):
        parts.append(formatting.millions(record["parameters"]))
    if record.get("licence"):
        parts.append(str(record["licence"]))
    if record.get("made"):
        parts.append(formatting.when(record["made"]))
    return " · ".join(parts)


def entry_of(record: Record, family: str, ticked: bool, compared: bool) -> Entry:
    """A model as the list shows it. compared: whether it can be laid beside others at all."""
    problem = str(record.get("problem", ""))
    here = bool(record.get("here", True))
    facts = problem or (facts_of(record, family) if here else f"{facts_of(record, family)} · not fetched yet")
    forgets = "" if problem else str(record.get("forgets", ""))
    facts = f"Forgets · {facts}" if forgets else facts
    icon = _ICONS.get(record["source"], _ICONS["workspace"]) if here else TO_FETCH
    size = formatting.size(record["size"]) if record.get("size") else ""
    return Entry(
        record["reference"],
        (
            Line(record["title"], "strong", "text", size, Qt.TextElideMode.ElideMiddle),
            Line(facts, token="error" if problem else "warning" if forgets else "secondary"),
        ),
        f"{record['title']}, {facts}, {size}",
        problem or "\n".join(filter(None, (record["title"], facts, forgets))),
        ("mdi6.alert-circle-outline", "error") if problem else (icon, "secondary"),
        checked=ticked if compared else None,
        name=record["title"] if record["source"] in ("workspace", "linked") else None,
    )


class LibraryList(EntryList):
    """opened(reference); a box lays a model of this workspace beside the one that is shown; F2 renames it in place."""

    def __init__(
        self,
        studio: Studio,
        shelf: LibraryShelf,
        ticked: Collection[str],
        offered: Callable[[str], Sequence[MenuEntry]],
    ) -> None:
        """ticked: the models whose boxes are checked."""
        super().__init__(
            studio.theme, "models-list", "Models", follows=True,
            offered=lambda key: offered(key) if key else (),
        )  # fmt: skip
        self._studio, self._shelf, self._ticked = studio, shelf, ticked
        shelf.models_changed.connect(self.refresh)
        studio.described.connect(self.refresh)

    def refresh(self, *_: object) -> None:
        """Show the models there are."""
        several = sum(1 for each in self._shelf.models if each["source"] == "workspace") > 1
        self.show_entries([
            entry_of(
                record,
                family_title(self._studio.description, record.get("family", "language")),
                record["reference"] in self._ticked,
                several and record["source"] == "workspace",
            )
            for record in self._shelf.models
        ])  # fmt: skip
