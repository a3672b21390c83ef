"""Precision and recall at every threshold, and what a threshold costs on clean film."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.metrics.detection import RIM, grown

# Scores are counted in steps of 1/255.
BINS = 256


def _zeros() -> NDArray[np.int64]:
    return np.zeros(BINS, np.int64)


@dataclass(slots=True, eq=False)
class ScoreCounts:
    """Pixels by score, on damage and elsewhere; can be added up over frames.

    Attributes:
        damage: (256,) pixels of visible damage by score.
        picture: (256,) pixels beyond the damage's rim by score.
    """

    damage: NDArray[np.int64] = field(default_factory=_zeros)
    picture: NDArray[np.int64] = field(default_factory=_zeros)

    def add(
        self,
        score: NDArray[np.float32],
        truth: NDArray[np.bool_],
        *,
        ignored: NDArray[np.bool_] | None = None,
        rim: float = RIM,
    ) -> None:
        """Count a frame.

        Args:
            score: (H, W) float32 0 to 1.
            truth: (H, W) bool, visible damage.
            ignored: (H, W) bool, faint damage.
            rim: px.
        """
        steps = np.clip(np.round(score * (BINS - 1)), 0, BINS - 1).astype(np.int64)
        real = truth if ignored is None else truth | ignored
        self.damage += np.bincount(steps[truth], minlength=BINS)
        self.picture += np.bincount(steps[~grown(real, rim)], minlength=BINS)

    def merge(self, other: ScoreCounts) -> None:
        """Add another's counts."""
        self.damage += other.damage
        self.picture += other.picture

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Thresholds ascending, precision and recall of score >= threshold.

        Precision is 1 where nothing reaches the threshold. Pixels in the rim count nowhere.
        """
        right = np.cumsum(self.damage[::-1])[::-1].astype(np.float64)
        wrong = np.cumsum(self.picture[::-1])[::-1].astype(np.float64)
        predicted = right + wrong
        precision = np.where(predicted > 0, right / np.maximum(predicted, 1), 1.0)
        recall = right / max(1, int(self.damage.sum()))
        return np.arange(BINS) / (BINS - 1), precision, recall

    def false_per_million(self) -> NDArray[np.float64]:
        """(256,) picture pixels in a million that reach each threshold."""
        wrong = np.cumsum(self.picture[::-1])[::-1].astype(np.float64)
        return np.asarray(1e6 * wrong / max(1, int(self.picture.sum())), np.float64)

    def average_precision(self) -> float:
        """Area under precision over recall, by steps; NaN without damage.

        A score of 0 counts as not found.
        """
        if self.damage.sum() == 0:
            return float("nan")
        _, precision, recall = self.curve()
        steps = -np.diff(np.append(recall, 0.0))
        return float(np.sum(steps[1:] * precision[1:]))
