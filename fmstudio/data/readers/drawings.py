"""Drawings (.svg): drawn at the size wanted."""

from PIL import Image

from fmstudio.data.errors import Refused
from fmstudio.data.readers.picture_source import Decoded, PictureFile, PictureReading
from fmstudio.data.svg import drawn, natural_size

_LARGEST = 8 * 1024 * 1024
_LONGEST = 4  # times the shorter side


def read(source: PictureFile) -> PictureReading:
    """The drawing on the background."""
    if source.size > _LARGEST:
        raise Refused(f"it is larger than {_LARGEST >> 20} MB, the most that can be read of a drawing")
    svg = source.path.read_bytes()
    width, height = natural_size(svg)
    shorter, longer = sorted((max(1, width), max(1, height)))
    # Where the centre is cut out, the shorter side has to have the size wanted.
    side = round(source.side * min(_LONGEST, longer / shorter))
    yield Decoded(Image.fromarray(drawn(svg, side, source.background)), width, height, "SVG")
