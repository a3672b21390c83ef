"""Birds, butterflies and insects: small bodies whose form changes as they beat their wings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Canvas, Picture, Points
from filmrestore_core.synth.negatives.flight import between


def wings(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """A flock: one heading, each with its own size, beat and way."""
    height, width, channels = pictures[0].shape
    span, speed = between(rng, 5, 60), between(rng, 1.5, 30)
    heading = rng.uniform(0, 2 * np.pi)
    base = rng.uniform(0.0, 0.35) if rng.random() < 0.65 else rng.uniform(0.7, 1.0)
    color = np.clip(base + rng.normal(0, 0.1, channels), 0, 1).tolist()
    beat = rng.uniform(0.4, 2.6)
    sheets = [Canvas.like(picture) for picture in pictures]
    for _ in range(int(between(rng, 2, 18))):
        size = span * float(np.exp(rng.normal(0, 0.25)))
        angle = heading + rng.normal(0, 0.35)
        forward = np.array([np.cos(angle), np.sin(angle)])
        velocity = forward * speed * float(np.exp(rng.normal(0, 0.2)))
        start = rng.uniform(-0.1, 1.1, 2) * [width, height]
        phase, own_beat = rng.uniform(0, 2 * np.pi), beat * float(np.exp(rng.normal(0, 0.1)))
        from_side = rng.uniform(0.2, 1.0)
        wander = rng.normal(0, 0.06 * speed, (len(sheets), 2)).cumsum(axis=0)
        for time, sheet in enumerate(sheets):
            stroke = np.sin(phase + own_beat * time)
            place = start + velocity * time + wander[time] - [0.0, 0.08 * size * stroke]
            _bird(sheet, place, forward, size, stroke, from_side, color)
    softness = rng.uniform(0.3, 0.8)
    return [s.blurred(softness).over(p) for s, p in zip(sheets, pictures, strict=True)]


def _bird(
    sheet: Canvas,
    place: Points,
    forward: Points,
    size: float,
    stroke: float,
    from_side: float,
    color: list[float],
) -> None:
    """Body and two wings; up and down of the wings is up and down of the picture."""
    body = forward * size * 0.32
    sheet.streaks((place - body / 2)[None], (place + body / 2)[None], max(0.8, 0.13 * size), color)
    across = np.array([-forward[1], forward[0] * (1 - from_side) + 0.15])
    for side in (-1.0, 1.0):
        # The outer half of a wing lags behind the inner one.
        inner = side * across * 0.28 * size * (1 - 0.25 * abs(stroke))
        inner = inner - [0.0, 0.2 * size * stroke]
        outer = inner * 2 + [0.0, 0.12 * size * stroke] - forward * 0.1 * size
        root = forward * 0.1 * size
        wing = np.stack([root, inner + root, outer, inner - root, -root])
        sheet.polygons((place + wing)[None], color)
