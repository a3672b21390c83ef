"""Motion inside a hole, found again once there is a first guess of what is in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.fusion import median_of, median_of_seen
from filmrestore_core.inpaint.holes import Hole
from filmrestore_core.inpaint.lender import Loan
from filmrestore_core.plate import luma_of

# A correction is small; a large one is a mistake, px.
MOST = 2.0
# The search wants at least this many pixels each way.
LEAST_SIDE = 32
# Fewer ring pixels than this do not tell a neighbour's brightness.
FEWEST = 8


def corrections(
    hole: Hole, around: NDArray[np.float32], ring: NDArray[np.bool_], loans: list[Loan]
) -> list[NDArray[np.float32]]:
    """For each loan how far it is off in and near the hole.

    The neighbours' median fills the hole, and each neighbour is matched to that by dense inverse
    search; where a neighbour is damaged itself, the median stands in.

    Args:
        hole: where.
        around: (h, w, C) float32, the center's crop.
        ring: (h, w) bool, known pixels next to the hole.
        loans: what the neighbours show.

    Returns:
        (h, w, 2) float32 px each, from a pixel of the crop to its place in the loan's.
    """
    import cv2

    here = luma_of(around)
    there = np.stack([luma_of(n.pixels) for n in loans])
    seen = np.stack([n.trust > 0 for n in loans])
    for k in range(len(loans)):
        meeting = ring & seen[k]
        if np.count_nonzero(meeting) >= FEWEST:
            there[k] += median_of(here[meeting] - there[k][meeting])
    guess = np.where(seen.any(0), median_of_seen(there, seen), there[0])
    base = np.where(hole.unknown, guess, here)
    low, high = float(base.min()), float(base.max())
    scale = 255.0 / max(high - low, 0.1)
    height, width = base.shape
    bottom, right = max(0, LEAST_SIDE - height), max(0, LEAST_SIDE - width)

    def levels(luma: NDArray[np.float32]) -> NDArray[np.uint8]:
        smooth = cv2.GaussianBlur(luma, (5, 5), 0.8)
        spread = cv2.convertScaleAbs(np.maximum(smooth - low, 0.0), alpha=scale)
        padded = cv2.copyMakeBorder(spread, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        return np.asarray(padded, np.uint8)

    near = cv2.dilate(hole.unknown.astype(np.uint8), np.ones((9, 9), np.uint8))
    share = cv2.blur(near.astype(np.float32), (5, 5))[..., None]
    target = levels(base)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(1)
    # Its smoothing costs ten times the search on crops this small and wins a tenth of a decibel.
    search.setVariationalRefinementIterations(0)
    result = []
    for k in range(len(loans)):
        source = levels(np.where(seen[k], there[k], base))
        flow = search.calc(target, source, None)[:height, :width]  # type: ignore[call-overload]
        result.append((np.clip(flow, -MOST, MOST) * share).astype(np.float32))
    return result
