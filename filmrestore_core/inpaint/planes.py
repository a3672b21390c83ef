"""What a filling net sees: the damaged picture, a first fill, and what the neighbours show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import Matte
from filmrestore_core.temporal.warp import look_up, places_of, warp_field
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow

# Offsets of the neighbours, in the order in which the planes name them.
OFFSETS: tuple[int, ...] = (-2, -1, 1, 2)
NOISE_SCALE = 10.0

PLANE_NAMES: tuple[str, ...] = (
    *("center R", "center G", "center B"),
    *("first fill R", "first fill G", "first fill B"),
    *(f"{c} less first fill, t{o:+d}" for o in OFFSETS for c in "RGB"),
    "matte",
    *(f"validity t{o:+d}" for o in OFFSETS),
    *(f"matte of t{o:+d}" for o in OFFSETS),
    "noise",
    "coarseness",
)
# Name of the planes -> how many of the first ones it means.
FILL_PLANES: dict[str, int] = {"fill-t5-v1": len(PLANE_NAMES) - 1, "fill-t5-v2": len(PLANE_NAMES)}
CENTER, FIRST, LENT = slice(0, 3), slice(3, 6), slice(6, 18)
MATTE, VALIDITY, SPOILED, NOISE = 18, slice(19, 23), slice(23, 27), 27
COARSENESS = 28

Planes = NDArray[np.float32]


def spoiled_neighbors(window: AlignedWindow, mattes: Mapping[int, Matte]) -> dict[int, Planes]:
    """Offset -> (H, W) float32 0..1, where a neighbour's own damage came to lie.

    A neighbour without a matte may lend nothing: it is spoiled everywhere.
    """
    spoiled = {}
    for neighbor in window.neighbors:
        matte = mattes.get(neighbor.number)
        if matte is None:
            spoiled[neighbor.offset] = np.ones(window.center.box.shape, np.float32)
        elif matte.is_empty:
            spoiled[neighbor.offset] = np.zeros(window.center.box.shape, np.float32)
        else:
            moved = warp_field(matte.coverage, neighbor.flow, kind="linear")
            spoiled[neighbor.offset] = np.clip(moved, 0.0, 1.0)
    return spoiled


@dataclass(frozen=True, slots=True, eq=False)
class SpoiledPlane:
    """A plane of `spoiled_neighbors`, of which only the parts that are asked for are made.

    Attributes:
        neighbor: the neighbour.
        coverage: (H, W) float32, its own matte.
    """

    neighbor: AlignedNeighbor
    coverage: Planes

    def __getitem__(self, place: tuple[slice, slice]) -> Planes:
        """(h, w) float32 0..1; the bits of that part of the whole plane."""
        rows, columns = place
        places = places_of(self.neighbor.flow_in(rows, columns), rows, columns)
        return np.clip(look_up(self.coverage, places, kind="linear"), 0.0, 1.0)


def spoiled_parts(
    window: AlignedWindow, mattes: Mapping[int, Matte]
) -> dict[int, Planes | SpoiledPlane]:
    """As `spoiled_neighbors`, for whoever asks for a few parts `[rows, columns]` only."""
    shape = window.center.box.shape
    spoiled: dict[int, Planes | SpoiledPlane] = {}
    for neighbor in window.neighbors:
        matte = mattes.get(neighbor.number)
        if matte is not None and not matte.is_empty:
            spoiled[neighbor.offset] = SpoiledPlane(neighbor, matte.coverage)
        else:
            even = np.float32(1.0 if matte is None else 0.0)
            spoiled[neighbor.offset] = np.broadcast_to(even, shape)
    return spoiled


def fill_planes(
    window: AlignedWindow,
    spoiled: Mapping[int, Planes | SpoiledPlane],
    coverage: NDArray[np.float32],
    first: NDArray[np.float32],
    rows: slice,
    columns: slice,
    *,
    noise: float,
    coarseness: float = 0.0,
    count: int = len(PLANE_NAMES),
) -> Planes:
    """The planes of a part of a window's picture.

    The damaged picture is shown inside the hole as well: through damage that is not opaque one
    sees. A neighbour that the window lacks differs nowhere, is valid nowhere and is spoiled.

    Args:
        window: aligned around the frame to fill.
        spoiled: see `spoiled_neighbors` and `spoiled_parts`.
        coverage: (H, W) float32 0..1, the matte of the center.
        first: (H, W, C) float32, a first fill; the picture where nothing is covered.
        rows: rows of the picture.
        columns: columns of the picture.
        noise: standard deviation of the grain, plate units.
        coarseness: of the grain, see `GrainModel.coarseness`.
        count: how many planes.

    Returns:
        (count, h, w) float32, the first of PLANE_NAMES.
    """
    here = (rows, columns)
    base = first[here].transpose(2, 0, 1)
    planes = np.zeros((len(PLANE_NAMES), *base.shape[1:]), np.float32)
    planes[CENTER] = window.center.pixels[here].transpose(2, 0, 1)
    planes[FIRST] = base
    planes[MATTE] = coverage[here]
    planes[SPOILED] = 1.0
    planes[NOISE] = noise * NOISE_SCALE
    planes[COARSENESS] = coarseness
    near: dict[int, AlignedNeighbor] = {n.offset: n for n in window.neighbors}
    for i, offset in enumerate(OFFSETS):
        if offset not in near:
            continue
        start = LENT.start + 3 * i
        # Parts: holes are few, and whole planes of four neighbours cost more than all else here.
        planes[start : start + 3] = near[offset].pixels_in(*here).transpose(2, 0, 1) - base
        planes[VALIDITY.start + i] = near[offset].validity_in(*here)
        planes[SPOILED.start + i] = spoiled[offset][here]
    return planes[:count]
