"""A stage of a model's life as a card: what of it is there, what was made last, and how one goes on in it."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.home.life_cycle import Stage
from fmstudio.gui.home.list_row import ListRow, RowContent
from fmstudio.gui.theme import Theme
from fmstudio.gui.things import KINDS
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import ClickableCard
from fmstudio.gui.widgets.labels import ElidedLabel, button, label, set_property

_DISC = 40


class StageCard(ClickableCard):
    """clicked: the stage is wanted. wanted(panel, what): what was made last, or the step, is wanted."""

    wanted = Signal(str, dict)

    def __init__(self, stage: Stage, theme: Theme) -> None:
        super().__init__(f"stage-{stage.panel}", stage.title)
        name = f"stage-{stage.panel}"
        self._theme = theme
        self.stage = stage
        self._disc = _Disc(stage.icon, theme)
        self._title = label(stage.title, "section", f"{name}-title")
        self._made = label("", "secondary", f"{name}-made", wrap=True)
        self._latest: ListRow | None = None  # made when there is something
        self._below = vbox(gap=4)
        self.step = button("", f"{name}-step", theme, stage.icon, clicked=self._take_step)
        self.refusal = ElidedLabel("", "caption", f"{name}-refusal")
        self.body.addLayout(hbox(self._disc, (vbox(2, self._title, self._made, ..., gap=2), 1), gap=16))
        self.body.setSpacing(8)
        self.body.addStretch(1)
        self.body.addLayout(self._below)
        self.body.addLayout(hbox((self.refusal, 1), self.step))

    @property
    def done(self) -> bool:
        """Whether something was made here."""
        return self.stage.done

    def show_stage(self, stage: Stage, current: bool) -> None:
        """Bring the card up to date."""
        self.stage = stage
        self._disc.show_state(stage.done, current)
        self._made.setText(stage.made or stage.invitation)
        state = "done" if stage.done else "next step" if current else "not begun"
        self.setAccessibleDescription(f"{state}: {self._made.text()}")
        self.setToolTip(f"Open {stage.title.split('  ')[-1]}")
        set_property(self, "current", current)
        self._show_latest()
        self._show_step()

    def _show_latest(self) -> None:
        thing = self.stage.latest
        if thing is not None:
            when = formatting.when(thing.created) if thing.created else ""
            content = RowContent(thing.kind, thing.key, thing.family, KINDS[thing.kind].icon, thing.title, "", when)
            if self._latest is None:
                self._latest = ListRow(self._theme, f"stage-{self.stage.panel}-latest", content)
                self._latest.clicked.connect(self._open_latest)
                self._below.addWidget(self._latest)
            self._latest.show_content(content)
            self._latest.setToolTip(f"The latest {KINDS[thing.kind].noun}: {thing.title}")
        if self._latest is not None:
            self._latest.setVisible(thing is not None)

    def _show_step(self) -> None:
        step = self.stage.step
        self.step.setVisible(step is not None)
        self.refusal.setText(step.refusal if step else "")
        if step is not None:
            self.step.setText(step.button)
            self.step.setAccessibleName(step.button)
            self.step.setIcon(self._theme.icon(step.icon))
            self.step.setEnabled(not step.refusal)
            self.step.setToolTip(step.refusal or step.title)

    def _open_latest(self) -> None:
        if self.stage.opened:
            info, what = self.stage.opened
            self.wanted.emit(info.name, dict(what))

    def _take_step(self) -> None:
        if self.stage.step:
            self.wanted.emit(self.stage.step.panel, dict(self.stage.step.what))


class _Disc(QWidget):
    """The stage's icon; a tick at its corner says that something was made here."""

    def __init__(self, icon: str, theme: Theme) -> None:
        super().__init__()
        self.setFixedSize(_DISC + 6, _DISC + 6)
        self._theme = theme
        self._icon = icon
        self._done = self._current = False

    def show_state(self, done: bool, current: bool) -> None:
        self._done, self._current = done, current
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc = QRectF(0, 3, _DISC, _DISC)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent_soft" if self._done or self._current else "hover"))
        painter.drawEllipse(disc)
        token = "accent" if self._done or self._current else "secondary"
        self._glyph(painter, self._icon, token, QRectF(0, 0, 22, 22), disc.center())
        if self._done:
            corner = QRectF(_DISC - 12, _DISC - 11, 16, 16)
            painter.setBrush(self._theme.color("surface"))
            painter.drawEllipse(corner.adjusted(-1.5, -1.5, 1.5, 1.5))
            painter.setBrush(self._theme.color("accent_fill"))
            painter.drawEllipse(corner)
            self._glyph(painter, "mdi6.check-bold", "on_accent", QRectF(0, 0, 10, 10), corner.center())

    def _glyph(self, painter: QPainter, icon: str, token: str, rect: QRectF, center: QPointF) -> None:
        rect.moveCenter(center)
        self._theme.icon(icon, token).paint(painter, rect.toAlignedRect())
