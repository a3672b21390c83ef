"""Where there is something to fill: small crops around the covered pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.places import places

# Side of a cell, px. Damage longer than this is filled piece by piece, crowded small damage that
# shares a cell is filled together: so work and memory are bounded by the cells touched.
CELL = 64
# Specks are gathered on a picture this many times smaller, so near ones stay together.
COARSE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Hole:
    """A crop of the picture with pixels to fill.

    Attributes:
        box: the crop, in array coordinates of the picture.
        own: (h, w) bool, the pixels that are to be filled here.
        unknown: (h, w) bool, every pixel of the crop that may not be trusted; holds `own`.
    """

    box: Box
    own: NDArray[np.bool_]
    unknown: NDArray[np.bool_]

    @property
    def place(self) -> tuple[slice, slice]:
        """Index of the crop in the picture."""
        return slice(self.box.y, self.box.bottom), slice(self.box.x, self.box.right)


def holes_of(
    wanted: NDArray[np.bool_],
    unknown: NDArray[np.bool_],
    *,
    margin: int,
    cell: int = CELL,
    coarse: int = COARSE,
) -> Iterator[Hole]:
    """Crops that together hold each wanted pixel once.

    Args:
        wanted: (H, W) bool, pixels to fill.
        unknown: (H, W) bool, pixels that show no picture; wanted ones are taken as unknown too.
        margin: pixels of surroundings to take along on each side.
        cell: side of a cell, px, a multiple of `coarse`.
        coarse: specks less than about this far apart are filled together, px.
    """
    height, width = wanted.shape
    picture = Box.of_size(width, height)
    rows, columns = places(wanted)
    if not rows.size:
        return
    group = _groups(rows, columns, wanted.shape, margin, cell, coarse)
    order = np.argsort(group, kind="stable")
    rows, columns, group = rows[order], columns[order], group[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    for first, last in zip(starts, [*starts[1:], group.size], strict=True):
        y, x = rows[first:last], columns[first:last]
        top, left = int(y.min()), int(x.min())
        tight = Box(left, top, int(x.max()) + 1 - left, int(y.max()) + 1 - top)
        box = tight.grow(margin).intersect(picture)
        own = np.zeros(box.shape, np.bool_)
        own[y - box.y, x - box.x] = True
        place = box.slices(picture)
        yield Hole(box, own, unknown[place] | wanted[place])


def count_holes(filled: NDArray[np.bool_]) -> int:
    """How many 8-connected pieces there are."""
    import cv2

    return int(cv2.connectedComponents(filled.astype(np.uint8), connectivity=8)[0]) - 1


def _groups(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    shape: tuple[int, ...],
    margin: int,
    side: int,
    coarse: int,
) -> NDArray[np.int64]:
    """For each pixel the number of the crop it goes to."""
    import cv2

    height, width = shape[0] // coarse + 1, shape[1] // coarse + 1
    small = np.zeros((height, width), np.uint8)
    small[rows // coarse, columns // coarse] = 1
    _, labels, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8, ltype=cv2.CV_32S)
    left, top, wide, tall = (stats[:, k].astype(np.int64) * coarse for k in range(4))
    across = shape[1] // side + 1
    cell = (top + tall // 2) // side * across + (left + wide // 2) // side
    fits = (wide <= side) & (tall <= side)
    fits[0] = False
    # Together is cheaper where the separate crops would cover more than one around all of them.
    cost = np.bincount(
        cell[fits], ((wide + 2 * margin) * (tall + 2 * margin))[fits], minlength=int(cell.max()) + 1
    )
    crowded = cost[cell] > (side + 2 * margin) ** 2
    base = int(cell.max()) + 1
    number = np.where(crowded, cell, base + np.arange(len(cell)))
    base += len(cell)
    of = labels[rows // coarse, columns // coarse]
    grid = rows // side * across + columns // side
    return np.asarray(np.where(fits[of], number[of], base + grid), np.int64)
