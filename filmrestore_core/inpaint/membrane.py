"""Carry values from the ring around a hole smoothly into it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# More ring pixels than this are thinned: a membrane is smooth, and the work grows with the ring.
MOST_RING = 600


def carry_in(
    inside: NDArray[np.bool_],
    ring: NDArray[np.bool_],
    values: NDArray[np.float32],
    weights: NDArray[np.float32],
    *,
    soften: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Inverse-distance interpolation from the ring; close to a membrane, without a solver.

    Near in shape to mean-value cloning (Farbman et al., "Coordinates for instant image cloning",
    2009); weights fall with the third power of distance.

    Args:
        inside: (h, w) bool, N pixels that want a value.
        ring: (h, w) bool, pixels that may give one.
        values: (h, w, K) float32.
        weights: (h, w, J) float32 >= 0, how much each pixel counts; J divides K, and value k goes
            with weight k // (K // J).
        soften: px, distance within which ring pixels are averaged.

    Returns:
        (N, K) float32 values in row order of `inside`, and (N, J) float32 total weight, 0 where
        nothing in the ring counts (the value is then 0).
    """
    points = np.argwhere(inside).astype(np.float32)
    sources = np.argwhere(ring)
    if len(sources) > MOST_RING:
        sources = sources[:: -(-len(sources) // MOST_RING)]
    taken = values[sources[:, 0], sources[:, 1]]
    counted = weights[sources[:, 0], sources[:, 1]]
    places = sources.astype(np.float32)
    square = (points[:, None, 0] - places[None, :, 0]) ** 2
    square += (points[:, None, 1] - places[None, :, 1]) ** 2
    square += np.float32(soften * soften)
    near = 1.0 / (square * np.sqrt(square))
    share = taken.shape[1] // counted.shape[1]
    spread = np.repeat(counted, share, axis=1)
    total = near @ counted
    result = (near @ (taken * spread)) / np.maximum(np.repeat(total, share, axis=1), 1e-20)
    return result.astype(np.float32), total.astype(np.float32)
