"""The pictures of a dataset in pages: fetched a page ahead of what is looked at, and kept ready to paint."""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QImage

from fmstudio.gui.data.jobs import PICTURES
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower

_ACROSS = 16  # pictures in a line of an atlas
_PAGE_BYTES = 1_000_000  # of a page's pixels: what is turned into an atlas in a few milliseconds
_LEAST, _MOST = 8, 256  # pictures of a page
_KEPT_BYTES = 64_000_000  # of all atlases together
_KEPT_LEAST = 8  # pages, however large


@dataclass(slots=True)
class PicturePage:
    """Pictures from `start` on, side by side in one image in the screen's own format, so that painting only copies."""

    start: int
    width: int
    height: int
    atlas: QImage
    labels: Sequence[str]
    captions: Sequence[str]
    indices: Sequence[int]
    _shrunk: dict[int, QImage] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.indices)

    def place(self, number: int) -> QRect:
        """Where the page's picture of this number lies in the atlas."""
        line, column = divmod(number, _ACROSS)
        return QRect(column * self.width, line * self.height, self.width, self.height)

    def picture(self, number: int) -> QImage:
        """One picture by itself."""
        return self.atlas.copy(self.place(number))

    def ready(self, factor: float) -> tuple[QImage, int, int]:
        """The atlas, and the width and height of its pictures: shrunk smoothly once where they are shown smaller."""
        if factor >= 1:
            return self.atlas, self.width, self.height
        width, height = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        if width not in self._shrunk:
            across, down = self.atlas.width() // self.width, self.atlas.height() // self.height
            smooth = Qt.TransformationMode.SmoothTransformation
            shrunk = self.atlas.scaled(across * width, down * height, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            self._shrunk = {width: shrunk}
        return self._shrunk[width], width, height

    @property
    def bytes(self) -> int:
        """What it takes of memory."""
        return self.atlas.sizeInBytes() + sum(image.sizeInBytes() for image in self._shrunk.values())


def atlas_of(pictures: np.ndarray, across: int = _ACROSS) -> QImage:
    """Pictures (count, height, width, 1 or 3) of uint8 beside and beneath each other, without gaps."""
    count, height, width, _ = pictures.shape
    across = min(across, count) or 1
    down = max(1, math.ceil(count / across))
    sheet = np.zeros((down * across, height, width, 4), np.uint8)
    sheet[:count, ..., :3] = pictures[..., ::-1]  # the screen's order is blue, green, red
    sheet[..., 3] = 255
    lines = sheet.reshape(down, across, height, width, 4).swapaxes(1, 2)
    pixels = np.ascontiguousarray(lines.reshape(down * height, across * width, 4))
    # The copy owns its pixels; the array may go.
    return QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.shape[1] * 4, QImage.Format.Format_RGB32).copy()


def page_size(height: int, width: int, channels: int) -> int:
    """How many pictures of this size are fetched at a time: a power of two."""
    fitting = _PAGE_BYTES / max(1, height * width * channels)
    return int(min(_MOST, max(_LEAST, 2 ** math.floor(math.log2(max(1.0, fitting))))))


class PicturePages(QObject):
    """All pictures of a dataset, or those of a class or with a text in their caption, by their place among these.

    counted: the number of pictures is known or has changed. arrived(first, last): these are here now.
    """

    counted = Signal()
    arrived = Signal(int, int)
    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.dataset = self.search = ""
        self.label: str | None = None
        self.total = 0
        self.complete = False
        self.size = _MOST
        self._pages: OrderedDict[int, PicturePage] = OrderedDict()
        self._wanted: list[int] = []
        self._asked = -1
        self._question = JobFollower(self, studio, PICTURES)
        self._question.answered.connect(self._take)
        self._question.ended.connect(self._ended)
        self._question.failed.connect(self._failed)

    def show(self, dataset: str, size: int, label: str | None = None, search: str = "") -> None:
        """Show another dataset, or other pictures of it. size: pictures of a page; label: only those of this class."""
        self.dataset, self.size, self.label, self.search = dataset, size, label, search.strip()
        self.total, self.complete = 0, False
        self._pages.clear()
        self._wanted, self._asked = [0], -1
        self._question.forget()
        self.counted.emit()
        self._ask_next()

    @property
    def filtered(self) -> bool:
        """Whether these are only some of the dataset's pictures."""
        return self.label is not None or bool(self.search)

    def find(self, row: int) -> tuple[PicturePage, int] | None:
        """The page that holds a place, and the picture's number in it; None while it is not here."""
        page = self._pages.get(row // self.size)
        number = row % self.size
        return (page, number) if page is not None and number < len(page) else None

    def page(self, number: int) -> PicturePage | None:
        """A page if it is here."""
        return self._pages.get(number)

    def look_at(self, first: int, last: int) -> None:
        """Tell which places are in sight: their pages come first, then the one after them, then the one before."""
        if not self.dataset or self.total == 0:
            return
        begin, end = max(0, first) // self.size, min(last, self.total - 1) // self.size
        for page in range(begin, end + 1):
            if page in self._pages:
                self._pages.move_to_end(page)
        highest = (self.total - 1) // self.size
        nearby = [*range(begin, end + 1), end + 1, begin - 1]
        self._wanted = [page for page in nearby if 0 <= page <= highest and page not in self._pages]
        self._ask_next()

    def _ask_next(self) -> None:
        if self._asked >= 0 or not self._wanted or not self.dataset:
            return
        self._asked = self._wanted.pop(0)
        self._question.ask(
            dataset=self.dataset, start=self._asked * self.size, count=self.size, label=self.label, search=self.search
        )

    def _take(self, answer: Mapping[str, Any]) -> None:
        pictures = np.asarray(answer["pictures"])
        start = int(answer["start"])
        if len(pictures):
            height, width = pictures.shape[1:3]
            self._pages[start // self.size] = PicturePage(
                start, width, height, atlas_of(pictures), answer["labels"], answer["captions"], answer["indices"]
            )
            self._make_room()
        self.complete = bool(answer.get("complete", True))
        if answer["total"] != self.total:
            self.total = int(answer["total"])
        self.counted.emit()
        if len(pictures):
            self.arrived.emit(start, start + len(pictures) - 1)

    def _make_room(self) -> None:
        taken = sum(page.bytes for page in self._pages.values())
        while taken > _KEPT_BYTES and len(self._pages) > _KEPT_LEAST:
            _, oldest = self._pages.popitem(last=False)
            taken -= oldest.bytes

    def _ended(self) -> None:
        self._asked = -1
        self._ask_next()

    def _failed(self, reason: str, details: str) -> None:
        self._wanted.clear()  # the next page would fail as well
        self.failed.emit(reason, details)
