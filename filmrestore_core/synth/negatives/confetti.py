"""Confetti: flat colored pieces that tumble as they sink."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Canvas, Picture, turned
from filmrestore_core.synth.negatives.flight import Flight, between

_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) / 2


def confetti(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Pieces seen from the edge and from the face by turns; they glint as they turn."""
    height, width, _ = pictures[0].shape
    side = between(rng, 2.5, 14)
    speed, wind = between(rng, 2, 18), rng.normal(0, 0.7)
    pieces = Flight.drawn(
        rng,
        (height, width),
        speed * np.array([np.sin(wind), np.cos(wind)]),
        per_px=between(rng, 0.01, 0.12) / (side + 4) ** 2,
        spread=0.25,
        margin=2 * side,
    )
    count = pieces.depth.size
    dull = rng.uniform(0, 0.6)
    colors = rng.uniform(0, 1, (count, 3)) * (1 - dull) + dull * rng.uniform(0, 1, (count, 1))
    tumble, spin = rng.uniform(0.3, 2.2, count), rng.normal(0, 0.5, count)
    stretch = rng.uniform(0.4, 1.0)
    softness = rng.uniform(0.4, 1.2)
    near = side * (0.5 + pieces.depth)
    made = []
    for time, picture in enumerate(pictures):
        sheet = Canvas.like(picture)
        tilt = np.cos(pieces.phase + tumble * time)
        sides = np.stack([near, near * np.maximum(0.12, np.abs(tilt)) * stretch], axis=-1)
        glint = np.where(np.abs(tilt) > 0.95, 0.6, 0.0)
        tones = np.minimum(colors * (0.55 + 0.45 * np.abs(tilt) + glint)[:, None], 1)
        corners = turned(_CORNERS * sides[:, None], 3 * pieces.phase + spin * time)
        sheet.polygons(pieces.places(time)[:, None] + corners, tones)
        made.append(sheet.blurred(softness).over(picture))
    return made
