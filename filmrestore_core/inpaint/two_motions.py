"""Which motion leads through a hole: that of its surroundings, or what was found under it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.fusion import LEAST_TRUST, median_of
from filmrestore_core.inpaint.holes import Hole
from filmrestore_core.inpaint.lender import Loan
from filmrestore_core.plate import luma_of

# The motion found under a hole must be better by this factor.
CLEARLY = 0.8


def better_motion(
    hole: Hole,
    around: NDArray[np.float32],
    ring: NDArray[np.bool_],
    carried: list[Loan],
    found: list[Loan],
) -> list[Loan]:
    """The loans that agree better, with each other and with what lies around the hole.

    Args:
        hole: where.
        around: (h, w, C) float32, the picture.
        ring: (h, w) bool, known pixels next to the hole.
        carried: along the motion of the surroundings.
        found: along the motion found under the hole.
    """
    if not found:
        return carried
    one, two = (disagreement(loans, hole.own, around, ring) for loans in (carried, found))
    return found if two < CLEARLY * one else carried


def disagreement(
    loans: Sequence[Loan],
    own: NDArray[np.bool_],
    around: NDArray[np.float32],
    ring: NDArray[np.bool_],
) -> float:
    """How unlike the loans are inside a hole, and how unlike the picture on its ring.

    Brightness that differs by one shift counts for nothing. Where motion is right both are small.

    Args:
        loans: at least one.
        own: (h, w) bool, the hole.
        around: (h, w, C) float32, the picture.
        ring: (h, w) bool, known pixels next to the hole.

    Returns:
        The sum of both mean differences of 3 px means of luma, working values.
    """
    import cv2

    here = cv2.blur(luma_of(around), (3, 3))
    means = []
    inside = outside = 0.0
    for loan in loans:
        mean = cv2.blur(luma_of(loan.pixels), (3, 3))
        meeting = ring & (loan.trust >= LEAST_TRUST)
        if np.count_nonzero(meeting) >= 8:
            mean = mean + median_of(here[meeting] - mean[meeting])
            outside += float(np.abs(here[meeting] - mean[meeting]).mean()) / len(loans)
        means.append(mean)
    pairs = 0
    for i, one in enumerate(loans):
        for j in range(i):
            both = own & (one.trust >= LEAST_TRUST) & (loans[j].trust >= LEAST_TRUST)
            if both.any():
                inside += float(np.abs(means[i][both] - means[j][both]).mean())
                pairs += 1
    return inside / max(pairs, 1) + outside
