"""Batches of an inpainter's training: crops around holes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.planes import (
    CENTER,
    FIRST,
    LENT,
    NOISE,
    OFFSETS,
    SPOILED,
    VALIDITY,
)
from filmrestore_core.learning.samples.holes import PLANE_COUNT, SIDE, TRUTH
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.noise import generator

Planes = NDArray[np.float32]


def held_holes(store: SceneStore, count: int) -> NDArray[np.float16]:
    """(N, PLANE_COUNT, SIDE, SIDE) float16: the crops of the first `count` windows."""
    found = [np.array(store.planes(i)) for i in range(count)]
    total = sum(len(f) for f in found)
    whole = np.empty((total, PLANE_COUNT, SIDE, SIDE), np.float16)
    at = 0
    while found:
        part = found.pop(0)
        whole[at : at + len(part)] = part
        at += len(part)
    return whole


def draw_fill_batch(
    holes: NDArray[np.float16], *, batch: int, seed: int, step: int
) -> tuple[Planes, Planes]:
    """Planes (N, P, SIDE, SIDE) and truth (N, 3, SIDE, SIDE) of a step."""
    rng = generator(seed, "fill batch", step)
    chosen = rng.integers(len(holes), size=batch)
    made = np.stack([_varied(holes[int(i)].astype(np.float32), rng) for i in chosen])
    return np.ascontiguousarray(made[:, : TRUTH.start]), np.ascontiguousarray(made[:, TRUTH])


def _varied(planes: Planes, rng: np.random.Generator) -> Planes:
    """Another tone, other colors, mirrored, backwards."""
    if rng.random() < 0.5:
        gain = np.float32(np.exp(rng.uniform(np.log(0.4), np.log(1.1))))
        lift = np.float32(rng.uniform(0.0, max(0.0, 1.0 - float(gain))))
        for part in (CENTER, FIRST, TRUTH):
            planes[part] = planes[part] * gain + lift
        planes[LENT] *= gain
        planes[NOISE] *= gain
    if rng.random() < 0.5:
        order = rng.permutation(3)
        for start in (CENTER.start, FIRST.start, TRUTH.start, *range(LENT.start, LENT.stop, 3)):
            planes[start : start + 3] = planes[start + order]
    if rng.random() < 0.5:
        count = len(OFFSETS)
        lent = planes[LENT].reshape(count, 3, *planes.shape[1:])
        planes[LENT] = lent[::-1].reshape(3 * count, *planes.shape[1:])
        planes[VALIDITY] = planes[VALIDITY][::-1].copy()
        planes[SPOILED] = planes[SPOILED][::-1].copy()
    for axis in (-1, -2):
        if rng.random() < 0.5:
            planes = np.flip(planes, axis=axis)
    return planes
