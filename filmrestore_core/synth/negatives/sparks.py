"""Sparks: born at one place, thrown out, drawn down, burnt out after some frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.negatives.canvas import Canvas, Picture
from filmrestore_core.synth.negatives.flight import between

# Births of frames before the first are seen too.
_BEFORE = 10
_WHITE_HOT, _COOLING = np.array([1.0, 0.97, 0.85]), np.array([1.0, 0.45, 0.1])


def sparks(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """One or two fountains of light; a spark's trace bends with its fall."""
    height, width, _ = pictures[0].shape
    made = list(pictures)
    for _ in range(1 if rng.random() < 0.7 else 2):
        made = _fountain(made, rng, height, width)
    return made


def _fountain(
    pictures: Sequence[Picture], rng: np.random.Generator, height: int, width: int
) -> list[Picture]:
    source = rng.uniform(-0.1, 1.1, 2) * [width, height]
    heading, opening = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1.6)
    speed, fall = between(rng, 6, 45), rng.uniform(0.3, 3.0)
    drag, shutter = rng.uniform(0.85, 0.99), rng.uniform(0.35, 1.0)
    wide, life = rng.uniform(0.7, 2.2), rng.uniform(3, 10)
    times = np.arange(-_BEFORE, len(pictures))
    rate = between(rng, 1.5, 14) * rng.gamma(1.5, 1 / 1.5, times.size)  # it comes in gusts
    born = np.repeat(times, rng.poisson(rate)).astype(np.float64)
    count = born.size
    born += rng.uniform(0, 1, count)
    angles = heading + opening * rng.normal(0, 0.5, count)
    speeds = speed * rng.gamma(4, 0.25, count)
    velocity = speeds[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    lives = life * rng.gamma(3, 1 / 3, count)
    heat = rng.uniform(0.5, 1.0, count)

    def places(age: NDArray[np.float64]) -> NDArray[np.float64]:
        # Velocity falls by `drag` a frame; its sum over the age.
        way = velocity * ((1 - drag**age) / (1 - drag))[:, None]
        way[:, 1] += fall * age**2 / 2
        return np.asarray(source + way)

    made = []
    for time, picture in enumerate(pictures):
        sheet = Canvas.like(picture)
        age = time - born
        starts, ends = places(np.maximum(age - shutter, 0)), places(np.maximum(age, 0))
        lit = (age > 0) & (age < lives)
        left = 1 - age[lit] / lives[lit]
        tones = _WHITE_HOT * left[:, None] + _COOLING * (1 - left[:, None])
        widths, glows = wide * (0.6 + 0.5 * heat[lit]), heat[lit] * left**0.5
        sheet.streaks(starts[lit], ends[lit], widths, tones, glows)
        glow = sheet.blurred(2.5 * wide).shine(picture, 0.8)
        made.append(sheet.blurred(0.5).shine(glow, 1.5))
    return made
