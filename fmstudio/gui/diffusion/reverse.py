"""From noise to pictures: one setting, or two beside each other on the same noise."""

from fmstudio.gui.diffusion.fields import WalkFields
from fmstudio.gui.diffusion.jobs import WALK
from fmstudio.gui.diffusion.models import DiffusionModels
from fmstudio.gui.diffusion.player import DiffusionPlayer
from fmstudio.gui.diffusion.seed_field import SeedField
from fmstudio.gui.diffusion.view import WalkView, Wanted
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, row, stack
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.switch import Switch
from fmstudio.gui.widgets.titled import side_by_side, titled

COUNTS = (1, 4, 9, 16)
SEED_HELP = "Which noise to begin from. The same seed gives the same picture; the dice draw another."
COMPARE_HELP = "Make the same noise into pictures twice, with settings A and B, and see them at the same noise level."


class ReverseView(WalkView):
    """Settings, and the walk step by step."""

    action = ("Generate", "mdi6.creation")
    sentence = "The reverse process: the network says what it expects, the sampler goes there."

    def __init__(self, studio: Studio, models: DiffusionModels) -> None:
        theme = studio.theme
        hint = EmptyState(
            theme, "mdi6.blur", "From noise to a picture, step by step",
            "Press Generate. You then see at every step the noisy picture, the clean picture that the network expects, "
            "and the noise that it sees; and can go back and forth through all of it.", "reverse-hint",
        )  # fmt: skip
        super().__init__(studio, "reverse", DiffusionPlayer(theme, "reverse"), hint)
        self.fields = [WalkFields(theme, models, f"reverse-{letter}") for letter in "ab"]
        self.fields[0].edited.connect(self._chose_model)
        self.seed = SeedField(theme, "reverse-seed")
        self.count = ChoiceField("reverse-count", "Pictures", COUNTS)
        self.count.set_value(16)
        self.compare = Switch(theme, "reverse-compare", "Compare two settings")
        self.compare.setToolTip(COMPARE_HELP)
        self.side = Segments([(0, "A"), (1, "B")], "reverse-side", "Which setting to change")
        self._models, self._compared = models, False
        self._stack = stack("reverse-settings", *self.fields)
        self._fill()
        for news in (*(each.edited for each in self.fields), self.seed.edited):
            news.connect(self.judged)
        self.compare.toggled.connect(self._compare)
        self.side.changed.connect(self._show_side)
        self._compare(False)

    def _fill(self) -> None:
        switch = boxed(hbox(label("Compare two settings", "body"), ..., self.compare, gap=6))
        self.form.addWidget(side_by_side(
            titled("Seed", self.seed, SEED_HELP), titled("Pictures", self.count, "How many pictures to make at once.")
        ))  # fmt: skip
        self.form.addWidget(switch)
        self._side_row = row(self.side)
        self.form.addWidget(self._side_row)
        self.form.addWidget(self._stack)
        self.form.addStretch(1)

    def _chose_model(self) -> None:
        self._models.choose(self.fields[0].model.reference)

    def _compare(self, two: bool) -> None:
        self._side_row.setVisible(two)
        if not two:
            self.side.set_value(0)
        elif not self._compared:
            self._compared = True
            self.fields[1].begin_from(self.fields[0])
        self._show_side(self.side.value())
        self.judged.emit()

    def _show_side(self, side: int) -> None:
        self._stack.setCurrentIndex(side)

    # What is asked.

    def _used(self) -> list[WalkFields]:
        return self.fields if self.compare.isChecked() else self.fields[:1]

    def problem(self) -> str:
        return next(filter(None, [*(each.problem() for each in self._used()), self.seed.problem()]), "")

    def wanted(self) -> list[Wanted]:
        shared = {"seed": self.seed.value(), "count": self.count.value()}
        title = "Generate “{}”" if len(self._used()) == 1 else "Compare “{}”"
        return [
            Wanted(WALK, title.format(fields.model.title), {
                "model": fields.model.reference,
                "settings": fields.settings() | shared,
                "condition": fields.condition(),
            }, fields.sampler_title)
            for fields in self._used()
        ]  # fmt: skip
