"""What a segmenting net sees: an aligned window as a stack of planes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import luma_of
from filmrestore_core.segment.spike_planes import MARGIN, SPIKE_PLANES, spike_planes
from filmrestore_core.temporal.window import AlignedWindow

# Offsets of the neighbours, in the order in which the planes name them.
OFFSETS: tuple[int, ...] = (-2, -1, 1, 2)
# One step of noise is small; brought to the size of the other planes.
NOISE_SCALE = 10.0
# Noise is measured on every third pixel of every third line.
_THIRD = slice(None, None, 3)
# Lines of planes that are made at a time: what is between stays in the cache.
_BAND = 64

PLANE_NAMES: tuple[str, ...] = (
    *("center R", "center G", "center B", "noise"),
    *("R less t-1", "G less t-1", "B less t-1"),
    *("R less t+1", "G less t+1", "B less t+1"),
    *("luma less raw t-1", "luma less raw t+1", "validity t-1", "validity t+1"),
    *("luma less t-2", "luma less t+2", "validity t-2", "validity t+2"),
)
# How many of the planes a net of so many frames sees: later planes only add to earlier ones.
PLANES: dict[str, int] = {"t1-v1": 4, "t3-v1": 14, "t5-v1": 18, **SPIKE_PLANES}

Planes = NDArray[np.float32]


def planes_of(
    window: AlignedWindow,
    kind: str,
    rows: slice,
    columns: slice,
    *,
    noise: float,
    into: Planes | None = None,
) -> Planes:
    """The planes of a part of a window's picture.

    A neighbour that the window lacks differs nowhere and is valid nowhere. A pixel's values do not
    depend on which part it was asked for in.

    Args:
        window: a frame with its aligned neighbours.
        kind: a key of PLANES.
        rows: rows of the picture.
        columns: columns of the picture.
        noise: of the whole frame, see `noise_of`.
        into: (P, h, w) float32 to write to; a new array where None.

    Returns:
        (P, h, w) float32, in the order of PLANE_NAMES.
    """
    (height, width), margin = window.center.box.shape, MARGIN if kind in SPIKE_PLANES else 0
    top, bottom, _ = rows.indices(height)
    wide, in_columns = _widened(columns, width, margin)
    if into is None:
        shape = bottom - top, in_columns.stop - in_columns.start
        into = np.empty((PLANES[kind], *shape), np.float32)
    # Used again for each band: fresh memory costs more than what is written to it.
    across = wide.stop - wide.start
    room = np.empty(PLANES[kind] * (_BAND + 2 * margin) * across, np.float32)
    for first in range(top, bottom, _BAND):
        band = slice(first, min(first + _BAND, bottom))
        # What is compared with its surroundings needs some lines more.
        high, in_rows = _widened(band, height, margin)
        size = PLANES[kind], high.stop - high.start, across
        part = room[: math.prod(size)].reshape(size)
        _part(window, kind, (high, wide), noise, part)
        into[:, band.start - top : band.stop - top] = part[:, in_rows, in_columns]
    return into


def _widened(part: slice, size: int, margin: int) -> tuple[slice, slice]:
    """The part with a margin inside the picture, and where the part lies in that."""
    start, stop, _ = part.indices(size)
    first, last = max(0, start - margin), min(size, stop + margin)
    return slice(first, last), slice(start - first, stop - first)


def _part(
    window: AlignedWindow, kind: str, here: tuple[slice, slice], noise: float, into: Planes
) -> None:
    aligned = {n.offset: n for n in window.neighbors}
    raw = {p.number - window.center.number: p for p in window.window.neighbors}
    # What a net does not see is not made: of the further neighbours it sees the luma only.
    near = [o for o in aligned if abs(o) == 1 and not kind.startswith("t1")]
    far = [o for o in aligned if abs(o) == 2 and kind.startswith("t5")]
    shown = {o: aligned[o].pixels_in(*here) for o in near}
    shown.update({o: aligned[o].luma_in(*here)[..., None] for o in far})
    stack_planes(
        window.center.pixels[here],
        shown,
        {o: luma_of(raw[o].pixels[here]) for o in near},
        {o: aligned[o].validity_in(*here) for o in shown},
        noise,
        kind,
        into,
    )


def stack_planes(
    center: NDArray[np.float32],
    aligned: dict[int, NDArray[np.float32]],
    raw_luma: dict[int, NDArray[np.float32]],
    validity: dict[int, NDArray[np.float32]],
    noise: float,
    kind: str,
    into: Planes | None = None,
) -> Planes:
    """The planes from their parts.

    Args:
        center: (h, w, 1 or 3) float32, the frame.
        aligned: offset -> (h, w, 1 or 3) float32, neighbours brought onto it.
        raw_luma: offset -> (h, w) float32, luma of the neighbours as they are.
        validity: offset -> (h, w) float32 0..1.
        noise: see `noise_of`.
        kind: a key of PLANES.
        into: (P, h, w) float32 to write to; a new array where None.
    """
    if kind in SPIKE_PLANES:
        return spike_planes(center, aligned, raw_luma, validity, noise, kind, into)
    count = PLANES[kind]
    planes = np.empty((count, *center.shape[:2]), np.float32) if into is None else into
    planes[4:] = 0.0
    planes[:3] = np.moveaxis(center, -1, 0)
    planes[3] = noise * NOISE_SCALE
    luma = luma_of(center)
    for first, offset in ((4, -1), (7, 1)):
        if count > first and offset in aligned:
            planes[first : first + 3] = np.moveaxis(center - aligned[offset], -1, 0)
    for plane, offset in ((10, -1), (11, 1)):
        if count > plane and offset in raw_luma:
            planes[plane] = luma - raw_luma[offset]
    for plane, offset in ((14, -2), (15, 2)):
        if count > plane and offset in aligned:
            planes[plane] = luma - luma_of(aligned[offset])
    for plane, offset in ((12, -1), (13, 1), (16, -2), (17, 2)):
        if count > plane and offset in validity:
            planes[plane] = validity[offset]
    return planes


def noise_of(window: AlignedWindow) -> float:
    """Standard deviation of the noise of a frame, in plate units.

    The smaller of the middle differences to the two nearest neighbours, brought to what one of
    two equally noisy pictures has; without neighbours from the frame's own fine detail.
    """
    center = window.center.pixels
    nearest = sorted(window.neighbors, key=lambda n: (abs(n.offset), n.offset))[:2]
    if not nearest:
        return noise_between(center, [])
    return _noise(_thin(center), [n.luma_in(_THIRD, _THIRD) for n in nearest])


def noise_between(center: NDArray[np.float32], neighbors: list[NDArray[np.float32]]) -> float:
    """`noise_of` from pictures (H, W, C): every third pixel of every third line is looked at."""
    here = _thin(center)
    if not neighbors:
        fine = np.abs(2 * here[:, 1:-1] - here[:, :-2] - here[:, 2:])
        return float(1.4826 * np.median(fine) / np.sqrt(6)) if fine.size else 0.0
    return _noise(here, [_thin(n) for n in neighbors])


def _thin(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    return luma_of(np.ascontiguousarray(pixels[_THIRD, _THIRD]))


def _noise(here: NDArray[np.float32], near: list[NDArray[np.float32]]) -> float:
    return float(min(np.median(np.abs(here - n)) for n in near) * 1.4826 / np.sqrt(2))
