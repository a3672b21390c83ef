"""Damage that lasts: what was overlooked in one frame is known from the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import Matte
from filmrestore_core.places import boxes_of, places
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.window import AlignedWindow

# A running scratch and dirt in the gate move this little from frame to frame, px.
_WANDER = 2
# Plates that differ by less than this, plus two standard deviations of the grain, look the same.
_SAME = 0.04
_SIGMAS = 2.0


def with_lasting(
    window: AlignedWindow, mattes: Mapping[int, Matte], *, noise: float
) -> dict[int, Matte]:
    """The mattes, those of neighbours with the lasting damage that was overlooked in them.

    A scratch or a hair in the gate stays at its place while the picture moves. Where at least half
    of the neighbours are marked at the place of a mark of the center, a neighbour that is not, and
    looks there as the damaged center does, shows the same damage; left alone, it would be the only
    witness and lend it.

    Args:
        window: aligned around the frame to fill.
        mattes: frame number -> matte, of the center and of neighbours.
        noise: standard deviation of the grain, plate units.

    Returns:
        The same mattes but for those that were added to.
    """
    import cv2

    center = window.window.center
    ours = mattes[center.number]
    near = {p.number: p for p in window.window.neighbors if p.number in mattes}
    known = dict(mattes)
    if len(near) < 2 or ours.is_empty:
        return known
    marks = ours.coverage > 0
    brush = np.ones((2 * _WANDER + 1,) * 2, np.uint8)
    there = {
        number: np.asarray(
            cv2.dilate((mattes[number].coverage > 0).astype(np.uint8), brush), np.bool_
        )
        for number in near
    }
    votes = np.stack([plane & marks for plane in there.values()]).sum(0)
    needed = (len(near) + 1) // 2
    if not (votes >= needed).any():
        return known
    count, pieces = cv2.connectedComponents(marks.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    rows, columns = places(marks)
    owner = pieces[rows, columns].astype(np.intp)
    areas = np.bincount(owner, minlength=count)
    boxes = boxes_of(rows, columns, owner, count)
    limit = np.float32(_SAME + _SIGMAS * noise)
    for piece in range(1, count):
        (x, y, width, height), area = boxes[piece].tolist(), int(areas[piece])
        at = (slice(y, y + height), slice(x, x + width))
        inside = pieces[at] == piece
        if np.count_nonzero(votes[at][inside] >= needed) * 2 < area:
            continue
        for number, plate in near.items():
            if np.count_nonzero(there[number][at][inside]) * 2 >= area:
                continue
            alike = _difference(center, plate, at)[inside] < limit
            if np.count_nonzero(alike) * 2 >= area:
                known[number] = _joined(known[number], at, inside, ours.labels[at])
    return known


def _difference(one: Plate, other: Plate, at: tuple[slice, slice]) -> NDArray[np.float32]:
    """(h, w) largest difference of the 3x3 means over the channels."""
    import cv2

    means = [cv2.blur(p.pixels[at], (3, 3)).reshape(*p.pixels[at].shape) for p in (one, other)]
    return np.asarray(np.abs(means[0] - means[1]).max(axis=-1), np.float32)


def _joined(
    matte: Matte, at: tuple[slice, slice], inside: NDArray[np.bool_], labels: NDArray[np.uint8]
) -> Matte:
    coverage, named = matte.coverage.copy(), matte.labels.copy()
    new = inside & (coverage[at] == 0)
    coverage[at][inside] = 1.0
    named[at][new] = labels[new]
    return replace(matte, coverage=coverage, labels=named)
