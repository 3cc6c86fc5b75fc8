"""A mixture before training: which datasets of one kind, by which weights, and what share each then gets."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from fmstudio.gui import formatting
from fmstudio.gui.data.shares import Share, Shares
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.form.datasets_field import DatasetsField
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button, label, scroll_area
from fmstudio.gui.widgets.segments import Segments
from fmstudio.workspace import DatasetRecord


class MixtureView(KeyedView):
    """`train` tells the datasets as a recipe holds them: names, or tables of name and weight."""

    acts = True
    leaves = True
    train = Signal(list)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("mixture")
        self._all: Mapping[str, DatasetRecord] = {}
        self._records: Mapping[str, DatasetRecord] = {}
        self.kind = Segments([("text", "Texts"), ("images", "Pictures")], "mixture-kind", "What to mix")
        self.kind.changed.connect(self._choose_kind)
        self.field = DatasetsField(theme, "mixture-datasets", "Datasets to mix")
        self.field.edited.connect(self._show)
        self.shares = Shares(theme, "mixture-shares", "Share of each dataset")
        self.note = label("", "secondary", "mixture-note", wrap=True)
        self.go = button("Train on these", "mixture-train", theme, "mdi6.school-outline", clicked=self._train)
        self.acted.connect(self._train)
        head, what, row = QHBoxLayout(), Card("What to mix", "mixture-what"), QHBoxLayout()
        texts = vbox(
            label("Train on several", "section", "mixture-title"),
            label("Each dataset gets a share of what the model sees, by its weight.", "secondary", wrap=True),
            gap=2,
        )
        head.addLayout(texts, 1)
        head.addWidget(button("Close", "mixture-close", theme, clicked=self.closed.emit))
        what.body.addWidget(self.field)
        what.add_control(self.kind)
        shares = self._seen = Card("What the model will see", "mixture-shares-card")
        shares.body.addWidget(self.shares)
        shares.body.addWidget(self.note)
        self.even = button("Weigh by size", "mixture-even", theme, "mdi6.scale-balance", clicked=self.weigh_by_size)
        self.even.setToolTip("Sets the weights so that everything is seen equally often.")
        row.setSpacing(8)
        row.addWidget(self.go)
        row.addWidget(self.even)
        row.addStretch(1)
        content = boxed(vbox(what, shares, row, ..., gap=16))
        self.setLayout(vbox(head, (scroll_area(content, "mixture-scroll"), 1), gap=16))

    def show_datasets(self, records: Mapping[str, DatasetRecord], kind: str = "") -> None:
        """Offer the datasets of one kind; what is chosen of them stays, else the newest two begin that share nothing.

        kind: the one that is meant; without two of it, the one of which there are several.
        """
        self._all = records
        several = kinds_to_mix(records)
        self.kind.set_value(next((each for each in (kind, self.kind.value(), *several) if each in several), "text"))
        self.kind.setVisible(len(several) > 1)
        self._choose_kind()

    def _choose_kind(self) -> None:
        self._records = {name: record for name, record in self._all.items() if record.kind == self.kind.value()}
        chosen = [item for item in self.field.value() if _name(item) in self._records]
        self.field.set_known(list(self._records))
        self.field.set_value(chosen if len(chosen) > 1 else newest_apart(self._records))
        self._seen.set_caption(f"share of the {'tokens' if self.kind.value() == 'text' else 'pictures'} drawn")
        self._show()

    def weigh_by_size(self) -> None:
        """Set the weights in the ratio of the sizes; the smallest weighs 1."""
        names = list(_weights(self.field.value(), self._records))
        sizes = {name: _amount(self._records[name]) for name in names}
        smallest = min(sizes.values(), default=1)
        weights = [{"name": name, "weight": float(f"{size / smallest:.3g}")} for name, size in sizes.items()]
        self.field.set_value(weights)
        self._show()

    def _show(self) -> None:
        shares = shares_of_mixture(self.field.value(), self._records)
        self.shares.show_shares(shares)
        self.note.setText(note_on(self.field.value(), self._records))
        self.note.setVisible(bool(self.note.text()))
        self.go.setEnabled(len(shares) > 1 and not _misfit([share.title for share in shares], self._records))

    def _train(self) -> None:
        if self.go.isEnabled():
            self.train.emit(self.field.value())


def newest_apart(records: Mapping[str, DatasetRecord], count: int = 2) -> list[str]:
    """The newest datasets of which none was made from another: what both hold would be seen twice."""
    chosen: list[str] = []
    for name in reversed(list(records)):
        if len(chosen) < count and not any(_related(name, other, records) for other in chosen):
            chosen.append(name)
    return chosen


def _related(one: str, other: str, records: Mapping[str, DatasetRecord]) -> bool:
    """Whether both were made from the same, or one from the other."""
    return _origin(one, records) == _origin(other, records)


def _origin(name: str, records: Mapping[str, DatasetRecord]) -> str:
    """The dataset that a cleaned one was made from in the end; its name may be all that is left of it."""
    seen = {name}
    while (record := records.get(name)) and (before := str(record.details.get("made_from") or "")) not in {"", *seen}:
        name = before
        seen.add(name)
    return name


def _name(item: Any) -> str:
    return item if isinstance(item, str) else item["name"]


def _weights(chosen: list[Any], records: Mapping[str, DatasetRecord]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for item in chosen:
        weight = 1.0 if isinstance(item, str) else item["weight"]
        if _name(item) in records and isinstance(weight, (int, float)) and weight > 0:
            weights[_name(item)] = weights.get(_name(item), 0.0) + weight
    return weights


def shares_of_mixture(chosen: list[Any], records: Mapping[str, DatasetRecord]) -> list[Share]:
    """The share of what is drawn that each dataset gets: its weight among all weights."""
    weights = _weights(chosen, records)
    total = sum(weights.values())
    return [Share(name, weight / total, _amount_in_words(records[name])) for name, weight in weights.items()]


def note_on(chosen: list[Any], records: Mapping[str, DatasetRecord]) -> str:
    """Which dataset is repeated most, in a sentence: what is small and drawn often is seen again and again."""
    weights = _weights(chosen, records)
    if len(weights) < 2:
        return "Choose at least two datasets."
    if problem := _misfit(list(weights), records):
        return problem
    if twice := _same_twice(list(weights), records):
        return twice
    pictures = any(records[name].kind == "images" for name in weights)
    often = {name: weight / _amount(records[name]) for name, weight in weights.items()}
    most, least = max(often, key=often.__getitem__), min(often, key=often.__getitem__)
    times = often[most] / often[least]
    if times < 1.15:
        return f"Every {'picture' if pictures else 'text'} is seen about equally often."
    often_in_words = f"{times:.1f}" if times < 9.95 else formatting.count(times)
    read, reads = ("seen", "show") if pictures else ("read", "read")
    return (
        f"While {least} is {read} once, {most} is {read} {often_in_words} times: "
        "its share is large for its size. "
        f"Weights in the ratio of the sizes would {reads} each equally often."
    )


def kinds_to_mix(records: Mapping[str, DatasetRecord]) -> list[str]:
    """The kinds of which there are several datasets."""
    kinds = [record.kind for record in records.values()]
    return [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]


def _misfit(names: list[str], records: Mapping[str, DatasetRecord]) -> str:
    """Why pictures cannot be mixed: a model sees pictures of one size and one number of channels."""
    shapes = {name: _shape(records[name]) for name in names if records[name].kind == "images"}
    first = next(iter(shapes), "")
    other = next((name for name in shapes if shapes[name] != shapes[first]), "")
    if not other:
        return ""
    return (
        f"{first} has pictures of {shapes[first]} and {other} of {shapes[other]}; "
        "choose datasets alike, or import one again at the other's size and colours."
    )


def _same_twice(names: list[str], records: Mapping[str, DatasetRecord]) -> str:
    """Which datasets hold the same, in a sentence."""
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            if _related(one, other, records):
                return (
                    f"{one} and {other} come from the same data: what both hold is seen twice. One of them is enough."
                )
    return ""


def _shape(record: DatasetRecord) -> str:
    details = record.details
    colours = "in grey" if details.get("channels") == 1 else "in colour"
    return f"{details.get('width', 0)} × {details.get('height', 0)} {colours}"


def _amount(record: DatasetRecord) -> int:
    """What a dataset is weighed by: the bytes of texts, the number of pictures."""
    return max(1, record.items if record.kind == "images" else record.bytes)


def _amount_in_words(record: DatasetRecord) -> str:
    return formatting.plural(record.items, "picture") if record.kind == "images" else formatting.size(record.bytes)
