"""Local flicker: brightness that changes by place and frame, as of faded or unevenly lit film."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Picture
from filmrestore_core.synth.negatives.flight import between
from filmrestore_core.synth.noise_line import smooth_field


def local_flicker(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """A soft field of gain, new on each frame, up to a fifth either way; or a passing band."""
    height, width, _ = pictures[0].shape
    strength, cells = between(rng, 0.04, 0.2), between(rng, 1.0, 7.0)
    if rng.random() < 0.3:
        # A shutter out of step: a band whose place goes on from frame to frame.
        step, wave = rng.uniform(0.1, 0.9), rng.uniform(0.6, 2.0)
        rows = np.linspace(0, wave, height, dtype=np.float32)[:, None, None]
        fields = [np.sin(2 * np.pi * (rows - np.float32(step * i))) for i in range(len(pictures))]
    else:
        fields = [
            np.clip(smooth_field(rng, height, width, cells), -1.5, 1.5)[..., None] for _ in pictures
        ]
    return [
        np.clip(picture * (1 + np.float32(strength) * field), 0, 1)
        for picture, field in zip(pictures, fields, strict=True)
    ]
