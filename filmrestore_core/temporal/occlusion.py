"""Where a neighbour can be trusted, damage of the center notwithstanding.

A speck on the center and a limb that the motion could not follow look alike from the center: it
differs from what the neighbours show. They differ in what the neighbours say to each other. Behind
a speck, neighbours on both sides show the same thing; around a limb, at an occlusion or where the
motion failed they do not, there or close by. So trust rests on the agreement of the neighbours,
near and wider, and on how rough the motion and the picture are, and is withheld only where the
center differs from the neighbour at all.

Going there and back again along the motion was measured too: where the center differs, a failed
round trip says nothing about which of the two it is, and adds nothing to the evidence used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.temporal.motion import enlarge

# A difference above this says no more than that it is something else. Working encoding.
CAP = 0.2
# The center shows the same as the neighbour: surely; surely not.
SAME, OTHER = 0.03, 0.08
# Evidence is looked at on every STRIDE-th matching pixel.
STRIDE = 2

# A logistic rule on the logarithm of the evidence, fitted on clean clips with made-up specks,
# hairs, grain and flicker; pixels that differ from the neighbour, damaged or not. Validity 0.5
# stands where one in 16 failed pixels passes and five in six under a speck are kept.
_WEIGHTS = {
    "apart": 1.369,
    "apart_near": 0.962,
    "apart_around": 0.552,
    "rough": 0.543,
    "slope": 1.335,
}
_LEVEL = 15.6
_LEAST = 1e-3
# However even the motion and the picture, disagreement counts.
_FLOORS = {"rough": 0.3, "slope": 0.006}
# Neighbours on one side only (a shot's first and last frame) agree about a limb that has passed.
_ONE_SIDED = 1.2


@dataclass(frozen=True, eq=False)
class Seen:
    """A neighbour at the matching size, brought onto the center.

    Attributes:
        offset: frames from the center; 0 for the center itself.
        luma: (h, w) float32, brightness matched.
        flow: (h, w, 2) float32 px, center to neighbour.
        inside: (h, w) bool, False where the neighbour shows nothing.
        unit: size of the picture against 854 x 480, to scale lengths by.
    """

    offset: int
    luma: NDArray[np.float32]
    flow: NDArray[np.float32]
    inside: NDArray[np.bool_]
    unit: float

    @cached_property
    def coarse(self) -> NDArray[np.float32]:
        """Luma without grain, on every STRIDE-th pixel."""
        import cv2

        smooth = cv2.GaussianBlur(self.luma, (0, 0), 1.5 * max(self.unit, 1.0))
        return np.ascontiguousarray(smooth[::STRIDE, ::STRIDE], np.float32)

    @cached_property
    def shown(self) -> NDArray[np.bool_]:
        """`inside` on every STRIDE-th pixel."""
        return np.ascontiguousarray(self.inside[::STRIDE, ::STRIDE])


def partner(offset: int, others: Sequence[int]) -> int:
    """The neighbour that best confirms another: across the center, as near as can be.

    Args:
        offset: the neighbour in question, frames from the center.
        others: the other neighbours; not empty.
    """
    return min(others, key=lambda o: (o * offset > 0, abs(abs(o) - abs(offset)), abs(o)))


def trust(one: Seen, others: Sequence[Seen], miss: NDArray[np.float32]) -> NDArray[np.float32]:
    """Validity (h, w) float32 0..1 of a neighbour.

    Args:
        one: the neighbour in question.
        others: what it is compared with: the other neighbours of the window, or the center where
            there are none. Then nothing can tell damage from motion, and every difference counts
            against the neighbour.
        miss: (h, w) float32, absolute difference between center and neighbour, without grain.
    """
    import cv2

    height, width = miss.shape
    one_sided = all(o.offset * one.offset > 0 for o in others)
    level = _LEVEL + (_ONE_SIDED if one_sided else 0.0)
    against = np.full(one.coarse.shape, -level, np.float32)
    for name, field in evidence(one, others).items():
        field = np.maximum(field, np.float32(_FLOORS.get(name, 0.0))) + np.float32(_LEAST)
        against -= np.float32(_WEIGHTS[name]) * np.asarray(cv2.log(field), np.float32)
    # Where the center differs, the doubt counts.
    np.exp(against, out=against)
    against += 1.0
    doubt = enlarge(np.reciprocal(against, out=against), STRIDE, height, width)
    differs = miss - np.float32(SAME)
    differs *= np.float32(1.0 / (OTHER - SAME))
    np.clip(differs, 0.0, 1.0, out=differs)
    differs *= doubt
    validity: NDArray[np.float32] = np.subtract(np.float32(1.0), differs, out=differs)
    np.copyto(validity, np.float32(0.0), where=~one.inside)
    return validity


def evidence(one: Seen, others: Sequence[Seen]) -> dict[str, NDArray[np.float32]]:
    """What speaks against a neighbour, each on every STRIDE-th pixel, float32; larger is worse.

    "apart": how far it is from the middle one of the others; "apart_near", "apart_around": the
    same from its partner and from the middle one, over a neighbourhood; "rough": how much the
    motion varies, px; "slope": contrast of the picture, per px.

    Args:
        one: the neighbour in question.
        others: what it is compared with; not empty.
    """
    import cv2

    unit = one.unit / STRIDE
    gaps = [_gap(one, o) for o in others]
    middle = _middle(gaps, [o.shown for o in others])
    best = partner(one.offset, [o.offset for o in others])
    index = [o.offset for o in others].index(best)
    opposite = np.where(others[index].shown, gaps[index], middle)

    flow = one.flow[:: 2 * STRIDE, :: 2 * STRIDE]
    mean = _mean(flow, 16 * unit)
    square = _mean(flow * flow, 16 * unit)
    rough = np.sqrt(np.maximum(square - mean * mean, 0.0).sum(axis=2)) / np.float32(one.unit)
    across = cv2.Sobel(one.coarse, cv2.CV_32F, 1, 0, scale=one.unit / (8 * STRIDE))
    down = cv2.Sobel(one.coarse, cv2.CV_32F, 0, 1, scale=one.unit / (8 * STRIDE))
    # OpenCV's magnitude rounds by where an array begins in memory, and hypot is slow.
    steep = np.sqrt(np.square(across) + np.square(down))
    return {
        "apart": middle,
        "apart_near": _mean(opposite, 8 * unit),
        "apart_around": _mean(middle, 16 * unit),
        "rough": enlarge(np.asarray(rough, np.float32), 2, *middle.shape),
        "slope": _mean(steep, 8 * unit),
    }


def _gap(one: Seen, other: Seen) -> NDArray[np.float32]:
    """Difference of two neighbours, at most CAP; CAP where the other shows nothing."""
    gap = one.coarse - other.coarse
    np.minimum(np.abs(gap, out=gap), np.float32(CAP), out=gap)
    np.copyto(gap, np.float32(CAP), where=~other.shown)
    return gap


def _middle(
    gaps: Sequence[NDArray[np.float32]], shown: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float32]:
    """The median of what is shown, the upper one of two; what shows nothing is CAP."""
    if len(gaps) == 1:
        return np.asarray(gaps[0], np.float32)
    known = shown[0].astype(np.int8)
    for more in shown[1:]:
        known += more
    if len(gaps) <= 3:
        low, high = np.minimum(gaps[0], gaps[1]), np.maximum(gaps[0], gaps[1])
        if len(gaps) == 3:
            high = np.maximum(low, np.minimum(high, gaps[2]))
            low = np.minimum(low, gaps[2])
        return np.asarray(np.where(known > 1, high, low), np.float32)
    ordered = np.sort(np.stack(gaps), axis=0)
    place = np.maximum(known, 1)[None] // 2
    return np.asarray(np.take_along_axis(ordered, place, axis=0)[0], np.float32)


def _mean(field: NDArray[Any], radius: float) -> NDArray[np.float32]:
    import cv2

    side = 2 * max(1, round(radius)) + 1
    mean = cv2.blur(
        np.ascontiguousarray(field, np.float32), (side, side), borderType=cv2.BORDER_REFLECT_101
    )
    return np.asarray(mean, np.float32)
