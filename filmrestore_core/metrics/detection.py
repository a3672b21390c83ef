"""What was found of the damage: by pixel and by object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import DamageClass

# Edges of soft damage are a matter of taste: this far from it nothing counts as wrong.
RIM = 2.0
# An object is found when at least this share of it is covered; less leaves a visible rest.
FOUND_SHARE = 0.5
SIZE_EDGES: tuple[int, ...] = (1, 4, 12, 40, 150, 600)


@dataclass(frozen=True, slots=True)
class PixelCounts:
    """Counts that can be added up over frames.

    Attributes:
        right: predicted pixels that lie on damage or within the rim around it.
        wrong: predicted pixels elsewhere.
        found: damaged pixels that are predicted, or within the rim around a predicted one.
        missed: other damaged pixels.
        both: predicted and damaged, without any rim.
        either: predicted or damaged, without any rim.
        pixels: pixels of the frames.
    """

    right: int = 0
    wrong: int = 0
    found: int = 0
    missed: int = 0
    both: int = 0
    either: int = 0
    pixels: int = 0

    def __add__(self, other: PixelCounts) -> PixelCounts:
        return PixelCounts(
            self.right + other.right,
            self.wrong + other.wrong,
            self.found + other.found,
            self.missed + other.missed,
            self.both + other.both,
            self.either + other.either,
            self.pixels + other.pixels,
        )

    @property
    def precision(self) -> float:
        """Share of the predicted that is damage; NaN where nothing was predicted."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of the damage that was predicted; NaN where there was none."""
        return _share(self.found, self.found + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where there was no damage."""
        if self.found + self.missed == 0:
            return float("nan")
        if self.right + self.wrong == 0 or self.precision + self.recall == 0:
            return 0.0
        return 2 * self.precision * self.recall / (self.precision + self.recall)

    @property
    def iou(self) -> float:
        """Intersection over union, without a rim; NaN where both are empty."""
        return _share(self.both, self.either)

    @property
    def wrong_per_million(self) -> float:
        """Wrongly predicted pixels in a million."""
        return _share(self.wrong, self.pixels) * 1e6


def count_pixels(
    predicted: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    *,
    ignored: NDArray[np.bool_] | None = None,
    rim: float = RIM,
) -> PixelCounts:
    """Compare a frame's prediction with the truth.

    Args:
        predicted: (H, W) bool.
        truth: (H, W) bool, visible damage.
        ignored: (H, W) bool, damage too faint to be seen: neither right nor wrong.
        rim: px.
    """
    near_truth = grown(truth, rim)
    if ignored is not None:
        predicted_counts = predicted & ~(ignored & ~truth)
        near_ignored = grown(ignored, rim)
    else:
        predicted_counts, near_ignored = predicted, np.zeros_like(truth)
    near_predicted = grown(predicted, rim)
    return PixelCounts(
        right=int(np.sum(predicted & near_truth)),
        wrong=int(np.sum(predicted_counts & ~near_truth & ~near_ignored)),
        found=int(np.sum(truth & near_predicted)),
        missed=int(np.sum(truth & ~near_predicted)),
        both=int(np.sum(predicted & truth)),
        either=int(np.sum(predicted_counts | truth)),
        pixels=int(truth.size),
    )


@dataclass(frozen=True, slots=True)
class ObjectOutcome:
    """One connected piece of damage and how much of it was covered.

    Attributes:
        damage_class: what it is.
        area: px.
        covered: share of its pixels that were predicted.
    """

    damage_class: DamageClass
    area: int
    covered: float

    @property
    def found(self) -> bool:
        """True where enough of it is covered."""
        return self.covered >= FOUND_SHARE


def object_outcomes(
    predicted: NDArray[np.bool_], truth: Mapping[DamageClass, NDArray[np.bool_]]
) -> list[ObjectOutcome]:
    """Every piece of damage of a frame, of 8-connected pixels of one class.

    Args:
        predicted: (H, W) bool.
        truth: class -> (H, W) bool, visible damage.
    """
    outcomes = []
    for damage_class, plane in truth.items():
        labels, count = _labeled(plane)
        areas = np.bincount(labels.ravel(), minlength=count)
        covered = np.bincount(labels[predicted], minlength=count)
        outcomes += [
            ObjectOutcome(damage_class, int(areas[i]), float(covered[i] / areas[i]))
            for i in range(1, count)
        ]
    return outcomes


def false_objects(
    predicted: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    *,
    ignored: NDArray[np.bool_] | None = None,
    rim: float = RIM,
) -> int:
    """Predicted pieces that touch no damage, not even a faint one or its rim.

    Args:
        predicted: (H, W) bool.
        truth: (H, W) bool, visible damage.
        ignored: (H, W) bool, faint damage.
        rim: px.
    """
    real = truth if ignored is None else truth | ignored
    labels, count = _labeled(predicted)
    touching = np.unique(labels[grown(real, rim) & predicted])
    return count - 1 - int(touching.size)


def size_name(area: int) -> str:
    """The size class of an area: "1-3", "4-11", ..., "600-"."""
    for low, high in zip(SIZE_EDGES, (*SIZE_EDGES[1:], None), strict=True):
        if high is None or area < high:
            return f"{low}-" if high is None else f"{low}-{high - 1}"
    raise AssertionError(area)


def size_names() -> tuple[str, ...]:
    """All size classes, small to large, px."""
    return tuple(size_name(edge) for edge in SIZE_EDGES)


def grown(mask: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """All pixels within `radius` px (Euclidean) of a true one."""
    import cv2

    if radius <= 0 or not mask.any():
        return mask
    reach = int(np.floor(radius))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (rows**2 + columns**2 <= radius**2).astype(np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc), np.bool_)


def _labeled(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Connected pieces: labels with 0 for none, and one more than their number."""
    import cv2

    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32), int(count)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
