"""Filling with a prior that was never taught to fill: RePaint and DiffPIR, as references.

The prior knows flow matching: x_t = (1 - t) x + t eps, x a picture in -1..1, and tells the noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filmrestore_core.noise import generator

Predict = Callable[[Tensor, Tensor], Tensor]
"""(x_t (N, 3, H, W), t (N,)) -> the noise in x_t; `FilmPrior.predict_noise`."""

# At time 1 there is nothing of a picture, and none can be told from the noise.
FIRST_TIME = 0.98

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RePaint:
    """Lugmayr et al., "RePaint: inpainting using denoising diffusion probabilistic models", 2022.

    What is known is noised as far as the rest is and laid in at every step; each step is gone
    several times, noising back in between, so that what is invented comes to fit.

    Attributes:
        steps: from noise to picture.
        times: how often each step is gone.
        start: time to start at: FIRST_TIME from noise, less from the guess noised part of the way.
    """

    steps: int = 20
    times: int = 3
    start: float = FIRST_TIME

    def __call__(
        self, predict: Predict, guess: Pixels, hole: NDArray[np.bool_], key: tuple[int, ...]
    ) -> Pixels:
        """A picture with its hole filled.

        Args:
            predict: the prior.
            guess: (3, h, w) float32 0..1, the picture with a first fill in the hole.
            hole: (h, w) bool.
            key: of the noise.

        Returns:
            (3, h, w) float32; outside the hole as it was.

        Raises:
            ValueError: steps, times or start are out of range.
        """
        _check(self.steps, self.start)
        if self.times < 1:
            raise ValueError(f"A step is gone once or more, not {self.times} times.")
        known, where, draw = _scaled(guess), torch.from_numpy(hole)[None, None], _Noise(key, guess)
        times = _times(self.steps, self.start)
        now = (1 - times[0]) * known + times[0] * draw()
        for t, then in pairwise(times):
            for turn in range(self.times):
                eps = _noise_in(predict, now, t)
                picture = ((now - t * eps) / (1 - t)).clamp(-1.2, 1.2)
                # Half of the noise is fresh: a step of a chance process, as RePaint's are.
                mixed = (eps + draw()) * np.sqrt(0.5)
                free = (1 - then) * picture + then * mixed
                held = (1 - then) * known + then * draw()
                now = torch.where(where, free, held)
                if then > 0 and turn + 1 < self.times:
                    back = (1 - t) / (1 - then)
                    now = back * now + np.sqrt(t * t - (back * then) ** 2) * draw()
                else:
                    break
        return _unscaled(now, guess, hole)


@dataclass(frozen=True, slots=True)
class DiffPIR:
    """Zhu et al., "Denoising diffusion models for plug-and-play image restoration", 2023.

    At every step the prior's picture is brought nearer to what was measured, in closed form: to
    the picture outside the hole and, less firmly, to a first fill inside.

    Attributes:
        steps: from noise to picture.
        start: time to start at, as for RePaint.
        known: standard deviation that known pixels are off by, 0..1 plate units.
        fill: the same of the first fill; None where it says nothing.
        weight: the paper's lambda: how much the prior counts.
        fresh: the paper's zeta: share of fresh noise.
    """

    steps: int = 20
    start: float = FIRST_TIME
    known: float = 0.004
    fill: float | None = None
    weight: float = 7.0
    fresh: float = 0.3

    def __call__(
        self, predict: Predict, guess: Pixels, hole: NDArray[np.bool_], key: tuple[int, ...]
    ) -> Pixels:
        """A picture with its hole filled; arguments and result as for RePaint.

        Raises:
            ValueError: steps or start are out of range.
        """
        _check(self.steps, self.start)
        measured, draw = _scaled(guess), _Noise(key, guess)
        inside = 0.0 if self.fill is None else (2 * self.fill) ** -2
        trust = torch.from_numpy(np.where(hole, inside, (2 * self.known) ** -2))
        trust = trust.to(torch.float32)[None, None]
        times = _times(self.steps, self.start)
        now = (1 - times[0]) * measured + times[0] * draw()
        for t, then in pairwise(times):
            eps = _noise_in(predict, now, t)
            picture = ((now - t * eps) / (1 - t)).clamp(-1.2, 1.2)
            # The paper's rho over its noise: weight over the square of the noise to signal ratio.
            prior = self.weight * ((1 - t) / t) ** 2
            picture = (trust * measured + prior * picture) / (trust + prior)
            left = (now - (1 - t) * picture) / t
            mixed = np.sqrt(1 - self.fresh) * left + np.sqrt(self.fresh) * draw()
            now = (1 - then) * picture + then * mixed
        return _unscaled(now, guess, hole)


class _Noise:
    """White noise of a crop, one field after the other, the same for the same key."""

    def __init__(self, key: tuple[int, ...], like: Pixels) -> None:
        self._rng, self._shape = generator(0, "fill by prior", *key), like.shape

    def __call__(self) -> Tensor:
        return torch.from_numpy(self._rng.standard_normal(self._shape, np.float32))[None]


def _noise_in(predict: Predict, now: Tensor, t: float) -> Tensor:
    with torch.inference_mode():
        return predict(now, torch.full((1,), t, dtype=torch.float32))


def _times(steps: int, start: float) -> list[float]:
    """Evenly spaced from start to 0, one more than steps."""
    return [start * (steps - k) / steps for k in range(steps + 1)]


def _check(steps: int, start: float) -> None:
    if steps < 1 or not 0 < start < 1:
        raise ValueError(
            f"A sampler takes 1 step or more from a time between 0 and 1, not {steps} from {start}."
        )


def _scaled(guess: Pixels) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(2 * guess - 1, np.float32))[None]


def _unscaled(now: Tensor, guess: Pixels, hole: NDArray[np.bool_]) -> Pixels:
    made = (now[0].numpy() + 1) / 2
    return np.asarray(np.where(hole, made, guess), np.float32)
