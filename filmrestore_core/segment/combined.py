"""CombinedSegmenter: net and classical detector find marks, and each mark is judged by both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import DETECTED_CLASSES, DamageClass, DamageMap
from filmrestore_core.models.card import ModelCard
from filmrestore_core.segment.classical import ClassicalSegmenter
from filmrestore_core.segment.exported_net import PROTECTION, ExportedSegmenter, has_witnesses
from filmrestore_core.segment.object_stage import FEATURES, PREFIX, mark_scores, marks_of, spread
from filmrestore_core.temporal.window import AlignedWindow

# The score of a mark, in a card's calibration, that counts as an even chance.
PIVOT = PREFIX + "pivot"


class CombinedSegmenter:
    """The detectors make different mistakes: what both think of a mark says more than either.

    The net sees context, hairs and what is not opaque; the classical one measures each mark. The
    weights of the judgement stand in the net's card. Where fewer than two neighbours show the
    picture the classical detector decides alone.
    """

    def __init__(self, net: ExportedSegmenter, classical: ClassicalSegmenter, *, protection: float):
        """Build a segmenter.

        Args:
            net: its card fits, see `fits`.
            classical: with the same settings.
            protection: motion protection, 0 to 1; 0.5 changes nothing.
        """
        self._net, self._classical = net, classical
        self._calibration = net.card.calibration
        self._doubt = (protection - 0.5) * PROTECTION

    @staticmethod
    def fits(card: ModelCard) -> bool:
        """True where a net's card says how its marks are judged."""
        needed = {PIVOT, PREFIX + "bias", PREFIX + "large", *(PREFIX + name for name in FEATURES)}
        return needed <= set(card.calibration)

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
        measured = self._classical.segment(window)
        if not has_witnesses(window):
            return measured
        box = window.center.box
        learned = self._net.raw_scores(window)
        learned[:, ~window.center.finite] = 0.0
        first, second = learned.max(axis=0), _highest(measured)
        nearest = sorted(window.neighbors, key=lambda n: (abs(n.offset), n.offset))[:2]
        trust = np.stack([n.validity for n in nearest]).mean(axis=0)
        marks = marks_of(first, second, np.asarray(trust, np.float32))
        score = spread(
            marks, self._moved(mark_scores(marks, self._calibration), marks.features), first, second
        )
        at = np.flatnonzero(score)
        # The one that is surer says of which kind a pixel is.
        by_net = first.ravel()[at] >= second.ravel()[at]
        names = dict(zip(self._net.classes, learned, strict=True))
        scores = {}
        for damage_class in self.classes:
            share = np.where(
                by_net,
                _share(names.get(damage_class), first, at),
                _share(measured.scores.get(damage_class), second, at),
            )
            plane = np.zeros(box.shape, np.float32)
            plane.ravel()[at] = score.ravel()[at] * share
            scores[damage_class] = plane
        return DamageMap(window.center.number, scores, box)

    def _moved(
        self, score: NDArray[np.float32], features: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Scores with the pivot at one half, lowered where the motion is not to be trusted."""
        pivot = self._calibration[PIVOT]
        inside = np.clip(score.astype(np.float64), 1e-6, 1 - 1e-6)
        logit = np.log(inside / (1 - inside)) - np.log(pivot / (1 - pivot))
        logit -= self._doubt * (1.0 - features[:, FEATURES.index("validity")])
        return np.asarray(1.0 / (1.0 + np.exp(-logit)), np.float32)


def _highest(found: DamageMap) -> NDArray[np.float32]:
    highest = np.zeros(found.box.shape, np.float32)
    for plane in found.scores.values():
        np.maximum(highest, plane, out=highest)
    return highest


def _share(
    plane: NDArray[np.float32] | None, highest: NDArray[np.float32], at: NDArray[np.intp]
) -> NDArray[np.float32]:
    """A class's score over the highest one, 1 for the likeliest class."""
    if plane is None:
        return np.zeros(at.size, np.float32)
    return np.asarray(plane.ravel()[at] / np.maximum(highest.ravel()[at], 1e-6), np.float32)
