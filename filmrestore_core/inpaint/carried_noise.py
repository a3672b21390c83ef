"""Starting noise that goes with the picture, so that neighbouring frames draw nearly the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.noise import generator
from filmrestore_core.temporal.window import AlignedWindow

Noise = NDArray[np.float32]
Places = NDArray[np.int64]

# Side of a field that is drawn at once, px; fields hang on the clip's coordinates.
FIELD = 32
CHANNELS = 3
# Share of a neighbour's noise where its motion cannot be trusted: noise that swims along a
# doubtful motion is less seen than noise that jumps.
LEAST_SHARE = 0.3


def carried_noise(window: AlignedWindow, box: Box, *, seed: int) -> Noise:
    """Noise for a part of a window's center.

    Each frame has a field of its own, keyed by seed, frame and place. A frame's noise is the sum
    of its own field and those of its neighbours, looked up along the motion at the nearest pixel,
    over the root of the sum of their squared shares: so it is white, of variance 1, and frames
    that see most of the same fields along a motion have most of their noise in common. Where a
    motion stretches the picture, a few pixels share a sample.

    Args:
        window: aligned around the frame; only motion and its validity are looked at.
        box: the part, in array coordinates of the center's plate; it may reach beyond it, where
            the frame's own field is alone.
        seed: the user's seed.

    Returns:
        (3, h, w) float32.
    """
    center = window.center
    y, x = np.mgrid[box.y : box.bottom, box.x : box.right].astype(np.int64)
    y, x = y + center.box.y, x + center.box.x
    total = _field_at(seed, center.number, y, x)
    squares = np.ones(box.shape, np.float32)
    inside = box.intersect(Box.of_size(center.box.width, center.box.height))
    if inside.is_empty:
        return total
    rows, columns = slice(inside.y, inside.bottom), slice(inside.x, inside.right)
    here = inside.slices(box)
    for neighbor in window.neighbors:
        flow = np.rint(neighbor.flow_in(rows, columns)).astype(np.int64)
        share = np.maximum(neighbor.validity_in(rows, columns), np.float32(LEAST_SHARE))
        drawn = _field_at(seed, neighbor.number, y[here] + flow[..., 1], x[here] + flow[..., 0])
        total[:, *here] += share * drawn
        squares[here] += np.square(share)
    return np.asarray(total / np.sqrt(squares), np.float32)


def _field_at(seed: int, number: int, y: Places, x: Places) -> Noise:
    """(3, h, w) float32: a frame's field at places (h, w) in the clip's coordinates."""
    result = np.empty((CHANNELS, *y.shape), np.float32)
    down, right = y // FIELD, x // FIELD
    top, left = int(down.min()), int(right.min())
    wide = int(right.max()) - left + 1
    cell = (down - top) * wide + right - left
    # One sort instead of a mask per field.
    order = np.argsort(cell, axis=None, kind="stable")
    fields, starts = np.unique(cell.ravel()[order], return_index=True)
    flat = result.reshape(CHANNELS, -1)
    inner = ((y - down * FIELD) * FIELD + x - right * FIELD).ravel()
    for field, at in zip(fields.tolist(), np.split(order, starts[1:]), strict=True):
        v, u = top + field // wide, left + field % wide
        drawn = generator(seed, "diffusion", number, int(v), int(u)).standard_normal(
            (CHANNELS, FIELD * FIELD), dtype=np.float32
        )
        flat[:, at] = drawn[:, inner[at]]
    return result
