"""Crops that a pipeline sees: on a lattice of the clip, so that a place always has the same one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A part of the picture that is filled in one go.

    Attributes:
        key: row and column of its cell in the lattice.
        box: the crop, in array coordinates of the picture.
        own: (h, w) bool, what is to be filled here: the wanted pixels of the cell.
    """

    key: tuple[int, int]
    box: Box
    own: NDArray[np.bool_]

    @property
    def place(self) -> tuple[slice, slice]:
        """Index of the crop in the picture."""
        return slice(self.box.y, self.box.bottom), slice(self.box.x, self.box.right)


def crops_of(wanted: NDArray[np.bool_], *, origin: tuple[int, int], side: int) -> Iterator[Crop]:
    """Crops, row by row, that together hold each wanted pixel once.

    A cell is half as long as a crop, which lies around it and is pushed inside the picture.

    Args:
        wanted: (H, W) bool.
        origin: x and y of the first pixel in the clip's coordinates, where the lattice hangs.
        side: of a crop, px; a smaller picture is one crop in that direction.
    """
    height, width = wanted.shape
    x0, y0 = origin
    cell = max(side // 2, 1)
    rows, columns = np.nonzero(wanted)
    down, right = (rows + y0) // cell, (columns + x0) // cell
    for v, u in sorted(set(zip(down.tolist(), right.tolist(), strict=True))):
        top, tall = _span(v * cell - y0, cell, side, height)
        left, wide = _span(u * cell - x0, cell, side, width)
        here = (down == v) & (right == u)
        own = np.zeros((tall, wide), np.bool_)
        own[rows[here] - top, columns[here] - left] = True
        yield Crop((v, u), Box(left, top, wide, tall), own)


def _span(start: int, cell: int, side: int, length: int) -> tuple[int, int]:
    """First pixel and length of a crop around the cell that begins at `start`."""
    if length <= side:
        return 0, length
    return min(max(start - (side - cell) // 2, 0), length - side), side
