"""What a segmenting net sees: an aligned window as a stack of planes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import luma_of
from filmrestore_core.temporal.window import AlignedWindow

# Offsets of the neighbours, in the order in which the planes name them.
OFFSETS: tuple[int, ...] = (-2, -1, 1, 2)
# One step of noise is small; brought to the size of the other planes.
NOISE_SCALE = 10.0

PLANE_NAMES: tuple[str, ...] = (
    *("center R", "center G", "center B", "noise"),
    *("R less t-1", "G less t-1", "B less t-1"),
    *("R less t+1", "G less t+1", "B less t+1"),
    *("luma less raw t-1", "luma less raw t+1", "validity t-1", "validity t+1"),
    *("luma less t-2", "luma less t+2", "validity t-2", "validity t+2"),
)
# How many of the planes a net of so many frames sees: later planes only add to earlier ones.
PLANES: dict[str, int] = {"t1-v1": 4, "t3-v1": 14, "t5-v1": 18}

Planes = NDArray[np.float32]


def planes_of(
    window: AlignedWindow, kind: str, rows: slice, columns: slice, *, noise: float
) -> Planes:
    """The planes of a part of a window's picture.

    A neighbour that the window lacks differs nowhere and is valid nowhere.

    Args:
        window: a frame with its aligned neighbours.
        kind: a key of PLANES.
        rows: rows of the picture.
        columns: columns of the picture.
        noise: of the whole frame, see `noise_of`.

    Returns:
        (P, h, w) float32, in the order of PLANE_NAMES.
    """
    here = (rows, columns)
    aligned = {n.offset: n for n in window.neighbors}
    raw = {p.number - window.center.number: p for p in window.window.neighbors}
    near = {o: (aligned[o].pixels[here], luma_of(raw[o].pixels[here])) for o in aligned}
    return stack_planes(
        window.center.pixels[here],
        {o: pixels for o, (pixels, _) in near.items()},
        {o: luma for o, (_, luma) in near.items()},
        {o: aligned[o].validity[here] for o in aligned},
        noise,
        kind,
    )


def stack_planes(
    center: NDArray[np.float32],
    aligned: dict[int, NDArray[np.float32]],
    raw_luma: dict[int, NDArray[np.float32]],
    validity: dict[int, NDArray[np.float32]],
    noise: float,
    kind: str,
) -> Planes:
    """The planes from their parts.

    Args:
        center: (h, w, 1 or 3) float32, the frame.
        aligned: offset -> (h, w, 1 or 3) float32, neighbours brought onto it.
        raw_luma: offset -> (h, w) float32, luma of the neighbours as they are.
        validity: offset -> (h, w) float32 0..1.
        noise: see `noise_of`.
        kind: a key of PLANES.
    """
    count = PLANES[kind]
    height, width = center.shape[:2]
    planes = np.zeros((count, height, width), np.float32)
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
    return noise_between(center, [n.pixels for n in nearest])


def noise_between(center: NDArray[np.float32], neighbors: list[NDArray[np.float32]]) -> float:
    """`noise_of` from pictures (H, W, C): every third pixel of every third line is looked at."""
    here = luma_of(np.ascontiguousarray(center[::3, ::3]))
    if not neighbors:
        fine = np.abs(2 * here[:, 1:-1] - here[:, :-2] - here[:, 2:])
        return float(1.4826 * np.median(fine) / np.sqrt(6)) if fine.size else 0.0
    gaps = [np.abs(here - luma_of(np.ascontiguousarray(n[::3, ::3]))) for n in neighbors]
    return float(min(np.median(g) for g in gaps) * 1.4826 / np.sqrt(2))
