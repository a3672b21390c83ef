"""Classical dirt detectors: what stands out in one frame against its aligned neighbours."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import luma_of
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow

# Grain is pulled together over about two pixels before anything is compared.
_SMOOTH = 0.7
# No plate is cleaner than this (about one 8-bit code): clean renders must not divide by 0.
_LEAST_NOISE = 0.004
_LEVELS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Spikes:
    """How far each pixel of a frame stands out, in units of its own noise.

    Attributes:
        center: (H, W) float32, luma of the frame, slightly smoothed.
        first: (H, W) float32, the nearest reference in time, smoothed and aligned.
        second: (H, W) float32, the other reference: from the other side in time, or the next on
            the same side at the end of a shot.
        others: the further references, smoothed and aligned, at most two.
        first_neighbor: where `first` comes from.
        second_neighbor: where `second` comes from.
        both_sides: True where the two references lie before and after the frame.
        noise: (H, W) float32 > 0, how far center and reference differ where nothing happened.
        excess: (H, W) float32, signed spike detection index (SDIp): the smaller of the two
            differences where they agree in sign, else 0; negative is darker; in units of noise.
        beyond: (H, W) float32, signed rank-ordered difference: how far the pixel lies above the
            largest (below the smallest) of the 3x3 surroundings in both references, in units of
            noise, 0 where it does not.
        raw_low: (H, W) float32, smallest luma of the 3x3 surroundings at the same place in the
            neighbours before any alignment: what explains a wrongly moved standing thing.
        raw_high: (H, W) float32, the largest.
    """

    center: NDArray[np.float32]
    first: NDArray[np.float32]
    second: NDArray[np.float32]
    others: tuple[NDArray[np.float32], ...]
    first_neighbor: AlignedNeighbor
    second_neighbor: AlignedNeighbor
    both_sides: bool
    noise: NDArray[np.float32]
    excess: NDArray[np.float32]
    beyond: NDArray[np.float32]
    raw_low: NDArray[np.float32]
    raw_high: NDArray[np.float32]


def find_spikes(window: AlignedWindow) -> Spikes | None:
    """Compare a frame with its references.

    SDIp: Kokaram, "Motion Picture Restoration", 1998. Rank-ordered differences: Nadenau and
    Mitra, "Blotch and scratch detection in image sequences based on rank ordered differences",
    1996, in its simplified form (largest and smallest instead of all ranks).

    Args:
        window: a frame with one to four aligned neighbours.

    Returns:
        None where fewer than two neighbours exist: nothing can agree.
    """
    import cv2

    chosen = references(window)
    if chosen is None:
        return None
    first_neighbor, second_neighbor, rest, both_sides = chosen
    center = smooth_luma(window.center.pixels)
    first = smooth_luma(first_neighbor.pixels)
    second = smooth_luma(second_neighbor.pixels)
    noise = noise_plane(center, (first, second))
    square = np.ones((3, 3), np.uint8)
    over = center - np.maximum(cv2.dilate(first, square), cv2.dilate(second, square))
    under = np.minimum(cv2.erode(first, square), cv2.erode(second, square)) - center
    beyond = np.maximum(over, 0.0) - np.maximum(under, 0.0)
    one, two = center - first, center - second
    excess = np.maximum(np.minimum(one, two), 0.0) + np.minimum(np.maximum(one, two), 0.0)
    return Spikes(
        center,
        first,
        second,
        tuple(smooth_luma(n.pixels) for n in rest),
        first_neighbor,
        second_neighbor,
        both_sides,
        noise,
        np.asarray(excess / noise, np.float32),
        np.asarray(beyond / noise, np.float32),
        *_raw_limits(window, (first_neighbor.number, second_neighbor.number)),
    )


def _raw_limits(
    window: AlignedWindow, numbers: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import cv2

    square = np.ones((3, 3), np.uint8)
    lumas = [smooth_luma(p.pixels) for p in window.window.neighbors if p.number in numbers]
    low = np.minimum.reduce([cv2.erode(luma, square) for luma in lumas])
    high = np.maximum.reduce([cv2.dilate(luma, square) for luma in lumas])
    return np.asarray(low, np.float32), np.asarray(high, np.float32)


def references(
    window: AlignedWindow,
) -> tuple[AlignedNeighbor, AlignedNeighbor, tuple[AlignedNeighbor, ...], bool] | None:
    """The two neighbours a frame is compared with, the rest, and whether they are on both sides."""
    before, after = window.before, window.after
    if before and after:
        return before[0], after[0], (*before[1:2], *after[1:2]), True
    side = before or after
    if len(side) < 2:
        return None
    return side[0], side[1], (), False


def smooth_luma(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Luma (H, W) float32 of (H, W, C) pixels, blurred by less than a pixel."""
    import cv2

    return np.asarray(cv2.GaussianBlur(luma_of(pixels), (5, 5), _SMOOTH), np.float32)


def noise_plane(
    center: NDArray[np.float32], references: tuple[NDArray[np.float32], ...]
) -> NDArray[np.float32]:
    """(H, W) float32 > 0: the scale of center minus reference, by brightness.

    The median of absolute differences in each of twelve brightness bands, so that damage and
    badly matched places do not count; a bad match of most of the frame raises the whole scale.
    """
    levels = center[1::2, 1::2].ravel()
    gaps = [np.abs(levels - r[1::2, 1::2].ravel()) for r in references]
    # The larger of two correlated normal differences has its median at 0.95 of their deviation.
    gap = np.maximum.reduce(gaps) / np.float32(0.95)
    edges = np.quantile(levels, np.linspace(0.0, 1.0, _LEVELS + 1))
    middles, scales = [], []
    for low, high in itertools.pairwise(edges):
        inside = (levels >= low) & (levels <= high)
        if np.count_nonzero(inside) >= 16:
            middles.append(float(np.median(levels[inside])))
            scales.append(float(np.median(gap[inside])))
    if not middles:
        return np.full(center.shape, _LEAST_NOISE, np.float32)
    places, index = np.unique(np.asarray(middles), return_index=True)
    grid = np.linspace(float(edges[0]), float(edges[-1]) + 1e-6, 256)
    table = np.interp(grid, places, np.asarray(scales)[index])
    table = np.maximum(table, _LEAST_NOISE).astype(np.float32)
    step = np.float32(255.0 / (grid[-1] - grid[0]))
    codes = np.clip((center - np.float32(grid[0])) * step, 0.0, 255.0).astype(np.uint8)
    return np.asarray(table[codes], np.float32)
