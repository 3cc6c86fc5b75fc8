"""How different the generated pictures are from each other, against how different the real ones are; and the alarm."""

import math

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import IconLabel, label


class Diversity(QWidget):
    """Two bars on one scale: real pictures and generated ones, each with its number."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("gan-diversity")
        self._theme = theme
        self.share = label("", "caption", "gan-diversity-share", wrap=True)
        self._bars = {side: _Bar(theme, side) for side in ("real", "generated")}
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        for row, bar in enumerate(self._bars.values()):
            for column, part in enumerate((bar.title, bar.bar, bar.number)):
                grid.addWidget(part, row, column)
        grid.setColumnStretch(1, 1)
        self.setLayout(vbox(grid, self.share, gap=6))

    def show_run(self, run: RunState | None) -> None:
        """Show a training's latest measure."""
        values = {side: run.last(f"diversity/{side}") if run else math.nan for side in self._bars}
        largest = max((value for value in values.values() if math.isfinite(value)), default=1.0)
        for side, bar in self._bars.items():
            bar.show_value(values[side], largest)
        self.share.setText(_in_words(values["generated"], values["real"]))


def _in_words(generated: float, real: float) -> str:
    if not (math.isfinite(generated) and math.isfinite(real) and real > 0):
        return "Measured while it trains: how far each picture is from the one most like it."
    share = generated / real
    if share < 0.5:
        return f"Generated pictures are only {formatting.share(share)} as varied as real ones: too much alike."
    return f"Generated pictures are {formatting.share(share)} as varied as real ones."


class _Bar(QObject):
    """A name, a bar and a number, for a grid to put side by side."""

    def __init__(self, theme: Theme, side: str) -> None:
        super().__init__()
        self._theme, self._side = theme, side
        self.title = label(side.capitalize(), "caption")
        self.bar = QProgressBar()
        self.bar.setObjectName(f"gan-diversity-{side}")
        self.bar.setAccessibleName(f"Diversity of {side} pictures")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.number = label("", "caption", f"gan-diversity-{side}-number")
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.number.setMinimumWidth(48)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        colour = self._theme.css(self._side)
        self.bar.setStyleSheet(f"QProgressBar::chunk {{ background: {colour}; border-radius: 3px; }}")

    def show_value(self, value: float, largest: float) -> None:
        """Show a measure as a part of the largest; one that is not known shows a dash."""
        known = math.isfinite(value)
        self.bar.setValue(round(1000 * value / largest) if known and largest > 0 else 0)
        self.number.setText(formatting.number(value) if known else "–")


class Alarm(QFrame):
    """Names what has gone wrong and what to change; takes no room while nothing has."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "banner")
        self.title = label("", "strong", f"{name}-title")
        self.sentence = label("", "body", f"{name}-sentence", wrap=True)
        self.setLayout(
            hbox(
                IconLabel(theme, "mdi6.alert-outline", "warning"),
                self.title,
                (self.sentence, 1),
                margins=(12, 8, 12, 8),
            )
        )
        self.hide()

    def ring(self, sentence: str) -> None:
        """Name the trouble ("Mode collapse: …"); an empty sentence takes the alarm away."""
        title, _, rest = sentence.partition(": ")
        self.title.setText(title)
        self.sentence.setText(rest[:1].upper() + rest[1:])
        self.setAccessibleName(sentence)
        self.setVisible(bool(sentence))
