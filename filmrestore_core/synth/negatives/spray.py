"""Spray: drops of water thrown up, with a mist that follows them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Canvas, Picture
from filmrestore_core.synth.negatives.flight import between

_BEFORE = 8


def spray(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Drops on parabolas from a line of water, light or, against the light, dark."""
    height, width, _ = pictures[0].shape
    left, right = np.sort(rng.uniform(0, 1, 2)) * width
    level = rng.uniform(0.5, 1.1) * height
    lift, fall = between(rng, 6, 32), rng.uniform(0.8, 2.5)
    drift, shutter = rng.normal(0, 0.5) * lift, rng.uniform(0.2, 0.6)
    radius, softness = between(rng, 0.3, 1.0), rng.uniform(0.4, 0.9)
    times = np.arange(-_BEFORE, len(pictures))
    rate = between(rng, 15, 120) * rng.gamma(1.2, 1 / 1.2, times.size)
    born = np.repeat(times, rng.poisson(rate)).astype(np.float64)
    count = born.size
    born += rng.uniform(0, 1, count)
    starts = np.stack([rng.uniform(left, right, count), np.full(count, level)], axis=-1)
    velocity = np.stack(
        [drift + rng.normal(0, 0.35 * lift, count), -lift * rng.gamma(5, 0.2, count)], axis=-1
    )
    radii = radius * np.exp(rng.normal(0, 0.6, count))
    # A drop shows the sky above; against the light it is dark.
    light = rng.random() < 0.85
    tones = rng.uniform(0.7, 1, count) if light else rng.uniform(0, 0.3, count)
    opacities = rng.uniform(0.35, 1.0, count)
    mist_share = rng.uniform(0, 0.6)
    made = []
    for time, picture in enumerate(pictures):
        drops, mist = Canvas.like(picture), Canvas.like(picture)
        age = time - born
        ends = starts + velocity * age[:, None]
        ends[:, 1] += fall * age**2 / 2
        ways = (velocity + np.stack([0 * age, fall * age], axis=-1)) * shutter
        up = (age > 0) & (ends[:, 1] < level + radius)
        drops.streaks((ends - ways)[up], ends[up], 2 * radii[up], tones[up, None], opacities[up])
        mist.discs(ends[up][::3], 6 * radius, 0.9, 0.5)
        veiled = mist.blurred(8 * radius).over(picture, mist_share)
        made.append(drops.blurred(softness).over(veiled))
    return made
