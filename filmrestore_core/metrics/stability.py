"""Whether fills hold still over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class WarpedDifference:
    """Difference between a frame and its neighbour brought onto it; can be added up.

    Attributes:
        result: sum of absolute differences of restored frames.
        truth: the same of undamaged frames.
        samples: how many.
    """

    result: float = 0.0
    truth: float = 0.0
    samples: int = 0

    def __add__(self, other: WarpedDifference) -> WarpedDifference:
        return WarpedDifference(
            self.result + other.result, self.truth + other.truth, self.samples + other.samples
        )

    @property
    def ratio(self) -> float:
        """1: as steady as the truth; above: flickers; below: smoother than film. NaN: no holes."""
        return self.result / self.truth if self.truth > 0 else float("nan")


def warped_difference(
    result: NDArray[np.float32],
    result_neighbor: NDArray[np.float32],
    truth: NDArray[np.float32],
    truth_neighbor: NDArray[np.float32],
    where: NDArray[np.bool_],
) -> WarpedDifference:
    """The temporal difference in holes, of the result and of the truth along the same motion.

    Args:
        result: (H, W, C) float32, restored.
        result_neighbor: the restored neighbour, aligned onto it.
        truth: (H, W, C) float32, undamaged.
        truth_neighbor: the undamaged neighbour, aligned by the same motion.
        where: (H, W) bool, holes that the neighbour sees.
    """
    ours = np.abs(result.astype(np.float64) - result_neighbor)[where]
    real = np.abs(truth.astype(np.float64) - truth_neighbor)[where]
    return WarpedDifference(float(ours.sum()), float(real.sum()), int(ours.size))
