"""Grain whose truth is at hand, as a GrainModel: so that a fill is judged, not an estimate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.grain.model import GrainModel
from filmrestore_core.plate import luma_of

# Grain further apart than this is independent, px.
_REACH = 3
_LEVELS = 5
# With fewer pixels a strength rests on nothing.
_FEWEST = 200
_LEAST_SIGMA = 1e-4


def known_grain(
    grained: NDArray[np.float32], bare: NDArray[np.float32], where: NDArray[np.bool_]
) -> GrainModel:
    """The model of the difference of two pictures.

    Args:
        grained: (H, W, C) float32.
        bare: (H, W, C) float32, the same without grain.
        where: (H, W) bool, what is looked at; all where it holds too few pixels.
    """
    if np.count_nonzero(where) < _FEWEST:
        where = np.ones_like(where)
    grain = grained - bare
    luma = luma_of(bare)
    at, seen = luma[where], grain[where]
    if float(seen.std()) < _LEAST_SIGMA:
        return GrainModel.none(grained.shape[2])
    order = np.argsort(at, kind="stable")
    levels, strengths = [], []
    for part in np.array_split(order, max(1, min(_LEVELS, len(order) // _FEWEST))):
        levels.append(float(np.median(at[part])))
        strengths.append(np.sqrt(np.square(seen[part]).mean(axis=0)))
    rising = np.maximum.accumulate(np.asarray(levels, np.float64))
    rising += np.arange(len(rising)) * 1e-6
    model = GrainModel(
        rising.astype(np.float32),
        np.asarray(strengths, np.float32),
        np.eye(grained.shape[2], dtype=np.float32),
        np.ones((1, 1), np.float32),
    )
    strength = np.maximum(model.strength_at(luma), np.float32(_LEAST_SIGMA))
    unit = np.asarray(grain / strength, np.float32)
    return GrainModel(
        model.levels, model.strengths, _correlation(unit[where]), _kernel(unit, where)
    )


def _correlation(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """(C, C): of the channels, from (N, C) samples."""
    both = unit.T.astype(np.float64) @ unit
    scale = np.sqrt(np.maximum(np.diag(both), 1e-12))
    found = np.clip(both / np.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found, np.float32)


def _kernel(unit: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Zero-phase kernel of unit energy whose autocorrelation is that of (H, W, C) unit grain."""
    side = 4 * _REACH + 4
    lags = np.zeros((side, side))
    held = unit * where[..., None]
    seen = where.astype(np.float64)
    for down in range(_REACH + 1):
        for right in range(-_REACH, _REACH + 1):
            here, there = _shifted(held, down, right)
            both, other = _shifted(seen, down, right)
            count = float((both * other).sum()) * unit.shape[2]
            value = float((here.astype(np.float64) * there).sum()) / max(count, 1.0)
            lags[down, right % side] = lags[-down % side, -right % side] = value
    power = np.clip(np.fft.fft2(lags).real, 0.0, None)
    kernel = np.fft.fftshift(np.fft.ifft2(np.sqrt(power)).real)
    middle = side // 2
    cut = kernel[middle - _REACH : middle + _REACH + 1, middle - _REACH : middle + _REACH + 1]
    energy = float(np.sqrt(np.square(cut).sum()))
    if energy < 1e-12:
        return np.ones((1, 1), np.float32)
    return np.asarray(cut / energy, np.float32)


def _shifted(
    picture: NDArray[np.float32] | NDArray[np.float64], down: int, right: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two views of a picture, the second moved down and right."""
    height, width = picture.shape[:2]
    left, start = max(0, -right), max(0, right)
    wide = width - abs(right)
    here = picture[: height - down, left : left + wide]
    there = picture[down:, start : start + wide]
    return here, there  # type: ignore[return-value]
