"""Batches of a diffusing net's training: crops around holes, noise and times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.planes import MATTE
from filmrestore_core.learning.training.fill_batches import Crops, draw_fill_batch
from filmrestore_core.noise import generator

Planes = NDArray[np.float32]

# This share of samples begins where samplers begin.
_AT_START = 0.15
# This share is shown without the base, so that the net does not lean on its habits.
_PLAIN = 0.2
_PLACES = 4


def draw_diffusing_batch(
    holes: Crops, *, batch: int, crop: int, seed: int, step: int
) -> tuple[Planes, Planes, Planes, Planes, Planes]:
    """What a step sees; it depends on the arguments only.

    Args:
        holes: crops.
        batch: how many.
        crop: side that is cut from each, px; of a few places the one with most hole.
        seed: of the training.
        step: of the training.

    Returns:
        Planes (N, 29, crop, crop) of inpaint.planes, the truth without grain (N, 3, crop, crop),
        white noise of variance 1 of that shape, times (N,) in 0..1, and (N,) 1 where a base takes
        the first fill's place, 0 where the net is to start from the first fill itself.
    """
    planes, _, bare = draw_fill_batch(holes, batch=batch, seed=seed, step=step)
    rng = generator(seed, "diffusing batch", step)
    side = min(crop, planes.shape[-1])
    places = [_place(p[MATTE], side, rng) for p in planes]
    noise = rng.standard_normal((batch, 3, side, side), np.float32)
    times = 1 / (1 + np.exp(-rng.normal(0.0, 1.4, batch)))
    times[rng.random(batch) < _AT_START] = 1.0
    return (
        np.stack([p[:, y, x] for p, (y, x) in zip(planes, places, strict=True)]),
        np.stack([p[:, y, x] for p, (y, x) in zip(bare, places, strict=True)]),
        noise,
        times.astype(np.float32),
        (rng.random(batch) >= _PLAIN).astype(np.float32),
    )


def _place(matte: Planes, side: int, rng: np.random.Generator) -> tuple[slice, slice]:
    most, best = -1.0, (slice(0, side), slice(0, side))
    for _ in range(_PLACES):
        y = int(rng.integers(matte.shape[0] - side + 1))
        x = int(rng.integers(matte.shape[1] - side + 1))
        place = (slice(y, y + side), slice(x, x + side))
        covered = float(matte[place].sum())
        if covered > most:
            most, best = covered, place
    return best
