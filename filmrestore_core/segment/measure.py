"""What can be measured of a candidate mark as a whole: the object stage's evidence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.places import places
from filmrestore_core.segment.spike import Spikes
from filmrestore_core.segment.surroundings import CROWD_SIDE

# Long marks whose directions differ by less than this (radians) count as parallel.
_ALIKE_TURN = 0.2
# What a net finds may not stand out at all; candidates of the classical detector exceed this.
_LEAST_DEPTH = 0.25

Values = NDArray[np.float64]
Pixels = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]


def measure(
    spikes: Spikes,
    labels: NDArray[np.int32],
    support: Pixels,
    sign: NDArray[np.intp],
    boxes: NDArray[np.int32],
) -> dict[str, Values]:
    """Named measurements, (N,) float64 each.

    "absolute" is a mark's mean contrast in luma; what is said to be "against the contrast" is
    divided by it. The ring is what lies 3 to 4 px around a mark.

    Args:
        spikes: the comparison with the references.
        labels: (H, W) int32, 0 outside, 1 to N on the marks.
        support: rows, columns and owners (0 to N - 1) of the marks' pixels.
        sign: (N,) 1 for bright, -1 for dark.
        boxes: (N, 4) x, y, width, height.
    """
    count = len(sign)
    inside = _Region(*support, count)
    ring = _Region(*_ring(labels), count)
    ys, xs, owner = support
    center, noise = spikes.center, spikes.noise
    first, second = spikes.first.aligned, spikes.second.aligned
    depth = np.abs(spikes.excess[ys, xs])
    here, level = center[ys, xs], inside.mean(noise[ys, xs])
    contrast = np.maximum(inside.mean(depth), _LEAST_DEPTH)
    absolute = contrast * level
    facing = sign[owner]
    gap_inside, gap_ring = (np.abs(r.of(first) - r.of(second)) for r in (inside, ring))
    own_ring = ring.of(center)
    prediction = 0.5 * (inside.of(first) + inside.of(second))
    # What no further neighbour can say stays below all that one could.
    spread, others_gap = np.full(count, -1.0), np.full(count, -2.0)
    if spikes.others:
        further = [inside.of(o) for o in spikes.others]
        spread = np.max([inside.mean(np.abs(o - prediction)) for o in further], 0) / absolute
        others_gap = np.min([inside.mean(facing * (here - o)) for o in further], 0) / absolute
    around = spikes.surroundings
    near_misfit = inside.mean(around.misfit[ys // 2, xs // 2])
    validity = np.minimum(*(ring.of(r.neighbor.validity) for r in (spikes.first, spikes.second)))
    validity_inside = np.minimum(
        *(inside.of(r.neighbor.validity) for r in (spikes.first, spikes.second))
    )
    limit = np.where(facing > 0, spikes.high[ys, xs], spikes.low[ys, xs])
    beyond = np.maximum(facing * (here - limit), 0.0)
    beyond_far, raw_excess = (
        _outside(here, inside.of(high), inside.of(low), facing)
        for high, low in ((around.highest, around.lowest), (around.raw_high, around.raw_low))
    )
    area = inside.area
    extent = np.maximum(boxes[:, 2], boxes[:, 3]).astype(np.float64)
    return {
        "log_area": np.log(area),
        "log_peak": np.log(np.maximum(inside.peak(depth), _LEAST_DEPTH)),
        "log_contrast": np.log(contrast),
        "log_local_contrast": np.log(absolute / (near_misfit + 0.5 * level)),
        "beyond_share": inside.mean(beyond > noise[ys, xs]),
        "beyond_far": inside.mean(beyond_far) / absolute,
        "ring_first": ring.mean(np.abs(own_ring - ring.of(first))) / absolute,
        "ring_second": ring.mean(np.abs(own_ring - ring.of(second))) / absolute,
        "ring_excess": ring.mean(np.abs(ring.of(spikes.excess)) * ring.of(noise)) / absolute,
        "inside_gap": inside.mean(gap_inside) / absolute,
        "ring_gap": ring.mean(gap_ring) / absolute,
        "spread": spread,
        "others_gap": others_gap,
        "misfit": near_misfit / level,
        "own_contrast": sign * (inside.mean(here) - ring.mean(own_ring)) / absolute,
        "texture": ring.mean(_slope(ring, (first, second))) / absolute,
        "sharpness": inside.mean(_slope(inside, (first, second), center)) / absolute,
        "gap_peak": inside.mean(around.gap_peak[ys // 2, xs // 2]) / absolute,
        "others_peak": inside.mean(around.others_peak[ys // 2, xs // 2]) / absolute,
        "ring_validity": ring.mean(validity),
        "inside_validity": inside.mean(validity_inside),
        **_motion(spikes, ring),
        "crowd": np.maximum(inside.mean(around.crowd[ys // 4, xs // 4]) - area / CROWD_SIDE**2, 0),
        # A standing thing that a wrong flow moved does not stand out of what was not moved.
        "raw_explained": 1.0 - inside.mean(raw_excess) / absolute,
        "elongation": np.log(extent * extent / area),
        "solidity": area / (boxes[:, 2] * boxes[:, 3]),
        "absolute": absolute,
        "frame_misfit": np.full(count, around.frame_misfit),
        "alike": _alike(inside, extent),
    }


class _Region:
    """Pixels that belong to objects, and means over them."""

    def __init__(
        self,
        ys: NDArray[np.intp],
        xs: NDArray[np.intp],
        owner: NDArray[np.intp],
        count: int,
    ) -> None:
        self.ys, self.xs, self.owner, self.count = ys, xs, owner, count
        self.area: Values = np.bincount(owner, minlength=count).astype(np.float64)
        self._least_one = np.maximum(self.area, 1.0)

    def of(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        """(P,) the plane's values on the region's pixels."""
        return np.asarray(plane[self.ys, self.xs])

    def mean(self, values: NDArray[Any]) -> Values:
        """(N,) the mean of (P,) values over each object."""
        return np.bincount(self.owner, values, minlength=self.count) / self._least_one

    def peak(self, values: NDArray[np.float32]) -> Values:
        """(N,) the largest of (P,) values >= 0 over each object."""
        result = np.zeros(self.count)
        np.maximum.at(result, self.owner, values)
        return result


def _ring(labels: NDArray[np.int32]) -> Pixels:
    """What lies three and four pixels around each mark; where two meet, the later one's."""
    import cv2

    whole = labels.astype(np.float32)
    near = cv2.dilate(whole, np.ones((5, 5), np.uint8))
    wide = cv2.dilate(near, np.ones((5, 5), np.uint8))
    ys, xs = places((wide > 0) & (near == 0))
    return ys, xs, wide[ys, xs].astype(np.intp) - 1


def _slope(
    region: _Region,
    predicted: tuple[NDArray[np.float32], NDArray[np.float32]],
    center: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """(P,) slope per px of the prediction, or of the frame less the prediction."""
    height, width = predicted[0].shape
    ys, xs = region.ys, region.xs
    up, down = np.maximum(ys - 1, 0), np.minimum(ys + 1, height - 1)
    left, right = np.maximum(xs - 1, 0), np.minimum(xs + 1, width - 1)

    def change(plane: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return plane[ys, right] - plane[ys, left], plane[down, xs] - plane[up, xs]

    (ax, ay), (bx, by) = change(predicted[0]), change(predicted[1])
    dx, dy = 0.5 * (ax + bx), 0.5 * (ay + by)
    if center is not None:
        cx, cy = change(center)
        dx, dy = cx - dx, cy - dy
    return np.asarray(0.5 * np.hypot(dx, dy), np.float32)


def _motion(spikes: Spikes, ring: _Region) -> dict[str, Values]:
    """Speed, how unlike the flow is around a mark, how the path bends in time; px per frame."""
    one, two = spikes.first.neighbor, spikes.second.neighbor
    a = one.flow[ring.ys, ring.xs] / np.float32(one.offset)
    b = two.flow[ring.ys, ring.xs] / np.float32(two.offset)
    mean = 0.5 * (a + b)
    spread = np.zeros(ring.count)
    for axis in (0, 1):
        middle = ring.mean(mean[:, axis])
        spread += ring.mean((mean[:, axis] - middle[ring.owner]) ** 2)
    overall = one.flow[::8, ::8] / np.float32(one.offset)
    speed = float(np.mean(np.hypot(overall[..., 0], overall[..., 1])))
    return {
        "speed": ring.mean(np.hypot(mean[:, 0], mean[:, 1])),
        "flow_spread": np.sqrt(spread),
        "flow_bend": ring.mean(np.hypot(a[:, 0] - b[:, 0], a[:, 1] - b[:, 1])),
        "frame_speed": np.full(ring.count, speed),
    }


def _outside(
    here: NDArray[np.float32],
    high: NDArray[np.float32],
    low: NDArray[np.float32],
    facing: NDArray[np.intp],
) -> NDArray[np.float32]:
    """(P,) how far a pixel lies above what is high, or below what is low, by what it faces."""
    return np.maximum(np.where(facing > 0, here - high, low - here), 0.0)


def _alike(region: _Region, extent: Values) -> Values:
    """How many other long objects lie in the same direction, beyond what chance would give.

    Rain and sparks come in numbers and in one direction; hairs lie as they fell.
    """
    ys, xs, owner = region.ys, region.xs, region.owner
    dy, dx = ys - region.mean(ys)[owner], xs - region.mean(xs)[owner]
    yy, xx, xy = region.mean(dy * dy), region.mean(dx * dx), region.mean(dx * dy)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    stretch = np.hypot(2 * xy, xx - yy) / np.maximum(xx + yy, 1e-6)
    long = (stretch > 0.7) & (extent >= 5)
    number = int(np.count_nonzero(long))
    if number < 2:
        return np.zeros(region.count)
    turn = angle[:, None] - angle[None, long]
    turn = np.abs((turn + np.pi / 2) % np.pi - np.pi / 2)
    near = np.count_nonzero(turn < _ALIKE_TURN, axis=1) - 1.0
    chance = (number - 1) * 2 * _ALIKE_TURN / np.pi
    return np.where(long, np.log1p(np.maximum(near - 2.0 * chance, 0.0)), 0.0)
