"""Is a candidate seen in a neighbour too, at another place? Then it is picture and moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.segment.spike import Reference

# Pixels around a mark that must fit as well.
_MARGIN = 3
# How far from where the flow points something may have gone; px at the size it is looked at.
_REACH = 44
# Larger marks are looked for in a picture of half, a quarter ... the size.
_LARGEST_SIDE = 24


def seen_elsewhere(
    center: NDArray[np.float32], reference: Reference, boxes: NDArray[np.int32]
) -> NDArray[np.float64]:
    """How much better some place nearby in a neighbour explains each mark than the flow did.

    Args:
        center: (H, W) float32, smoothed luma of the frame.
        reference: the neighbour, as it is and along the flow.
        boxes: (N, 4) int, x, y, width, height of each mark.

    Returns:
        (N,) float64 0..1: 1 where the mark is seen exactly, 0 where nothing is more like it
        than what the flow brought.
    """
    answer = np.zeros(len(boxes))
    if not len(boxes):
        return answer
    pyramid = [(center, reference.aligned, reference.raw)]
    height, width = center.shape
    for index, (left, top, wide, high) in enumerate(boxes.tolist()):
        level = 0
        side = max(wide, high) + 2 * _MARGIN
        while side > _LARGEST_SIDE and level < 4:
            level += 1
            side /= 2
            if len(pyramid) <= level:
                first, second, third = pyramid[-1]
                pyramid.append((_half(first), _half(second), _half(third)))
        here, predicted, there = pyramid[level]
        scale = 1 << level
        rows = slice(max(0, top // scale - _MARGIN), (top + high - 1) // scale + 1 + _MARGIN)
        columns = slice(max(0, left // scale - _MARGIN), (left + wide - 1) // scale + 1 + _MARGIN)
        middle = min(height - 1, top + high // 2), min(width - 1, left + wide // 2)
        dx, dy = (reference.neighbor.flow[middle] / scale).tolist()
        place = columns.start + dx, rows.start + dy
        answer[index] = _gain(here[rows, columns], predicted[rows, columns], there, place)
    return answer


def _gain(
    patch: NDArray[np.float32],
    predicted: NDArray[np.float32],
    there: NDArray[np.float32],
    place: tuple[float, float],
) -> float:
    """1 - (misfit of the best place within reach) / (misfit of the prediction), brightness free."""
    import cv2

    high, wide = patch.shape
    top, bottom = _span(place[1], high, there.shape[0])
    left, right = _span(place[0], wide, there.shape[1])
    field = there[top:bottom, left:right]
    if field.shape[0] < high or field.shape[1] < wide:
        return 0.0
    flat = patch - patch.mean()
    miss = patch - predicted
    misfit = float(np.var(miss)) * miss.size + 1e-9
    field = field - np.float32(field.mean())
    together = cv2.matchTemplate(field, flat, cv2.TM_CCORR)
    sums, squares = cv2.integral2(field)
    own = _windowed(squares, high, wide) - _windowed(sums, high, wide) ** 2 / (high * wide)
    best = float(np.min(float(np.sum(flat * flat)) + own - 2.0 * together))
    return min(1.0, max(0.0, 1.0 - best / misfit))


def _span(start: float, length: int, size: int) -> tuple[int, int]:
    """First and last + 1 of what is looked at along an axis of `size` pixels."""
    low = min(max(round(start) - _REACH, 0), max(0, size - length - 2 * _REACH))
    return low, min(low + length + 2 * _REACH, size)


def _windowed(table: Any, high: int, wide: int) -> NDArray[np.float64]:
    """Sums over all high x wide windows, from a table of running sums."""
    return np.asarray(
        table[high:, wide:] - table[:-high, wide:] - table[high:, :-wide] + table[:-high, :-wide]
    )


def _half(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    size = (max(1, picture.shape[1] // 2), max(1, picture.shape[0] // 2))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
