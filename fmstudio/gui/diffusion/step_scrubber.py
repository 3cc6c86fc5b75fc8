"""Going through the steps of something that was made step by step: play, pause, one step, and dragging through all."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.labels import icon_button, label

PACE = 80  # milliseconds a step while it plays
_KNOB = 8


class ScrubBar(QAbstractSlider):
    """A slider that jumps to where the mouse is. What has arrived so far is drawn; beyond it one cannot go."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Step")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSingleStep(1)
        self.setPageStep(5)
        self._theme = theme
        self._total = 0
        self.valueChanged.connect(self.update)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, 28)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 28)

    def set_extent(self, total: int, arrived: int) -> None:
        """There will be positions 0 to `total`; those up to `arrived` are there."""
        self._total = max(total, 0)
        self.setRange(0, max(arrived, 0))
        self.update()

    def _across(self, position: float) -> float:
        return _KNOB + position / max(self._total, 1) * (self.width() - 2 * _KNOB)

    def position_at(self, x: float) -> int:
        """The position nearest to a place across the bar."""
        part = (x - _KNOB) / max(self.width() - 2 * _KNOB, 1)
        return max(0, min(self.maximum(), round(part * self._total)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(True)
        self.setValue(self.position_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.setValue(self.position_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        active = self.isEnabled() and self.maximum() > 0
        for end, token in ((self._total, "pressed"), (self.maximum(), "border"), (self.value(), "accent_fill")):
            if token == "pressed" or active:
                painter.setBrush(theme.color(token))
                painter.drawRoundedRect(QRectF(_KNOB, middle - 2, self._across(end) - _KNOB, 4), 2, 2)
        self._marks(painter, middle)
        painter.setBrush(theme.color("accent_fill" if active else "border"))
        painter.drawEllipse(QPointF(self._across(self.value()), middle), _KNOB, _KNOB)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.color("text"))
            painter.drawEllipse(QPointF(self._across(self.value()), middle), _KNOB - 1, _KNOB - 1)

    def _marks(self, painter: QPainter, middle: float) -> None:
        """A dot for each step, where there is room for them."""
        if not 0 < self._total <= self.width() / 10:
            return
        painter.setBrush(self._theme.color("border"))
        for position in range(self._total + 1):
            painter.drawEllipse(QPointF(self._across(position), middle + 9), 1, 1)


class StepScrubber(QWidget):
    """Buttons, the bar, and a label of the present step. `moved` tells the position that is wanted now.

    While positions still arrive it follows the newest, until a person takes hold of it.
    """

    moved = Signal(int)
    label_room = 196

    def __init__(self, theme: Theme, name: str = "scrubber") -> None:
        super().__init__()
        self.setObjectName(name)
        self._theme = theme
        self._following = True
        self.bar = ScrubBar(theme, f"{name}-bar")
        self.bar.valueChanged.connect(self.moved)
        self.bar.actionTriggered.connect(self._take_hold)
        self.bar.sliderPressed.connect(self._take_hold)
        made = [
            ("mdi6.skip-previous", "To the beginning (Home)", "first", self.to_first),
            ("mdi6.step-backward", "One step back (Left)", "back", self.back),
            ("mdi6.play", "Play (Space)", "play", self.toggle),
            ("mdi6.step-forward", "One step on (Right)", "on", self.on),
            ("mdi6.skip-next", "To the end (End)", "last", self.to_last),
        ]
        self.buttons = {
            key: icon_button(icon, tip, f"{name}-{key}", theme, act, "text") for icon, tip, key, act in made
        }
        self.text = label("", "strong", f"{name}-label")
        self.text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._timer = QTimer(self, interval=PACE)
        self._timer.timeout.connect(self._advance)
        self.setLayout(hbox(*self.buttons.values(), 8, (self.bar, 1), 8, self.text, gap=4))
        self.clear()

    # What there is.

    def clear(self) -> None:
        """Nothing to go through."""
        self.pause()
        self._following = True
        self.set_extent(0, 0)
        self.text.setText("")

    def set_extent(self, total: int, arrived: int) -> None:
        """There will be positions 0 to `total`; those up to `arrived` are there."""
        self.bar.set_extent(total, arrived)
        for button in (self.bar, *self.buttons.values()):
            button.setEnabled(arrived > 0)
        if self._following and not self.playing:
            self.bar.setValue(arrived)

    def set_label(self, text: str) -> None:
        """Say where one is."""
        self.text.setText(text)
        self.bar.setAccessibleDescription(text)

    @property
    def position(self) -> int:
        """Where one is."""
        return self.bar.value()

    @property
    def playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._timer.isActive()

    # Moving.

    def go_to(self, position: int) -> None:
        """Go to a position, as a person would."""
        self._take_hold()
        self.bar.setValue(position)

    def to_first(self) -> None:
        """Go to the beginning."""
        self.go_to(0)

    def to_last(self) -> None:
        """Go to the end, and follow what still arrives."""
        self.go_to(self.bar.maximum())
        self._following = True

    def back(self) -> None:
        """One step back."""
        self.go_to(self.position - 1)

    def on(self) -> None:
        """One step on."""
        self.go_to(self.position + 1)

    def toggle(self) -> None:
        """Play, from the beginning if it is at its end, or pause."""
        self.pause() if self.playing else self.play()

    def play(self) -> None:
        """Go on by itself."""
        if not self.bar.isEnabled():
            return
        if self.position >= self.bar.maximum():
            self.bar.setValue(0)
        self._following = False
        self._timer.start()
        self._show_playing()

    def pause(self) -> None:
        """Stay here."""
        self._timer.stop()
        self._show_playing()

    def _take_hold(self, *_: object) -> None:
        self.pause()
        self._following = False

    def _advance(self) -> None:
        if self.position < self.bar.maximum():
            self.bar.setValue(self.position + 1)
        if self.position >= self.bar.maximum():
            self.pause()

    def _show_playing(self) -> None:
        button, icon = self.buttons["play"], "mdi6.pause" if self.playing else "mdi6.play"
        words = "Pause (Space)" if self.playing else "Play (Space)"
        button.setIcon(self._theme.icon(icon, "text"))
        button.setToolTip(words)
        button.setAccessibleName(words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # A label of a fixed size may change its text many times a second without laying the window out anew.
        wide = self.width() > 2.5 * self.label_room
        self.text.setFixedSize(self.label_room if wide else self.label_room * 4 // 5, self.bar.sizeHint().height())
        for key in ("first", "last"):
            self.buttons[key].setVisible(wide)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pause()

    def take_key(self, event: QKeyEvent) -> bool:
        """Answer a key that nothing else wanted; returns whether it meant something here."""
        acts = {Qt.Key.Key_Left: self.back, Qt.Key.Key_Right: self.on, Qt.Key.Key_Space: self.toggle,
                Qt.Key.Key_Home: self.to_first, Qt.Key.Key_End: self.to_last}  # fmt: skip
        act = acts.get(Qt.Key(event.key()))
        if act is None or event.modifiers() or not self.bar.isEnabled():
            return False
        act()
        return True
