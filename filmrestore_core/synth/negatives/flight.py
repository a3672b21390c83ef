"""Flight: many small bodies, each with its own velocity, depth and phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """Bodies that go on their way all the time: who leaves the field comes in again opposite.

    Attributes:
        start: (n, 2) x and y at time 0, px.
        velocity: (n, 2) px a frame.
        depth: (n,) 0 to 1: how near each is.
        phase: (n,) 0 to 2 pi.
        field: width and height of the picture, px.
        margin: how far beyond it bodies live, px.
    """

    start: NDArray[np.float64]
    velocity: NDArray[np.float64]
    depth: NDArray[np.float64]
    phase: NDArray[np.float64]
    field: NDArray[np.float64]
    margin: float

    @classmethod
    def drawn(
        cls,
        rng: np.random.Generator,
        size: tuple[int, int],
        velocity: NDArray[np.float64],
        *,
        per_px: float,
        spread: float,
        margin: float,
    ) -> Flight:
        """Bodies all over the picture.

        Args:
            rng: where they come from.
            size: height and width of the picture, px.
            velocity: (2,) of the nearest ones, px a frame; the farthest have 0.3 of it.
            per_px: bodies for each px of the picture; at least one is drawn.
            spread: how much velocities differ, share of the speed.
            margin: px beyond the picture.
        """
        field = np.array(size[::-1], np.float64)
        count = max(1, round(per_px * float(np.prod(field + 2 * margin))))
        depth = rng.uniform(0, 1, count)
        speed = float(np.hypot(*velocity))
        own = velocity * (0.3 + 0.7 * depth[:, None]) + rng.normal(0, spread * speed, (count, 2))
        start = rng.uniform(0, 1, (count, 2)) * (field + 2 * margin)
        return cls(start, own, depth, rng.uniform(0, 2 * np.pi, count), field, margin)

    def places(self, time: float) -> NDArray[np.float64]:
        """(n, 2) x and y at a time in frames, px."""
        room = self.field + 2 * self.margin
        return np.asarray(np.mod(self.start + self.velocity * time, room) - self.margin)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two positive ones, even on a logarithmic scale."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
