"""Stand-ins for NaN and infinite pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def replace_nonfinite(pixels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Put the nearest finite pixel in place of every one with a NaN or infinite channel.

    A neighbour's value is neutral: it makes no edge that a detector could take for damage, and
    nothing of it spreads, as an average with a stray huge value would. Where no pixel is finite
    all become 0.

    Args:
        pixels: (H, W, C) float32; changed in place.

    Returns:
        (H, W) bool, True where the pixel was finite.
    """
    known = np.isfinite(pixels)
    if known.all():
        return np.ones(pixels.shape[:2], np.bool_)
    finite: NDArray[np.bool_] = np.logical_and.reduce(
        [known[..., c] for c in range(pixels.shape[2])]
    )
    if not finite.any():
        pixels[...] = 0.0
        return finite
    import cv2

    # Around the holes runs a ring of finite pixels; none beyond it can be nearer.
    rows, columns = np.flatnonzero(~finite.all(axis=1)), np.flatnonzero(~finite.all(axis=0))
    crop = (
        slice(max(0, int(rows[0]) - 1), int(rows[-1]) + 2),
        slice(max(0, int(columns[0]) - 1), int(columns[-1]) + 2),
    )
    near, inside = np.ascontiguousarray(pixels[crop]), finite[crop]
    _, labels = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # Label of a finite pixel -> where it lies.
    places = np.zeros(int(labels.max()) + 1, np.int64)
    at = np.flatnonzero(inside)
    places[labels.reshape(-1)[at]] = at
    holes = np.flatnonzero(~inside)
    flat = near.reshape(-1, near.shape[2])
    flat[holes] = flat[places[labels.reshape(-1)[holes]]]
    pixels[crop] = near
    return finite
