"""Local brightness between two plates of a shot: flicker and uneven exposure, not motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import LUMA_WEIGHTS
from filmrestore_core.temporal.warp import look_up

# Rows of cells the picture is averaged into, and how far (in rows of cells) the field reaches:
# wide enough that a mark of 40 px in 480 lines is outvoted, narrow enough for uneven flicker.
ROWS = 60
REACH = 5.0
# Contrast (standard deviation) under which a local gain is not believed.
LEAST_CONTRAST = 0.04
ROUNDS = 4
# Values that are matched at a time.
_STRIP = 65536


@dataclass(frozen=True, slots=True, eq=False)
class BrightnessField:
    """What turns a neighbour's brightness into the center's: center = gain * neighbour + offset.

    Attributes:
        gain: (rows, columns, C) float32, about 1.
        offset: (rows, columns, C) float32, working encoding, about 0.
    """

    gain: NDArray[np.float32]
    offset: NDArray[np.float32]

    def apply(
        self,
        pixels: NDArray[np.float32],
        rows: slice | None = None,
        columns: slice | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Match contiguous (h, w, C) float32 pixels in place.

        Args:
            pixels: a part of the picture, or all of it.
            rows: which rows of the picture they are; None for all.
            columns: which columns.
            size: (H, W) of the picture; None where `pixels` is all of it.
        """
        height, width, channels = pixels.shape
        whole = size or (height, width)
        above, share = _between(rows, whole[0], self.gain.shape[0])
        left, across = _between(columns, whole[1], self.gain.shape[1])
        last_row, last_column = self.gain.shape[0] - 1, self.gain.shape[1] - 1
        right, across = np.minimum(left + 1, last_column), across[:, None]
        first, last = int(above[0]), min(int(above[-1]) + 1, last_row)
        # Lines of cells, spread over the part's columns.
        lines = []
        for field in (self.gain, self.offset):
            near = field[first : last + 1]
            before = np.take(near, left, axis=1)
            spread = before + across * (np.take(near, right, axis=1) - before)
            lines.append(spread.reshape(len(near), width * channels))
        gain, offset = lines
        flat = pixels.reshape(height, width * channels)
        # Few enough lines at a time to stay in the cache.
        most = max(1, _STRIP // (width * channels))
        room = np.empty((most, width * channels), np.float32)
        start = 0
        while start < height:
            row = int(above[start])
            end = min(int(np.searchsorted(above, row, side="right")), start + most)
            here, below = row - first, min(row + 1, last) - first
            strip, part, spare = flat[start:end], share[start:end, None], room[: end - start]
            np.multiply(part, gain[below] - gain[here], out=spare)
            spare += gain[here]
            strip *= spare
            np.multiply(part, offset[below] - offset[here], out=spare)
            spare += offset[here]
            strip += spare
            start = end

    def apply_at(
        self, values: NDArray[np.float32], places: NDArray[np.float32], size: tuple[int, int]
    ) -> None:
        """Match single pixels of one channel in place, as `apply` does but for rounding.

        Args:
            values: (n, m) float32.
            places: (n, m, 2) float32 px, their (x, y).
            size: (H, W) of the picture.
        """
        rows, columns = self.gain.shape[:2]
        scale = np.array([columns / size[1], rows / size[0]], np.float32)
        half = np.float32(0.5)
        places = (places + half) * scale - half
        values *= look_up(self.gain[..., 0], places, kind="linear")
        values += look_up(self.offset[..., 0], places, kind="linear")

    def of_luma(self, neighbor: NDArray[np.float32]) -> BrightnessField:
        """What matches the luma of three channels, or nearly: exactly so for the cells' colors.

        Args:
            neighbor: (rows, columns, 3) float32 cells of the neighbour, before they are matched.
        """
        weights = np.asarray(LUMA_WEIGHTS, np.float32)
        gain = (self.gain * weights).sum(axis=2, keepdims=True)
        offset = (self.offset * weights).sum(axis=2, keepdims=True)
        # A channel that is matched unlike the rest changes luma as far as there is of it.
        offset += ((self.gain - gain) * neighbor * weights).sum(axis=2, keepdims=True)
        return BrightnessField(gain, offset)


def _between(
    part: slice | None, size: int, count: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For pixels along an axis: the cell before each, and how far it is to the next, 0..1."""
    part = part or slice(0, size, 1)
    place = (np.arange(part.start, part.stop, part.step) + 0.5) * count / size - 0.5
    place = np.clip(place, 0.0, count - 1.0)
    before = np.minimum(place.astype(np.intp), max(0, count - 2))
    return before, (place - before).astype(np.float32)


def cell_grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of cells for a picture: ROWS, or fewer where it has fewer, and to match."""
    rows = min(ROWS, height)
    return rows, max(1, min(width, round(width * rows / height)))


def cells(pixels: NDArray[np.float32], grid: tuple[int, int] | None = None) -> NDArray[np.float32]:
    """(H, W, C) float32 averaged into (rows, columns, C) cells of about equal size.

    Args:
        pixels: the picture.
        grid: rows and columns; None for those that go with the picture's size.
    """
    height, width, channels = pixels.shape
    rows, columns = grid or cell_grid(height, width)
    return _averaged(pixels, rows, columns).reshape(rows, columns, channels)


def shares(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Which share of each cell an (H, W) mask covers: (rows, columns, 1) float32 0..1."""
    rows, columns = cell_grid(*mask.shape)
    return _averaged(mask.view(np.uint8), rows, columns)[..., None]


def _averaged(field: NDArray[Any], rows: int, columns: int) -> NDArray[np.float32]:
    """Means over cells that begin and end anywhere, from running sums; exact but for rounding."""
    import cv2

    height, width = field.shape[:2]
    sums: NDArray[Any] = np.asarray(cv2.integral(field), np.float64)
    sums = _at_edges(sums, np.arange(rows + 1) * height / rows, 0)
    sums = _at_edges(sums, np.arange(columns + 1) * width / columns, 1)
    sums = np.diff(np.diff(sums, axis=0), axis=1)
    return np.asarray(sums * (rows * columns / (height * width)), np.float32)


def _at_edges(sums: NDArray[Any], edges: NDArray[np.float64], axis: int) -> NDArray[Any]:
    """Running sums at places between pixels: in between they rise evenly."""
    before = np.minimum(edges.astype(np.intp), sums.shape[axis] - 2)
    share = (edges - before).reshape([-1 if k == axis else 1 for k in range(sums.ndim)])
    low, high = np.take(sums, before, axis), np.take(sums, before + 1, axis)
    return np.asarray(low + share * (high - low))


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
    fields = np.empty((*rest.shape, 5), np.float32)
    for _ in range(ROUNDS):
        miss = rest - (a * n + b)
        weight = trust * _robust(miss, _scale(miss, trust))
        told, left = weight * n, weight * rest
        for k, field in enumerate((weight, told, left, told * n, told * rest)):
            fields[..., k] = field
        spread = np.asarray(cv2.GaussianBlur(fields, (0, 0), REACH), np.float64)
        total, mean_n, mean_r, square, product = np.moveaxis(spread, -1, 0)
        total = total + 1e-3
        mean_n, mean_r = mean_n / total, mean_r / total
        var = square / total - mean_n**2
        cov = product / total - mean_n * mean_r
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
