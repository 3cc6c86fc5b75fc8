"""The datasets as a list of cards: name, what it holds, what it was made from; one that is being made has its bar."""

from collections.abc import Callable, Sequence

from fmstudio.gui.data.store import DatasetStore, DatasetTile
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.menus import MenuEntry


def entry_of(tile: DatasetTile) -> Entry:
    """A dataset, or a job that makes one, as the list shows it."""
    busy = bool(tile.job) and not tile.failed
    name = Line(tile.name, "strong", "text", tile.when)
    origin = Line(tile.origin, token="error" if tile.failed else "secondary")
    lines = (name, origin) if busy else (name, Line(tile.facts), origin)
    told = (tile.name, tile.facts, tile.origin)
    return Entry(tile.job or tile.name, lines, ", ".join(told), "\n".join(told), fraction=tile.fraction, busy=busy,
                 name=None if tile.job else tile.name)  # fmt: skip


class DatasetList(EntryList):
    """`opened` tells the name of a dataset, or the job of one that is being made."""

    def __init__(self, theme: Theme, store: DatasetStore, offered: Callable[[str], Sequence[MenuEntry]]) -> None:
        """offered: what a right click offers for a dataset."""
        super().__init__(
            theme, "data-list", "Datasets of this workspace", lines=3, cards=True, follows=True,
            offered=lambda key: offered(key) if key in store.records else (),
        )  # fmt: skip
        self._store = store
        store.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the datasets there are."""
        self.show_entries([entry_of(tile) for tile in self._store.tiles])
