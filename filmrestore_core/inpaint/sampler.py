"""From noise to a fill in a few steps, held to what is known.

The net was trained by flow matching (Lipman et al., "Flow matching for generative modeling",
2023): x_t = (1 - t) r + t eps, where r is what the true picture without grain differs from a base
fill by. It answers r for any t, so that the velocity is (x_t - r) / t, and Euler's steps follow it
from t = start down to 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.known import (
    explained,
    fine_part,
    fine_variance_known,
    softened,
)
from filmrestore_core.inpaint.planes import FIRST, MATTE, PLANE_NAMES

Planes = NDArray[np.float32]
Step = Callable[[Planes], Planes]
"""(33, h, w) planes of STEP_PLANE_NAMES -> (3, h, w) estimate of r, float32 both."""

RESIDUAL_SCALE = 4.0
"""r is so many times the difference, so that it is about as large as the noise."""

STEP_PLANE_NAMES: tuple[str, ...] = (
    *("noised R", "noised G", "noised B"),
    "time",
    *PLANE_NAMES,
)
STEP_PLANES: dict[str, int] = {"diffuse-t5-v1": len(STEP_PLANE_NAMES)}
"""Name of the planes -> how many."""

MULTIPLE, MINIMUM = 16, 64
"""Sides of a crop are multiples of the first and at least the second, px."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """How firmly each step's estimate is held to what is known of the hole, 0 (not) to 1.

    Partial guidance: properties that are known steer, the rest is left to the model (after Yang et
    al., "PGDiff: guiding diffusion models for versatile face restoration via partial guidance",
    2023).

    Attributes:
        color: areas keep the color of the base fill, which is that of the surroundings.
        structure: detail of the base fill stays where neighbours show it and agree.
        fineness: detail is not finer than that around the hole, grain not counted.
        softness: px, what is softer than this is an area's color.
    """

    color: float = 0.0
    structure: float = 0.0
    fineness: float = 0.0
    softness: float = 8.0


def sample(
    step: Step,
    condition: Planes,
    noise: Planes,
    *,
    steps: int = 4,
    start: float = 1.0,
    fidelity: float = 0.0,
    guidance: Guidance | None = None,
) -> Planes:
    """A fill drawn from noise.

    Args:
        step: the net.
        condition: (29, h, w) float32, see `inpaint.planes`; its first fill is the base.
        noise: (3, h, w) float32, white, of variance 1.
        steps: Euler's steps, 1 or more.
        start: time to start at, above 0, up to 1: 1 starts from noise alone, less from the base
            noised part of the way.
        fidelity: 0 leaves the model free; 1 keeps the base wherever neighbours explain it.
        guidance: what else is held.

    Returns:
        (3, h, w) float32, plate units, without grain; it is meant inside the matte only.

    Raises:
        ValueError: steps, start or fidelity lie outside their range.
    """
    times = schedule(steps, start)
    if not 0.0 <= fidelity <= 1.0:
        raise ValueError(f"Fidelity goes from 0 to 1, not {fidelity}.")
    hold = _Hold.of(condition, fidelity, guidance or Guidance())
    base = condition[FIRST]
    planes = np.empty((len(STEP_PLANE_NAMES), *base.shape[1:]), np.float32)
    planes[4:] = condition
    now = np.float32(times[0]) * np.asarray(noise, np.float32)
    for time, following in pairwise(times):
        planes[:3], planes[3] = now, time
        estimate = hold(step(planes))
        share = np.float32(following / time)
        now = share * now + (1 - share) * estimate
    return np.asarray(base + now / np.float32(RESIDUAL_SCALE), np.float32)


def schedule(steps: int, start: float) -> tuple[float, ...]:
    """Times from start down to 0, evenly spaced, one more than steps.

    Raises:
        ValueError: there is no step, or start is not above 0 and at most 1.
    """
    if steps < 1:
        raise ValueError(f"A sample takes 1 step or more, not {steps}.")
    if not 0.0 < start <= 1.0:
        raise ValueError(f"A sample starts above 0 and at most at 1, not at {start}.")
    return tuple(start * (steps - k) / steps for k in range(steps + 1))


@dataclass(frozen=True, slots=True, eq=False)
class _Hold:
    """Changes an estimate of r towards what is known.

    Attributes:
        base: (3, h, w), the base fill.
        hole: (h, w), 1 where the fill is wanted.
        trust: (h, w), how far the base is explained by neighbours.
        fidelity: how firmly the base is kept there.
        guidance: what else is held.
        most: largest variance of fine detail.
    """

    base: Planes
    hole: Planes
    trust: Planes
    fidelity: float
    guidance: Guidance
    most: float

    @classmethod
    def of(cls, condition: Planes, fidelity: float, guidance: Guidance) -> _Hold:
        trusting = fidelity > 0 or guidance.structure > 0
        trust = explained(condition) if trusting else np.zeros_like(condition[MATTE])
        most = fine_variance_known(condition) if guidance.fineness > 0 else 0.0
        hole = (condition[MATTE] > 0).astype(np.float32)
        return cls(condition[FIRST], hole, trust, fidelity, guidance, most)

    def __call__(self, estimate: Planes) -> Planes:
        g = self.guidance
        if g.color > 0 or g.structure > 0:
            soft = _softened_within(estimate, self.hole, g.softness)
            detail = estimate - soft
            detail = detail - np.float32(g.structure) * self.trust * detail
            estimate = (1 - np.float32(g.color)) * soft + detail
        if self.fidelity > 0:
            estimate = estimate * (1 - np.float32(self.fidelity) * self.trust)
        if g.fineness > 0 and self.hole.any():
            estimate = self._calmed(estimate)
        return np.asarray(estimate, np.float32)

    def _calmed(self, estimate: Planes) -> Planes:
        """The estimate with detail of the fill no stronger than is known."""
        picture = self.base + estimate / np.float32(RESIDUAL_SCALE)
        fine = fine_part(picture)
        found = float(np.square(fine).mean(axis=0)[self.hole > 0].mean())
        if found <= self.most:
            return estimate
        less = self.guidance.fineness * (1.0 - np.sqrt(self.most / found))
        return estimate - np.float32(RESIDUAL_SCALE * less) * fine * self.hole


def _softened_within(picture: Planes, hole: Planes, sigma: float) -> Planes:
    """(C, h, w): the picture softened by what lies inside the hole; 0 far from it."""
    weight = softened(hole[None], sigma)
    within = softened(picture * hole, sigma) / np.maximum(weight, np.float32(1e-3))
    return np.asarray(within * hole, np.float32)
