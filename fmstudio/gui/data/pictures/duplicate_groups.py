"""Groups of pictures that are the same or look alike: a few at a time, each with what stays and what would go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.data.jobs import SOME_PICTURES
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import icon_button, label, scroll_area
from fmstudio.gui.widgets.pictures.tiles import PictureTiles

_GROUPS = 6  # at a time
_PICTURES = 6  # of a group that are shown
_SIDE = 64


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures of which one is enough: the first stays."""

    kind: str
    indices: tuple[int, ...]

    @property
    def title(self) -> str:
        """What it is, in words."""
        return f"{len(self.indices):,} {'identical' if self.kind == 'exact' else 'similar'} pictures"


class DuplicateGroups(Card):
    """Leafs through groups. A click on a picture lets it stay or go; `changed` tells so."""

    changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__("Found", "duplicate-groups")
        self._theme = studio.theme
        self._dataset = ""
        self.groups: Sequence[Group] = ()
        self._going: set[int] = set()
        self._first = 0
        self.rows = [_GroupRow(studio.theme, number) for number in range(_GROUPS)]
        self.place = label("", "caption", "duplicates-place")
        self.back = icon_button(
            "mdi6.chevron-left", "Groups before", "duplicates-back", studio.theme, lambda: self._step(-_GROUPS)
        )
        self.forth = icon_button(
            "mdi6.chevron-right", "Next groups", "duplicates-forth", studio.theme, lambda: self._step(_GROUPS)
        )
        self.error = ErrorBox(studio.theme, "duplicate-groups-error", dismissable=False)
        self._question = JobFollower(self, studio, SOME_PICTURES)
        self._question.answered.connect(self._take)
        self._question.failed.connect(self.error.show_error)
        self._lay_out()

    def _lay_out(self) -> None:
        for control in (self.place, self.back, self.forth):
            self.add_control(control)
        column = vbox(gap=16, margins=(0, 0, 8, 0))
        content = boxed(column)
        for row in self.rows:
            row.toggled.connect(self._toggle)
            column.addWidget(row)
        column.addStretch(1)
        self.body.addWidget(self.error)
        self.body.addWidget(scroll_area(content, "duplicate-groups-scroll"), 1)

    def show_groups(self, dataset: str, groups: Sequence[Group]) -> None:
        """Show these groups from the first on; in each, all but the first picture would go."""
        self._dataset, self.groups, self._first = dataset, groups, 0
        self._going = {index for group in groups for index in group.indices[1:]}
        self._show()

    @property
    def going(self) -> list[int]:
        """The pictures that would be removed."""
        return sorted(self._going)

    def _step(self, by: int) -> None:
        self._first = min(max(0, self._first + by), max(0, len(self.groups) - 1))
        self._show()

    def _toggle(self, index: int) -> None:
        self._going ^= {index}
        for row in self.rows:
            row.mark(self._going)
        self.changed.emit()

    def _show(self) -> None:
        self.error.clear()
        shown = self.groups[self._first : self._first + _GROUPS]
        last = self._first + len(shown)
        self.place.setText(f"{self._first + 1:,} to {last:,} of {len(self.groups):,} groups" if shown else "")
        several = len(self.groups) > _GROUPS
        for control in (self.back, self.forth):
            control.setVisible(several)
        self.back.setEnabled(self._first > 0)
        self.forth.setEnabled(last < len(self.groups))
        for number, row in enumerate(self.rows):
            row.expect(shown[number] if number < len(shown) else None)
        wanted = [index for group in shown for index in group.indices[:_PICTURES]]
        if wanted:
            self._question.ask(dataset=self._dataset, indices=wanted)

    def _take(self, answer: Mapping[str, Any]) -> None:
        pictures = dict(zip(answer["indices"], np.asarray(answer["pictures"]), strict=True))
        for row in self.rows:
            row.show_pictures(pictures)
            row.mark(self._going)


class _GroupRow(QWidget):
    """One group: its title over its pictures."""

    toggled = Signal(int)

    def __init__(self, theme: Theme, number: int) -> None:
        super().__init__()
        self._group: Group | None = None
        self._pictures: list[np.ndarray] = []
        self.title = label("", "strong", f"duplicate-group-{number + 1}")
        self.more = label("", "caption", f"duplicate-group-{number + 1}-more")
        self.tiles = PictureTiles(theme, f"duplicate-tiles-{number + 1}", "Pictures of the group")
        self.tiles.setToolTip("Click a picture to let it stay or go.")
        self.tiles.selectable = False
        self.tiles.largest = _SIDE
        self.tiles.setFixedHeight(_SIDE + theme.size("caption") + 12)
        self.tiles.clicked.connect(self._clicked)
        self.setLayout(vbox(hbox(self.title, self.more, ...), self.tiles, gap=6))

    def expect(self, group: Group | None) -> None:
        """Make room for a group whose pictures are still to come."""
        self._group = group
        self.setVisible(group is not None)
        self.tiles.clear()
        if group:
            self.title.setText(group.title)

    def show_pictures(self, pictures: Mapping[int, np.ndarray]) -> None:
        """Show the group's pictures among these."""
        indices = self._group.indices[:_PICTURES] if self._group else ()
        self._pictures = [pictures[index] for index in indices if index in pictures]

    def mark(self, going: set[int]) -> None:
        """Say of each picture whether it stays."""
        if self._group and self._pictures:
            shown = self._group.indices[: len(self._pictures)]
            words = ["goes" if index in going else "stays" for index in shown]
            self.tiles.set_pictures(self._pictures, words, columns=_PICTURES)
            self._tell_more(self._group, going)

    def _tell_more(self, group: Group, going: set[int]) -> None:
        rest = len(group.indices) - _PICTURES
        sentences = [f"and {rest:,} more"] if rest > 0 else []
        if going.issuperset(group.indices):
            sentences.append("all go; one that is alike may stay in another group")
        self.more.setText(", ".join(sentences))

    def _clicked(self, number: int) -> None:
        if self._group:
            self.toggled.emit(self._group.indices[number])
