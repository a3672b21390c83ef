"""Where a neighbour can be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.temporal.warp import warp_field


def round_trip_error(
    forward: NDArray[np.float32], backward: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(H, W) float32 px: how far a pixel lands from itself, there and back again.

    Args:
        forward: (H, W, 2) float32 px, center to neighbour.
        backward: (H, W, 2) float32 px, neighbour to center.
    """
    back = warp_field(backward, forward, kind="linear")
    miss = forward + back
    error: NDArray[np.float32] = np.hypot(miss[..., 0], miss[..., 1])
    return error


def ramp(values: NDArray[np.float32], good: float, bad: float) -> NDArray[np.float32]:
    """1 up to `good`, 0 from `bad` on, straight between."""
    share: NDArray[np.float32] = np.clip(
        (np.float32(bad) - values) / np.float32(bad - good), 0.0, 1.0
    )
    return share
