"""The learning rate over a training."""

from __future__ import annotations

import math


def rate_at(step: int, *, rate: float, warm_up: int, steps: int) -> float:
    """Linear warm-up, then half a cosine down to a hundredth.

    Loshchilov and Hutter, "SGDR", 2017, without restarts.

    Args:
        step: steps done, from 0.
        rate: the highest.
        warm_up: steps until then.
        steps: steps in all.
    """
    if step < warm_up:
        return rate * (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
