"""Where a sparse mask is True."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def places(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns where a sparse (H, W) mask is True; much faster than np.nonzero."""
    rows, columns = np.divmod(np.flatnonzero(mask), mask.shape[1])
    return rows, columns


def boxes_of(
    rows: NDArray[np.intp], columns: NDArray[np.intp], owner: NDArray[np.integer[Any]], count: int
) -> NDArray[np.int32]:
    """(count, 4) int32: x, y, width and height around the places of each owner.

    For sparse places much faster than OpenCV's statistics of components.

    Args:
        rows: (P,) of the places.
        columns: (P,).
        owner: (P,) 0 to count - 1; an owner without a place has a box of no meaning.
        count: how many owners there are.
    """
    lowest = np.full((2, count), np.iinfo(np.int32).max, np.intp)
    highest = np.full((2, count), -1, np.intp)
    for axis, along in enumerate((columns, rows)):
        np.minimum.at(lowest[axis], owner, along)
        np.maximum.at(highest[axis], owner, along)
    return np.concatenate([lowest, highest - lowest + 1]).T.astype(np.int32)
