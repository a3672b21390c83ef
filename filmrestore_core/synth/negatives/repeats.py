"""Repeated, skipped and mixed frames: pull-down, and films run at another speed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmrestore_core.synth.negatives.canvas import Picture

# Film frames that are shown: 16 to 24 frames a second, 18 to 25, 24 to 30, and worn copies that
# lack frames.
_STEPS = ((2 / 3,), (18 / 25,), (0.8,), (1.0, 1.0, 2.0), (1.0, 3.0), (0.0, 2.0), (0.5,))


def repeats(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """The frames at an uneven pace, taken whole or, as by old converters, mixed of two."""
    frames = len(pictures)
    steps = _STEPS[int(rng.integers(len(_STEPS)))]
    offset = int(rng.integers(len(steps)))
    way = np.cumsum([steps[(i + offset) % len(steps)] for i in range(frames)])
    way = way - way[frames // 2] + frames // 2 + rng.uniform(-0.5, 0.5)
    way = np.clip(way, 0, frames - 1)
    if rng.random() < 0.75:
        return [pictures[int(place + 0.5)] for place in way]
    made = []
    for place in way:
        low = min(int(place), frames - 2) if frames > 1 else 0
        share = np.float32(place - low)
        made.append(pictures[low] * (1 - share) + pictures[min(low + 1, frames - 1)] * share)
    return made
