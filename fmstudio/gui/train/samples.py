"""What the model wrote or drew at each evaluation, a column a step, so that one sees it learn."""

from functools import partial

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QImage,
    QLinearGradient,
    QPainter,
    QPen,
    QResizeEvent,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fmstudio.gui.runs.state import RunState
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.table import Index
from fmstudio.gui.widgets.menus import MenuEntry, menu_of
from fmstudio.gui.widgets.pictures.tiles import image_of, sheet_of

COLUMN = 256
_PAD = 12
_GAP = 4  # between pictures
_SMALLEST = 24  # pixels of a picture's side
_KEPT = 60  # columns whose images are kept
STEP_ROLE = Qt.ItemDataRole.UserRole


class SampleModel(QAbstractListModel):
    """The samples of a run in order of step."""

    def __init__(self) -> None:
        super().__init__()
        self._run: RunState | None = None
        self._samples: dict[int, str | np.ndarray] = {}
        self._steps: list[int] = []

    def set_run(self, run: RunState | None) -> None:
        """Hold another run's samples."""
        self.beginResetModel()
        self._run, self._samples = run, run.samples if run else {}
        self._steps = sorted(self._samples)
        self.endResetModel()

    def refresh(self) -> None:
        """Take up what has come since; the columns that are there keep their places."""
        self._samples = self._run.samples if self._run else {}
        steps = sorted(self._samples)
        if steps[: len(self._steps)] != self._steps:
            self.set_run(self._run)
        elif len(steps) > len(self._steps):
            self.beginInsertRows(QModelIndex(), len(self._steps), len(steps) - 1)
            self._steps = steps
            self.endInsertRows()
        elif steps:
            last = self.index(len(steps) - 1)
            self.dataChanged.emit(last, last)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._steps)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        step = self._steps[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            sample = self.sample(index)
            return sample if isinstance(sample, str) else f"{len(sample)} pictures"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"Step {step:,}\n\n{index.data()}"
        return step if role == STEP_ROLE else None

    def sample(self, index: Index) -> str | np.ndarray:
        """The text or the pictures (count, height, width, channels) of a column."""
        return self._samples[self._steps[index.row()]]

    def heading(self, index: Index) -> tuple[str, str]:
        """The step, and the validation loss that was measured with it."""
        step = self._steps[index.row()]
        series = self._run.series.get("loss/validation") if self._run else None
        if series is None:
            return f"Step {step:,}", ""
        place = int(series.steps.searchsorted(step))
        known = place < len(series) and series.steps[place] == step
        return f"Step {step:,}", f"loss {series.values[place]:.3f}" if known else ""


class _Column(QStyledItemDelegate):
    """Paints a sample beneath its step. The text fades out where the column ends."""

    def __init__(self, theme: Theme, model: SampleModel, view: QListView) -> None:
        super().__init__(view)
        self._theme, self._model, self._view = theme, model, view
        self._made: dict[int, tuple[np.ndarray, list[QImage]]] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(COLUMN, max(self._view.viewport().height() - 2, 60))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setClipRect(option.rect)
        area = QRectF(option.rect)
        background = self._theme.color("surface")
        if option.state & QStyle.StateFlag.State_Selected:
            background = self._theme.color("accent_soft")
        painter.fillRect(area, background)
        painter.setPen(QPen(self._theme.color("hairline"), 1))
        painter.drawLine(area.topRight(), area.bottomRight())
        inner = area.adjusted(_PAD, 8, -_PAD, 0)
        self._heading(painter, inner, index)
        beneath = inner.adjusted(0, self._theme.size("caption") + 12, 0, 0)
        sample = self._model.sample(index)
        if isinstance(sample, str):
            self._text(painter, beneath, sample)
            self._fade(painter, area, background)
        else:
            self._pictures(painter, beneath.adjusted(0, 0, 0, -6), sample)
        painter.restore()

    def _heading(self, painter: QPainter, area: QRectF, index: Index) -> None:
        step, loss = self._model.heading(index)
        caption, bold = self._theme.font("caption"), self._theme.font("caption")
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(self._theme.color("text"))
        painter.drawText(area, step)
        painter.setFont(caption)
        painter.setPen(self._theme.color("secondary"))
        painter.drawText(area, loss, QTextOption(Qt.AlignmentFlag.AlignRight))

    def _pictures(self, painter: QPainter, area: QRectF, pictures: np.ndarray) -> None:
        """As many whole pictures as there is room for, at a size that shows at least four."""
        height, width = pictures.shape[1:3]
        columns, side = _tiling(len(pictures), area.width(), area.height())
        for number, image in enumerate(self._images(pictures)):
            left = area.left() + number % columns * (side + _GAP)
            top = area.top() + number // columns * (side + _GAP)
            if top + side > area.bottom() + 1:
                break
            scale = side / max(height, width)
            painter.drawImage(QRectF(left, top, width * scale, height * scale), image)

    def _images(self, pictures: np.ndarray) -> list[QImage]:
        """The pictures as images, kept while their column may be painted again."""
        if id(pictures) not in self._made:
            if len(self._made) > _KEPT:
                self._made.clear()
            self._made[id(pictures)] = (pictures, [image_of(picture) for picture in pictures])
        return self._made[id(pictures)][1]

    def _text(self, painter: QPainter, area: QRectF, text: str) -> None:
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        painter.setFont(self._theme.font("body"))
        painter.setPen(self._theme.color("text"))
        # Only what can be seen is laid out: a sample may be long, a column is not.
        painter.drawText(area, text[: int(area.width() * area.height() / 40) + 200], option)

    def _fade(self, painter: QPainter, area: QRectF, background: QColor) -> None:
        clear = QColor(background)
        clear.setAlpha(0)
        band = QRectF(area.left(), area.bottom() - 20, area.width() - 1, 21)
        gradient = QLinearGradient(band.topLeft(), band.bottomLeft())
        gradient.setColorAt(0, clear)
        gradient.setColorAt(1, background)
        painter.fillRect(band, gradient)


def _tiling(count: int, width: float, height: float) -> tuple[int, float]:
    """Columns and side of square tiles: the largest of which all fit, but none so small that it says nothing."""
    fits = []
    for columns in range(1, count + 1):
        side = (width - _GAP * (columns - 1)) / columns
        rows = -(-count // columns)
        if rows * (side + _GAP) - _GAP <= height or side < _SMALLEST + _GAP:
            fits.append((columns, side))
            break
    columns, side = fits[0] if fits else (count, width / count)
    return columns, max(side, _SMALLEST)


class RunSamples(QListView):
    """Columns from the first evaluation to the latest. It follows the latest until one scrolls back."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("run-samples")
        self.setAccessibleName("Samples over time")
        self._samples = SampleModel()
        self._columns = _Column(theme, self._samples, self)
        self._run: RunState | None = None
        self.setModel(self._samples)
        self.setItemDelegate(self._columns)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.horizontalScrollBar().setSingleStep(48)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._offer)
        theme.changed.connect(self.viewport().update)

    def set_run(self, run: RunState | None) -> None:
        """Show a run's samples from now on."""
        if self._run is not None:
            self._run.changed.disconnect(self._hear)
        self._run = run
        if run is not None:
            run.changed.connect(self._hear)
        self._samples.set_run(run)
        self.scrollToEnd()

    def _hear(self, what: str) -> None:
        if what != "sample":
            return
        bar = self.horizontalScrollBar()
        following = bar.value() >= bar.maximum() - 8
        self._samples.refresh()
        if following:
            self.scrollToEnd()

    def scrollToEnd(self) -> None:
        """Bring the latest sample into sight."""
        self.doItemsLayout()
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().maximum())

    @property
    def texts(self) -> list[str]:
        """The samples that are shown, in order."""
        return [str(self._samples.index(row).data()) for row in range(self._samples.rowCount())]

    def headings(self) -> list[str]:
        """What stands above each column."""
        return [
            " ".join(self._samples.heading(self._samples.index(row))).strip() for row in range(self._samples.rowCount())
        ]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # A mouse has one wheel, and here there is only one way to go.
        delta = event.angleDelta().y() or event.angleDelta().x()
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - delta)
        event.accept()

    def _offer(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if index.isValid():
            sample, clipboard = self._samples.sample(index), QGuiApplication.clipboard()
            ways: list[MenuEntry]
            if isinstance(sample, str):
                ways = [
                    ("Copy text", partial(clipboard.setText, sample)),
                    ("Copy all samples", lambda: clipboard.setText("\n\n".join(self.texts))),
                ]
            else:
                ways = [("Copy pictures", lambda pictures=sample: clipboard.setImage(sheet_of(pictures)))]
            menu_of(ways, self, "sample-menu").popup(self.viewport().mapToGlobal(place))
