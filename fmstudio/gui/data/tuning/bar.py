"""The bar above the views of a model's tokens: which model, and which answers it learns."""

from PySide6.QtWidgets import QWidget

from fmstudio.gui.data.tuning.chosen_model import TURNS, ChosenModel
from fmstudio.gui.models.picker import ModelPicker
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.titled import titled


class ReadByBar(QWidget):
    """Follows what is chosen in another view. Controls of a view's own come behind."""

    def __init__(self, theme: Theme, chosen: ChosenModel, name: str, *controls: QWidget) -> None:
        """name: begins the object names of its parts."""
        super().__init__()
        self._chosen = chosen
        self.picker = ModelPicker(theme, chosen, f"{name}-model", "Read by")
        self.turns = Segments(TURNS, f"{name}-turns", "Which answers are learnt")
        self._turns = titled("Learn", self.turns)
        self.setLayout(flow(titled("Read by", self.picker), self._turns, *controls, gap=16))
        self.picker.setMinimumWidth(200)
        self.picker.chosen.connect(chosen.choose)
        self.turns.changed.connect(chosen.learn)
        chosen.changed.connect(self._show)
        chosen.models_changed.connect(self._show)
        self._show()

    def offer_turns(self, offered: bool) -> None:
        """Of pairs and judgements there is one answer alone to learn."""
        self._turns.setVisible(offered)

    def _show(self) -> None:
        self.picker.show_model(self._chosen.model)
        self.turns.set_value(self._chosen.turns)
