"""Words as directions: the neighbours of a token, and words or sentences of one's own on a map with their cosines."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from fmstudio.gui.playground.inside.jobs import COMPARE
from fmstudio.gui.playground.inside.legend import ScaleLegend
from fmstudio.gui.playground.inside.matrix import MatrixMap
from fmstudio.gui.playground.inside.neighbours import InsideNeighbours
from fmstudio.gui.playground.inside.scatter import NamedPoints
from fmstudio.gui.playground.inside.tab import InsideTab
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import label
from fmstudio.jobs import Sample, array_to_plain

ITEMS = "king\nqueen\nman\nwoman\nprince\nprincess\nParis\nFrance\nBerlin\nGermany"
VECTORS = {
    "embedding": (
        "Input embeddings",
        "The mean of the tokens' vectors before the first layer: words alone.",
    ),
    "hidden": ("Last hidden states", "The mean of the last layer's states: each token has read those before it."),
    "sentence": ("Sentence encoder", "all-MiniLM-L6-v2, which was trained so that like meanings point alike."),
}


class InsideEmbeddings(InsideTab):
    """Has texts of its own: one word or sentence a line. `own` is where they are typed, for whoever places it."""

    nothing = "Type words or sentences, one a line."

    def __init__(self, studio: Studio, name: str = "inside-embeddings") -> None:
        super().__init__(
            studio, COMPARE, name,
            "To a model a word is a direction in space: the smaller the angle, the nearer the cosine is to 1. Look for "
            "groups that lie together, and for pairs that differ in the same direction.",
        )  # fmt: skip
        self.neighbours = InsideNeighbours(studio)
        self.items = QPlainTextEdit(ITEMS)
        self.items.setObjectName(f"{name}-items")
        self.items.setAccessibleName("Words or sentences, one a line")
        self.items.setPlaceholderText(self.nothing)
        self.items.setTabChangesFocus(True)
        self.vectors = ChoiceField(f"{name}-vectors", "Which vectors", list(VECTORS), [t for t, _ in VECTORS.values()])
        self.about = label("", "caption", f"{name}-about", wrap=True)
        self.points = NamedPoints(self._theme, f"{name}-map", "Map of the texts by principal components")
        self.cosines = MatrixMap(self._theme, f"{name}-cosines", "Cosine of each pair of texts", opposite="error",
                                 square=False, written=_short, most_cell=46)  # fmt: skip
        self.found: Mapping[str, Any] = {}
        self._fill()
        self.items.textChanged.connect(self.ask)
        self.vectors.edited.connect(self._choose_vectors)
        self.points.pointed.connect(self._point_at)
        self.cosines.hovered.connect(self._hover)
        self._choose_vectors()

    def _fill(self) -> None:
        self.neighbours.setMinimumWidth(180)
        self.neighbours.setMaximumWidth(264)
        self.own = QWidget()
        self.own.setObjectName(f"{self.objectName()}-own")
        self.own.setLayout(
            vbox(
                label("Words or sentences", "section"),
                (self.items, 1),
                label("Vectors", "body"),
                self.vectors,
                self.about,
                gap=6,
            )
        )
        head = hbox(
            (label("Cosine of each pair", "strong", wrap=True), 1),
            ScaleLegend(self._theme, f"{self.objectName()}-legend", "accent", "−1", "1", opposite="error"),
            gap=4,
        )
        right = vbox(
            label("Map: where they differ most (share of the variance)", "strong", wrap=True),
            (self.points, 5),
            head,
            (self.cosines, 4),
            gap=4,
        )
        line = hbox((self.neighbours, 2), (right, 3), gap=24)
        self.body.addLayout(line, 1)

    # Asking.

    def look(self, model: str, text: str = "", chat: bool = False, system: str = "") -> None:
        """Use another model; the text of the other views is none of this one's."""
        if model != self.model:
            self.found = {}
        super().look(model, self.items.toPlainText(), False, "")

    def ask(self) -> None:
        if not self.isVisible():
            return
        self.text = "·"  # the view stays while its list is empty
        self.neighbours.use(self.model)
        super().ask()

    def arguments(self) -> dict[str, Any]:
        items = [line.strip() for line in self.items.toPlainText().split("\n") if line.strip()]
        return {"model": self.model, "items": items, "vectors": str(self.vectors.value()), "towards": self._towards()}

    def _towards(self) -> Any:
        """The directions of the map that is seen, if the new one is of the same space."""
        same = self.found and self.found["vectors"] == self.vectors.value()
        return array_to_plain(self.found["components"]) if same else None

    def _choose_vectors(self) -> None:
        self.about.setText(VECTORS[str(self.vectors.value())][1])
        self.ask()

    # Answers.

    def take(self, sample: Sample) -> None:
        self.found = found = sample.structure
        names = found["items"]
        shares = [f"{share:.0%}".replace("%", " %") for share in found["shares"]]
        across, up = (f"Component {n + 1} ({share})" for n, share in enumerate(shares))
        self.points.show_points(found["points"], names, (across, up), found["cosines"])
        self.cosines.show_matrix(found["cosines"], names, names, self._describe)

    def _describe(self, row: int, column: int) -> str:
        names = self.found["items"]
        value = f"{self.found['cosines'][row, column]:.3f}".replace("-", "−")
        return f"{names[row]} · {names[column]}\ncosine {value}"

    def _point_at(self, number: int) -> None:
        self.cosines.set_current(number, -1)

    def _hover(self, row: int, _column: int) -> None:
        self.points.set_pointer(row)


def _short(cosine: float) -> str:
    return f"{cosine:.2f}".replace("-", "−")
