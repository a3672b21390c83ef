"""The connected pieces of a mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def connected(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Labels (H, W) int32 of the 8-connected pieces, 0 outside, 1 to N; and N."""
    import cv2

    if not mask.any():
        return np.zeros(mask.shape, np.int32), 0
    count, pieces = cv2.connectedComponents(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    return np.asarray(pieces, np.int32), count - 1
