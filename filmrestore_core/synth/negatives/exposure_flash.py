"""Exposure flashes: frames far too bright, where a camera starts, a lamp goes off, light leaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Picture
from filmrestore_core.synth.negatives.flight import between
from filmrestore_core.synth.noise_line import smooth_field


def exposure_flash(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """One frame bright, the next half as much; evenly, or as a leak from an edge."""
    height, width, channels = pictures[0].shape
    struck, strength = int(rng.integers(len(pictures))), between(rng, 0.25, 2.5)
    decay, leaks = rng.uniform(0.0, 0.55), rng.random() < 0.4
    warm = np.array([1.0, 0.75, 0.5]) if channels == 3 and leaks else np.ones(channels)
    if leaks:
        angle = rng.uniform(0, 2 * np.pi)
        rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
        ramp = columns * np.float32(np.cos(angle)) + rows * np.float32(np.sin(angle))
        ramp += np.float32(0.4) * smooth_field(rng, height, width, 3)
        place = np.clip((ramp - rng.uniform(-0.4, 0.5)) * 1.6, 0, 1)[..., None]
    else:
        place = np.ones((height, width, 1), np.float32)
    made = []
    for index, picture in enumerate(pictures):
        since = index - struck
        light = strength * decay**since if since >= 0 else 0.0
        if light < 0.02:
            made.append(picture)
            continue
        field = place * (np.float32(light) * warm.astype(np.float32))
        # More light on the scene, and some that veils the blacks.
        made.append(np.clip(picture * (1 + field) + np.float32(0.12) * field, 0, 1))
    return made
