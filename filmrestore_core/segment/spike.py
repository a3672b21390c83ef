"""Classical dirt detectors: what stands out in one frame against its aligned neighbours."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import LUMA_WEIGHTS
from filmrestore_core.segment.surroundings import Surroundings, surroundings_of
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow

# Grain is pulled together over about two pixels before anything is compared.
_SMOOTH = 0.7
# No plate is cleaner than this (about one 8-bit code): clean renders must not divide by 0.
_LEAST_NOISE = 0.004
_LEVELS = 12
# A repeated frame differs by less than this share of what the least alike neighbour does, and by
# less than this much luma in every 4 x 4 pixels. Measured on pulled-down transfers: repeats stay
# below 0.08, other neighbours exceed 0.11.
_REPEAT_SHARE = 0.35
_REPEAT_MOST = 0.09

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A neighbour that a frame is compared with.

    Attributes:
        neighbor: the aligned neighbour.
        aligned: (H, W) float32, its luma, smoothed.
        raw: (H, W) float32, its luma before alignment, smoothed.
    """

    neighbor: AlignedNeighbor
    aligned: Plane
    raw: Plane


@dataclass(frozen=True, eq=False)
class Spikes:
    """How far each pixel of a frame stands out, in units of its own noise.

    Attributes:
        center: (H, W) float32, luma of the frame, slightly smoothed.
        first: the nearest reference in time.
        second: the other one: from the other side in time, or the next on the same side at the
            end of a shot.
        others: (H, W) float32 each, the further neighbours, aligned and smoothed, at most two.
        both_sides: True where the two references lie before and after the frame.
        noise: (H, W) float32 > 0, how far center and reference differ where nothing happened.
        excess: (H, W) float32, signed spike detection index (SDIp): the smaller of the two
            differences where they agree in sign, else 0; negative is darker; in units of noise.
        high: (H, W) float32, the largest luma of the 3x3 surroundings in both references.
        low: (H, W) float32, the smallest.
    """

    center: Plane
    first: Reference
    second: Reference
    others: tuple[Plane, ...]
    both_sides: bool
    noise: Plane
    excess: Plane
    high: Plane
    low: Plane

    @cached_property
    def surroundings(self) -> Surroundings:
        """What is going on around each place; made once for all who measure."""
        return surroundings_of(self)


def find_spikes(window: AlignedWindow) -> Spikes | None:
    """Compare a frame with its references.

    SDIp: Kokaram, "Motion Picture Restoration", 1998. The comparison with the surroundings in
    the references is the simplified form (largest and smallest instead of all ranks) of Nadenau
    and Mitra, "Blotch and scratch detection in image sequences based on rank ordered
    differences", 1996.

    Args:
        window: a frame with its aligned neighbours.

    Returns:
        None where fewer than two neighbours exist: nothing can agree.
    """
    import cv2

    chosen = references(window)
    if chosen is None:
        return None
    one, two, rest, both_sides = chosen
    center = smooth_luma(window.center.pixels)
    raw = {p.number: p for p in window.window.neighbors}
    first, second = (
        Reference(n, _smooth_aligned(n), smooth_luma(raw[n.number].pixels)) for n in (one, two)
    )
    noise = noise_plane(center, (first.aligned, second.aligned))
    high = np.maximum(first.aligned, second.aligned)
    low = np.minimum(first.aligned, second.aligned)
    excess = np.maximum(center - high, 0.0)
    excess -= np.maximum(low - center, 0.0)
    excess /= noise
    square = np.ones((3, 3), np.uint8)
    return Spikes(
        center,
        first,
        second,
        tuple(_smooth_aligned(n) for n in rest),
        both_sides,
        noise,
        excess,
        np.asarray(cv2.dilate(high, square), np.float32),
        np.asarray(cv2.erode(low, square), np.float32),
    )


def references(
    window: AlignedWindow,
) -> tuple[AlignedNeighbor, AlignedNeighbor, tuple[AlignedNeighbor, ...], bool] | None:
    """The two neighbours a frame is compared with, the rest, and whether they are on both sides.

    Repeats of the frame itself (pull-down, held frames) show its damage too and are left out.
    """
    repeats = repeated(window)
    before = [n for n in window.before if n.number not in repeats]
    after = [n for n in window.after if n.number not in repeats]
    if before and after:
        return before[0], after[0], (*before[1:2], *after[1:2]), True
    side = before or after
    if len(side) < 2:
        return None
    return side[0], side[1], (), False


def repeated(window: AlignedWindow) -> frozenset[int]:
    """Numbers of the neighbours that are the center frame once more, but for compression.

    A repeat differs much less than the other neighbours do on the whole, and nowhere much; a
    standing shot has neighbours that all differ alike, and none is called a repeat.
    """
    import cv2

    center = window.window.center.pixels
    whole = {
        p.number: float(np.mean(np.abs(p.pixels[::6, ::6] - center[::6, ::6])))
        for p in window.window.neighbors
    }
    most = max(whole.values(), default=0.0)
    found = set()
    size = (max(1, center.shape[1] // 4), max(1, center.shape[0] // 4))
    for plate in window.window.neighbors:
        if whole[plate.number] >= _REPEAT_SHARE * most:
            continue
        gap = np.abs(fast_luma(plate.pixels) - fast_luma(center))
        if float(cv2.resize(gap, size, interpolation=cv2.INTER_AREA).max()) < _REPEAT_MOST:
            found.add(plate.number)
    return frozenset(found)


def _smooth_aligned(neighbor: AlignedNeighbor) -> Plane:
    """Luma (H, W) float32 of a neighbour, blurred as `smooth_luma` does."""
    # Luma is aligned in a third of the time that pixels take.
    # It is kept: a net that looks at the further neighbours asks for it again.
    return smooth_luma(neighbor.luma[..., None])


def smooth_luma(pixels: NDArray[np.float32]) -> Plane:
    """Luma (H, W) float32 of (H, W, 1 or 3) pixels, blurred by less than a pixel."""
    import cv2

    return np.asarray(cv2.GaussianBlur(fast_luma(pixels), (5, 5), _SMOOTH), np.float32)


def fast_luma(pixels: NDArray[np.float32]) -> Plane:
    """Luma (H, W) float32 of (H, W, 1 or 3) pixels; in three channels half the time of numpy."""
    import cv2

    if pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[..., 0])
    return np.asarray(cv2.transform(pixels, np.asarray([LUMA_WEIGHTS], np.float32)), np.float32)


def noise_plane(center: Plane, references: tuple[Plane, ...]) -> Plane:
    """(H, W) float32 > 0: the scale of center minus reference, by brightness.

    The median of absolute differences in each of twelve brightness bands, so that damage and
    badly matched places do not count; a bad match of most of the frame raises the whole scale.
    """
    import cv2

    step = 4 if center.size > 200_000 else 2
    sample = (slice(step // 2, None, step), slice(step // 2, None, step))
    levels = center[sample].ravel()
    gaps = [np.abs(levels - r[sample].ravel()) for r in references]
    # The larger of two correlated normal differences has its median at 0.95 of their deviation.
    gap = np.maximum.reduce(gaps) / np.float32(0.95)
    if levels.size < 64:
        return np.full(center.shape, max(_LEAST_NOISE, float(np.median(gap))), np.float32)
    order = np.argsort(levels, kind="stable")
    middles, scales = [], []
    for low, high in itertools.pairwise(np.linspace(0, levels.size, _LEVELS + 1).astype(int)):
        band = order[low:high]
        middles.append(float(np.median(levels[band])))
        scales.append(float(np.median(gap[band])))
    bottom, top = middles[0], max(middles[-1], middles[0] + 1e-3)
    places, index = np.unique(np.asarray(middles), return_index=True)
    table = np.interp(np.linspace(bottom, top, 256), places, np.asarray(scales)[index])
    table = np.maximum(table, _LEAST_NOISE).astype(np.float32)
    scale = 255.0 / (top - bottom)
    codes = cv2.convertScaleAbs(np.maximum(center - np.float32(bottom), 0.0), alpha=scale)
    return np.asarray(cv2.LUT(codes, table), np.float32)
