"""CombinedSegmenter: net and classical detector find marks, each of which is judged as a whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import DETECTED_CLASSES, DamageClass, DamageMap
from filmrestore_core.models.card import ModelCard
from filmrestore_core.segment.classical import ClassicalSegmenter
from filmrestore_core.segment.exported_net import PROTECTION, ExportedSegmenter, has_witnesses
from filmrestore_core.segment.line_scratch import Learned
from filmrestore_core.segment.mark_measure import NET_CLASSES, MeasuredMarks, measure_marks
from filmrestore_core.segment.mark_net import ExportedMarkNet
from filmrestore_core.segment.spike import find_spikes
from filmrestore_core.segment.verdict import Look, judge_marks
from filmrestore_core.temporal.window import AlignedWindow

# In a card's calibration: which edition of the shipped judges knows this net's scores.
JUDGE_KEY = "marks.judge"
JUDGE_EDITION = 2.0
# On old films most of what the classical detector alone is for is damage that the others refuse;
# on rain and sparks it is most of what is wrong.
_ALONE = 0.4


class CombinedSegmenter:
    """The detectors make different mistakes: what both know of a mark says more than either.

    The net sees context, hairs and what is not opaque; the classical one compares and measures. A
    mark is as likely as trees that know both and a second net, which looks at it and around it,
    say together; and doubtful marks among sure ones are more likely damage than lone ones. What
    the classical detector is quite sure of stays. Where fewer than two neighbours show the picture
    it decides alone.
    """

    def __init__(
        self,
        net: ExportedSegmenter,
        classical: ClassicalSegmenter,
        looks: ExportedMarkNet,
        *,
        protection: float,
    ) -> None:
        """Build a segmenter.

        Args:
            net: its card fits, see `fits`.
            classical: with the same settings.
            looks: judges marks by how they look.
            protection: motion protection, 0 to 1; 0.5 changes nothing.
        """
        self._net, self._classical, self._looks = net, classical, looks
        self._doubt = (protection - 0.5) * PROTECTION

    @staticmethod
    def fits(card: ModelCard) -> bool:
        """True where the shipped judges know the net's scores."""
        return (
            card.calibration.get(JUDGE_KEY) == JUDGE_EDITION and tuple(card.classes) == NET_CLASSES
        )

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
        spikes = find_spikes(window) if has_witnesses(window) else None
        measured = self._classical.segment(window, spikes, lines=spikes is None)
        if spikes is None:
            return measured
        box = window.center.box
        learned = self._net.raw_scores(window)
        if not window.center.finite.all():
            learned[:, ~window.center.finite] = 0.0
        scores = {c: np.zeros(box.shape, np.float32) for c in self.classes}
        second = highest_of(measured)
        marks = measure_marks(spikes, learned, second, trust_of(window))
        if marks is not None:
            judged = judge_marks(
                marks,
                self._looked_at(window, learned.max(axis=0)),
                both_sides=spikes.both_sides,
                doubt=self._doubt,
            )
            self._add(marks, judged, learned, measured, second, scores)
        for damage_class, plane in measured.scores.items():
            np.maximum(scores[damage_class], _doubted(plane), out=scores[damage_class])
        # Lines are judged by all their rows; trees of marks see pieces.
        lines = scores[DamageClass.SCRATCH]
        known = Learned(learned, self._net.classes.index(DamageClass.SCRATCH))
        self._classical.add_lines(window, lines, known)
        lines[~window.center.finite] = 0.0
        return DamageMap(window.center.number, scores, box)

    def _looked_at(self, window: AlignedWindow, highest: NDArray[np.float32]) -> Look:
        def look(marks: MeasuredMarks, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
            return self._looks.logits(window, highest, marks, chosen)

        return look

    def _add(
        self,
        marks: MeasuredMarks,
        score: NDArray[np.float32],
        learned: NDArray[np.float32],
        measured: DamageMap,
        highest: NDArray[np.float32],
        scores: dict[DamageClass, NDArray[np.float32]],
    ) -> None:
        at = marks.ys, marks.xs
        first = np.max([plane[at] for plane in learned], axis=0)
        second = highest[at]
        own = np.maximum(first, second)
        peak = np.zeros(marks.count, np.float32)
        np.maximum.at(peak, marks.owner, own)
        # The core of a mark keeps its score, doubtful pixels down to half of it.
        share = np.clip(0.5 + 0.5 * own / np.maximum(peak[marks.owner], 1e-3), 0.5, 1.0)
        value = score[marks.owner] * share
        # The one that is surer says of which kind a pixel is.
        by_net = first >= second
        names = dict(zip(self._net.classes, learned, strict=True))
        for damage_class in self.classes:
            likely = np.where(
                by_net,
                _share(names.get(damage_class), first, at),
                _share(measured.scores.get(damage_class), second, at),
            )
            scores[damage_class][at] = value * likely


def _doubted(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The classical detector's scores where it alone is for a mark: so many logits less."""
    answer = np.zeros_like(plane)
    at = np.flatnonzero(plane)
    odds = plane.ravel()[at] / np.maximum(1.0 - plane.ravel()[at], np.float32(1e-6))
    odds *= np.float32(np.exp(-_ALONE))
    answer.ravel()[at] = odds / (1 + odds)
    return answer


def trust_of(window: AlignedWindow) -> NDArray[np.float32]:
    """(H, W) float32 0..1: mean validity of the two nearest neighbours."""
    nearest = sorted(window.neighbors, key=lambda n: (abs(n.offset), n.offset))[:2]
    return np.asarray(sum(n.validity for n in nearest) / np.float32(len(nearest)), np.float32)


def highest_of(found: DamageMap) -> NDArray[np.float32]:
    """(H, W) float32: the highest score of any class."""
    highest = np.zeros(found.box.shape, np.float32)
    for plane in found.scores.values():
        np.maximum(highest, plane, out=highest)
    return highest


def _share(
    plane: NDArray[np.float32] | None,
    highest: NDArray[np.float32],
    at: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> NDArray[np.float32]:
    """A class's score over the highest one, 1 for the likeliest class."""
    if plane is None:
        return np.zeros(len(at[0]), np.float32)
    return np.asarray(plane[at] / np.maximum(highest, 1e-6), np.float32)
