"""Scores -> Matte: thresholds, hysteresis, classes, sizes, soft rims, the list of defects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.matte import DamageClass, DamageMap, Defect, Matte
from filmrestore_core.places import boxes_of, places
from filmrestore_core.segment.pieces import connected
from filmrestore_core.settings import DetectSettings

# Nothing is so sure, and nothing so doubtful, that the slider's ends take all or nothing.
_SUREST, _FAINTEST = 0.98, 0.02
# A mark reaches as far as its scores are this share of what its strongest pixel needs.
_HYSTERESIS = 0.5


def thresholds(sensitivity: float) -> tuple[float, float]:
    """(high, low): the score a mark's best pixel needs, and the score its other pixels need."""
    high = min(max(1.0 - sensitivity, _FAINTEST), _SUREST)
    return high, high * _HYSTERESIS


def refine(damage_map: DamageMap, settings: DetectSettings) -> Matte:
    """Make the matte of a frame from a segmenter's scores.

    Hysteresis after Canny, "A computational approach to edge detection", 1986: pixels above the
    low threshold count where they are connected to one above the high threshold.

    Args:
        damage_map: scores 0..1 per class.
        settings: sensitivity, classes, sizes in pixels and in percent of the picture, grow and
            soften in pixels.

    Returns:
        The matte; coverage is 1 on each mark and `grow` px around it, and falls to 0 over the
        `soften` px outside that.
    """
    box = damage_map.box
    marks = np.zeros(box.shape, np.uint8)
    best = np.zeros(box.shape, np.float32)
    for damage_class in settings.classes:
        scores = damage_map.scores.get(damage_class)
        if scores is None:
            continue
        taken = _above(scores, settings)
        taken = taken[scores.ravel()[taken] > best.ravel()[taken]]
        marks.ravel()[taken] = damage_class.label
        best.ravel()[taken] = scores.ravel()[taken]
    pieces, kinds = _pieces(marks, settings)
    if not kinds:
        return Matte.empty(damage_map.number, box)
    coverage, nearest = soft_rim(pieces, settings.grow, settings.soften)
    labels = np.zeros(box.shape, np.uint8)
    covered = np.flatnonzero(coverage > 0)
    of_kind = np.asarray([0, *(k.label for k in kinds)], np.uint8)
    labels.ravel()[covered] = of_kind[nearest.ravel()[covered]]
    peaks = np.zeros(len(kinds) + 1)
    inside = np.flatnonzero(pieces)
    np.maximum.at(peaks, pieces.ravel()[inside], best.ravel()[inside])
    defects = _defects(coverage, nearest, kinds, peaks, box)
    return Matte(damage_map.number, coverage, labels, box, defects)


def matte_from_coverage(
    number: int, box: Box, coverage: NDArray[np.float32], *, joined_to: Matte | None = None
) -> Matte:
    """A matte given from outside, alone or joined to one that was found.

    Args:
        number: frame number.
        box: where [0, 0] lies.
        coverage: (H, W) float32, clipped to 0..1; what is not finite counts as 0.
        joined_to: a matte of the same frame and box; the larger coverage counts.

    Raises:
        ValueError: the shapes do not fit.
    """
    given = np.asarray(coverage, np.float32)
    if given.shape != box.shape or (joined_to is not None and joined_to.box != box):
        raise ValueError(f"A matte of {given.shape} does not fit {box}.")
    given = np.where(np.isfinite(given), np.clip(given, 0.0, 1.0), 0.0).astype(np.float32)
    found = joined_to if joined_to is not None else Matte.empty(number, box)
    ours = given > found.coverage
    labels = np.where(ours, DamageClass.OTHER.label, found.labels).astype(np.uint8)
    pieces, count = connected(given > 0)
    kinds = [DamageClass.OTHER] * count
    peaks = np.zeros(count + 1)
    np.maximum.at(peaks, pieces.ravel(), given.ravel())
    defects = [*found.defects, *_defects(given, pieces, kinds, peaks, box)]
    merged = np.maximum(given, found.coverage)
    return Matte(number, merged, labels, box, tuple(sorted(defects, key=_reading_order)))


def soft_rim(
    pieces: NDArray[np.int32], grow: float, soften: float
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Coverage of marks that are grown and softened, and which mark each covered pixel is of.

    Args:
        pieces: (H, W) int32, 0 outside, 1.. the marks.
        grow: px of full coverage around a mark.
        soften: px over which coverage falls to 0 outside that.

    Returns:
        (H, W) float32 0..1 and (H, W) int32, 0 where nothing is covered.
    """
    import cv2

    inside = pieces > 0
    if not inside.any():
        return np.zeros(pieces.shape, np.float32), np.zeros(pieces.shape, np.int32)
    distance, index = cv2.distanceTransformWithLabels(
        (~inside).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(int(index.max()) + 1, np.int32)
    owner[index[inside]] = pieces[inside]
    # Little is covered: nothing beyond these, and to look at them alone is much faster.
    near = np.flatnonzero(distance <= np.float32(1.5 + grow + soften))
    # A pixel's edge lies half a pixel before its middle.
    beyond = np.asarray(distance, np.float32).ravel()[near] - np.float32(0.5 + grow)
    if soften > 0:
        there = np.clip(1.0 - beyond / np.float32(soften), 0.0, 1.0)
    else:
        there = (beyond <= 0).astype(np.float32)
    there[pieces.ravel()[near] > 0] = 1.0
    coverage = np.zeros(pieces.shape, np.float32)
    nearest = np.zeros(pieces.shape, np.int32)
    coverage.ravel()[near] = there
    nearest.ravel()[near] = np.where(there > 0, owner[index.ravel()[near]], 0)
    return coverage, nearest


def _above(scores: NDArray[np.float32], settings: DetectSettings) -> NDArray[np.intp]:
    """Pixels above the low threshold that are connected to one above the high threshold.

    They are counted row by row; few of them are much faster to go through than the picture.
    """
    high, low = thresholds(settings.sensitivity)
    seeds = np.flatnonzero(scores >= high)
    if not seeds.size:
        return seeds
    likely = scores >= low
    pieces, count = connected(likely)
    kept = np.zeros(count + 1, np.bool_)
    kept[pieces.ravel()[seeds]] = True
    at = np.flatnonzero(likely)
    return np.asarray(at[kept[pieces.ravel()[at]]], np.intp)


def _pieces(
    marks: NDArray[np.uint8], settings: DetectSettings
) -> tuple[NDArray[np.int32], list[DamageClass]]:
    """Connected marks of one class each, without those of forbidden size, numbered from 1."""
    most = settings.max_area / 100.0 * marks.size
    result = np.zeros(marks.shape, np.int32)
    kinds: list[DamageClass] = []
    for damage_class in settings.classes:
        own = marks == damage_class.label
        pieces, count = connected(own)
        if not count:
            continue
        at = np.flatnonzero(own)
        owner = pieces.ravel()[at]
        areas = np.bincount(owner, minlength=count + 1)
        fits = np.ones(count + 1, np.bool_)
        if damage_class is not DamageClass.SCRATCH:
            fits = (areas >= settings.min_area) & (areas <= most)
        fits[0] = False
        rename = np.zeros(count + 1, np.int32)
        rename[fits] = len(kinds) + 1 + np.arange(np.count_nonzero(fits))
        kinds += [damage_class] * int(np.count_nonzero(fits))
        result.ravel()[at] = rename[owner]
    return result, kinds


def _defects(
    coverage: NDArray[np.float32],
    pieces: NDArray[np.int32],
    kinds: list[DamageClass],
    peaks: NDArray[np.float64],
    box: Box,
) -> tuple[Defect, ...]:
    """One Defect per piece, in reading order; pieces that cover no pixel by half are left out."""
    ys, xs = places(pieces > 0)
    owner = pieces[ys, xs]
    count = len(kinds) + 1
    areas = np.bincount(owner, coverage[ys, xs] >= 0.5, minlength=count)
    boxes = boxes_of(ys, xs, owner, count).tolist()
    defects = []
    for index in range(1, count):
        if areas[index] < 1:
            continue
        x, y, width, height = boxes[index]
        place = Box(box.x + x, box.y + y, width, height)
        score = float(min(peaks[index], 1.0))
        defects.append(Defect(kinds[index - 1], place, int(areas[index]), score))
    return tuple(sorted(defects, key=_reading_order))


def _reading_order(defect: Defect) -> tuple[int, int, str]:
    return defect.box.y, defect.box.x, defect.damage_class.value
