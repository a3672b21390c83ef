"""Small fast bodies of one form: balls, stones, far birds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Canvas, Picture, Points, turned
from filmrestore_core.synth.negatives.flight import between


def balls(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Bodies that cross the picture on parabolas, half of them blurred along their way."""
    height, width, channels = pictures[0].shape
    middle = (len(pictures) - 1) / 2
    softness = rng.uniform(0.3, 1.0)
    sheets = [Canvas.like(picture) for picture in pictures]
    for _ in range(int(rng.integers(2, 14))):
        radius, speed = between(rng, 0.8, 12), between(rng, 2, 60)
        angle = rng.uniform(0, 2 * np.pi)
        velocity = speed * np.array([np.cos(angle), np.sin(angle) * rng.uniform(0.2, 1.0)])
        pull = np.array([0.0, rng.uniform(0, 1.5)])
        shutter = rng.uniform(0.2, 0.6) if rng.random() < 0.5 else 0.0
        start = rng.uniform(0, 1, 2) * [width, height]
        tone = rng.uniform(0.6, 1.0) if rng.random() < 0.5 else rng.uniform(0.0, 0.3)
        color = np.clip(tone + rng.normal(0, 0.12, channels), 0, 1).tolist()
        opacity, ragged = rng.uniform(0.5, 1.0), rng.random() < 0.5
        outline, spin = _outline(rng, radius), rng.normal(0, 0.6)
        for time, sheet in enumerate(sheets):
            t = time - middle
            place = start + velocity * t + pull * t * t / 2
            way = (velocity + pull * t) * shutter
            # The wider a body is smeared, the more shines through it.
            thin = opacity * min(1.0, 4 * radius / (2 * radius + float(np.hypot(*way))))
            if not ragged or shutter:
                sheet.streaks(
                    (place - way / 2)[None], (place + way / 2)[None], 2 * radius, color, thin
                )
            else:
                sheet.polygons((place + turned(outline, spin * t))[None], color, opacity)
    return [s.blurred(softness).over(p) for s, p in zip(sheets, pictures, strict=True)]


def _outline(rng: np.random.Generator, radius: float) -> Points:
    """(n, 2) of a lump about the origin."""
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    reach = radius * np.exp(rng.normal(0, 0.2, angles.size))
    return np.asarray(reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1))
