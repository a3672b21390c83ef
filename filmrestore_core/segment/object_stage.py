"""Pixels first, then objects: each connected mark is judged as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A mark is what the net thinks likelier than not, or the classical detector nearly.
NET_LOW, CLASSICAL_LOW = 0.5, 0.3
FEATURES: tuple[str, ...] = ("log_area", "net_mean", "net_max", "classical_max", "validity", "fill")
PREFIX = "object."
# Beyond this share of the picture a mark must be surer the larger it is: what is wrongly taken
# there, a hand or a bird, does most harm.
LARGE = 0.001
# Scores are held so far from certainty before they become logits.
_LEAST = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The marks of a frame.

    Attributes:
        labels: (H, W) int32, 0 outside, 1.. the marks.
        features: (N, len(FEATURES)) float64: logarithm of the area in px, logits of the net's
            mean and largest score and of the classical detector's largest, mean validity of the
            nearest neighbours, share of its box that a mark fills.
        peaks: (N,) float32, largest score of either detector.
    """

    labels: NDArray[np.int32]
    features: NDArray[np.float64]
    peaks: NDArray[np.float32]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.features)


def marks_of(
    net: NDArray[np.float32], classical: NDArray[np.float32], validity: NDArray[np.float32]
) -> Marks:
    """Connected marks and what is known of each.

    Args:
        net: (H, W) float32 0..1, the net's score.
        classical: (H, W) float32 0..1, the classical detector's score.
        validity: (H, W) float32 0..1, mean over the nearest neighbours.
    """
    import cv2

    mask = ((net >= NET_LOW) | (classical >= CLASSICAL_LOW)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask, connectivity=8, ltype=cv2.CV_32S
    )
    at = np.flatnonzero(mask)
    owner = labels.ravel()[at] - 1
    few = net.ravel()[at], classical.ravel()[at], validity.ravel()[at]
    area = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    box = stats[1:, cv2.CC_STAT_WIDTH].astype(np.float64) * stats[1:, cv2.CC_STAT_HEIGHT]
    number = count - 1

    def mean(values: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.bincount(owner, values, minlength=number) / np.maximum(area, 1)

    def largest(values: NDArray[np.float32]) -> NDArray[np.float32]:
        peak = np.zeros(number, np.float32)
        np.maximum.at(peak, np.asarray(owner, np.intp), values)
        return peak

    top, measured = largest(few[0]), largest(few[1])
    features = np.stack(
        [
            np.log(np.maximum(area, 1)),
            _logit(mean(few[0])),
            _logit(top),
            _logit(measured),
            mean(few[2]),
            area / np.maximum(box, 1),
        ],
        axis=1,
    )
    return Marks(np.asarray(labels, np.int32), features, np.maximum(top, measured))


def mark_scores(marks: Marks, calibration: Mapping[str, float]) -> NDArray[np.float32]:
    """(N,) float32 0..1 by logistic regression.

    Args:
        marks: with their features.
        calibration: of a net's card: PREFIX + "bias", PREFIX + each of FEATURES, and PREFIX +
            "large", logits to take off for each factor e of area beyond LARGE of the picture.
    """
    weights = np.asarray([calibration[PREFIX + name] for name in FEATURES])
    logit = marks.features @ weights + calibration[PREFIX + "bias"]
    beyond = marks.features[:, FEATURES.index("log_area")] - np.log(LARGE * marks.labels.size)
    logit -= calibration[PREFIX + "large"] * np.maximum(beyond, 0.0)
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), np.float32)


def spread(
    marks: Marks,
    scores: NDArray[np.float32],
    net: NDArray[np.float32],
    classical: NDArray[np.float32],
) -> NDArray[np.float32]:
    """(H, W) float32: a mark's score on its pixels, down to half of it on doubtful ones."""
    plane = np.zeros(net.shape, np.float32)
    at = np.flatnonzero(marks.labels)
    owner = marks.labels.ravel()[at] - 1
    own = np.maximum(net.ravel()[at], classical.ravel()[at])
    share = np.clip(0.5 + 0.5 * own / np.maximum(marks.peaks[owner], _LEAST), 0.5, 1.0)
    plane.ravel()[at] = scores[owner] * share
    return plane


def _logit(score: NDArray[np.floating]) -> NDArray[np.float64]:
    inside = np.clip(np.asarray(score, np.float64), _LEAST, 1.0 - _LEAST)
    return np.asarray(np.log(inside / (1.0 - inside)), np.float64)
