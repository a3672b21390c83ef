"""Whether a fill has the film's grain: as strong, as fine, and new on every frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# What a Gaussian of this sigma (px) takes away counts as grain and fine detail.
GRAIN_SIGMA = 1.0


@dataclass(frozen=True, slots=True)
class GrainEnergy:
    """High-frequency energy in holes; can be added up over frames.

    Attributes:
        result: sum of squares of the fill's fine part.
        truth: the same of the truth.
    """

    result: float = 0.0
    truth: float = 0.0

    def __add__(self, other: GrainEnergy) -> GrainEnergy:
        return GrainEnergy(self.result + other.result, self.truth + other.truth)

    @property
    def ratio(self) -> float:
        """Energy of the fill over energy of the truth; 1 is right, NaN without holes."""
        return self.result / self.truth if self.truth > 0 else float("nan")


@dataclass(frozen=True, slots=True)
class Correlation:
    """Sums of a correlation coefficient; can be added up over frames."""

    samples: int = 0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    yy: float = 0.0
    xy: float = 0.0

    @classmethod
    def of(cls, x: NDArray[np.float64], y: NDArray[np.float64]) -> Correlation:
        """The sums of two arrays of one shape."""
        return cls(
            int(x.size),
            float(x.sum()),
            float(y.sum()),
            float((x * x).sum()),
            float((y * y).sum()),
            float((x * y).sum()),
        )

    def __add__(self, other: Correlation) -> Correlation:
        return Correlation(
            self.samples + other.samples,
            self.x + other.x,
            self.y + other.y,
            self.xx + other.xx,
            self.yy + other.yy,
            self.xy + other.xy,
        )

    @property
    def value(self) -> float:
        """Pearson's coefficient; NaN where one of the arrays does not vary."""
        if self.samples == 0:
            return float("nan")
        n = self.samples
        var_x, var_y = self.xx - self.x**2 / n, self.yy - self.y**2 / n
        if var_x <= 0 or var_y <= 0:
            return float("nan")
        return float((self.xy - self.x * self.y / n) / np.sqrt(var_x * var_y))


@dataclass(frozen=True, slots=True)
class FrozenGrain:
    """How far fills repeat the grain of a neighbour; can be added up over frames.

    Attributes:
        fill: correlation of the fill's fine part with the neighbour's.
        truth: the same of the truth: what picture detail has in common anyway.
    """

    fill: Correlation = field(default_factory=Correlation)
    truth: Correlation = field(default_factory=Correlation)

    def __add__(self, other: FrozenGrain) -> FrozenGrain:
        return FrozenGrain(self.fill + other.fill, self.truth + other.truth)

    @property
    def excess(self) -> float:
        """Correlation beyond what the truth has: about 0 for fresh grain, up to 1 for a copy."""
        return self.fill.value - self.truth.value


def fine_part(picture: NDArray[np.float32], sigma: float = GRAIN_SIGMA) -> NDArray[np.float64]:
    """(H, W, C) float64: the picture less its Gaussian blur."""
    import cv2

    blurred = cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return picture.astype(np.float64) - np.asarray(blurred).reshape(picture.shape)


def grain_energy(
    result: NDArray[np.float32], truth: NDArray[np.float32], where: NDArray[np.bool_]
) -> GrainEnergy:
    """High-frequency energy in holes.

    Args:
        result: (H, W, C) float32, the restored frame.
        truth: (H, W, C) float32, the undamaged frame.
        where: (H, W) bool, the holes.
    """
    return GrainEnergy(
        float(np.sum(fine_part(result)[where] ** 2)), float(np.sum(fine_part(truth)[where] ** 2))
    )


def frozen_grain(
    result: NDArray[np.float32],
    truth: NDArray[np.float32],
    neighbor: NDArray[np.float32],
    where: NDArray[np.bool_],
) -> FrozenGrain:
    """How far a fill repeats the grain of one neighbour.

    Args:
        result: (H, W, C) float32, the restored frame.
        truth: (H, W, C) float32, the undamaged frame.
        neighbor: (H, W, C) float32, an undamaged neighbour, aligned onto the frame.
        where: (H, W) bool, holes that the neighbour sees.
    """
    beside = fine_part(neighbor)[where]
    return FrozenGrain(
        Correlation.of(fine_part(result)[where], beside),
        Correlation.of(fine_part(truth)[where], beside),
    )
