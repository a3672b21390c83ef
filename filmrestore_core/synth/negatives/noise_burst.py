"""Noise bursts: one frame much noisier than its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Picture
from filmrestore_core.synth.negatives.flight import between


def noise_burst(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Coarse or fine noise on one frame, seldom two; over all of it or a band."""
    import cv2

    height, width, channels = pictures[0].shape
    sigma, softness = between(rng, 0.03, 0.16), rng.uniform(0.0, 1.3)
    struck = {int(rng.integers(len(pictures)))}
    if rng.random() < 0.25:
        struck.add(int(rng.integers(len(pictures))))
    shared = rng.random() < 0.6
    band = np.ones((height, 1, 1), np.float32)
    if rng.random() < 0.3:
        middle, half = rng.uniform(0, height), rng.uniform(0.05, 0.4) * height
        rows = np.arange(height, dtype=np.float32)
        band = np.exp(-(((rows - middle) / half) ** 4))[:, None, None].astype(np.float32)
    made = []
    for index, picture in enumerate(pictures):
        if index not in struck:
            made.append(picture)
            continue
        noise = rng.standard_normal((height, width, 1 if shared else channels), np.float32)
        if softness > 0.3:
            soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), softness), np.float32)
            noise = (soft / soft.std()).reshape(noise.shape)
        made.append(np.clip(picture + noise * band * np.float32(sigma), 0, 1))
    return made
