"""The chain that a model is part of, as nodes that lead to what they name."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.things import KINDS
from fmstudio.gui.widgets.boxes import boxed, discard, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.flow_layout import FlowLayout
from fmstudio.gui.widgets.labels import IconLabel, button, label

_LONGEST = 26
_EXPORT = "mdi6.export-variant"


class ChainCard(Card):
    """Data → cleaned → mixture → run → model → conversations → feedback. opened(kind, key): a node was pressed."""

    opened = Signal(str, str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__("Where it comes from, and where it went", "model-chain")
        self._theme = studio.theme
        self._stages: list[QWidget] = []
        self._place = QWidget()
        self._flow = FlowLayout(self._place)
        self.body.addWidget(self._place)

    def show_chain(self, stages: Sequence[Mapping[str, Any]], model: str) -> None:
        """Show the stages; the node of `model` is the one that is looked at."""
        for each in self._stages:
            self._flow.removeWidget(each)
            discard(each)
        self._stages = [self._stage(stage, number > 0, model) for number, stage in enumerate(stages)]
        for each in self._stages:
            self._flow.addWidget(each)
        self._place.updateGeometry()

    def _stage(self, stage: Mapping[str, Any], follows: bool, model: str) -> QWidget:
        """What stands at one step beneath its title, behind an arrow from the step before."""
        title = label(str(stage["title"]), "caption", f"chain-{_plain(stage['title'])}")
        nodes = vbox(title, *(self._node(link, model) for link in stage["links"]), ..., gap=4)
        arrow = IconLabel(self._theme, "mdi6.arrow-right", "disabled")
        parts = ((boxed(vbox(20, arrow, ...)), 0, Qt.AlignmentFlag.AlignTop), nodes) if follows else (nodes,)
        return boxed(hbox(*parts, gap=6, margins=(0, 0, 2, 8)))

    def _node(self, link: Mapping[str, Any], model: str) -> QWidget:
        kind, key, title = str(link["kind"]), str(link["key"]), str(link["title"])
        icon = KINDS[kind].icon if kind in KINDS else _EXPORT
        shown = title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1]}…"
        is_itself = kind in ("model", "linked model") and key == model
        name = f"chain-node-{kind.replace(' ', '-')}-{_plain(key)}"
        if is_itself:
            itself = hbox(IconLabel(self._theme, icon, "accent"), label(shown, "strong", name), margins=(10, 6, 10, 6))
            return boxed(itself)
        made = button(shown, name, self._theme, icon, "plain", lambda: self.opened.emit(kind, key, str(link["family"])))
        made.setToolTip("\n".join(part for part in (title, str(link["note"])) if part))
        made.setAccessibleName(f"{kind} {title}, {link['note']}")
        made.setEnabled(bool(link["here"]))
        return made


def _plain(text: object) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in str(text)).lower()
