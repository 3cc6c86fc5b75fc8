"""The settings of an import of pictures."""

from dataclasses import dataclass, replace

from fmstudio.data.fitting import Fitting, colour
from fmstudio.data.naming import description_setting, licence_setting, title_setting
from fmstudio.data.readers.picture_source import PictureFile
from fmstudio.data.sources import Found
from fmstudio.recipe import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOptions:
    """How pictures from anywhere are brought to one size."""

    size: int = setting(
        32, "Height and width that all pictures get.", minimum=4, maximum=1024, unit="pixels", simple=True
    )
    crop: str = setting(
        "centre",
        "What becomes of pictures that are not square.",
        choices={"centre": "Cut out the centre", "fit": "Keep all, fill up with background", "stretch": "Stretch"},
        simple=True,
    )
    channels: str = setting(
        "colour",
        "Three numbers a pixel, or one.",
        title="Colours",
        choices={"colour": "Colour", "grey": "Shades of grey"},
        simple=True,
    )
    background: str = setting(
        "white", "The colour behind what is transparent and beside what is too narrow: a name or #rrggbb."
    )
    resampling: str = setting(
        "lanczos",
        "How pixels are reckoned when a picture is made smaller: sharp, as the mean of those they cover, or as one of "
        "them, which keeps the colours of pixel art.",
        choices={"lanczos": "Lanczos (sharp)", "area": "Mean of the area", "nearest": "Nearest pixel"},
    )
    smallest: int = setting(
        4, "Pictures with a side of fewer pixels than this are left out.", minimum=1, maximum=1024, unit="pixels"
    )
    folder_classes: bool = setting(
        True,
        "The first folder below the one that was chosen is the class of its pictures; folders of splits, such as train "
        "and test, are passed over.",
    )
    captions: str = setting(
        "metadata",
        "Where captions come from: only from a metadata.csv or metadata.jsonl; else from the files' names; else from "
        "the Unicode characters that the files are named by, whose block becomes the class.",
        choices={"metadata": "Metadata", "names": "File names", "characters": "Unicode characters"},
    )
    caption_column: str = setting("", "The column of the metadata with the captions; left empty, it is chosen by name.")
    licence: str = licence_setting()
    title: str = title_setting()
    description: str = description_setting()

    def fitting(self) -> Fitting:
        """How pictures are brought to the size."""
        channels = 3 if self.channels == "colour" else 1
        return Fitting(self.size, self.crop, channels, colour(self.background), self.resampling, self.smallest)

    def source(self, file: Found, notes: list[str]) -> PictureFile:
        """A file as its reader wants it."""
        return PictureFile(
            file.path, file.name, file.size, side=self.size, background=colour(self.background), notes=notes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageImportOptions(PictureOptions):
    """How files of pictures become pictures of one size."""

    animation: int = setting(
        0, "Of an animated picture, take every so many frames; 0 takes only the first.", minimum=0, unit="frames"
    )
    depth: str = setting(
        "automatic",
        "How many bits the values of grey pictures with more than eight have, so what is white: found out of each file "
        "by its brightest pixel, or the same for all.",
        choices={"automatic": "Found out of each", **{str(bits): f"{bits} bits" for bits in (10, 12, 14, 16)}},
    )

    def source(self, file: Found, notes: list[str]) -> PictureFile:
        """A file as its reader wants it."""
        depth = 0 if self.depth == "automatic" else int(self.depth)
        return replace(PictureOptions.source(self, file, notes), every=self.animation, depth=depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoImportOptions(PictureOptions):
    """How videos become pictures of one size."""

    frame_rate: float = setting(
        1.0, "Frames taken from a second; 0 takes all.", minimum=0.0, maximum=1000.0, unit="a second", simple=True
    )
    scene_changes: bool = setting(False, "Take only frames in which the scene has changed.", simple=True)
    scene_difference: float = setting(
        0.1,
        "How much pixels must differ on average from the last frame taken for another scene; 1 is black to white.",
        minimum=0.001,
        maximum=1.0,
    )

    def source(self, file: Found, notes: list[str]) -> PictureFile:
        """A file as its reader wants it."""
        return replace(
            PictureOptions.source(self, file, notes),
            rate=self.frame_rate,
            scenes=self.scene_changes,
            difference=self.scene_difference,
        )
