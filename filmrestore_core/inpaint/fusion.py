"""One picture from several neighbours: level them, see who agrees, average those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.lender import Loan

# Less trust than this is none.
LEAST_TRUST = 0.25
# A single witness must be trusted this much.
LONE_TRUST = 0.6
# A frame two away is worth this much of the next one.
FAR_WORTH = 0.7
# Neighbours whose 3 px means differ from the median by more than this many standard deviations of
# the grain, plus a slack in working values for what motion does to texture, do not agree.
SIGMAS = 1.0
SLACK = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class Fusion:
    """What the agreeing neighbours show.

    Attributes:
        pixels: (h, w, C) float32, their mean; the mean of all where none may be believed.
        support: (h, w) float32, total trust behind a pixel, 0 where nobody may be believed.
        share: (h, w) float32 0..1, how much of the variance of one neighbour's grain is left.
    """

    pixels: NDArray[np.float32]
    support: NDArray[np.float32]
    share: NDArray[np.float32]


def level(loan: Loan, around: NDArray[np.float32], ring: NDArray[np.bool_]) -> Loan:
    """The loan as bright as the center: one shift per channel, by the median over the ring."""
    seen = ring & (loan.trust >= LEAST_TRUST)
    if np.count_nonzero(seen) < 8:
        return loan
    return replace(loan, pixels=loan.pixels + median_of(around[seen] - loan.pixels[seen]))


def fuse(loans: Sequence[Loan], sigma: float) -> Fusion:
    """Mean of the loans that agree, pixel by pixel.

    Args:
        loans: at least one, leveled.
        sigma: the grain's standard deviation.
    """
    import cv2

    pixels = np.stack([n.pixels for n in loans])
    means = [cv2.blur(n.pixels, (3, 3)).reshape(n.pixels.shape) for n in loans]
    blurred = np.asarray(np.stack(means), np.float32)
    worth = np.array([1.0 if n.distance == 1 else FAR_WORTH for n in loans], np.float32)
    trust = np.stack([n.trust for n in loans]) * worth[:, None, None]
    seen = np.stack([n.trust >= LEAST_TRUST for n in loans])
    middle = median_of_seen(blurred, np.broadcast_to(seen[..., None], blurred.shape))
    apart = np.abs(blurred - middle).max(-1)
    agrees = seen & (apart <= SIGMAS * sigma + SLACK)
    weights = np.where(agrees, trust, np.float32(0.0))
    total, votes = weights.sum(0), agrees.sum(0)
    alone = (seen.sum(0) == 1) & (trust.max(0) >= LONE_TRUST * worth.min())
    support = np.where((votes >= 2) | alone, total, np.float32(0.0))
    weights = np.where(support > 0, weights, trust + np.float32(1e-6))
    weights /= weights.sum(0)
    mean = np.einsum("nhwc,nhw->hwc", pixels, weights)
    return Fusion(mean, support.astype(np.float32), np.square(weights).sum(0))


def median_of(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median over the first axis, with the bits of np.median in a fifth of its time.

    Args:
        values: (n, ...) float32, n at least 1; finite.
    """
    middle = len(values) // 2
    if len(values) % 2:
        return np.asarray(np.partition(values, middle, axis=0)[middle])
    ordered = np.partition(values, (middle - 1, middle), axis=0)
    return np.asarray((ordered[middle - 1] + ordered[middle]) / np.float32(2))


def median_of_seen(values: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Median over the first axis of the values that are seen; 0 where none is.

    Args:
        values: (n, ...) float32.
        seen: (n, ...) bool.
    """
    ordered = _sorted(np.where(seen, values, np.float32(np.inf)))
    count = seen.sum(0)
    low = high = ordered[0]
    for n in range(2, len(values) + 1):
        low = np.where(count >= n, ordered[(n - 1) // 2], low)
        high = np.where(count >= n, ordered[n // 2], high)
    return np.where(count > 0, (low + high) / 2, np.float32(0.0))


def _sorted(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The planes of the first axis, sorted pixel by pixel, by comparing neighbours in turn."""
    planes = list(values)
    for last in range(len(planes) - 1, 0, -1):
        for k in range(last):
            one, other = planes[k], planes[k + 1]
            planes[k], planes[k + 1] = np.minimum(one, other), np.maximum(one, other)
    return planes
