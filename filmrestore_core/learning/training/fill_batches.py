"""Batches of an inpainter's training: crops around holes."""

from __future__ import annotations

from typing import Any, Protocol

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
from filmrestore_core.learning.samples.holes import BARE, TRUTH
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.noise import generator

Planes = NDArray[np.float32]


class Crops(Protocol):
    """Crops by number, (PLANE_COUNT, SIDE, SIDE) each."""

    def __len__(self) -> int: ...

    def __getitem__(self, at: int, /) -> NDArray[Any]: ...


class HoleCrops:
    """The crops of the first windows of a store, read from disk when they are looked at.

    What is read often stays in the system's page cache, which several trainings share.
    """

    def __init__(self, store: SceneStore, count: int) -> None:
        """List them.

        Args:
            store: of holes.
            count: how many windows.
        """
        self._store = store
        self._places = [(i, k) for i in range(count) for k in range(len(store.planes(i)))]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, at: int) -> Planes:
        """(PLANE_COUNT, SIDE, SIDE) float32."""
        window, crop = self._places[at]
        return np.asarray(self._store.planes(window)[crop], np.float32)

    def window_of(self, at: int) -> int:
        """The window that a crop was cut from."""
        return self._places[at][0]


def draw_fill_batch(
    holes: Crops, *, batch: int, seed: int, step: int
) -> tuple[Planes, Planes, Planes]:
    """Planes (N, P, SIDE, SIDE), truth with grain and without (N, 3, SIDE, SIDE) of a step."""
    rng = generator(seed, "fill batch", step)
    chosen = rng.integers(len(holes), size=batch)
    made = np.stack([_varied(np.array(holes[int(i)], np.float32), rng) for i in chosen])
    parts = (slice(0, TRUTH.start), TRUTH, BARE)
    planes, truth, bare = (np.ascontiguousarray(made[:, part]) for part in parts)
    return planes, truth, bare


def _varied(planes: Planes, rng: np.random.Generator) -> Planes:
    """Another tone, other colors, mirrored, backwards."""
    if rng.random() < 0.5:
        gain = np.float32(np.exp(rng.uniform(np.log(0.4), np.log(1.1))))
        lift = np.float32(rng.uniform(0.0, max(0.0, 1.0 - float(gain))))
        for part in (CENTER, FIRST, TRUTH, BARE):
            planes[part] = planes[part] * gain + lift
        planes[LENT] *= gain
        planes[NOISE] *= gain
    if rng.random() < 0.5:
        order = rng.permutation(3)
        colored = (CENTER.start, FIRST.start, TRUTH.start, BARE.start)
        for start in (*colored, *range(LENT.start, LENT.stop, 3)):
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
