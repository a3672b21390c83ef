"""What is known of a mark that either detector found: how it stands out, and what the net says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import DamageClass
from filmrestore_core.places import boxes_of, places
from filmrestore_core.segment.elsewhere import seen_elsewhere
from filmrestore_core.segment.measure import measure
from filmrestore_core.segment.objects import FEATURES
from filmrestore_core.segment.pieces import connected
from filmrestore_core.segment.spike import Spikes

# A mark is what the net thinks about as likely as not, or the classical detector nearly.
NET_LOW, CLASSICAL_LOW = 0.4, 0.3
# The classes of a net whose marks can be judged, in this order.
NET_CLASSES = (
    DamageClass.DIRT,
    DamageClass.SPARKLE,
    DamageClass.HAIR,
    DamageClass.SCRATCH,
    DamageClass.STAIN,
)
NET_COLUMNS: tuple[str, ...] = (
    *("net_mean", "net_max", "net_ring", "net_share"),
    *(f"net_{c.value}" for c in NET_CLASSES),
    *("trust", "raised", "screen_share"),
)
MARK_COLUMNS: tuple[str, ...] = (*FEATURES, "seen_max", "seen_min", *NET_COLUMNS)
"""What `measure_marks` tells of each mark, in order."""

# So many are looked at, the surest; a frame with more is badly matched all over.
MOST_MARKS = 3000
# Scores are held so far from certainty before they become logits.
_LEAST = 1e-3
_RAISED = 2.0
# Beyond this share of the picture a mark must be surer the larger it is, by so many logits for
# each factor e: what is wrongly taken there, a hand or a bird, does most harm.
_LARGE, _WARINESS = 0.001, 0.7
# A mark whose contrast lies below e ** 0.7 in units of the noise must be surer, by so many logits
# for each factor e. Of made-up damage a twentieth lies there, of soft patches of old films most.
_FAINT, _FAINT_DOUBT = 0.7, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredMarks:
    """The marks of a frame.

    Attributes:
        labels: (H, W) int32, 0 outside, 1.. the marks.
        ys: (P,) int, rows of all their pixels.
        xs: (P,) int, columns.
        owner: (P,) int, which mark a pixel belongs to, 0 to N - 1.
        columns: (N, len(MARK_COLUMNS)) float64.
    """

    labels: NDArray[np.int32]
    ys: NDArray[np.intp]
    xs: NDArray[np.intp]
    owner: NDArray[np.intp]
    columns: NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.columns)

    @property
    def area(self) -> NDArray[np.int64]:
        """(N,) px."""
        return np.bincount(self.owner, minlength=self.count).astype(np.int64)


def measure_marks(
    spikes: Spikes,
    net: NDArray[np.float32],
    classical: NDArray[np.float32],
    trust: NDArray[np.float32],
) -> MeasuredMarks | None:
    """Connected marks and what is known of each; None where there is none.

    Args:
        spikes: the frame against its references.
        net: (5, H, W) float32 0..1, scores of NET_CLASSES.
        classical: (H, W) float32 0..1, the classical detector's score.
        trust: (H, W) float32 0..1, mean validity of the nearest neighbours.
    """
    highest = net.max(axis=0)
    labels, number = connected((highest >= NET_LOW) | (classical >= CLASSICAL_LOW))
    if not number:
        return None
    if number > MOST_MARKS:
        labels = _surest(labels, number, np.maximum(highest, classical))
        number = MOST_MARKS
    ys, xs = places(labels > 0)
    owner = labels[ys, xs].astype(np.intp) - 1
    boxes = boxes_of(ys, xs, owner, number)

    def mean(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(owner, values, minlength=number) / area

    area = np.bincount(owner, minlength=number).astype(np.float64)
    between = 0.5 * (spikes.first.aligned[ys, xs] + spikes.second.aligned[ys, xs])
    sign = np.where(mean(spikes.center[ys, xs] - between) >= 0, 1, -1).astype(np.intp)
    measured = measure(spikes, labels, (ys, xs, owner), sign, boxes)
    seen = [seen_elsewhere(spikes.center, r, boxes) for r in (spikes.first, spikes.second)]
    here = highest[ys, xs]
    peak = np.zeros(number, np.float32)
    np.maximum.at(peak, owner, here)
    own = {
        "net_mean": logit_of(mean(here)),
        "net_max": logit_of(peak),
        "net_ring": logit_of(_around(highest, labels, number)),
        "net_share": mean(here >= 0.5),
        **{
            f"net_{c.value}": logit_of(mean(plane[ys, xs]))
            for c, plane in zip(NET_CLASSES, net, strict=True)
        },
        "trust": mean(trust[ys, xs]),
        "raised": mean(np.abs(spikes.excess[ys, xs]) > _RAISED),
        "screen_share": np.log(area / labels.size),
    }
    columns = np.stack(
        [
            *(measured[name] for name in FEATURES),
            np.maximum(*seen),
            np.minimum(*seen),
            *(own[name] for name in NET_COLUMNS),
        ],
        axis=1,
    )
    return MeasuredMarks(labels, ys, xs, owner, columns)


def wariness(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) logits to take off marks that cover much of the picture; (N, len(MARK_COLUMNS)) in."""
    beyond = columns[:, MARK_COLUMNS.index("screen_share")] - np.log(_LARGE)
    return np.asarray(_WARINESS * np.maximum(beyond, 0.0), np.float64)


def faintness(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) logits to take off marks that hardly stand out; (N, len(MARK_COLUMNS)) in.

    To leave one is little harm; and what old transfers do to flat parts of a picture looks so.
    """
    below = _FAINT - columns[:, MARK_COLUMNS.index("log_contrast")]
    return np.asarray(_FAINT_DOUBT * np.maximum(below, 0.0), np.float64)


def logit_of(score: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logarithm of the odds of scores 0..1, which are held away from certainty."""
    inside = np.clip(np.asarray(score, np.float64), _LEAST, 1.0 - _LEAST)
    return np.asarray(np.log(inside / (1.0 - inside)), np.float64)


def _surest(
    labels: NDArray[np.int32], number: int, score: NDArray[np.float32]
) -> NDArray[np.int32]:
    """The MOST_MARKS marks with the highest scores, numbered anew."""
    at = places(labels > 0)
    peak = np.zeros(number, np.float32)
    np.maximum.at(peak, labels[at] - 1, score[at])
    kept = np.sort(np.argsort(-peak, kind="stable")[:MOST_MARKS])
    rename = np.zeros(number + 1, np.int32)
    rename[kept + 1] = np.arange(1, len(kept) + 1, dtype=np.int32)
    return np.take(rename, labels)


def _around(
    highest: NDArray[np.float32], labels: NDArray[np.int32], number: int
) -> NDArray[np.float64]:
    """(N,) the net's mean score on what lies one and two px around each mark."""
    import cv2

    wide = cv2.dilate(labels.astype(np.float32), np.ones((5, 5), np.uint8))
    at = np.flatnonzero((wide > 0) & (labels == 0))
    owner = wide.ravel()[at].astype(np.intp) - 1
    area = np.maximum(np.bincount(owner, minlength=number), 1)
    return np.bincount(owner, highest.ravel()[at], minlength=number) / area
