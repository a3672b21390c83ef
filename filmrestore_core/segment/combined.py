"""CombinedSegmenter: what the net and the classical detector think of the same frame, together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import DETECTED_CLASSES, DamageClass, DamageMap
from filmrestore_core.models.card import ModelCard
from filmrestore_core.segment.classical import ClassicalSegmenter
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.temporal.window import AlignedWindow

# Names in a card's calibration.
WEIGHT, PIVOT = "classical_weight", "combined_pivot"
# The classical detector is silent about most pixels: that is worth this score.
_SILENT = 1e-3
# Where both are below these nothing is looked at further.
_HOPELESS_NET, _HOPELESS_CLASSICAL = 0.05, 0.02


class CombinedSegmenter:
    """Adds the logits of both detectors: they make different mistakes.

    The net sees context and semi-transparent damage, the classical one measures each mark. The
    weight and the sum that counts as an even chance stand in the net's card.
    """

    def __init__(self, net: ExportedSegmenter, classical: ClassicalSegmenter) -> None:
        """Build a segmenter.

        Args:
            net: its card's calibration holds WEIGHT and PIVOT.
            classical: with the same settings.
        """
        self._net, self._classical = net, classical
        calibration = net.card.calibration
        self._weight = calibration[WEIGHT]
        self._pivot = calibration[PIVOT]

    @staticmethod
    def fits(card: ModelCard) -> bool:
        """True where a net's card says how to combine it."""
        return WEIGHT in card.calibration and PIVOT in card.calibration

    @property
    def radius(self) -> int:
        """How many frames on each side it wants to see."""
        return max(self._net.radius, self._classical.radius)

    @property
    def classes(self) -> tuple[DamageClass, ...]:
        """The classes it can tell."""
        both = {*self._net.classes, *self._classical.classes}
        return tuple(c for c in DETECTED_CLASSES if c in both)

    def segment(self, window: AlignedWindow) -> DamageMap:
        """Scores for the window's center frame.

        Raises:
            DeviceError: the device failed.
        """
        learned = self._net.segment(window)
        measured = self._classical.segment(window)
        if not learned.scores:
            return measured
        first, second = _highest(learned), _highest(measured)
        at = np.flatnonzero((first > _HOPELESS_NET) | (second > _HOPELESS_CLASSICAL))
        net, classical = first.ravel()[at], second.ravel()[at]
        total = _logit(net) + np.float32(self._weight) * _logit(classical)
        score = 1.0 / (1.0 + np.exp(np.float32(self._pivot) - total))
        scores = {}
        # The one that is surer says of which kind it is.
        by_net = net >= classical
        for damage_class in self.classes:
            share = np.where(
                by_net,
                _share(learned, damage_class, first, at),
                _share(measured, damage_class, second, at),
            )
            plane = np.zeros(window.center.box.shape, np.float32)
            plane.ravel()[at] = score * share
            scores[damage_class] = plane
        return DamageMap(window.center.number, scores, window.center.box)


def _highest(found: DamageMap) -> NDArray[np.float32]:
    highest = np.zeros(found.box.shape, np.float32)
    for plane in found.scores.values():
        np.maximum(highest, plane, out=highest)
    return highest


def _share(
    found: DamageMap,
    damage_class: DamageClass,
    highest: NDArray[np.float32],
    at: NDArray[np.intp],
) -> NDArray[np.float32]:
    """A class's score over the highest one, 1 for the likeliest class."""
    plane = found.scores.get(damage_class)
    if plane is None:
        return np.zeros(at.size, np.float32)
    return np.asarray(plane.ravel()[at] / np.maximum(highest.ravel()[at], 1e-6), np.float32)


def _logit(score: NDArray[np.float32]) -> NDArray[np.float32]:
    inside = np.clip(score, _SILENT, 1.0 - _SILENT)
    return np.asarray(np.log(inside / (1.0 - inside)), np.float32)
