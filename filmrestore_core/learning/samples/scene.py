"""Scene: one made-up window with everything a net needs to be taught, as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.learning.judge.clips import REACH
from filmrestore_core.learning.judge.conditions import (
    Conditions,
    draw_conditions,
    filmed,
    grained,
    stored,
)
from filmrestore_core.learning.samples.damage import draw_damage
from filmrestore_core.learning.samples.negatives import draw_negative, with_negative
from filmrestore_core.learning.samples.sources import Sources
from filmrestore_core.matte import DETECTED_CLASSES, DamageClass
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate, luma_of
from filmrestore_core.segment.planes import OFFSETS, noise_between
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.film import VISIBLE, DamagedFilm
from filmrestore_core.synth.mark import lay
from filmrestore_core.synth.shapes import ShapeSource
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.warp import warp_field
from filmrestore_core.temporal.window import TemporalWindow

Picture = NDArray[np.float32]

HEIGHT, WIDTH = 384, 512
# Planes of a scene's bytes: the damaged and the clean center, the four aligned neighbours, luma
# of the two raw nearest, validity, damage of the aligned neighbours, class of the damage, and how
# much a pixel counts.
CENTER, CLEAN, ALIGNED = slice(0, 3), slice(3, 6), slice(6, 18)
RAW, VALIDITY, SPOILED = slice(18, 20), slice(20, 24), slice(24, 28)
TARGET, WEIGHT = 28, 29
PLANE_COUNT = 30
# A change that is seen by nobody counts little, whichever way it is answered.
FAINT_WEIGHT = 25
_WHOLE = (-2, -1, 1, 2)
_WINDOWS = (_WHOLE, (-1, 1), (1, 2), (-2, -1), (-1, 1, 2), (-2, -1, 1), ())
_WINDOW_CHANCE = (0.72, 0.06, 0.06, 0.06, 0.04, 0.04, 0.02)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One window.

    Attributes:
        planes: (PLANE_COUNT, HEIGHT, WIDTH) uint8; pictures as code values times 255.
        facts: what it was made of: source, negative, noise, which neighbours, damaged or not.
    """

    planes: NDArray[np.uint8]
    facts: dict[str, Any]


def make_scene(sources: Sources, shapes: ShapeSource, *, seed: int, index: int) -> Scene:
    """The scene of that index; it depends on the arguments only.

    Args:
        sources: clean pictures.
        shapes: outlines of damage.
        seed: of everything random.
        index: which.
    """
    key = (seed, "scene", index)
    rng = generator(*key)
    name, pictures = sources.draw(rng, HEIGHT, WIDTH)
    conditions = _conditions(rng)
    pictures = [filmed(p, conditions, generator(*key, "filmed", i)) for i, p in enumerate(pictures)]
    negative = draw_negative(rng)
    chance = int(rng.integers(1 << 60))

    def other() -> list[Picture]:
        taken = sources.draw(generator(*key, "other"), HEIGHT, WIDTH)[1]
        return [filmed(p, conditions, generator(*key, "filmed", i)) for i, p in enumerate(taken)]

    pictures = with_negative(negative, pictures, seed=chance, after_grain=False, other=other)
    clean = [grained(p, conditions, generator(*key, "grain", i)) for i, p in enumerate(pictures)]
    clean = with_negative(negative, clean, seed=chance, after_grain=True, other=other)
    drawn = draw_damage(rng, HEIGHT, WIDTH)
    film = DamagedFilm(drawn.recipe, seed=int(rng.integers(1 << 60)), shapes=shapes)
    first = int(rng.integers(10_000))
    damaged, strength = [], []
    for i, picture in enumerate(clean):
        laid = lay(film.marks(drawn.frame, first + i, picture.shape[2]), picture, Tone.DISPLAY)
        damaged.append(laid.pixels)
        strength.append(laid.strength)
    seen = max(VISIBLE, 2 * conditions.grain)
    change = [np.abs(d - c).max(axis=-1) for d, c in zip(damaged, clean, strict=True)]
    target, weight = _truth(strength[REACH], change[REACH], seen)
    offsets = _WINDOWS[int(rng.choice(len(_WINDOWS), p=_WINDOW_CHANCE))]
    held = [stored(d, conditions) for d in damaged]
    planes = _planes(held, clean[REACH], [c > seen / 2 for c in change], offsets)
    planes[TARGET], planes[WEIGHT] = target, weight
    facts = {
        "source": name,
        "negative": negative.value if negative else "none",
        "grain": conditions.grain,
        "noise": _noise(planes, offsets),
        "offsets": list(offsets),
        "damaged": bool((target > 0).any()),
        "um_per_px": round(drawn.frame.um_per_px, 2),
    }
    return Scene(planes, facts)


def _conditions(rng: np.random.Generator) -> Conditions:
    conditions = draw_conditions(rng, plain=bool(rng.random() < 0.35))
    sigma = float(np.exp(rng.uniform(np.log(0.004), np.log(0.05))))
    return replace(conditions, grain=sigma if rng.random() < 0.92 else 0.0)


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


def _planes(
    held: Sequence[Picture],
    clean: Picture,
    spoiled: Sequence[NDArray[np.bool_]],
    offsets: tuple[int, ...],
) -> NDArray[np.uint8]:
    planes = np.zeros((PLANE_COUNT, HEIGHT, WIDTH), np.uint8)
    planes[CENTER] = _bytes(_three(held[REACH]))
    planes[CLEAN] = _bytes(_three(clean))
    window = _window(held, offsets)
    for neighbor in align(window).neighbors:
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


def _window(held: Sequence[Picture], offsets: tuple[int, ...]) -> TemporalWindow:
    plates = {step: _plate(step, held[REACH + step]) for step in (0, *offsets)}
    return TemporalWindow(plates[0], tuple(plates[step] for step in sorted(offsets)))


def _plate(step: int, pixels: Picture) -> Plate:
    box = Box.of_size(WIDTH, HEIGHT)
    return Plate(REACH + step, pixels.copy(), box, np.ones((HEIGHT, WIDTH), np.bool_))


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
