"""How a model goes on with a text: each token it drew, what else it could have said, and other ways that were tried."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QListWidget, QListWidgetItem, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.inside.bars import Choice, ChoiceBars, chance
from fmstudio.gui.playground.inside.branches import Branch, text_of
from fmstudio.gui.playground.inside.colours import tint
from fmstudio.gui.playground.inside.jobs import CONTINUE
from fmstudio.gui.playground.inside.next_controls import NextControls
from fmstudio.gui.playground.inside.tab import InsideTab
from fmstudio.gui.playground.inside.tiles import TokenTile, TokenTiles
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, vbox
from fmstudio.gui.widgets.labels import button, label, scroll_area
from fmstudio.gui.widgets.text.token_view import visible
from fmstudio.jobs import Sample

_WIDE = 560
_SHOWN_BEFORE = 60  # characters of the text before what is continued


class InsideNext(InsideTab):
    """`values` are the sampling settings that are used; whoever shares them sets them with `set_sampling`.

    sampling_edited(values): a person changed one here.
    """

    nothing = "Type a text to see how the model goes on."
    sampling_edited = Signal(dict)

    def __init__(self, studio: Studio, name: str = "inside-next") -> None:
        super().__init__(
            studio, CONTINUE, name,
            "The model gives every token of its vocabulary a probability, and one is drawn. Choose a token of the "
            "continuation to see what else it could have been; click one of those to go on from there instead.",
        )  # fmt: skip
        self.values: dict[str, Any] = {}
        self.root = Branch()
        self._end = self.root  # of the path that is shown
        self._chosen = 0  # the position whose alternatives are shown
        self._follows = True  # the chosen position goes with what is being drawn
        self._wanted = 1
        self._before = 0  # tiles that show the text itself
        self.controls = NextControls(name)
        self.go = button("Continue", f"{name}-go", self._theme, "mdi6.play", "plain", self.act)
        self.tiles = TokenTiles(self._theme, f"{name}-tiles", "Tokens of the continuation")
        self.title = label("", "strong", f"{name}-title", wrap=True)
        self.legend = label("", "caption", f"{name}-legend", wrap=True)
        self.bars = ChoiceBars(self._theme, f"{name}-bars", "The ten likeliest tokens: choose one to go on from it")
        self.tried_title = label("Tried so far", "strong", f"{name}-tried-title")
        self.tried = QListWidget()
        self._fill(name)
        self._connect()

    def _fill(self, name: str) -> None:
        self.body.addWidget(self.controls)
        self.body.addWidget(self.go)
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._sides.setSpacing(16)
        self._sides.addWidget(self._texts(name), 1)
        self._sides.addWidget(self._choices(name), 1)
        self.body.addLayout(self._sides, 1)

    def _texts(self, name: str) -> QWidget:
        self.tried.setObjectName(f"{name}-tried")
        self.tried.setAccessibleName("Continuations tried so far: choose one to go back to it")
        self.tried.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tried.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tried.setFixedHeight(96)
        return boxed(vbox((self.tiles, 1), self.tried_title, self.tried, gap=4))

    def _choices(self, name: str) -> QWidget:
        content = QWidget()
        self._side = scroll_area(content, f"{name}-choices")
        content.setLayout(vbox(self.title, self.legend, self.bars, ..., gap=4))
        return self._side

    def _connect(self) -> None:
        self.controls.edited.connect(self._edited)
        self.tiles.chosen.connect(self._choose_tile)
        self.bars.chosen.connect(self._choose_alternative)
        self.tried.itemActivated.connect(self._go_back)
        self.tried.itemClicked.connect(self._go_back)
        self._theme.changed.connect(self._show)
        self._show_tried()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        self._sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._side.setMaximumWidth(320 if wide else 16_777_215)
        self._side.setMinimumWidth(320 if wide else 0)

    # What is asked.

    def look(self, model: str, text: str, chat: bool = False, system: str = "") -> None:
        if (model, text, chat, system) != (self.model, self.text, self.chat, self.system):
            self._begin_anew()
        super().look(model, text, chat, system)

    def set_sampling(self, values: Mapping[str, Any]) -> None:
        """Draw with these settings from now on; what was drawn with others is forgotten."""
        kept = {name: value for name, value in values.items() if name not in ("prompt", "system", "maximum_tokens")}
        if kept == self.values:
            return
        self.values = kept
        self.controls.show_values(kept)
        self._begin_anew()
        if self.isVisible():
            self.ask()

    def _edited(self) -> None:
        values = self.controls.values()
        if values:
            self.set_sampling({**self.values, **values})
            self.sampling_edited.emit(values)

    def _begin_anew(self) -> None:
        self.question.forget()
        self.root = Branch()
        self._end, self._chosen, self._follows, self._wanted = self.root, 0, True, 1
        self._show_tried()

    def ask(self) -> None:
        # What is on the path already is not asked again, when one comes back to this sight for example.
        if not self.model or not self.text or len(self._path) < self._wanted:
            super().ask()

    def arguments(self) -> dict[str, Any]:
        chosen = [int(branch.token["id"]) for branch in self._path]
        return super().arguments() | {"chosen": chosen, "settings": {**self.values, "maximum_tokens": self._wanted}}

    @property
    def _path(self) -> list[Branch]:
        return self._end.path()

    @property
    def _ended(self) -> bool:
        return bool(self._end.token.get("end"))

    # What a person does.

    def refusal(self) -> str:
        """Why the text cannot be continued now, or ""."""
        if not self.model:
            return "Choose a model first."
        return "" if self.text else "Type a text first."

    def act(self) -> None:
        """Draw as many tokens as are wanted, after what is shown."""
        if self.refusal():
            return
        if problem := self.controls.problem():
            self._failed(problem, "")
            return
        if self._ended:  # the model has nothing more to say: the button begins again
            self._end = self.root
        self._follows = True
        path = self._path
        # The first token is drawn as soon as one looks, so that its alternatives can be seen; it counts.
        self._wanted = self.controls.length if len(path) <= 1 else len(path) + self.controls.length
        self.question.forget()
        self.ask()

    def _choose_tile(self, index: int) -> None:
        self._chosen, self._follows = max(0, index - self._before), False
        self._show()

    def _choose_alternative(self, row: int) -> None:
        """Go on from another token, or see again what followed it."""
        at = self._parent_of_chosen()
        if at is None or not 0 <= row < len(at.expected):
            return
        token = at.expected[row]
        known = token["id"] in at.followers
        branch = at.follow(token, forced=True)
        branch.choose()
        self._end = branch.end() if known else branch
        self._follows = False
        if self._end is branch and not token.get("end"):
            self._wanted = len(branch.path()) + self.controls.length
            self.question.forget()
            self.ask()
        self._show_tried()
        self._show()

    def _go_back(self, item: QListWidgetItem) -> None:
        leaf = item.data(Qt.ItemDataRole.UserRole)
        self.question.forget()
        leaf.choose()
        self._end, self._follows = leaf, False
        self._wanted = len(leaf.path())
        self._chosen = min(self._chosen, max(0, self._wanted - 1))
        self._show()

    def _parent_of_chosen(self) -> Branch | None:
        """The branch after which the chosen position stands."""
        return [self.root, *self._path][self._chosen] if self._chosen <= len(self._path) else None

    # Answers.

    def take(self, sample: Sample) -> None:
        token = sample.structure
        if token["number"] != len(self._path):
            return  # of a path that was left in the meantime
        self._end.expected = token["alternatives"]
        self._end = self._end.follow(token)
        if self._follows:
            self._chosen = token["number"]
        self._show_tried()
        self._show()

    def summary(self) -> str:
        if not self._path:
            return ""
        ended = "The model ended the text here." if self._ended else ""
        return f"{formatting.plural(len(self._path), 'token')} drawn. {ended}".strip()

    def show_nothing(self, why: str) -> None:
        super().show_nothing(why)
        self._begin_anew()

    def _show(self) -> None:
        tail = self.text[-_SHOWN_BEFORE:]
        if len(self.text) > _SHOWN_BEFORE:  # not in the middle of a word
            tail = "… " + (tail.partition(" ")[2] or tail)
        before = [TokenTile(tail, faint=True)] if tail else []
        self._before = len(before)
        self.tiles.show_tiles(before + [self._tile(branch) for branch in self._path], self.describe)
        self.tiles.set_current(self._chosen + self._before if self._path else -1)
        self._show_alternatives()

    def _tile(self, branch: Branch) -> TokenTile:
        token = branch.token
        colour = tint(self._theme, "accent", token["probability"])
        small = chance(token["probability"])
        return TokenTile(token["text"], colour, small, token["text"].endswith("\n"), branch.forced)

    def describe(self, index: int) -> str:
        """What hovering over a token tells."""
        path = self._path
        if not self._before <= index < len(path) + self._before:
            return "the end of the text"
        branch = path[index - self._before]
        token = branch.token
        lines = [f"“{visible(token['text'])}” · id {token['id']} · probability {chance(token['probability'])}"]
        lines.append("chosen by you" if branch.forced else f"drawn with a chance of {chance(token['chance'])}")
        if token.get("end"):
            lines.append("a special token: the model ends the text")
        return "\n".join(lines)

    def _show_alternatives(self) -> None:
        at = self._parent_of_chosen()
        path = self._path
        expected = at.expected if at else ()
        taken = path[self._chosen].token["id"] if self._chosen < len(path) else None
        self.title.setText(f"In place of token {self._chosen + 1}" if taken is not None else "")
        differs = any(abs(row["probability"] - row["chance"]) > 5e-4 for row in expected)
        self.legend.setText(
            "Blue: what the model says. Violet: the chance to be drawn, after temperature and the other controls."
            if differs else "What the model says, which is also the chance to be drawn."
        )  # fmt: skip
        self.bars.show_rows([_row(row, row["id"] == taken, differs) for row in expected])

    def _show_tried(self) -> None:
        leaves = [leaf for leaf in self.root.leaves() if leaf.parent is not None]
        self.tried.clear()
        for leaf in leaves:
            item = QListWidgetItem(visible(text_of(leaf.path())))
            item.setData(Qt.ItemDataRole.UserRole, leaf)
            item.setToolTip(text_of(leaf.path()))
            self.tried.addItem(item)
            if leaf is self._end.end():
                self.tried.setCurrentItem(item)
        several = len(leaves) > 1
        self.tried.setVisible(several)
        self.tried_title.setVisible(several)


def _row(row: Mapping[str, Any], taken: bool, differs: bool) -> Choice:
    tip = f"“{visible(row['text'])}” · id {row['id']}\nprobability {chance(row['probability'])}"
    tip += f"\nchance to be drawn {chance(row['chance'])}\nClick to go on from it."
    return Choice(row["text"], row["probability"], row["chance"] if differs else None, taken, tip)
