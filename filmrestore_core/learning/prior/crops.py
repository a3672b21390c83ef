"""Crops of undamaged, grainy film: what the prior learns from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.samples.filmed_window import HEIGHT, WIDTH
from filmrestore_core.learning.samples.scene import CLEAN
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.noise import generator

Batch = NDArray[np.float32]


def draw_crops(
    store: SceneStore, count: int, *, batch: int, crop: int, seed: int, step: int
) -> tuple[Batch, Batch, Batch]:
    """What a step of the prior's training sees; it depends on the arguments only.

    Args:
        store: scenes; only their clean planes are looked at.
        count: how many of them.
        batch: crops.
        crop: side, px.
        seed: of the training.
        step: of the training.

    Returns:
        (N, 3, crop, crop) float32 pictures in -1..1, noise of variance 1 of the same shape, and
        (N,) float32 times in 0..1.
    """
    rng = generator(seed, "prior batch", step)
    pictures = [_crop(store, rng, int(rng.integers(count)), crop) for _ in range(batch)]
    noise = rng.standard_normal((batch, 3, crop, crop), np.float32)
    # Most of what is hard to learn lies in the middle (Esser et al., arXiv 2403.03206).
    times = 1 / (1 + np.exp(-rng.normal(-0.3, 1.3, batch)))
    return np.stack(pictures), noise, times.astype(np.float32)


def kept_crops(store: SceneStore, count: int, *, crop: int, seed: int) -> tuple[Batch, Batch]:
    """Two crops of each of the first `count` scenes, and their noise, always the same ones.

    Returns:
        (2 * count, 3, crop, crop) float32 each, as for `draw_crops`.
    """
    rng = generator(seed, "prior validation")
    pictures = [_crop(store, rng, i, crop, varied=False) for i in range(count) for _ in range(2)]
    return np.stack(pictures), rng.standard_normal((2 * count, 3, crop, crop), np.float32)


def _crop(
    store: SceneStore, rng: np.random.Generator, index: int, side: int, *, varied: bool = True
) -> Batch:
    y, x = int(rng.integers(HEIGHT - side + 1)), int(rng.integers(WIDTH - side + 1))
    codes: NDArray[Any] = store.part(index, y, x, side)[CLEAN]
    # Codes are whole numbers; film is not.
    picture = (codes + rng.uniform(-0.5, 0.5, codes.shape).astype(np.float32)) / np.float32(255)
    if varied:
        if rng.random() < 0.5:
            gain = np.float32(np.exp(rng.uniform(np.log(0.6), np.log(1.1))))
            picture = picture * gain + np.float32(rng.uniform(0, max(0.0, 1 - float(gain))))
        if rng.random() < 0.5:
            picture = picture[:, :, ::-1]
    return np.ascontiguousarray(2 * picture - 1, np.float32)
