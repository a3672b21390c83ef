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

    Each pixel is the mean over the windows it lies in: fewer at the crop's edge, so bring 7 px more
    on each side than wanted.

    Args:
        pixels: (h, w, C) float32.
        deviation: (8, 8, C) float32, the grain's standard deviation per coefficient.
        threshold: in standard deviations.
        step: px between windows.

    Returns:
        (h, w, C) float32.
    """
    height, width = pixels.shape[:2]
    below, right = (max(SIZE - n, 0) + (SIZE - max(n, SIZE)) % step for n in (height, width))
    padded = np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="symmetric")
    windows = sliding_window_view(padded, (SIZE, SIZE), axis=(0, 1))[::step, ::step]
    rows, columns = windows.shape[:2]
    # einsum, not matmul: a threaded matrix product costs more than it wins on crops, and its last
    # bits may depend on the number of threads.
    basis = cosine_basis(SIZE)
    spectrum = np.einsum("yxcij,ui->yxcuj", np.ascontiguousarray(windows), basis)
    spectrum = np.einsum("yxcuj,vj->yxcuv", spectrum, basis)
    limits = threshold * np.moveaxis(deviation, 2, 0)
    limits[:, 0, 0] = 0.0
    keep = np.abs(spectrum) >= limits
    weight = np.float32(1.0) / keep.sum(axis=(3, 4), dtype=np.float32)
    spectrum *= keep
    spectrum *= weight[..., None, None]
    back = np.einsum("yxcuv,vj->yxcuj", spectrum, basis)
    back = np.einsum("yxcuj,ui->ijyxc", back, basis)
    total = np.zeros(padded.shape, np.float32)
    weights = np.zeros(padded.shape, np.float32)
    for y in range(SIZE):
        for x in range(SIZE):
            at = slice(y, y + rows * step, step), slice(x, x + columns * step, step)
            total[at] += back[y, x]
            weights[at] += weight
    return np.asarray((total / weights)[:height, :width], np.float32)
