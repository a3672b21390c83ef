"""Take grain out of a small picture and keep its structure."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from filmrestore_core.grain.model import cosine_basis

SIZE = 8


def denoise(
    pixels: NDArray[np.float32],
    deviation: NDArray[np.float32],
    *,
    threshold: float,
    step: int = 2,
) -> NDArray[np.float32]:
    """Sliding-window cosine shrinkage.

    Coefficients that grain alone explains are dropped, the others kept (Yaroslavsky, "Local
    adaptive image restoration", 1991; thresholds follow the grain's spectrum).

    Args:
        pixels: (h, w, C) float32.
        deviation: (8, 8, C) float32, the grain's standard deviation per coefficient.
        threshold: in standard deviations.
        step: px between windows.

    Returns:
        (h, w, C) float32.
    """
    height, width = pixels.shape[:2]
    low, high = SIZE - 1, SIZE - 1 + step
    padded = np.pad(pixels, ((low, high), (low, high), (0, 0)), mode="symmetric")
    windows = sliding_window_view(padded, (SIZE, SIZE), axis=(0, 1))[::step, ::step]
    basis = cosine_basis(SIZE)
    spectrum = basis @ windows @ basis.T
    limits = threshold * np.moveaxis(deviation, 2, 0)
    limits[:, 0, 0] = 0.0
    keep = np.abs(spectrum) >= limits
    weight = 1.0 / keep.sum(axis=(-2, -1), dtype=np.float32)
    spectrum *= keep
    back = (basis.T @ spectrum @ basis) * weight[..., None, None]
    total = np.zeros(padded.shape, np.float32)
    weights = np.zeros(padded.shape, np.float32)
    rows, columns = back.shape[:2]
    for y in range(SIZE):
        for x in range(SIZE):
            at = slice(y, y + rows * step, step), slice(x, x + columns * step, step)
            total[at] += back[..., y, x]
            weights[at] += weight
    inside = slice(low, low + height), slice(low, low + width)
    return np.asarray(total[inside] / weights[inside], np.float32)
