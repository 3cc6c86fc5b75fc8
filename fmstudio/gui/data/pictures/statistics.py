"""What a dataset of pictures holds in numbers: sizes, colours, classes, attributes, brightness, the mean picture."""

from collections.abc import Mapping
from typing import Any

from fmstudio.gui import formatting
from fmstudio.gui.data.counting import CountedView, Figure
from fmstudio.gui.data.jobs import PICTURE_STATISTICS
from fmstudio.gui.data.pictures.channels import ChannelHistogram
from fmstudio.gui.data.pictures.detail import mode_in_words
from fmstudio.gui.data.pictures.large import PictureBox
from fmstudio.gui.data.shares import ShareCard, Shares, shares_of
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import empty, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.files.skipped_files import SkippedFiles
from fmstudio.gui.widgets.flow_layout import tiled
from fmstudio.gui.widgets.pictures.tiles import image_of

_FIGURES = ("pictures", "size", "resolution", "channels", "licence")
_MOST = 10  # bars in a card


class PictureStatisticsView(CountedView):
    """The numbers of a dataset of pictures."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio, "picture-statistics", PICTURE_STATISTICS)
        self._theme = theme = studio.theme
        self.figures = {name: Figure(name.capitalize(), f"picture-statistics-{name}") for name in _FIGURES}
        self.mean = PictureBox(theme, "picture-statistics-mean", "Mean of all pictures")
        self.channels = ChannelHistogram(theme, "picture-statistics-channels")
        self.skipped = SkippedFiles(theme, "picture-statistics-skipped")
        self.error.add_action("Try again", "picture-statistics-again", self.reload)
        self.counted: dict[str, Shares] = {}
        self._cards = tiled(gap=16)
        self._lay_out()

    def _lay_out(self) -> None:
        figures = tiled(*self.figures.values())
        mean = Card("Mean picture", "picture-statistics-mean-card")
        mean.setToolTip("The average of every pixel over all pictures: what they have in common.")
        mean.body.addWidget(self.mean, 1)
        brightness = Card("Brightness", "picture-statistics-channels-card", "share of all pixels")
        brightness.body.addWidget(self.channels, 1)
        column = vbox(figures, hbox((mean, 2), (brightness, 5), gap=16), self._cards, self.skipped, ..., gap=16)
        self.put(column)

    def show_numbers(self, found: Mapping[str, Any], licence: str) -> None:
        channels = "1, grey" if found["channels"] == 1 else "3, colour"
        for name, value in {
            "pictures": formatting.count(found["pictures"]),
            "size": formatting.size(found["bytes"]),
            "resolution": f"{found['width']:,} × {found['height']:,}",
            "channels": channels,
            "licence": licence,
        }.items():
            self.figures[name].show_value(value)
        self.mean.show_image(image_of(found["mean_picture"]))
        self.channels.show_counts(found["histograms"])
        self._show_shares(counts_of(found))
        self.skipped.show_files(found.get("skipped", []))

    def _show_shares(self, counts: Mapping[str, tuple[str, Mapping[str, int]]]) -> None:
        empty(self._cards)
        self.counted = {}
        for title, (caption, parts) in counts.items():
            card = ShareCard(self._theme, title, "picture-statistics-" + "-".join(title.lower().split()))
            card.show_shares(shares_of(parts, most=_MOST), caption)
            self.counted[title] = card.shares
            self._cards.addWidget(card)
            card.show()


def counts_of(found: Mapping[str, Any]) -> dict[str, tuple[str, Mapping[str, int]]]:
    """What is counted, in the order of interest: (a quiet word, counts) by title; what says nothing is left out."""
    sizes = {f"{size['width']:,} × {size['height']:,}": size["count"] for size in found["original_sizes"]}
    modes: dict[str, int] = {}
    for mode, count in found["modes"].items():
        name = mode_in_words(mode).capitalize() or "Unknown"
        modes[name] = modes.get(name, 0) + count
    classes = {name or "Without a class": count for name, count in found["classes"].items()}
    counts = {
        "Classes": (f"{len(classes):,} in all" if len(classes) > 1 else "", classes),
        "Original sizes": ("pixels", sizes),
        "Original colours": ("", modes),
        **{_spoken(name): ("attribute", values) for name, values in found["attributes"].items()},
    }
    return {title: each for title, each in counts.items() if each[1]}


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()
