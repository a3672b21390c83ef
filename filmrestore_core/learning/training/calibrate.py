"""Calibration: the score at which a segmenter's sensitivity of 0.5 shall stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.samples.scene import TARGET, WEIGHT
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.batches import scene_planes
from filmrestore_core.learning.training.scoring import Net
from filmrestore_core.metrics.detection import PixelCounts, count_pixels
from filmrestore_core.segment.refine import thresholds

PIVOTS: tuple[float, ...] = (
    *(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.965, 0.975, 0.985, 0.99, 0.995),
    *(0.998, 0.999),
)
# Names of the kinds of windows in a card's calibration.
BOTH_SIDES, ONE_SIDE, ALONE = "pivot", "pivot_one_side", "pivot_alone"
_FAINT = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was chosen, and from what.

    Attributes:
        pivots: name of the kind of window -> score; 1 where no score is safe enough.
        rows: one for each kind and candidate: pivot, f1, precision, recall, false_px per million,
            and plain_false_px of the scenes without hard negatives.
    """

    pivots: dict[str, float]
    rows: tuple[dict[str, Any], ...]


def calibrate(
    net: Net,
    store: SceneStore,
    indices: Iterable[int],
    kind: str,
    *,
    most_false: float,
    candidates: Sequence[float] = PIVOTS,
) -> Calibration:
    """Choose, for each kind of window, the lowest pivot that marks little that is no damage.

    The best F1 counts where it keeps the limit; hysteresis is that of `segment.refine`.

    Args:
        net: from planes to scores.
        store: scenes that the net was not taught with.
        indices: which of them.
        kind: a key of segment.planes.PLANES.
        most_false: pixels per million that may be marked wrongly where no hard negative is.
        candidates: scores to try.
    """
    counts: dict[tuple[str, float], PixelCounts] = {}
    plain: dict[tuple[str, float], PixelCounts] = {}
    for index in indices:
        planes, facts = np.array(store.planes(index)), store.facts(index)
        scores = net(scene_planes(planes, facts["offsets"], facts["noise"], kind)).max(axis=0)
        truth = planes[TARGET] > 0
        faint = (planes[WEIGHT] < 255) & ~truth
        name = _kind_of(facts["offsets"])
        for pivot in candidates:
            counted = count_pixels(_marked(scores, pivot), truth, ignored=faint)
            counts[name, pivot] = counts.get((name, pivot), PixelCounts()) + counted
            if facts["negative"] == "none":
                plain[name, pivot] = plain.get((name, pivot), PixelCounts()) + counted
    pivots, rows = {}, []
    for name in sorted({name for name, _ in counts}):
        mine = [_row(name, p, counts[name, p], plain.get((name, p))) for p in candidates]
        rows += mine
        good = [r for r in mine if r["plain_false_px"] <= most_false and r["recall"] > 0]
        best = max(good, key=lambda r: (r["f1"], r["pivot"]), default=None)
        pivots[name] = 1.0 if best is None else float(best["pivot"])
    return Calibration(pivots, tuple(rows))


def _kind_of(offsets: Sequence[int]) -> str:
    if not offsets:
        return ALONE
    return ONE_SIDE if min(offsets) > 0 or max(offsets) < 0 else BOTH_SIDES


def _marked(scores: NDArray[np.float32], pivot: float) -> NDArray[np.bool_]:
    """What refine would mark at sensitivity 0.5 with this pivot."""
    import cv2

    high, low = (_score_of(t, pivot) for t in thresholds(0.5))
    seeds = scores >= high
    if not seeds.any():
        return seeds
    wide = (scores >= low).astype(np.uint8)
    count, pieces = cv2.connectedComponents(wide, connectivity=8)
    kept = np.zeros(count, np.bool_)
    kept[pieces[seeds]] = True
    kept[0] = False
    return np.asarray(kept[pieces], np.bool_)


def _score_of(moved: float, pivot: float) -> float:
    """The net's score that comes out as `moved` once the pivot is brought to one half."""
    logit = np.log(moved / (1 - moved)) + np.log(pivot / (1 - pivot + _FAINT))
    return float(1 / (1 + np.exp(-logit)))


def _row(name: str, pivot: float, counts: PixelCounts, plain: PixelCounts | None) -> dict[str, Any]:
    return {
        "window": name,
        "pivot": pivot,
        "f1": round(float(np.nan_to_num(counts.f1)), 4),
        "precision": round(float(np.nan_to_num(counts.precision)), 4),
        "recall": round(float(np.nan_to_num(counts.recall)), 4),
        "false_px": round(counts.wrong_per_million, 1),
        "plain_false_px": float("inf") if plain is None else round(plain.wrong_per_million, 1),
    }
