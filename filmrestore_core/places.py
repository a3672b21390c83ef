"""Where a sparse mask is True."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def places(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns where a sparse (H, W) mask is True; much faster than np.nonzero."""
    rows, columns = np.divmod(np.flatnonzero(mask), mask.shape[1])
    return rows, columns
