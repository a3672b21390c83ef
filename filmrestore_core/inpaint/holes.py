"""Where there is something to fill: small crops around the covered pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Side of a cell, px. Damage longer than this is filled piece by piece, small damage that shares a
# cell is filled together: so work and memory are bounded by the cells touched.
CELL = 64


@dataclass(frozen=True, slots=True, eq=False)
class Hole:
    """A crop of the picture with pixels to fill.

    Attributes:
        rows: rows of the crop in the picture.
        columns: columns of the crop in the picture.
        own: (h, w) bool, the pixels that are to be filled here.
        unknown: (h, w) bool, every pixel of the crop that may not be trusted; holds `own`.
    """

    rows: slice
    columns: slice
    own: NDArray[np.bool_]
    unknown: NDArray[np.bool_]

    @property
    def place(self) -> tuple[slice, slice]:
        """Index of the crop in the picture."""
        return self.rows, self.columns


def holes_of(
    wanted: NDArray[np.bool_], unknown: NDArray[np.bool_], *, margin: int
) -> tuple[Hole, ...]:
    """Crops that together hold each wanted pixel once.

    Args:
        wanted: (H, W) bool, pixels to fill.
        unknown: (H, W) bool, pixels that show no picture; wanted ones are taken as unknown too.
        margin: pixels of surroundings to take along on each side.
    """
    import cv2

    if not wanted.any():
        return ()
    height, width = wanted.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        wanted.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    left, top, wide, tall = (stats[:, k].astype(np.int64) for k in range(4))
    across = (width + CELL - 1) // CELL
    middle = (top + tall // 2) // CELL * across + (left + wide // 2) // CELL
    fits = (wide <= CELL) & (tall <= CELL)
    rows, columns = np.nonzero(wanted)
    of = labels[rows, columns]
    cell = np.where(fits[of], middle[of], rows // CELL * across + columns // CELL)
    order = np.argsort(cell, kind="stable")
    rows, columns, cell = rows[order], columns[order], cell[order]
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    holes = []
    for first, last in zip(starts, [*starts[1:], cell.size], strict=True):
        y, x = rows[first:last], columns[first:last]
        y0, y1 = max(0, int(y.min()) - margin), min(height, int(y.max()) + margin + 1)
        x0, x1 = max(0, int(x.min()) - margin), min(width, int(x.max()) + margin + 1)
        own = np.zeros((y1 - y0, x1 - x0), np.bool_)
        own[y - y0, x - x0] = True
        place = slice(y0, y1), slice(x0, x1)
        holes.append(Hole(*place, own, unknown[place] | wanted[place]))
    return tuple(holes)
