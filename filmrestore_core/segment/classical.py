"""ClassicalSegmenter: spikes in time, judged as objects, and lines that stand in the gate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import DamageClass, DamageMap
from filmrestore_core.segment.elsewhere import seen_elsewhere
from filmrestore_core.segment.judge import load_judge
from filmrestore_core.segment.line_scratch import LINE_JUDGE, Learned, draw_line, find_lines
from filmrestore_core.segment.line_votes import PlateVotes
from filmrestore_core.segment.objects import FEATURES, Objects, find_objects
from filmrestore_core.segment.spike import Spikes, find_spikes
from filmrestore_core.settings import DetectSettings
from filmrestore_core.temporal.window import AlignedWindow

# How many logits the slider of motion protection moves a mark that lies in bad motion.
_PROTECTION = 4.0
# A mark of which so much is found again in both neighbours moves through the picture.
_SEEN_TWICE = 0.65
# Below this no sensitivity takes a mark.
_HOPELESS = 0.02
# Length against mean width from which a mark is called a hair, and the least length in px.
_HAIR_ELONGATION = 5.0
_HAIR_LENGTH = 12


COLUMNS = (*FEATURES, "seen_max", "seen_min")
CLASSICAL_JUDGES = ("both_sides", "one_side", LINE_JUDGE)
"""The judges that are asked here."""


class ClassicalSegmenter:
    """Finds damage without a network."""

    def __init__(self, settings: DetectSettings) -> None:
        """Build a segmenter.

        Args:
            settings: radius and motion protection are used here; the rest by `refine`.
        """
        self._settings = settings
        self._votes = PlateVotes()

    @property
    def radius(self) -> int:
        """How many frames on each side it wants to see."""
        return self._settings.radius

    @property
    def classes(self) -> tuple[DamageClass, ...]:
        """The classes it can tell."""
        return DamageClass.DIRT, DamageClass.SPARKLE, DamageClass.HAIR, DamageClass.SCRATCH

    def segment(
        self, window: AlignedWindow, spikes: Spikes | None = None, *, lines: bool = True
    ) -> DamageMap:
        """Scores for the window's center frame.

        Args:
            window: a frame with its aligned neighbours.
            spikes: what `find_spikes` says of it, where that is known already.
            lines: whether line scratches are looked for, where the settings ask for them.
        """
        box = window.center.box
        scores = {c: np.zeros(box.shape, np.float32) for c in self.classes}
        spikes = find_spikes(window) if spikes is None else spikes
        if spikes is not None:
            self._add_marks(spikes, scores)
        if lines:
            self.add_lines(window, scores[DamageClass.SCRATCH])
        lost = ~window.center.finite
        if lost.any():
            for plane in scores.values():
                plane[lost] = 0.0
        return DamageMap(window.center.number, scores, box)

    def add_lines(
        self, window: AlignedWindow, plane: NDArray[np.float32], learned: Learned | None = None
    ) -> None:
        """Draw the scores of line scratches into a plane, where the settings ask for them.

        Args:
            window: a frame with its aligned neighbours.
            plane: (H, W) float32 scores, raised where a line is likelier.
            learned: what a net says of the frame, where one was asked.
        """
        if self._settings.scratch:
            for line in find_lines(window, self._votes, learned):
                draw_line(line, plane)

    def _add_marks(
        self,
        spikes: Spikes,
        scores: dict[DamageClass, NDArray[np.float32]],
    ) -> None:
        objects = find_objects(spikes)
        if objects is None:
            return
        unsure = 1.0 - objects.features[:, FEATURES.index("ring_validity")]
        doubt = (self._settings.motion_protection - 0.5) * _PROTECTION * unsure
        score = judge_objects(spikes, objects, doubt)
        own = score[objects.owner] * _membership(objects)
        hair = _is_hair(objects)
        for damage_class, chosen in (
            (DamageClass.DIRT, ~hair & (objects.sign < 0)),
            (DamageClass.SPARKLE, ~hair & (objects.sign > 0)),
            (DamageClass.HAIR, hair),
        ):
            pixels = chosen[objects.owner]
            scores[damage_class][objects.ys[pixels], objects.xs[pixels]] = own[pixels]


def judge_objects(
    spikes: Spikes, objects: Objects, doubt: NDArray[np.float64]
) -> NDArray[np.float32]:
    """(N,) scores 0..1; `doubt` (N,) is how many logits to take off."""
    judge = load_judge("both_sides" if spikes.both_sides else "one_side")
    columns = np.concatenate([objects.features, np.zeros((objects.count, 2))], axis=1)
    score = judge.scores(columns, COLUMNS, doubt=doubt)
    # To be seen elsewhere can only lower a score, so only the hopeful are looked for.
    hopeful = np.flatnonzero(score >= _HOPELESS)
    boxes = objects.boxes[hopeful]
    seen = [seen_elsewhere(spikes.center, r, boxes) for r in (spikes.first, spikes.second)]
    columns[hopeful, -2], columns[hopeful, -1] = np.maximum(*seen), np.minimum(*seen)
    rescored = judge.scores(columns[hopeful], COLUMNS, doubt=doubt[hopeful])
    answer = np.zeros(objects.count, np.float32)
    answer[hopeful] = np.where(np.minimum(*seen) > _SEEN_TWICE, 0.0, rescored)
    return answer


def _membership(objects: Objects) -> NDArray[np.float32]:
    """(P,) float32 0.5..1: the rim of a mark keeps half its score, the core all of it."""
    peak = np.zeros(objects.count, np.float32)
    np.maximum.at(peak, objects.owner, objects.depth)
    share = np.clip(0.5 + objects.depth / peak[objects.owner], 0.5, 1.0)
    return np.asarray(share, np.float32)


def _is_hair(objects: Objects) -> NDArray[np.bool_]:
    """Marks that are long, and thin for their length."""
    area = np.bincount(objects.owner, minlength=objects.count)
    length = np.hypot(objects.boxes[:, 2], objects.boxes[:, 3])
    return (length >= _HAIR_LENGTH) & (length * length >= _HAIR_ELONGATION * area)
