"""Batches of a segmenter's training: crops of scenes, turned into planes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.samples.filmed_window import HEIGHT, WIDTH
from filmrestore_core.learning.samples.scene import (
    ALIGNED,
    CENTER,
    FAINT_WEIGHT,
    RAW,
    TARGET,
    VALIDITY,
    WEIGHT,
)
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.noise import generator
from filmrestore_core.segment.planes import OFFSETS, stack_planes

Planes = NDArray[np.float32]

# Planes of a scene that a segmenter's batch is made of.
SEEN: tuple[int, ...] = tuple(
    i
    for part in (CENTER, ALIGNED, RAW, VALIDITY, slice(TARGET, WEIGHT + 1))
    for i in range(part.start, part.stop)
)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one step sees.

    Attributes:
        planes: (N, P, h, w) float32.
        target: (N, h, w) int64, 0 for none, else DamageClass.label.
        weight: (N, h, w) float32 0..1, how much a pixel counts.
    """

    planes: Planes
    target: NDArray[np.int64]
    weight: Planes


def draw_batch(
    store: SceneStore,
    count: int,
    kind: str,
    *,
    batch: int,
    crop: int,
    halved: float = 0.0,
    hard: float = 0.0,
    places: NDArray[np.int32] | None = None,
    seed: int,
    step: int,
) -> Batch:
    """The batch of a step; it depends on the arguments only.

    Args:
        store: scenes.
        count: how many of them are used.
        kind: a key of segment.planes.PLANES.
        batch: samples.
        crop: side of a sample, px.
        halved: share of samples that are cut twice as large and brought to half the size.
        hard: share of samples cut around one of `places`.
        places: (N, 3) scene, row and column, see training.hard.
        seed: of the order.
        step: which.
    """
    rng = generator(seed, "batch", step)
    made = []
    for _ in range(batch):
        index, around = int(rng.integers(count)), None
        if hard and places is not None and len(places) and rng.random() < hard:
            index, *around = (int(v) for v in places[int(rng.integers(len(places)))])
        made.append(_sample(store, index, kind, crop, halved, rng, around))
    return Batch(
        np.stack([m[0] for m in made]),
        np.stack([m[1] for m in made]).astype(np.int64),
        np.stack([m[2] for m in made]).astype(np.float32) / np.float32(255),
    )


def scene_planes(
    planes: NDArray[np.uint8],
    offsets: list[int],
    noise: float,
    kind: str,
    rng: np.random.Generator | None = None,
) -> Planes:
    """A net's planes from a scene's bytes.

    Args:
        planes: (PLANE_COUNT, h, w) uint8.
        offsets: which neighbours there are.
        noise: see segment.planes.noise_of.
        kind: a key of segment.planes.PLANES.
        rng: also varies tone and undoes the steps of the bytes; None changes nothing.
    """
    pictures = planes[: ALIGNED.stop].astype(np.float32)
    raw = planes[RAW].astype(np.float32)
    gain, lift = 1.0, 0.0
    if rng is not None:
        pictures += rng.random(pictures.shape, np.float32) - np.float32(0.5)
        raw += rng.random(raw.shape, np.float32) - np.float32(0.5)
        if rng.random() < 0.5:
            # Log scans have half the contrast of a display picture.
            gain = float(np.exp(rng.uniform(np.log(0.4), np.log(1.1))))
            lift = float(rng.uniform(0.0, 1.0 - min(gain, 1.0)))
    pictures = pictures * np.float32(gain / 255) + np.float32(lift)
    raw = raw * np.float32(gain / 255) + np.float32(lift)
    picture = {
        o: np.moveaxis(pictures[ALIGNED.start + 3 * i : ALIGNED.start + 3 * i + 3], 0, -1)
        for i, o in enumerate(OFFSETS)
        if o in offsets
    }
    return stack_planes(
        np.moveaxis(pictures[CENTER], 0, -1),
        picture,
        {o: raw[i] for i, o in enumerate((-1, 1)) if o in offsets},
        {
            o: planes[VALIDITY.start + i].astype(np.float32) / np.float32(255)
            for i, o in enumerate(OFFSETS)
            if o in offsets
        },
        noise * gain,
        kind,
    )


def _sample(
    store: SceneStore,
    index: int,
    kind: str,
    crop: int,
    halved: float,
    rng: np.random.Generator,
    around: list[int] | None = None,
) -> tuple[Planes, NDArray[np.uint8], NDArray[np.uint8]]:
    facts = store.facts(index)
    # A coarser scan of the same film: smaller marks, finer grain.
    twice = rng.random() < halved and 2 * crop <= HEIGHT
    side = 2 * crop if twice else crop
    y = int(rng.integers(0, HEIGHT - side + 1))
    x = int(rng.integers(0, WIDTH - side + 1))
    if around is not None:
        y, x = (
            int(np.clip(middle - rng.integers(side // 4, side - side // 4 + 1), 0, size - side))
            for middle, size in zip(around, (HEIGHT, WIDTH), strict=True)
        )
    part = store.part(index, y, x, side)
    noise = float(facts["noise"])
    if twice:
        part, noise = _half(part), 0.6 * noise
    offsets = list(facts["offsets"])
    if rng.random() < 0.5:
        part = _backwards(part)
        offsets = [-o for o in offsets]
    planes = scene_planes(part, offsets, noise, kind, rng)
    target, weight = part[TARGET], part[WEIGHT]
    for axis in (-1, -2):
        if rng.random() < 0.5:
            planes, target, weight = (np.flip(a, axis=axis) for a in (planes, target, weight))
    return np.ascontiguousarray(planes), target, weight


def _half(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Means of four pixels; a target where most of them are damaged, by the highest label."""
    corners = [planes[:, y::2, x::2] for y in (0, 1) for x in (0, 1)]
    total = np.full(corners[0].shape, 2, np.uint16)
    for corner in corners:
        total += corner
    half = (total >> 2).astype(np.uint8)
    targets = np.stack([c[TARGET] for c in corners])
    most = targets.max(axis=0)
    half[TARGET] = np.where((targets > 0).sum(axis=0) >= 2, most, 0)
    half[WEIGHT] = np.stack([c[WEIGHT] for c in corners]).min(axis=0)
    # Touched by damage, but for the most part not: neither to be found nor wrong.
    half[WEIGHT][(half[TARGET] == 0) & (most > 0)] = FAINT_WEIGHT
    return half


def _backwards(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The scene with time reversed."""
    turned = planes.copy()
    count = len(OFFSETS)
    for i in range(count):
        here, there = ALIGNED.start + 3 * i, ALIGNED.start + 3 * (count - 1 - i)
        turned[here : here + 3] = planes[there : there + 3]
        turned[VALIDITY.start + i] = planes[VALIDITY.start + count - 1 - i]
    turned[RAW] = planes[RAW][::-1]
    return turned
