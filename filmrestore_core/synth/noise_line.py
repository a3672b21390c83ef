"""Smooth random lines and fields that are the same wherever one starts to look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.noise import generator


def smooth_line(
    seed: int, key: tuple[int | str, ...], at: NDArray[np.float64], step: float
) -> NDArray[np.float64]:
    """Value noise along a line: uniform -1 to 1 at multiples of `step`, eased between them.

    Args:
        seed: the recipe's seed.
        key: what the noise is for.
        at: places on the line, any shape; the value at a place depends on that place alone.
        step: distance between the random values, in the unit of `at`.
    """
    place = at / step
    cell = np.floor(place).astype(np.int64)
    first, last = int(cell.min()), int(cell.max()) + 1
    knots = np.array([generator(seed, *key, i).uniform(-1, 1) for i in range(first, last + 1)])
    t = place - cell
    eased = t * t * (3 - 2 * t)
    low = knots[cell - first]
    value: NDArray[np.float64] = low + (knots[cell - first + 1] - low) * eased
    return value


def smooth_field(
    rng: np.random.Generator, height: int, width: int, cells: float, octaves: int = 1
) -> NDArray[np.float32]:
    """A (height, width) float32 field of about unit spread with blobs of 1/cells of the long side.

    Args:
        rng: where the numbers come from.
        height: px.
        width: px.
        cells: blobs along the long side at the coarsest octave.
        octaves: each further one has twice the cells and half the strength.
    """
    import cv2

    field = np.zeros((height, width), np.float32)
    power, long_side = 0.0, max(height, width)
    for octave in range(octaves):
        step = long_side / (cells * 2**octave)
        if octave and step < 1:
            break
        rows, columns = int(np.ceil(height / step)) + 3, int(np.ceil(width / step)) + 3
        knots = rng.standard_normal((rows, columns), dtype=np.float32)
        shift = rng.uniform(0, 1, 2)
        scale = np.array(
            [[1 / step, 0, 1 + shift[0]], [0, 1 / step, 1 + shift[1]]], dtype=np.float64
        )
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        layer = cv2.warpAffine(
            knots, scale, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101
        )
        field += layer * np.float32(0.5**octave)
        power += 0.25**octave
    return (field / np.float32(np.sqrt(power) * 0.75)).astype(np.float32)
