"""GrainModel: how strong and how fine a plate's grain is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.frame import frozen_array


@dataclass(frozen=True, slots=True, eq=False)
class GrainModel:
    """Grain of a plate, in its working encoding.

    Attributes:
        levels: (K,) float32, rising: luma at which the strength is known.
        strengths: (K, C) float32 >= 0, standard deviation per channel there.
        correlation: (C, C) float32, of the channels' grain.
        kernel: (2r + 1, 2r + 1) float32, unit energy: white noise of variance 1 run through it
            has the grain's spectrum and variance 1.
    """

    levels: NDArray[np.float32]
    strengths: NDArray[np.float32]
    correlation: NDArray[np.float32]
    kernel: NDArray[np.float32]

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.levels, self.strengths, self.correlation, self.kernel):
            frozen_array(array)

    @classmethod
    def none(cls, channels: int) -> GrainModel:
        """No grain at all."""
        return cls(
            np.zeros(1, np.float32),
            np.zeros((1, channels), np.float32),
            np.eye(channels, dtype=np.float32),
            np.ones((1, 1), np.float32),
        )

    def strength_at(self, luma: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standard deviation for luma of any shape, as (..., C) float32; ends are held."""
        planes = [np.interp(luma, self.levels, column) for column in self.strengths.T]
        return np.stack(planes, -1).astype(np.float32)

    @property
    def mean_strength(self) -> float:
        """Mean standard deviation over levels and channels."""
        return float(self.strengths.mean())

    @property
    def coarseness(self) -> float:
        """Correlation of the grain of pixels side by side, 0 (white) to nearly 1."""
        k = self.kernel.astype(np.float64)
        beside = (k[:, 1:] * k[:, :-1]).sum() + (k[1:] * k[:-1]).sum()
        return float(np.clip(beside / (2 * (k * k).sum()), 0.0, 1.0))

    @property
    def mixing(self) -> NDArray[np.float32]:
        """(C, C) float32: independent noise @ mixing.T has the channel correlation."""
        values, vectors = np.linalg.eigh(self.correlation.astype(np.float64))
        root = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
        root /= np.maximum(np.linalg.norm(root, axis=1, keepdims=True), 1e-12)
        return np.asarray(root, np.float32)

    def cosine_deviation(self, size: int) -> NDArray[np.float32]:
        """(size, size) float32: standard deviation of each cosine coefficient of unit grain."""
        return cosine_deviation(self.kernel, size)


def cosine_basis(size: int) -> NDArray[np.float32]:
    """(size, size) float32: rows are the orthonormal DCT-II vectors."""
    n = np.arange(size)
    basis = np.cos(np.pi * (n[None, :] + 0.5) * n[:, None] / size) * np.sqrt(2.0 / size)
    basis[0] *= np.sqrt(0.5)
    return np.asarray(basis, np.float32)


def cosine_deviation(kernel: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(size, size) float32: deviation of each cosine coefficient of filtered white noise.

    Args:
        kernel: (2r + 1, 2r + 1) float32, the filter.
        size: side of the block, px.
    """
    side = 2 * max(size, kernel.shape[0])
    power = np.abs(np.fft.fft2(kernel.astype(np.float64), (side, side))) ** 2
    lags = np.fft.ifft2(power).real
    basis = cosine_basis(size).astype(np.float64)
    reach = np.zeros((size, 2 * size - 1))
    for u in range(size):
        reach[u] = np.correlate(basis[u], basis[u], "full")
    at = np.arange(1 - size, size)
    variance = reach @ lags[np.ix_(at % side, at % side)] @ reach.T
    return np.asarray(np.sqrt(np.clip(variance, 1e-12, None)), np.float32)
