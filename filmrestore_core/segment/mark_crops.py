"""What a net that judges marks sees: each mark with its surroundings, near and wide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import luma_of
from filmrestore_core.segment.mark_measure import MeasuredMarks
from filmrestore_core.segment.planes import OFFSETS
from filmrestore_core.temporal.window import AlignedWindow

PLANES_NAME = "marks-v1"
"""What a card calls these planes."""

SIDE = 48
"""Side of a crop, px of its own scale."""

# The wide crop is halved so many times more: it shows four times as much on a side.
_WIDER = 2
# A mark may fill this much of the near crop's side; larger ones are shown at half the size, and
# so on.
_FILLS = 32
_SCALES = 8
# Crops of brightness hold what lies so far around the mark's own level.
_SPAN = 0.5

CROP_PLANES: tuple[str, ...] = (
    *("center", "t-2", "t-1", "t+1", "t+2", "raw t-1", "raw t+1"),
    *("validity t-1", "validity t+1", "net", "mark"),
)
"""The planes of a crop, in order; the near crop's are followed by the wide one's."""

PICTURES = 7
"""How many of them show brightness; they come first."""
_MARK = len(CROP_PLANES) - 1
_MIDDLE = SIDE // 2

Planes = NDArray[np.float32]


def crops_of(
    window: AlignedWindow, highest: Planes, marks: MeasuredMarks, chosen: NDArray[np.int64]
) -> Planes:
    """The crops of some marks of a frame.

    Brightness is told against the mean of the frame around the mark, in steps of half the range,
    and cut off there. A neighbour that the window lacks looks like the frame itself and is valid
    nowhere.

    Args:
        window: the frame with its aligned neighbours.
        highest: (H, W) float32 0..1, the net's score.
        marks: of the frame.
        chosen: (M,) which of them.

    Returns:
        (M, 2 * len(CROP_PLANES), SIDE, SIDE) float32 -1..1.
    """
    planes = _planes(window, highest)
    crops = np.zeros((len(chosen), 2 * len(CROP_PLANES), SIDE, SIDE), np.float32)
    order = np.argsort(marks.owner, kind="stable")
    count = np.bincount(marks.owner, minlength=marks.count)
    ends = np.cumsum(count)
    for row, mark in enumerate(chosen):
        at = order[ends[mark] - count[mark] : ends[mark]]
        ys, xs = marks.ys[at], marks.xs[at]
        middle = (int(ys.min() + ys.max()) // 2, int(xs.min() + xs.max()) // 2)
        scale = _scale(int(max(np.ptp(ys), np.ptp(xs))) + 1)
        for half, step in enumerate((scale, scale + _WIDER)):
            part = crops[row, half * len(CROP_PLANES) :][: len(CROP_PLANES)]
            for plane, into in zip(planes, part[:_MARK], strict=True):
                _cut(plane, middle, step, into)
            _lay(ys, xs, middle, step, part[_MARK])
            part[:PICTURES] -= part[0].mean()
            part[:PICTURES] *= np.float32(1 / _SPAN)
    return np.clip(crops, -1.0, 1.0, out=crops)


def _planes(window: AlignedWindow, highest: Planes) -> list[Planes]:
    """The planes of CROP_PLANES but the last, (H, W) each."""
    center = luma_of(window.center.pixels)
    nowhere = np.zeros_like(center)
    aligned = {n.offset: n for n in window.neighbors}
    raw = {p.number - window.center.number: p for p in window.window.neighbors}
    return [
        center,
        *(aligned[o].luma if o in aligned else center for o in OFFSETS),
        *(luma_of(raw[o].pixels) if o in raw else center for o in (-1, 1)),
        *(aligned[o].validity if o in aligned else nowhere for o in (-1, 1)),
        highest,
    ]


def _scale(side: int) -> int:
    """How many times the picture is halved for a mark of so many px."""
    return int(min(max(0, np.ceil(np.log2(max(side, 1) / _FILLS))), _SCALES))


def _cut(plane: Planes, middle: tuple[int, int], step: int, into: Planes) -> None:
    """A crop around the middle, each place the mean of its pixels.

    Beyond the edge stands what the edge shows; lines at the end that fill no place are left out.
    """
    import cv2

    size = 1 << step
    lines = []
    for at, side in zip(middle, plane.shape, strict=True):
        places = np.clip(np.arange(SIDE) + _first(at, step), 0, max(1, side >> step) - 1)
        lines.append((places - places[0], places[0] * size, (places[-1] + 1) * size))
    (rows, top, bottom), (columns, left, right) = lines
    part = plane[top:bottom, left:right]
    if step:
        shape = (int(columns[-1]) + 1, int(rows[-1]) + 1)
        part = np.asarray(cv2.resize(part, shape, interpolation=cv2.INTER_AREA), np.float32)
    into[:] = part[rows[:, None], columns[None, :]]


def _first(at: int, step: int) -> int:
    """First line of a crop at a scale."""
    return (at >> step) - _MIDDLE


def _lay(
    ys: NDArray[np.intp],
    xs: NDArray[np.intp],
    middle: tuple[int, int],
    step: int,
    into: Planes,
) -> None:
    """How much of each place of a crop the mark covers."""
    rows = (ys >> step) - _first(middle[0], step)
    columns = (xs >> step) - _first(middle[1], step)
    inside = (rows >= 0) & (rows < SIDE) & (columns >= 0) & (columns < SIDE)
    np.add.at(into, (rows[inside], columns[inside]), np.float32(1 / 4**step))
