"""How good a segmenting net is on scenes it has never seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.samples.scene import TARGET, WEIGHT
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.batches import scene_planes
from filmrestore_core.matte import DETECTED_CLASSES
from filmrestore_core.metrics.detection import (
    PixelCounts,
    count_pixels,
    false_objects,
    object_outcomes,
)

THRESHOLDS = (0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)
# Objects smaller than this are counted with the pixels only.
LEAST_AREA = 12

Net = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(P, H, W) planes -> (K, H, W) scores."""


def score_net(
    net: Net,
    store: SceneStore,
    indices: Iterable[int],
    kind: str,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
) -> dict[str, Any]:
    """Figures at several thresholds.

    Args:
        net: from planes to scores.
        store: scenes.
        indices: which of them.
        kind: a key of segment.planes.PLANES.
        thresholds: scores from which a pixel counts as found.

    Returns:
        "thresholds": one row each: threshold, f1, precision, recall, objects (share found of those
        of LEAST_AREA px and more), and on undamaged scenes false_px (per million) and
        false_objects (per megapixel). "best_f1": the largest. "kinds": share of the damaged pixels
        whose class was named right, of those found at 0.5.
    """
    totals = [_Totals() for _ in thresholds]
    right = seen = 0
    for index in indices:
        planes, facts = store.planes(index), store.facts(index)
        scores = net(scene_planes(np.array(planes), facts["offsets"], facts["noise"], kind))
        target, weight = np.array(planes[TARGET]), np.array(planes[WEIGHT])
        highest = scores.max(axis=0)
        for total, threshold in zip(totals, thresholds, strict=True):
            total.add(highest >= threshold, target, (weight < 255) & (target == 0))
        found = (highest >= 0.5) & (target > 0)
        right += int(np.sum(scores.argmax(axis=0)[found] + 1 == target[found]))
        seen += int(found.sum())
    rows = [t.row(threshold) for t, threshold in zip(totals, thresholds, strict=True)]
    return {
        "thresholds": rows,
        "best_f1": max(row["f1"] for row in rows),
        "kinds": right / seen if seen else 0.0,
    }


class _Totals:
    def __init__(self) -> None:
        self.damaged, self.clean = PixelCounts(), PixelCounts()
        self.objects = self.found = self.wrong = 0

    def add(
        self,
        predicted: NDArray[np.bool_],
        target: NDArray[np.uint8],
        faint: NDArray[np.bool_],
    ) -> None:
        truth = target > 0
        counts = count_pixels(predicted, truth, ignored=faint)
        if not truth.any():
            self.clean += counts
            self.wrong += false_objects(predicted, truth, ignored=faint)
            return
        self.damaged += counts
        planes = {c: target == c.label for c in DETECTED_CLASSES}
        for outcome in object_outcomes(predicted, planes):
            if outcome.area >= LEAST_AREA:
                self.objects += 1
                self.found += outcome.found

    def row(self, threshold: float) -> dict[str, float]:
        def number(value: float) -> float:
            return 0.0 if math.isnan(value) else round(value, 4)

        return {
            "threshold": threshold,
            "f1": number(self.damaged.f1),
            "precision": number(self.damaged.precision),
            "recall": number(self.damaged.recall),
            "objects": number(self.found / self.objects if self.objects else 0.0),
            "false_px": number(self.clean.wrong_per_million),
            "false_objects": number(
                self.wrong / (self.clean.pixels / 1e6) if self.clean.pixels else 0.0
            ),
        }
