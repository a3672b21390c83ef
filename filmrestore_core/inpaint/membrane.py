"""Carry values from around a hole smoothly into it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# A coarse pixel of which this share is known counts as known.
ENOUGH = 0.25


def carry_in(
    values: NDArray[np.float32], weights: NDArray[np.float32], *, coarsest_first: int = 1
) -> NDArray[np.float32]:
    """Smooth field that meets the values where they are known and spans the rest.

    Pull-push over a pyramid (Gortler et al., "The lumigraph", 1996): near in shape to a membrane,
    at a cost that grows with the crop alone.

    Args:
        values: (h, w, K) float32; read where the weight is above 0 only.
        weights: (h, w, J) float32 0..1, how much each pixel counts; J divides K, and value k goes
            with weight k // (K // J).
        coarsest_first: pyramid level at which reading starts: 0 keeps known values as they are, 1
            averages about 3 px, 2 about 6 px.

    Returns:
        (h, w, K) float32; 0 where no pixel of the crop counts.
    """
    import cv2

    share = values.shape[2] // weights.shape[2]
    spread = np.repeat(weights, share, axis=2)
    stack = np.concatenate([np.where(spread > 0, values * spread, 0.0), weights], axis=2)
    layers = [stack.astype(np.float32)]
    while max(layers[-1].shape[:2]) > 2:
        small = cv2.pyrDown(layers[-1])
        layers.append(np.asarray(small, np.float32).reshape(*small.shape[:2], stack.shape[2]))
    count = values.shape[2]
    field = _mean(layers[-1], count, share)
    for level in range(len(layers) - 2, -1, -1):
        height, width = layers[level].shape[:2]
        larger = cv2.pyrUp(field, dstsize=(width, height))
        field = np.asarray(larger, np.float32).reshape(height, width, count)
        if level >= coarsest_first:
            known = np.minimum(layers[level][..., count:] * np.float32(1.0 / ENOUGH), 1.0)
            known = np.repeat(known, share, axis=2)
            field += known * (_mean(layers[level], count, share) - field)
    return field


def _mean(layer: NDArray[np.float32], count: int, share: int) -> NDArray[np.float32]:
    weight = np.repeat(layer[..., count:], share, axis=2)
    mean = layer[..., :count] / np.maximum(weight, np.float32(1e-12))
    return np.asarray(mean, np.float32)
