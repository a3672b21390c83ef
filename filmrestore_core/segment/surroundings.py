"""What is going on around each place of a frame, whether or not there is a mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from filmrestore_core.segment.spike import Spikes

# Sides of the surroundings that tell how well the references agree, and how crowded it is; px.
_MISFIT_SIDE = 26
_PEAK_SIDE = 34
CROWD_SIDE = 68
_CROWD_EXCESS = 4.0
# Sides over which the references' extremes are taken, along the motion (beyond the 3 that Spikes
# takes) and as the references stand; px.
_FAR_SIDE = 7
_RAW_SIDE = 3

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """The surroundings of all places of a frame.

    Attributes:
        misfit: half size, luma, mean difference of the two references nearby.
        gap_peak: half size, luma, the largest difference of the references nearby: glitter,
            leaves and failed motion are never alone.
        others_peak: the same for the further neighbours against the nearer ones; 0 without any.
        crowd: quarter size, share of pixels nearby that stand out.
        frame_misfit: mean difference of the references over the frame, in units of noise.
        highest: (H, W) luma, the largest that the references hold within four pixels.
        lowest: (H, W) luma, the smallest.
        raw_high: (H, W) luma, the largest next to a place in the neighbours as they stand.
        raw_low: (H, W) luma, the smallest.
    """

    misfit: Plane
    gap_peak: Plane
    others_peak: Plane
    crowd: Plane
    frame_misfit: float
    highest: Plane
    lowest: Plane
    raw_high: Plane
    raw_low: Plane


def surroundings_of(spikes: Spikes) -> Surroundings:
    """Planes of the whole, a half and a quarter of the size (rounded up)."""
    import cv2

    first, second = spikes.first.aligned, spikes.second.aligned
    gap = cv2.absdiff(first, second)
    height, width = gap.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    square = _square(_PEAK_SIDE // 2)

    def halved(plane: Any) -> Plane:
        return np.asarray(cv2.resize(plane, half, interpolation=cv2.INTER_AREA), np.float32)

    small = halved(gap)
    others_peak = np.zeros(small.shape, np.float32)
    if spikes.others:
        middle = 0.5 * (halved(first) + halved(second))
        miss = np.maximum.reduce([np.abs(halved(o) - middle) for o in spikes.others])
        others_peak = np.asarray(cv2.dilate(miss, square), np.float32)
    loud = (np.abs(spikes.excess) > _CROWD_EXCESS).view(np.uint8) * np.uint8(255)
    quarter = ((width + 3) // 4, (height + 3) // 4)
    share = cv2.resize(loud, quarter, interpolation=cv2.INTER_AREA).astype(np.float32)
    side = CROWD_SIDE // 4
    one, two = spikes.first.raw, spikes.second.raw
    far, beside = _square(_FAR_SIDE), _square(_RAW_SIDE)
    return Surroundings(
        misfit=np.asarray(cv2.blur(small, (_MISFIT_SIDE // 2, _MISFIT_SIDE // 2)), np.float32),
        gap_peak=np.asarray(cv2.dilate(small, square), np.float32),
        others_peak=others_peak,
        crowd=np.asarray(cv2.blur(share / np.float32(255), (side, side)), np.float32),
        frame_misfit=float(np.mean(gap[1::4, 1::4] / spikes.noise[1::4, 1::4])),
        highest=np.asarray(cv2.dilate(spikes.high, far), np.float32),
        lowest=np.asarray(cv2.erode(spikes.low, far), np.float32),
        raw_high=np.asarray(cv2.dilate(np.maximum(one, two), beside), np.float32),
        raw_low=np.asarray(cv2.erode(np.minimum(one, two), beside), np.float32),
    )


def _square(side: int) -> NDArray[np.uint8]:
    return np.ones((side, side), np.uint8)
