"""How surely a new shot begins between two frames.

Two frames of one shot show the same things a little moved; two of different shots do not. So the
pictures are cut into blocks, each block is looked for in the other picture near its place, and
what cannot be found again is counted. Brightness and contrast play no part (flicker, fades), a
single odd frame (flash, splice flash, heavy damage) is told by its neighbours, which match across
it. Where the frames on one side are as unlike each other (whip pan, heavy damage), unlikeness
across the boundary says less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.plate import Plate, luma_of

# The matching picture, and in it the blocks and how far they are looked for, in its own pixels.
_WIDTH, _HEIGHT, _BLOCK, _SEARCH = 64, 48, 12, 7
# Blocks with less contrast than this (standard deviation) tell less; with a fiftieth, nothing.
_FULL_CONTRAST, _LEAST_CONTRAST = 0.2, 0.004
# How much unlikeness within a side takes from unlikeness across; and what stands for a side of
# which only one frame is known.
_WITHIN, _UNKNOWN = 0.5, 0.2
_OPERATING_POINT = 0.27


@dataclass(frozen=True, slots=True, eq=False)
class CutPicture:
    """A plate made small for comparing.

    Attributes:
        luma: (48, 64) float32.
        box: of the plate.
    """

    luma: NDArray[np.float32]
    box: Box


def cut_picture(plate: Plate, box: Box | None = None) -> CutPicture:
    """The plate's luma, or a part of it, small and without specks."""
    import cv2

    box = plate.box if box is None else box
    pixels = plate.pixels[box.slices(plate.box)]
    luma = luma_of(pixels)
    for size, width in ((4, 5), (2, 3)):
        # Dirt goes before it is averaged into what is around it.
        shape = (_WIDTH * size, _HEIGHT * size)
        small = np.asarray(cv2.resize(luma, shape, interpolation=cv2.INTER_AREA), np.float32)
        luma = np.asarray(cv2.medianBlur(small, width), np.float32)
    luma = np.asarray(cv2.resize(luma, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA), np.float32)
    return CutPicture(np.ascontiguousarray(luma, np.float32), box)


def unlikeness(a: CutPicture, b: CutPicture) -> float:
    """0 where every block of each picture is found in the other, about 0.5 and more where not.

    Two pictures without any structure are alike.
    """
    found_a, weight_a = _not_found(a.luma, b.luma)
    found_b, weight_b = _not_found(b.luma, a.luma)
    weight = weight_a + weight_b
    return (found_a + found_b) / weight if weight > 1e-3 else 0.0


def cut_score(
    a: CutPicture,
    b: CutPicture,
    *,
    before: CutPicture | None = None,
    after: CutPicture | None = None,
) -> float:
    """How surely `b` begins a new shot: 0 to 1, 0.5 at the measured operating point.

    All frames before must differ from all after; one odd frame on either side does not.

    Args:
        a: the frame before the boundary.
        b: the frame after it.
        before: the frame before `a`, where there is one.
        after: the frame after `b`, where there is one.
    """
    least = unlikeness(a, b)
    crossing = [(x, y) for x in (a, before) for y in (b, after) if x is not None and y is not None]
    for left, right in crossing:
        if least <= _OPERATING_POINT / 2:
            break  # The answer is no, whatever the others say.
        if left is not a or right is not b:
            least = min(least, unlikeness(left, right))
    if least > _OPERATING_POINT / 2:
        sides = [(before, a), (b, after)]
        within = [unlikeness(x, y) for x, y in sides if x is not None and y is not None]
        least -= _WITHIN * min(within, default=_UNKNOWN)
    return float(np.clip(0.5 * least / _OPERATING_POINT, 0.0, 1.0))


def _not_found(picture: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float]:
    """Sum over blocks of weight x (1 - best correlation), and the sum of the weights."""
    import cv2

    total = weights = 0.0
    for y in range(0, _HEIGHT, _BLOCK):
        for x in range(0, _WIDTH, _BLOCK):
            block = picture[y : y + _BLOCK, x : x + _BLOCK]
            contrast = float(block.std())
            if contrast < _LEAST_CONTRAST:
                continue
            top, left = max(0, y - _SEARCH), max(0, x - _SEARCH)
            near = other[top : y + _BLOCK + _SEARCH, left : x + _BLOCK + _SEARCH]
            match = cv2.matchTemplate(near, block, cv2.TM_CCOEFF_NORMED)
            # Where the other picture is flat the correlation is 0 / 0, which OpenCV calls 1.
            flat = float(near.std()) < _LEAST_CONTRAST / 4
            best = 0.0 if flat else float(np.max(np.nan_to_num(match, posinf=0.0, neginf=0.0)))
            weight = min(contrast / _FULL_CONTRAST, 1.0)
            total += weight * (1.0 - min(best, 1.0))
            weights += weight
    return total, weights
