"""Rain: thin streaks that fall together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Canvas, Picture
from filmrestore_core.synth.negatives.flight import Flight, between


def rain(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Streaks as long as a drop falls while the shutter is open; near ones are wide and soft."""
    height, width, _ = pictures[0].shape
    speed, slant = between(rng, 25, 140), rng.normal(0, 0.18)
    velocity = speed * np.array([np.sin(slant), np.cos(slant)])
    shutter = rng.uniform(0.15, 0.55)
    drops = Flight.drawn(
        rng,
        (height, width),
        velocity,
        per_px=between(rng, 0.0002, 0.003),
        spread=0.03,
        margin=speed * shutter + 4,
    )
    tone = rng.uniform(0.75, 1.0) if rng.random() < 0.85 else rng.uniform(0.0, 0.15)
    strength, wide = rng.uniform(0.25, 0.8), rng.uniform(0.6, 2.2)
    opacities = strength * (0.6 + 0.4 * np.sin(drops.phase)) * (1.2 - 0.5 * drops.depth)
    widths = wide * (0.4 + 0.9 * drops.depth)
    made = []
    for time, picture in enumerate(pictures):
        far, near = Canvas.like(picture), Canvas.like(picture)
        ends = drops.places(time)
        starts = ends - drops.velocity * shutter
        for sheet, these in ((near, drops.depth > 0.75), (far, drops.depth <= 0.75)):
            sheet.streaks(starts[these], ends[these], widths[these], tone, opacities[these])
        made.append(near.blurred(1.2).over(far.blurred(0.5).over(picture)))
    return made
