"""How a picture dissolves into noise: drag through time and see what training shows the network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from fmstudio.gui.diffusion.models import DiffusionModels
from fmstudio.gui.diffusion.plots import PixelHistogram, SignalPlot
from fmstudio.gui.diffusion.seed_field import SeedField
from fmstudio.gui.diffusion.source import PictureSource
from fmstudio.gui.diffusion.step_scrubber import StepScrubber
from fmstudio.gui.diffusion.trajectory import screen_image
from fmstudio.gui.diffusion.view import FORM
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, column, hbox, stack, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import label, scroll_area
from fmstudio.gui.widgets.pictures.export import PictureExport
from fmstudio.gui.widgets.pictures.tiles import PictureTiles
from fmstudio.gui.widgets.titled import titled
from fmstudio.jobs import array_to_plain

DISSOLVE = "fmstudio.laboratory.diffusion_forward:dissolve"
PATHS = {"flow": "Flow matching", "ddpm-linear": "DDPM, linear", "ddpm-cosine": "DDPM, cosine"}
ABOUT_PATHS = {
    "flow": "A straight line: α = 1 − t and σ = t. Picture and noise change places evenly.",
    "ddpm-linear": "1,000 steps of noise that grows linearly (Ho et al. 2020). Most of the picture is gone early.",
    "ddpm-cosine": "1,000 steps along a squared cosine (Nichol and Dhariwal 2021). The picture stays visible longer.",
}
PATH_HELP = "How fast noise takes the place of the picture. A model works only along the path that it was trained on."
LESSON = (
    "Each step draws a time t and noise ε at random and mixes them with a picture: xₜ = α x₀ + σ ε. The network sees "
    "only xₜ and t, and must tell the picture and the noise apart. Where it cannot, it answers the mean of all "
    "pictures that could be behind the noise."
)
FACTOR, CAPTION = 80, 220
_LONGEST = "bars: now · line: Gaussian · 100 % apart"
START = 0.4  # the part of the path at which it opens, where there is something of both to be seen


class ForwardView(QWidget):
    """The sum x_t = α x₀ + σ ε in pictures, and what it does to signal and pixels.

    judged: whether there can be a random picture may have changed. input_wanted(view, picture): see WalkView.
    """

    judged = Signal()
    input_wanted = Signal(str, object)
    action = ("Random picture", "mdi6.shuffle-variant")
    sentence = "The forward process: training shows such mixtures, the network learns to undo them."

    def __init__(self, studio: Studio, models: DiffusionModels) -> None:
        super().__init__()
        self.setObjectName("forward-view")
        self.studio, self._models = studio, models
        theme = studio.theme
        self.source = PictureSource(studio, "forward-source")
        self.path = ChoiceField("forward-path", "Path to noise", list(PATHS), list(PATHS.values()))
        self.seed = SeedField(theme, "forward-seed", "Noise")
        self.about_path = label("", "caption", "forward-about-path", wrap=True)
        self.error = ErrorBox(theme, "forward-error")
        self.scrubber = StepScrubber(theme, "forward-time")
        self.tiles = {key: self._make_tile(key, title) for key, title in
                      (("noisy", "Noisy picture"), ("clean", "Clean picture"), ("noise", "Noise"))}  # fmt: skip
        self.factors = {key: label("", "section", f"forward-{key}") for key in ("alpha", "sigma")}
        self.signal, self.histogram = SignalPlot(theme), PixelHistogram(theme)
        self.export = PictureExport(studio, self)
        self.frames: Mapping[str, Any] = {}
        self.cards: dict[str, Card] = {}
        self._images: list[QImage] = []
        self._path_chosen = False
        self._question = JobFollower(self, studio, DISSOLVE)
        self._lay_out()
        self._connect()
        self._look()

    def _make_tile(self, key: str, title: str) -> PictureTiles:
        tiles = PictureTiles(self.studio.theme, f"forward-picture-{key}", title)
        tiles.largest, tiles.selectable, tiles.enlarges = 10_000, False, False
        tiles.menu_wanted.connect(lambda _, place: self._open_menu(key, place))
        return tiles

    # Laying out.

    def _lay_out(self) -> None:
        lesson = vbox(
            label("In training", "strong", "forward-lesson-title"),
            label(LESSON, "caption", "forward-lesson", wrap=True),
            gap=4,
        )
        content = boxed(
            vbox(
                self.source,
                4,
                titled("Path to noise", self.path, PATH_HELP),
                self.about_path,
                titled("Noise (seed)", self.seed, "Which noise ε is added. The dice draw another."),
                4,
                lesson,
                ...,
                gap=12,
                margins=(0, 0, 12, 8),
            )
        )
        left = scroll_area(content, "forward-form")
        left.setFixedWidth(FORM)
        empty = EmptyState(
            self.studio.theme, "mdi6.image-plus-outline", "A picture to dissolve",
            "Add a dataset of pictures, or open a file at the left, and see how noise takes it away.", "forward-empty",
        )  # fmt: skip
        empty.add_button("Add pictures", "forward-add-data", self._to_data, "mdi6.folder-plus-outline")
        self._pages = stack("forward-pages", empty, self._stage())
        self.setLayout(hbox(left, (column(self.error, self._pages), 1), gap=16))

    def _stage(self) -> QWidget:
        plots = hbox(gap=16)
        for title, caption, plot in (
            ("Signal-to-noise ratio", "dB", self.signal),
            ("Pixel values", " ", self.histogram),
        ):
            card = self.cards[plot.objectName()] = Card(title, f"{plot.objectName()}-card", caption)
            card.set_padding(12, 12, 12, 8)
            card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)  # both as wide as each other
            card.body.addWidget(plot)
            plots.addWidget(card, 1)
        self._fit_caption()
        self.studio.theme.changed.connect(self._fit_caption)
        return boxed(vbox(self._sum(), self.scrubber, (plots, 1), gap=12))

    def _fit_caption(self) -> None:
        """One size for all that the caption comes to say: new words lay nothing out anew."""
        metrics = QFontMetrics(self.studio.theme.font("caption"))
        width = max(120, min(CAPTION, (self.width() - FORM - 2 * 16) // 2 - 28))
        lines = -(-metrics.horizontalAdvance(_LONGEST) // width)
        caption = self.cards[self.histogram.objectName()].caption
        caption.setFixedSize(width, lines * metrics.lineSpacing() + 2)

    def _sum(self) -> QGridLayout:
        """Noisy picture = α × clean picture + σ × noise."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        titles = {"noisy": "xₜ, noisy picture", "clean": "x₀, clean picture", "noise": "ε, noise"}
        for place, (key, title) in enumerate(titles.items()):
            heading = label(title, "strong", f"forward-heading-{key}")
            heading.setWordWrap(True)
            heading.setAlignment(Qt.AlignmentFlag.AlignBottom)
            grid.addWidget(heading, 0, 2 * place)
            grid.addWidget(self.tiles[key], 1, 2 * place)
            grid.setColumnStretch(2 * place, 1)
        for place, number in enumerate(self.factors.values()):
            number.setFixedSize(FACTOR, 24)
            number.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(number, 1, 2 * place + 1)
        return grid

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = (self.width() - FORM - 16 - 2 * FACTOR - 4 * 8) // 3
        for tiles in self.tiles.values():
            tiles.setFixedHeight(max(80, min(side, self.height() // 2)))
        self._fit_caption()

    def _connect(self) -> None:
        self.source.changed.connect(self._dissolve)
        self.source.failed.connect(self.error.show_error)
        self.path.edited.connect(self._choose_path)
        self.seed.edited.connect(self._dissolve)
        self._question.answered.connect(self._take)
        self._question.failed.connect(self.error.show_error)
        self.scrubber.moved.connect(self.show_time)
        self.export.failed.connect(self.error.show_error)
        self._models.known.connect(self._follow_model)

    # Asking.

    def problem(self) -> str:
        """Why there is no random picture, or ""."""
        return "" if self.source.any else "Add a dataset of pictures first."

    def start(self) -> None:
        """Take another picture."""
        self.source.to_random()

    def look_around(self) -> None:
        """What the workspace has may have changed."""
        self.source.look_around()
        self._look()
        if self.isVisible():
            self.source.ask_first()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.source.ask_first()
        self._models.ask(self._models.chosen)

    def _look(self) -> None:
        self._pages.setCurrentIndex(1 if self.source.any or self.frames else 0)
        trained = (self._models.about(self._models.chosen) or {}).get("path") == self.path.value()
        title = self._models.record(self._models.chosen).get("title", "")
        self.about_path.setText(ABOUT_PATHS[self.path.value()] + (f" “{title}” was trained on it." if trained else ""))
        self.judged.emit()

    def _follow_model(self, reference: str) -> None:
        """Go along the path of the model, unless a person has chosen one."""
        trained = (self._models.about(reference) or {}).get("path")
        if reference == self._models.chosen and trained in PATHS and not self._path_chosen:
            self.path.set_value(trained)
            self._dissolve()
        self._look()

    def _choose_path(self) -> None:
        self._path_chosen = True
        self._dissolve()

    def _dissolve(self, *_: object) -> None:
        self._look()
        if self.source.pixels is not None and not self.seed.problem():
            picture = array_to_plain(self.source.pixels)
            self._question.ask(picture=picture, path=self.path.value(), seed=self.seed.value())

    def _take(self, data: Mapping[str, Any]) -> None:
        first = not self.frames
        self.error.clear()
        self.frames = data
        self._images = [screen_image(frame) for frame in data["frames"]]
        self.tiles["clean"].set_pictures(data["frames"][:1])
        self.tiles["noise"].set_pictures(data["noise"][None])
        self.signal.show_curve(data["times"], data["decibels"])
        self.histogram.show_gaussian(data["edges"], data["gaussian"])
        self._pages.setCurrentIndex(1)
        last = len(self._images) - 1
        position = self.scrubber.position
        self.scrubber.set_extent(last, last)
        self.scrubber.go_to(round(START * last) if first else position)
        self.show_time(self.scrubber.position)

    # Looking.

    def show_time(self, number: int) -> None:
        """Show one of the times."""
        if not self._images:
            return
        data = self.frames
        self.tiles["noisy"].set_images([self._images[number]])
        self.factors["alpha"].setText(f"= {data['alpha'][number]:.2f} ×")
        self.factors["sigma"].setText(f"+ {data['sigma'][number]:.2f} ×")
        self.signal.set_present(number)
        self.histogram.show_density(data["histograms"][number])
        apart = f"{self.histogram.distance:.0%}".replace("%", " %")
        self.cards["pixel-histogram"].set_caption(f"bars: now · line: Gaussian · {apart} apart")
        self.scrubber.set_label(f"time {data['times'][number]:.2f} · σ {data['sigma'][number]:.2f}")

    def _picture(self, key: str) -> np.ndarray:
        if key == "noise":
            return self.frames["noise"]
        return self.frames["frames"][0 if key == "clean" else self.scrubber.position]

    def _open_menu(self, key: str, place: QPoint) -> None:
        picture = self._picture(key)
        more = [("Save animation…", lambda: self.export.ask(list(self.frames["frames"]), "dissolving", ".gif"))]
        if key != "noise":
            more.insert(0, ("Edit this picture", lambda: self.input_wanted.emit("edit", picture)))
        self.export.open_menu(place, picture, f"{key}-picture", more=more)

    def _to_data(self) -> None:
        self.studio.navigate("data")
