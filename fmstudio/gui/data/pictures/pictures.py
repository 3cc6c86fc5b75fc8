"""The pictures of a dataset to look through: the wall with its search, class and size, and the chosen picture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import PICTURE
from fmstudio.gui.data.pictures.detail import PictureDetail
from fmstudio.gui.data.pictures.pages import PicturePages, page_size
from fmstudio.gui.data.pictures.tools import WallTools
from fmstudio.gui.data.pictures.wall import PictureWall
from fmstudio.gui.panel import find_panels
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import splitter, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.menus import menu_of

_CALM = 60  # milliseconds on one picture before all of it is asked for


class PicturesView(QWidget):
    """Keeps the place in each dataset while the window is open."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("pictures")
        self._studio, theme = studio, studio.theme
        self._places: dict[str, int] = {}
        self._wanted = 0
        self._version = ""
        self._page = 1
        self.pages = PicturePages(studio)
        self.tools = WallTools(theme)
        self.wall = PictureWall(theme, self.pages, "picture-wall", "Pictures of the dataset")
        self.detail = PictureDetail(theme)
        self.error = ErrorBox(theme, "pictures-error", dismissable=False)
        self.error.add_action("Try again", "pictures-again", self.reload)
        self._one = JobFollower(self, studio, PICTURE, patience=_CALM)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.detail.setMinimumWidth(240)
        self.detail.setMaximumWidth(420)
        split = splitter("pictures-splitter", (self.wall, 1), self.detail, sizes=(520, 240))
        self.setLayout(vbox(self.error, self.tools, (split, 1), gap=12))

    def _connect(self) -> None:
        self.tools.filtered.connect(self._filter)
        self.tools.sized.connect(self.wall.set_side)
        self.pages.counted.connect(self._counted)
        self.pages.arrived.connect(self._arrived)
        self.pages.failed.connect(self._failed)
        self.wall.chosen.connect(self._chose)
        self.wall.menu_wanted.connect(self._offer)
        self.detail.save.connect(self.ask_save)
        self.detail.copy.connect(self.copy)
        self.detail.use.connect(self.use)
        self._one.answered.connect(self._show_all)

    # What is shown.

    def show_dataset(self, name: str) -> None:
        """Show this dataset's pictures, where one was when one looked at it last."""
        details = self._studio.workspace.dataset(name).details
        version = str(details.get("content"))
        if (name, version) == (self.pages.dataset, self._version) and not self.error.showing:
            return
        self._version = version  # one that was deleted and made anew is another one
        height, width, channels = (int(details.get(key, 1)) for key in ("height", "width", "channels"))
        self._page = page_size(height, width, channels)
        self.tools.set_pictures(width, height, details.get("classes", []))
        self.wall.set_side(self.tools.side)
        self._begin(name, self._places.get(name, 0))

    def reload(self) -> None:
        """Fetch the present pictures anew."""
        self._begin(self.pages.dataset, self._wanted)

    def _begin(self, dataset: str, place: int) -> None:
        self.error.clear()
        self._one.forget()
        self._wanted = place
        self.wall.choose(-1)
        self.detail.clear("")
        self.tools.say("Looking…")
        self.detail.use_button.setVisible(_is_there("diffusion"))
        self.pages.show(dataset, self._page, self.tools.class_name, self.tools.words)

    def _filter(self) -> None:
        self._begin(self.pages.dataset, 0)

    def _counted(self) -> None:
        pages = self.pages
        if pages.total == 0:
            if pages.complete:
                self.tools.say("None found")
                self.detail.clear("No picture is like that." if pages.filtered else "It holds no picture.")
            return
        amount = formatting.plural(pages.total, "picture")
        self.tools.say(f"{amount} found" if pages.filtered else amount)
        if self.wall.selected < 0:
            self.wall.choose(min(self._wanted, pages.total - 1))
        self.detail.show_place(self.wall.selected, pages.total)

    def _arrived(self, first: int, last: int) -> None:
        if first <= self.wall.selected <= last:
            self._show(self.wall.selected)

    def _failed(self, reason: str, details: str) -> None:
        self.tools.say("")
        self.error.show_error(reason, details)

    def _chose(self, place: int) -> None:
        if place < 0:
            return
        self._wanted = place
        if not self.pages.filtered:
            self._places[self.pages.dataset] = place
        self._show(place)

    def _show(self, place: int) -> None:
        found = self.pages.find(place)
        if found is None:
            self.detail.clear("Loading…")
        else:
            page, number = found
            self.detail.show_image(page.picture(number), page.labels[number], page.captions[number])
            self._one.ask(dataset=self.pages.dataset, index=int(page.indices[number]))
        self.detail.show_place(place, self.pages.total)

    def _show_all(self, data: Mapping[str, Any]) -> None:
        if data["index"] == self.index:
            self.detail.show_picture(data)

    @property
    def index(self) -> int:
        """The chosen picture's number in the dataset, or -1."""
        found = self.pages.find(self.wall.selected)
        return int(found[0].indices[found[1]]) if found else -1

    # What can be done with a picture.

    def _offer(self, _place: int, where: QPoint) -> None:
        if self.index < 0:
            return
        entries = [("Save as PNG…", self.ask_save), ("Copy", self.copy)]
        if _is_there("diffusion"):
            entries.append(("Use as input in Diffusion", self.use))
        menu_of(entries, self).popup(where)

    def ask_save(self) -> None:
        """Ask where to keep the chosen picture."""
        proposal = Path.home() / f"{self.pages.dataset}-{self.index + 1}.png"
        path, _ = QFileDialog.getSaveFileName(self, "Save the picture", str(proposal), "PNG (*.png)")
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        """Keep the chosen picture as the model sees it."""
        path = path if path.suffix.lower() == ".png" else path.with_name(f"{path.name}.png")
        if not self.detail.box.image.save(str(path)):
            self.error.show_error(f"{path} cannot be written; choose another folder.")

    def copy(self) -> None:
        """Put the chosen picture on the clipboard."""
        QGuiApplication.clipboard().setImage(self.detail.box.image)

    def use(self) -> None:
        """Go to Diffusion with the chosen picture."""
        self._studio.navigate("diffusion", dataset=self.pages.dataset, index=self.index)


def _is_there(panel: str) -> bool:
    return any(info.name == panel for info in find_panels())
