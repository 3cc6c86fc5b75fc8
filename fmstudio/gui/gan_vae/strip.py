"""A strip of film: pictures in their order, to be played, or scrubbed by dragging, with the present one large."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.pictures.tiles import image_of

MILLISECONDS = 80
_GAP = 2


class Film(QWidget):
    """All frames side by side, thinned to what fits. moved: another frame is the present one. taken: by a hand."""

    moved = Signal(int)
    taken = Signal()

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(name)
        self.setAccessibleName("Film strip: left and right arrows go through the frames")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.frames: list[QImage] = []
        self.position = 0
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(320, 56)

    def set_frames(self, frames: Sequence[QImage]) -> None:
        """Show other frames from the first."""
        self.frames, self.position = list(frames), 0
        self.update()

    def go_to(self, position: int) -> None:
        """Mark a frame and tell of it."""
        if self.frames:
            self.position = max(0, min(len(self.frames) - 1, position))
            self.moved.emit(self.position)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.frames:
            return
        painter = QPainter(self)
        side = self.height() - 8
        shown = max(1, min(len(self.frames), (self.width() + _GAP) // (side + _GAP)))
        for place in range(shown):
            index = round(place * (len(self.frames) - 1) / max(1, shown - 1))
            painter.drawImage(QRectF(self._left(place, shown, side), 4, side, side), self.frames[index])
        self._paint_mark(painter, side, shown)

    def _left(self, place: float, shown: int, side: int) -> float:
        pitch = (self._reach(shown, side) - side) / max(1, shown - 1)
        return place * pitch

    def _reach(self, shown: int, side: int) -> float:
        """How far the strip goes: the whole width where there are more frames than fit, else as far as they need."""
        return self.width() if shown < len(self.frames) else min(self.width(), shown * (side + _GAP) - _GAP)

    def _paint_mark(self, painter: QPainter, side: int, shown: int) -> None:
        along = self.position / max(1, len(self.frames) - 1) * (shown - 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("accent"), 2.5))
        painter.drawRoundedRect(QRectF(self._left(along, shown, side) + 1, 2, side - 2, side + 4), 3, 3)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("text"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _frame_at(self, x: float) -> int:
        side = self.height() - 8
        shown = max(1, min(len(self.frames), (self.width() + _GAP) // (side + _GAP)))
        along = (x - side / 2) / max(1.0, self._reach(shown, side) - side)
        return round(along * (len(self.frames) - 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.taken.emit()
        self.go_to(self._frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.go_to(self._frame_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(event.key())
        if step is None:
            super().keyPressEvent(event)
        else:
            self.taken.emit()
            self.go_to(self.position + step)


class Screen(QWidget):
    """One picture as large as there is room, in crisp pixels."""

    def __init__(self, theme: Theme, name: str, accessible_name: str, side: int = 128) -> None:
        super().__init__()
        self._theme, self._side = theme, side
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.image: QImage | None = None
        self.setFixedSize(side, side)

    def show_image(self, image: QImage | None) -> None:
        """Show a picture, or an empty frame."""
        self.image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.image is None:
            painter.setPen(QPen(self._theme.color("hairline"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            return
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF(0, 0, size.width(), size.height())
        area.moveCenter(QRectF(self.rect()).center())
        painter.drawImage(area, self.image)


class PlayableStrip(QWidget):
    """The film, the present frame large at its left, and play and save beneath. `save_wanted`: as a GIF."""

    save_wanted = Signal()

    def __init__(self, theme: Theme, name: str, hint: str) -> None:
        """hint: what to do to get a film, shown while there is none."""
        super().__init__()
        self.setObjectName(name)
        self._theme = theme
        self.present = Screen(theme, f"{name}-screen", "Present frame", 112)
        self.film = Film(theme, f"{name}-film")
        self.play = icon_button("mdi6.play", "Play", f"{name}-play", theme, self.toggle, "text")
        self.place = label("", "caption", f"{name}-place")
        self.hint = label(hint, "secondary", f"{name}-hint", wrap=True)
        self.save = button("Save GIF…", f"{name}-save", theme, "mdi6.download", "quiet", self.save_wanted.emit)
        self._timer = QTimer(self, interval=MILLISECONDS)
        self._timer.timeout.connect(self._next)
        self.film.moved.connect(self._show)
        self.film.taken.connect(self.hold)
        self._lay_out()
        self.clear()

    def _lay_out(self) -> None:
        right = vbox(self.hint, self.film, hbox(self.play, self.place, ..., self.save), ..., gap=4)
        self.setLayout(hbox((self.present, 0, Qt.AlignmentFlag.AlignTop), (right, 1), gap=12))

    @property
    def frames(self) -> list[QImage]:
        """What is on the film."""
        return self.film.frames

    def clear(self) -> None:
        """No film: say how to get one."""
        self.set_pictures(())

    def set_pictures(self, pictures: np.ndarray | Sequence[np.ndarray]) -> None:
        """Put a film of pictures (frames, height, width, channels) in and play it."""
        self.pictures = pictures
        self._set_frames([image_of(picture) for picture in pictures])

    def _set_frames(self, frames: Sequence[QImage]) -> None:
        self.film.set_frames(frames)
        for each in (self.film, self.play, self.place, self.save):
            each.setVisible(bool(frames))
        self.hint.setVisible(not frames)
        if frames:
            self._show(0)
        else:
            self.present.show_image(None)
        self._run(bool(frames) and self.isVisible())

    def hold(self) -> None:
        """Stand still: a hand is on the film."""
        self._run(False)

    def toggle(self) -> None:
        """Play, or hold still."""
        self._run(not self._timer.isActive())

    @property
    def playing(self) -> bool:
        """Whether the film runs."""
        return self._timer.isActive()

    def _run(self, playing: bool) -> None:
        self._timer.start() if playing else self._timer.stop()
        self.play.setIcon(self._theme.icon("mdi6.pause" if playing else "mdi6.play"))
        self.play.setToolTip("Hold" if playing else "Play")
        self.play.setAccessibleName(self.play.toolTip())

    def _next(self) -> None:
        if not self.film.isVisible():
            self._run(False)
        elif self.frames:
            self.film.go_to((self.film.position + 1) % len(self.frames))

    def _show(self, position: int) -> None:
        self.present.show_image(self.frames[position])
        self.place.setText(f"Frame {position + 1} of {len(self.frames)}")
