"""How much fine detail a fill lacks, told from the neighbours it was made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.fusion import LEAST_TRUST
from filmrestore_core.inpaint.lender import Loan

# What a Gaussian of this deviation takes away is fine, px.
FINE_SIGMA = 1.0
# Energies are means over windows of this side, px.
_SIDE = 15
# More than the film's own grain again is never put on to make up for detail.
_MOST = 1.0


def lost_detail(
    loans: Sequence[Loan],
    smooth: NDArray[np.float32],
    grain: GrainModel,
    strength: float,
) -> NDArray[np.float32]:
    """Energy of the fine detail that averaging and denoising took away, as a share of the grain's.

    A neighbour alone is as fine as the film: what the fill lacks of its energy beside the grain
    is detail. It cannot be had back, but as much grain in its place keeps a fill from looking
    soft.

    Args:
        loans: what the neighbours show, looked up finely.
        smooth: (h, w, C) float32, what was made of them.
        grain: of the plate.
        strength: standard deviation of its grain here.

    Returns:
        (h, w) float32, 0 to 1; 0 where no neighbour is to be trusted.
    """
    expected = (strength * strength) * _fine_share(grain.kernel)
    if expected <= 0:
        return np.zeros(smooth.shape[:2], np.float32)
    weight = np.zeros(smooth.shape[:2], np.float32)
    energy = np.zeros_like(weight)
    for loan in loans:
        seen = (loan.trust >= LEAST_TRUST).astype(np.float32)
        weight += seen
        energy += seen * _fine_energy(loan.pixels)
    around = _mean(weight)
    shown = _mean(energy) / np.maximum(around, np.float32(1e-6))
    lacking = (shown - _mean(_fine_energy(smooth))) / np.float32(expected) - np.float32(1.0)
    lacking[around < np.float32(1.0 / (_SIDE * _SIDE))] = 0.0
    return np.clip(lacking, 0.0, np.float32(_MOST))


def _fine_energy(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) mean over channels of the squared fine part."""
    import cv2

    blurred = cv2.GaussianBlur(pixels, (0, 0), FINE_SIGMA).reshape(pixels.shape)
    return np.asarray(np.square(pixels - blurred).mean(axis=-1), np.float32)


def _mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.blur(plane, (_SIDE, _SIDE)), np.float32)


def _fine_share(kernel: NDArray[np.float32]) -> float:
    """Share of the variance of grain of that kernel that is fine."""
    import cv2

    wide = np.pad(kernel, 4)
    fine = wide - cv2.GaussianBlur(wide, (0, 0), FINE_SIGMA, borderType=cv2.BORDER_CONSTANT)
    return float(np.square(fine).sum())
