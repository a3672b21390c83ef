"""Scene: one made-up window with everything a net needs to be taught, as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.judge.clips import REACH
from filmrestore_core.learning.samples.filmed_window import (
    HEIGHT,
    WIDTH,
    FilmedWindow,
    film_window,
)
from filmrestore_core.learning.samples.sources import Sources
from filmrestore_core.matte import DETECTED_CLASSES, DamageClass
from filmrestore_core.plate import luma_of
from filmrestore_core.segment.planes import OFFSETS, noise_between
from filmrestore_core.synth.shapes import ShapeSource
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.warp import warp_field

Picture = NDArray[np.float32]

# Planes of a scene's bytes: the damaged and the clean center, the four aligned neighbours, luma
# of the two raw nearest, validity, damage of the aligned neighbours, class of the damage, and how
# much a pixel counts.
CENTER, CLEAN, ALIGNED = slice(0, 3), slice(3, 6), slice(6, 18)
RAW, VALIDITY, SPOILED = slice(18, 20), slice(20, 24), slice(24, 28)
TARGET, WEIGHT = 28, 29
PLANE_COUNT = 30
# A change that is seen by nobody counts little, whichever way it is answered.
FAINT_WEIGHT = 25


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One window.

    Attributes:
        planes: (PLANE_COUNT, HEIGHT, WIDTH) uint8; pictures as code values times 255.
        facts: what it was made of: source, negative, noise, which neighbours, damaged or not.
    """

    planes: NDArray[np.uint8]
    facts: dict[str, Any]


def make_scene(
    sources: Sources, shapes: ShapeSource, *, seed: int, index: int, fine: bool = False
) -> Scene:
    """The scene of that index; it depends on the arguments only.

    Args:
        sources: clean pictures.
        shapes: outlines of damage.
        seed: of everything random.
        index: which.
        fine: see samples.damage.draw_damage.
    """
    return scene_of(film_window(sources, shapes, seed=seed, index=index, fine=fine))


def scene_of(made: FilmedWindow) -> Scene:
    """A window as bytes, with the truth about its damage."""
    target, weight = _truth(made.strength, made.change[REACH], made.seen)
    planes = _planes(made)
    planes[TARGET], planes[WEIGHT] = target, weight
    facts = {
        **made.facts,
        "noise": _noise(planes, made.offsets),
        "damaged": bool((target > 0).any()),
    }
    return Scene(planes, facts)


def _truth(
    strength: dict[DamageClass, Picture], change: Picture, seen: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Label of each visibly damaged pixel, 0 elsewhere; and how much it counts."""
    target = np.zeros(change.shape, np.uint8)
    weight = np.full(change.shape, 255, np.uint8)
    if not strength:
        return target, weight
    strongest = np.zeros(change.shape, np.float32)
    for damage_class, plane in strength.items():
        mine = plane > strongest
        target[mine & (change > seen)] = damage_class.label
        strongest[mine] = plane[mine]
    weight[(strongest > 0.01) & (target == 0)] = FAINT_WEIGHT
    # What no class of the net names teaches it nothing.
    unnamed = target > len(DETECTED_CLASSES)
    target[unnamed], weight[unnamed] = 0, 0
    return target, weight


def _planes(made: FilmedWindow) -> NDArray[np.uint8]:
    held, offsets = made.held, made.offsets
    spoiled = [c > made.seen / 2 for c in made.change]
    planes = np.zeros((PLANE_COUNT, HEIGHT, WIDTH), np.uint8)
    planes[CENTER] = _bytes(_three(held[REACH]))
    planes[CLEAN] = _bytes(_three(made.clean[REACH]))
    for neighbor in align(made.window()).neighbors:
        slot = OFFSETS.index(neighbor.offset)
        start = ALIGNED.start + 3 * slot
        planes[start : start + 3] = _bytes(_three(neighbor.pixels))
        planes[VALIDITY.start + slot] = np.round(255 * neighbor.validity)
        there = spoiled[REACH + neighbor.offset].astype(np.float32)
        planes[SPOILED.start + slot] = np.round(
            255 * np.clip(warp_field(there, neighbor.flow, kind="linear"), 0, 1)
        )
    for plane, offset in ((RAW.start, -1), (RAW.start + 1, 1)):
        if offset in offsets:
            planes[plane] = _bytes(luma_of(held[REACH + offset]))
    return planes


def _noise(planes: NDArray[np.uint8], offsets: tuple[int, ...]) -> float:
    def picture(first: int) -> Picture:
        return np.moveaxis(planes[first : first + 3], 0, -1).astype(np.float32) / np.float32(255)

    nearest = sorted(offsets, key=lambda o: (abs(o), o))[:2]
    near = [picture(ALIGNED.start + 3 * OFFSETS.index(o)) for o in nearest]
    return noise_between(picture(CENTER.start), near)


def _three(pixels: Picture) -> Picture:
    """(3, H, W)."""
    return np.broadcast_to(np.moveaxis(pixels, -1, 0), (3, *pixels.shape[:2]))


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
