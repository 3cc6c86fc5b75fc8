"""A sheet of tiles whose rows are all full where that costs little: a square of 36 pictures stays a rectangle."""

from fmstudio.gui.widgets.pictures.tiles import PictureTiles

_WORTH = 0.8
"""Rows are made full if tiles keep at least this part of the side that they could have."""


class EvenTiles(PictureTiles):
    """PictureTiles that prefers a number of columns that divides the number of pictures."""

    def layout_of(self) -> tuple[int, int]:
        """Number of columns, and the length of a tile's side."""
        columns, side = super().layout_of()
        even = [number for number in range(1, self.count + 1) if self.count % number == 0]
        best = max(even, key=self._side_with, default=columns)
        even_side = max(8, min(self.largest, self._side_with(best)))
        return (best, even_side) if even_side >= _WORTH * side else (columns, side)
