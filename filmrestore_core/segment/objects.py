"""Spikes -> candidate marks, each with what can be measured of it as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.places import boxes_of, places
from filmrestore_core.segment.measure import measure
from filmrestore_core.segment.pieces import connected
from filmrestore_core.segment.spike import Spikes

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
    "beyond_far",
    "ring_first",
    "ring_second",
    "ring_excess",
    "inside_gap",
    "ring_gap",
    "spread",
    "others_gap",
    "misfit",
    "own_contrast",
    "texture",
    "sharpness",
    "gap_peak",
    "others_peak",
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
    "frame_speed",
    "alike",
)


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """Candidate marks.

    Attributes:
        ys: (P,) int, rows of all support pixels.
        xs: (P,) int, columns.
        owner: (P,) int, which object a pixel belongs to, 0 to N - 1.
        depth: (P,) float32 >= 0, how far the pixel stands out, in units of noise.
        sign: (N,) int, 1 for bright, -1 for dark.
        boxes: (N, 4) int, x, y, width, height.
        features: (N, F) float64, columns as in FEATURES.
    """

    ys: NDArray[np.intp]
    xs: NDArray[np.intp]
    owner: NDArray[np.intp]
    depth: NDArray[np.float32]
    sign: NDArray[np.intp]
    boxes: NDArray[np.int32]
    features: NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many objects there are."""
        return len(self.sign)


def find_objects(spikes: Spikes) -> Objects | None:
    """Connected marks that stand out in both references, measured as wholes; None for none."""
    dark, dark_count = _candidates(spikes, -1)
    bright, bright_count = _candidates(spikes, 1)
    if not dark_count + bright_count:
        return None
    sign = np.repeat(np.asarray([-1, 1]), [dark_count, bright_count])
    labels = np.where(bright > 0, bright + np.int32(dark_count), dark)
    ys, xs = places(labels > 0)
    owner = labels[ys, xs].astype(np.intp) - 1
    boxes = boxes_of(ys, xs, owner, len(sign))
    depth = np.abs(spikes.excess[ys, xs])
    measured = measure(spikes, labels, (ys, xs, owner), sign, boxes)
    features = np.stack([measured[name] for name in FEATURES], axis=1)
    return Objects(ys, xs, owner, depth, sign, boxes, features)


def _candidates(spikes: Spikes, sign: int) -> tuple[NDArray[np.int32], int]:
    """Labels (H, W) 0 for nothing, 1 to N for the strongest candidates; and N."""
    excess = spikes.excess if sign > 0 else -spikes.excess
    seeds = places(excess > SEED_EXCESS)
    center = spikes.center[seeds]
    beyond = center - spikes.high[seeds] if sign > 0 else spikes.low[seeds] - center
    chosen = beyond > SEED_BEYOND * spikes.noise[seeds]
    seeds = (seeds[0][chosen], seeds[1][chosen])
    if not len(seeds[0]):
        return np.zeros(excess.shape, np.int32), 0
    labels, count = connected(excess > RIM_EXCESS)
    strength = np.bincount(labels[seeds], excess[seeds], minlength=count + 1)
    strength[0] = 0.0
    kept = np.flatnonzero(strength > 0)
    if len(kept) > MOST_OBJECTS:
        best = np.argsort(-strength[kept], kind="stable")[:MOST_OBJECTS]
        kept = np.sort(kept[best])
    rename = np.zeros(count + 1, np.int32)
    rename[kept] = np.arange(1, len(kept) + 1, dtype=np.int32)
    flat, at = labels.ravel(), np.flatnonzero(labels)
    flat[at] = rename[flat[at]]
    return labels, len(kept)
