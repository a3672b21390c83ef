"""Birds, butterflies and insects: small bodies whose form changes as they beat their wings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.negatives.canvas import Canvas, Picture, Points
from filmrestore_core.synth.negatives.flight import between


def wings(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """A flock: one heading, each with its own size, beat and way."""
    height, width, channels = pictures[0].shape
    span, speed = between(rng, 5, 60), between(rng, 1.5, 30)
    base = rng.uniform(0.0, 0.35) if rng.random() < 0.65 else rng.uniform(0.7, 1.0)
    color = np.clip(base + rng.normal(0, 0.1, channels), 0, 1)
    count, frames = int(between(rng, 2, 18)), len(pictures)
    size = span * np.exp(rng.normal(0, 0.25, count))
    angle = rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.35, count)
    forward = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    velocity = forward * (speed * np.exp(rng.normal(0, 0.2, count)))[:, None]
    start = rng.uniform(-0.1, 1.1, (count, 2)) * [width, height]
    phase = rng.uniform(0, 2 * np.pi, count)
    beat = rng.uniform(0.4, 2.6) * np.exp(rng.normal(0, 0.1, count))
    from_side = rng.uniform(0.2, 1.0, count)
    wander = rng.normal(0, 0.06 * speed, (frames, count, 2)).cumsum(axis=0)
    softness = rng.uniform(0.3, 0.8)
    made = []
    for time, picture in enumerate(pictures):
        sheet = Canvas.like(picture)
        stroke = np.sin(phase + beat * time)
        place = start + velocity * time + wander[time]
        place[:, 1] -= 0.08 * size * stroke
        body = forward * (0.16 * size)[:, None]
        sheet.streaks(place - body, place + body, np.maximum(0.8, 0.13 * size), color)
        for side in (-1.0, 1.0):
            outline = _wing(side, forward, size, stroke, from_side)
            sheet.polygons(place[:, None] + outline, color)
        made.append(sheet.blurred(softness).over(picture))
    return made


def _wing(
    side: float,
    forward: Points,
    size: NDArray[np.float64],
    stroke: NDArray[np.float64],
    from_side: NDArray[np.float64],
) -> Points:
    """(n, 5, 2) about the body; up and down of the wings is up and down of the picture."""
    across = np.stack([-forward[:, 1], forward[:, 0] * (1 - from_side) + 0.15], axis=-1)
    inner = side * across * (0.28 * size * (1 - 0.25 * np.abs(stroke)))[:, None]
    inner[:, 1] -= 0.2 * size * stroke
    root = forward * (0.1 * size)[:, None]
    # The outer half of a wing lags behind the inner one.
    outer = 2 * inner - root
    outer[:, 1] += 0.12 * size * stroke
    return np.stack([root, inner + root, outer, inner - root, -root], axis=1)
