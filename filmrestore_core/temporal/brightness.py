"""Local brightness between two plates of a shot: flicker and uneven exposure, not motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Rows of cells the picture is averaged into, and how far (in rows of cells) the field reaches:
# wide enough that a mark of 40 px in 480 lines is outvoted, narrow enough for uneven flicker.
ROWS = 60
REACH = 5.0
# Contrast (standard deviation) under which a local gain is not believed.
LEAST_CONTRAST = 0.04
ROUNDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class BrightnessField:
    """What turns a neighbour's brightness into the center's: center = gain * neighbour + offset.

    Attributes:
        gain: (rows, columns, C) float32, about 1.
        offset: (rows, columns, C) float32, working encoding, about 0.
    """

    gain: NDArray[np.float32]
    offset: NDArray[np.float32]

    def apply(self, pixels: NDArray[np.float32]) -> None:
        """Match (H, W, C) float32 pixels in place."""
        import cv2

        height, width, channels = pixels.shape
        rows = self.gain.shape[0]
        gain, offset = (
            np.asarray(
                cv2.resize(f, (width, rows), interpolation=cv2.INTER_LINEAR), np.float32
            ).reshape(rows, width, channels)
            for f in (self.gain, self.offset)
        )
        # Where each line lies between the cells' middles; the few lines between two rows of cells
        # stay in the cache.
        place = np.clip((np.arange(height) + 0.5) * rows / height - 0.5, 0.0, rows - 1.0)
        above = np.minimum(place.astype(np.intp), max(0, rows - 2))
        share = (place - above).astype(np.float32)[:, None, None]
        ends = np.searchsorted(above, np.arange(rows), side="right")
        first = 0
        for row, end in enumerate(ends.tolist()):
            if end > first:
                below = min(row + 1, rows - 1)
                strip, part = pixels[first:end], share[first:end]
                strip *= gain[row] + part * (gain[below] - gain[row])
                strip += offset[row] + part * (offset[below] - offset[row])
            first = end


def cells(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(H, W, C) float32 averaged into (rows, columns, C) cells of about equal size."""
    import cv2

    height, width, channels = pixels.shape
    rows = min(ROWS, height)
    columns = max(1, min(width, round(width * rows / height)))
    small = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).reshape(rows, columns, channels)


def brightness_field(
    center: NDArray[np.float32], neighbor: NDArray[np.float32], trust: NDArray[np.float32]
) -> BrightnessField:
    """Smooth gain and offset that bring the neighbour's cells to the center's.

    A robust fit by iteratively reweighted least squares (Geman-McClure weights), first one line
    for the whole picture, then a smooth field around it, so that dirt, hidden places and failed
    motion are outvoted by what surrounds them.

    Args:
        center: (rows, columns, C) float32 cells of the center.
        neighbor: (rows, columns, C) float32 cells of the neighbour, already warped.
        trust: (rows, columns, 1) float32 0..1, share of each cell that is comparable.
    """
    gain = np.empty_like(center)
    offset = np.empty_like(center)
    for k in range(center.shape[2]):
        gain[..., k], offset[..., k] = _channel(center[..., k], neighbor[..., k], trust[..., 0])
    return BrightnessField(gain, offset)


def _channel(
    center: NDArray[np.float32], neighbor: NDArray[np.float32], share: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import cv2

    c, n = center.astype(np.float64), neighbor.astype(np.float64)
    trust = share.astype(np.float64)
    slope, level = _line(c, n, trust)
    rest = c - (slope * n + level)
    a = np.zeros_like(rest)
    b = np.zeros_like(rest)
    floor = 1e-3

    def spread(field: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(cv2.GaussianBlur(field, (0, 0), REACH), np.float64)

    for _ in range(ROUNDS):
        miss = rest - (a * n + b)
        weight = trust * _robust(miss, _scale(miss, trust))
        total = spread(weight) + floor
        mean_n = spread(weight * n) / total
        mean_r = spread(weight * rest) / total
        var = spread(weight * n * n) / total - mean_n**2
        cov = spread(weight * n * rest) / total - mean_n * mean_r
        a = cov / (np.maximum(var, 0.0) + LEAST_CONTRAST**2)
        b = mean_r - a * mean_n
    return (slope + a).astype(np.float32), (level + b).astype(np.float32)


def _line(
    c: NDArray[np.float64], n: NDArray[np.float64], trust: NDArray[np.float64]
) -> tuple[float, float]:
    slope, level = 1.0, _middle(c - n, trust)
    for _ in range(ROUNDS):
        miss = c - (slope * n + level)
        weight = trust * _robust(miss, _scale(miss, trust))
        total = float(weight.sum()) + 1e-6
        mean_n, mean_c = float((weight * n).sum()) / total, float((weight * c).sum()) / total
        var = float((weight * (n - mean_n) ** 2).sum()) / total
        cov = float((weight * (n - mean_n) * (c - mean_c)).sum()) / total
        slope = (cov + LEAST_CONTRAST**2) / (var + LEAST_CONTRAST**2)
        slope = min(max(slope, 0.5), 2.0)
        level = mean_c - slope * mean_n if total > 1e-3 else 0.0
    return slope, level


def _robust(miss: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    weight: NDArray[np.float64] = 1.0 / (1.0 + (miss / (2.0 * scale)) ** 2) ** 2
    return weight


def _scale(miss: NDArray[np.float64], trust: NDArray[np.float64]) -> float:
    return max(0.005, 1.4826 * _middle(np.abs(miss), trust))


def _middle(values: NDArray[np.float64], trust: NDArray[np.float64]) -> float:
    """Median over the cells that are mostly comparable; 0 where none is."""
    chosen = values[trust > 0.5]
    return float(np.median(chosen)) if chosen.size else 0.0
