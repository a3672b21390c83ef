"""Spikes -> candidate marks, each with what can be measured of it as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.segment.spike import Spikes
from filmrestore_core.temporal.window import AlignedNeighbor

# A mark begins where a pixel stands out by this much noise ...
SEED_EXCESS = 4.0
SEED_BEYOND = 1.5
# ... and reaches as far as its pixels still do by this much.
RIM_EXCESS = 2.0

# A frame with more candidates than this is not dirty but badly matched; only the strongest are
# looked at, so that no frame takes forever.
MOST_OBJECTS = 1500

FEATURES = (
    "log_area",
    "log_peak",
    "log_contrast",
    "log_local_contrast",
    "beyond_share",
    "ring_first",
    "ring_second",
    "ring_excess",
    "inside_gap",
    "ring_gap",
    "spread",
    "misfit",
    "own_contrast",
    "texture",
    "sharpness",
    "ring_validity",
    "inside_validity",
    "flow_spread",
    "flow_bend",
    "speed",
    "crowd",
    "raw_explained",
    "elongation",
    "solidity",
    "absolute",
    "frame_misfit",
)


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """Candidate marks of one polarity or both.

    Attributes:
        ys: (P,) int, rows of all support pixels.
        xs: (P,) int, columns.
        owner: (P,) int, which object a pixel belongs to, 0 to N - 1.
        depth: (P,) float32 >= 0, how far the pixel stands out, in units of noise.
        sign: (N,) int8, 1 for bright, -1 for dark.
        boxes: (N, 4) int, x, y, width, height.
        features: (N, F) float64, columns as in FEATURES.
    """

    ys: NDArray[np.intp]
    xs: NDArray[np.intp]
    owner: NDArray[np.intp]
    depth: NDArray[np.float32]
    sign: NDArray[np.int8]
    boxes: NDArray[np.int32]
    features: NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many objects there are."""
        return len(self.sign)


def find_objects(spikes: Spikes) -> Objects:
    """Connected marks that stand out in both references, measured as wholes."""
    parts = []
    start = 0
    for sign in (-1, 1):
        labels, count, boxes = _candidates(spikes, sign)
        if count:
            parts.append(_measure(spikes, sign, labels, count, boxes, start))
            start += count
    if not parts:
        none = np.zeros(0, np.intp)
        return Objects(
            none,
            none,
            none,
            np.zeros(0, np.float32),
            np.zeros(0, np.int8),
            np.zeros((0, 4), np.int32),
            np.zeros((0, len(FEATURES))),
        )
    return Objects(
        np.concatenate([p.ys for p in parts]),
        np.concatenate([p.xs for p in parts]),
        np.concatenate([p.owner for p in parts]),
        np.concatenate([p.depth for p in parts]),
        np.concatenate([p.sign for p in parts]),
        np.concatenate([p.boxes for p in parts]),
        np.concatenate([p.features for p in parts]),
    )


def _candidates(spikes: Spikes, sign: int) -> tuple[NDArray[np.int32], int, NDArray[np.int32]]:
    """Labels (H, W) 0 for nothing, 1 to count for the strongest candidates; their boxes."""
    import cv2

    excess = spikes.excess * np.float32(sign)
    seeds = (excess > SEED_EXCESS) & (spikes.beyond * np.float32(sign) > SEED_BEYOND)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (excess > RIM_EXCESS).view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    weights = np.where(seeds, excess, 0.0)[seeds]
    strength = np.bincount(labels[seeds], weights, minlength=count)
    strength[0] = 0.0
    kept = np.flatnonzero(strength > 0)
    if len(kept) > MOST_OBJECTS:
        best = np.argsort(-strength[kept], kind="stable")[:MOST_OBJECTS]
        kept = np.sort(kept[best])
    rename = np.zeros(count, np.int32)
    rename[kept] = np.arange(1, len(kept) + 1, dtype=np.int32)
    return rename[labels], len(kept), stats[kept, :4].astype(np.int32)


def _measure(
    spikes: Spikes,
    sign: int,
    labels: NDArray[np.int32],
    count: int,
    boxes: NDArray[np.int32],
    start: int,
) -> Objects:
    import cv2

    ys, xs = np.nonzero(labels)
    owner = labels[ys, xs] - 1
    wide = cv2.dilate(labels.astype(np.float32), np.ones((9, 9), np.uint8))
    near = cv2.dilate(labels.astype(np.float32), np.ones((5, 5), np.uint8))
    ring = (wide > 0) & (near == 0)
    rys, rxs = np.nonzero(ring)
    around = wide[rys, rxs].astype(np.intp) - 1

    area = np.bincount(owner, minlength=count).astype(np.float64)
    rim = np.maximum(np.bincount(around, minlength=count).astype(np.float64), 1.0)

    def inside(plane: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(owner, plane[ys, xs], minlength=count) / area)

    def round_it(plane: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(around, plane[rys, rxs], minlength=count) / rim)

    center, first, second = spikes.center, spikes.first, spikes.second
    depth = np.abs(spikes.excess[ys, xs])
    peak = np.zeros(count)
    np.maximum.at(peak, owner, depth)
    contrast = np.bincount(owner, depth, minlength=count) / area
    noise = inside(spikes.noise)
    absolute = contrast * noise
    gap = np.abs(first - second)
    beyond = spikes.beyond[ys, xs] * sign > 1.0
    prediction = 0.5 * (first + second)
    misfit_plane = np.asarray(cv2.blur(gap, (25, 25)), np.float32)
    spread = np.zeros(count)
    for other in spikes.others:
        spread = np.maximum(spread, inside(np.abs(other - prediction)) / absolute)
    gx = cv2.Scharr(prediction, cv2.CV_32F, 1, 0, scale=1 / 32)
    gy = cv2.Scharr(prediction, cv2.CV_32F, 0, 1, scale=1 / 32)
    texture = np.asarray(cv2.magnitude(gx, gy), np.float32)
    raw = _raw_excess(spikes, sign)
    one, two = spikes.first_neighbor, spikes.second_neighbor
    validity = np.minimum(one.validity, two.validity)
    flow_sum, speed, flow_spread = _flow_planes(one, two)
    crowd_plane = cv2.blur((np.abs(spikes.excess) > SEED_EXCESS).astype(np.float32), (65, 65))
    extent = np.maximum(boxes[:, 2], boxes[:, 3]).astype(np.float64)
    sharp = _sharpness(prediction, center)
    columns = {
        "log_area": np.log(area),
        "log_peak": np.log(peak),
        "log_contrast": np.log(contrast),
        "log_local_contrast": np.log(absolute / (inside(misfit_plane) + 0.5 * noise)),
        "beyond_share": np.bincount(owner, beyond, minlength=count) / area,
        "ring_first": round_it(np.abs(center - first)) / absolute,
        "ring_second": round_it(np.abs(center - second)) / absolute,
        "ring_excess": round_it(np.abs(spikes.excess) * spikes.noise) / absolute,
        "inside_gap": inside(gap) / absolute,
        "ring_gap": round_it(gap) / absolute,
        "spread": spread,
        "misfit": inside(misfit_plane) / noise,
        "own_contrast": sign * (inside(center) - round_it(center)) / absolute,
        "texture": round_it(texture) / absolute,
        "sharpness": np.bincount(owner, sharp[ys, xs], minlength=count) / area / absolute,
        "ring_validity": round_it(validity),
        "inside_validity": inside(validity),
        "flow_spread": round_it(flow_spread),
        "flow_bend": round_it(flow_sum),
        "speed": round_it(speed),
        "crowd": np.maximum(inside(crowd_plane) * 65 * 65 - area, 0.0) / (65 * 65),
        "raw_explained": 1.0 - inside(raw) / absolute,
        "elongation": np.log(extent * extent / area),
        "solidity": area / (boxes[:, 2] * boxes[:, 3]),
        "absolute": absolute,
        "frame_misfit": np.full(count, float(np.mean(gap / spikes.noise))),
    }
    features = np.stack([columns[name] for name in FEATURES], axis=1)
    return Objects(
        ys,
        xs,
        owner.astype(np.intp) + start,
        depth.astype(np.float32),
        np.full(count, sign, np.int8),
        boxes.astype(np.int32),
        features,
    )


def _raw_excess(spikes: Spikes, sign: int) -> NDArray[np.float32]:
    """How far the frame stands out of its neighbours where they are not moved at all."""
    limit = spikes.raw_high if sign > 0 else spikes.raw_low
    return np.asarray(np.maximum(sign * (spikes.center - limit), 0.0), np.float32)


def _flow_planes(
    one: AlignedNeighbor, two: AlignedNeighbor
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Bend of the path through time, speed, and how much the flow differs nearby: px per frame."""
    import cv2

    a = one.flow / np.float32(one.offset)
    b = two.flow / np.float32(two.offset)
    bend = cv2.magnitude(a[..., 0] - b[..., 0], a[..., 1] - b[..., 1])
    mean = 0.5 * (a + b)
    speed = cv2.magnitude(mean[..., 0], mean[..., 1])
    size = (17, 17)
    local = cv2.blur(mean, size)
    square = cv2.blur(mean * mean, size) - local * local
    spread = np.sqrt(np.maximum(square[..., 0] + square[..., 1], 0.0))
    return np.asarray(bend), np.asarray(speed), np.asarray(spread, np.float32)


def _sharpness(prediction: NDArray[np.float32], center: NDArray[np.float32]) -> NDArray[np.float32]:
    """Slope of the difference between frame and prediction, per px."""
    import cv2

    change = center - prediction
    gx = cv2.Scharr(change, cv2.CV_32F, 1, 0, scale=1 / 32)
    gy = cv2.Scharr(change, cv2.CV_32F, 0, 1, scale=1 / 32)
    return np.asarray(cv2.magnitude(gx, gy), np.float32)
