"""The GAN side: the game as it is played, and what a trained generator can draw."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.gan_vae.gan.generate import GanGenerate
from fmstudio.gui.gan_vae.gan.learning import GanLearning
from fmstudio.gui.runs.sources import Source
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import stack, vbox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.segments import Segments

PLAYERS = {
    "learning": "The generator draws from noise, the discriminator judges: each wins by what the other loses.",
    "generate": "Trained, the generator stands alone: a seed is a picture, and between two seeds lie others.",
}


class GanView(QWidget):
    """Two views, of which one is seen. act_changed: what Ctrl+Enter does, or whether it can, is another thing now."""

    act_changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("gan-view")
        self.learning = GanLearning(studio)
        self.generate = GanGenerate(studio)
        self._views: dict[str, GanLearning | GanGenerate] = {"learning": self.learning, "generate": self.generate}
        self.view_choice = Segments(
            [("learning", "The game"), ("generate", "Generate")], "gan-view-choice", "What to look at"
        )
        self.players = label("", "secondary", "gan-players", wrap=True)
        self._stack = stack("gan-pages", *self._views.values())
        self.setLayout(vbox(flow(self.view_choice, self.players, gap=16), (self._stack, 1), gap=12))
        self.view_choice.changed.connect(self.look_at)
        for view in self._views.values():
            view.refusal_changed.connect(self.act_changed)
        self.look_at("learning")

    @property
    def shown(self) -> GanLearning | GanGenerate:
        """The view that is seen."""
        return self._views[str(self.view_choice.value())]

    def look_at(self, view: str) -> None:
        """Show "learning" or "generate"."""
        self.view_choice.set_value(view)
        self.players.setText(PLAYERS[view])
        self._stack.setCurrentWidget(self._views[view])
        self.act_changed.emit()

    def set_source(self, source: Source | None, run: RunState | None) -> None:
        """Look at another model, run or preset."""
        for view in self._views.values():
            view.set_source(source, run)
        if source is not None and source.preset:
            self.look_at("learning")

    def refresh(self) -> None:
        """The model is newer than it was (a run has gone on)."""
        self.generate.refresh()

    # What Ctrl+Enter does.

    @property
    def act_words(self) -> tuple[str, str]:
        """The text and icon of the primary button."""
        return self.shown.action_text, self.shown.action_icon

    def refusal(self) -> str:
        """Why that cannot be done now, or ""."""
        return self.shown.refusal()

    def act(self) -> None:
        """Do it."""
        self.shown.act()
