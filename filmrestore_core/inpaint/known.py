"""What is known of a hole before anything is invented: what neighbours show, and how fine it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.planes import (
    COARSENESS,
    FIRST,
    LENT,
    MATTE,
    NOISE,
    NOISE_SCALE,
    OFFSETS,
    SPOILED,
    VALIDITY,
)

Planes = NDArray[np.float32]

# Trust in neighbours below the first counts for nothing, above the second for all.
LEAST_TRUST, FULL_TRUST = 0.25, 0.75
# Neighbours that differ from a fill by this much beside their grain do not explain it.
QUARREL = 0.05
# Detail finer than this is what grain is mistaken for, px.
FINE = 1.0
# Width of the ring around a hole whose detail is taken for the hole's own, px.
RING = 12


def trust_of(condition: Planes) -> Planes:
    """(4, h, w) float32 0..1: how far each neighbour shows a pixel, undamaged.

    Args:
        condition: (29, h, w) float32, see `inpaint.planes`.
    """
    return np.asarray(condition[VALIDITY] * (1.0 - condition[SPOILED]), np.float32)


def shown(condition: Planes) -> Planes:
    """(h, w) float32 0..1: how far any neighbour shows a pixel, undamaged.

    Args:
        condition: (29, h, w) float32, see `inpaint.planes`.
    """
    missed = np.prod(1.0 - trust_of(condition), axis=0)
    return _between(1.0 - missed, LEAST_TRUST, FULL_TRUST)


def explained(condition: Planes) -> Planes:
    """(h, w) float32 0..1: how far neighbours show a pixel and agree with the first fill there.

    Args:
        condition: (29, h, w) float32, see `inpaint.planes`.
    """
    import cv2

    trust = trust_of(condition)
    lent = condition[LENT].reshape(len(OFFSETS), 3, *condition.shape[1:])
    squares = np.zeros(condition.shape[1:], np.float32)
    for one, weight in zip(lent, trust, strict=True):
        soft = cv2.blur(np.ascontiguousarray(np.moveaxis(one, 0, -1)), (3, 3))
        squares += weight * np.square(soft).mean(axis=2)
    difference = np.sqrt(squares / np.maximum(trust.sum(axis=0), np.float32(1e-6)))
    # Grain of a neighbour that nine pixels' mean leaves, if it is no coarser than they are wide.
    grain = condition[NOISE] / NOISE_SCALE * np.float32(0.5)
    beyond = np.maximum(difference - grain, 0.0) / np.float32(QUARREL)
    return np.asarray(shown(condition) * np.exp(-np.square(beyond)), np.float32)


def fine_part(picture: Planes) -> Planes:
    """(C, h, w) float32: what is finer than FINE px.

    Args:
        picture: (C, h, w) float32.
    """
    return picture - softened(picture, FINE)


def softened(picture: Planes, sigma: float) -> Planes:
    """(C, h, w) float32 after a Gaussian of sigma px; the edge is reflected.

    Args:
        picture: (C, h, w) float32.
        sigma: px.
    """
    import cv2

    across = np.ascontiguousarray(np.moveaxis(picture, 0, -1))
    soft = cv2.GaussianBlur(across, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.moveaxis(soft.reshape(across.shape), -1, 0).astype(np.float32)


def fine_variance_known(condition: Planes) -> float:
    """Variance of detail finer than FINE px that a grainless fill may have, plate units squared.

    That of a ring around the hole, the picture's grain taken out, or of the first fill where that
    has more.

    Args:
        condition: (29, h, w) float32, see `inpaint.planes`; its first fill is the picture itself
            outside the hole.
    """
    import cv2

    hole = condition[MATTE] > 0
    side = 2 * RING + 1
    near = cv2.dilate(hole.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    skip = cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ring = near & ~skip
    detail = np.square(fine_part(condition[FIRST])).mean(axis=0)
    sigma = float(condition[NOISE].mean()) / NOISE_SCALE
    grain = sigma * sigma * _fine_share(float(condition[COARSENESS].mean()))
    around = float(detail[ring].mean()) - grain if ring.any() else 0.0
    within = float(detail[hole].mean()) if hole.any() else 0.0
    return max(around, within, 0.0)


def _fine_share(coarseness: float) -> float:
    """Share of the variance of grain that is finer than FINE px.

    Grain is taken for white noise softened by a Gaussian, whose neighbours correlate by
    exp(-1 / 4 s**2); the share of what a further Gaussian takes off it has a closed form.
    """
    beside = min(max(coarseness, 1e-6), 0.99)
    width = -1.0 / (4.0 * float(np.log(beside)))
    # A pixel is as a Gaussian of variance 1 / 4 pi: the energies of sampled kernels then agree.
    own = width + 1.0 / (4.0 * np.pi)
    square = FINE * FINE
    both, once = own / (own + square), own / (own + square / 2.0)
    return float(max(1.0 - 2.0 * once + both, 0.0))


def _between(values: Planes, low: float, high: float) -> Planes:
    between = (values - np.float32(low)) / np.float32(high - low)
    return np.asarray(np.clip(between, 0.0, 1.0), np.float32)
