"""Snow: soft flakes that sink and sway, near ones out of focus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Canvas, Picture
from filmrestore_core.synth.negatives.flight import Flight, between


def snow(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Flakes of three distances."""
    height, width, _ = pictures[0].shape
    speed, wind = between(rng, 3, 28), rng.normal(0, 0.5)
    radius = between(rng, 1.2, 5.0)
    flakes = Flight.drawn(
        rng,
        (height, width),
        speed * np.array([np.sin(wind), np.cos(wind)]),
        per_px=between(rng, 0.0003, 0.003) / radius,
        spread=0.12,
        margin=speed + 4 * radius,
    )
    tone, shutter = rng.uniform(0.85, 1.0), rng.uniform(0.2, 0.5)
    sway, beat = rng.uniform(0, 0.5) * speed, rng.uniform(0.15, 0.6)
    ways, widths = flakes.velocity * shutter, 2 * radius * (0.25 + flakes.depth**2)
    opacities = 0.95 - 0.45 * flakes.depth
    sheet_of = np.minimum(2, 3 * flakes.depth**2).astype(int)
    softnesses = (0.5, 0.9, 0.5 + 0.4 * radius)
    made = []
    for time, picture in enumerate(pictures):
        sheets = [Canvas.like(picture) for _ in range(3)]
        places = flakes.places(time)
        places[:, 0] += sway * np.sin(flakes.phase + beat * time)
        for index, (sheet, softness) in enumerate(zip(sheets, softnesses, strict=True)):
            these = sheet_of == index
            starts = places[these] - ways[these]
            sheet.streaks(starts, places[these], widths[these], tone, opacities[these])
            picture = sheet.blurred(softness).over(picture)
        made.append(picture)
    return made
