"""HoleCrop: a crop of a validation window with its holes told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.planes import FIRST, LENT, MATTE, OFFSETS, SPOILED, VALIDITY
from filmrestore_core.learning.compare_fills.known_grain import known_grain
from filmrestore_core.learning.samples.holes import BARE, TRUTH
from filmrestore_core.learning.samples.store import SceneStore

SIZES: tuple[tuple[str, int, int], ...] = (
    ("below 100 px", 0, 100),
    ("100-400 px", 100, 400),
    ("above 400 px", 400, 1 << 40),
)
"""Name, least area and the first area beyond, px."""

# A neighbour shows a pixel where it can be trusted this far and is damaged no further.
_TRUSTED, _SPOILED = 0.5, 0.5
# A hole is shown, or rightly shown, where neighbours do so for this share of it.
_SHOWN = 0.5
# A neighbour is right where it differs from the truth by no more than this after a blur, plate
# units and px.
_RIGHT, _SOFT = 0.06, 2.0
# Where several holes lie, one that no neighbour shows counts as this many times its pixels.
_RARE = 3.0


class HoleKind(StrEnum):
    """What neighbours know of a hole."""

    SHOWN = "shown"  # half of it or more, and rightly
    MISLED = "misled"  # they seem to, but show damage that was overlooked, or were moved wrongly
    UNSHOWN = "unshown"


@dataclass(frozen=True, slots=True)
class HoleFacts:
    """One hole: connected covered pixels within a crop.

    Attributes:
        label: its number in the crop's labels.
        area: px, within the crop.
        kind: what neighbours know of it.
    """

    label: int
    area: int
    kind: HoleKind

    @property
    def size(self) -> str:
        """Name of its size class."""
        return next(name for name, least, beyond in SIZES if least <= self.area < beyond)


@dataclass(frozen=True, slots=True, eq=False)
class HoleCrop:
    """A crop with its truth.

    Attributes:
        window: index in the store.
        crop: which of the window's crops.
        planes: (29, h, w) float32, see inpaint.planes.
        truth: (h, w, 3) float32, clean, with grain.
        bare: (h, w, 3) float32, clean, without.
        coverage: (h, w) float32 0..1.
        labels: (h, w) int32, 0 outside holes.
        holes: each of them.
        grain: as it really is around the holes.
    """

    window: int
    crop: int
    planes: NDArray[np.float32]
    truth: NDArray[np.float32]
    bare: NDArray[np.float32]
    coverage: NDArray[np.float32]
    labels: NDArray[np.int32]
    holes: tuple[HoleFacts, ...]
    grain: GrainModel

    @property
    def key(self) -> tuple[int, int]:
        """Which it is: seeds whatever is random about it."""
        return self.window, self.crop


def choose_crops(store: SceneStore, windows: int, most: int) -> list[tuple[int, int]]:
    """(window, crop) of those to compare on, in order of the windows.

    Each window gives the crop with most to fill before any gives a second; pixels of holes that no
    neighbour shows count threefold, since such holes are few.

    Args:
        store: of holes.
        windows: how many windows it has.
        most: crops in all; 0 for every crop with a hole.
    """
    ranked: list[list[tuple[int, int]]] = []
    for window in range(windows):
        weights = [_weight(np.asarray(c, np.float32)) for c in store.planes(window)]
        order = sorted((-w, i) for i, w in enumerate(weights) if w > 0)
        for place, (_, crop) in enumerate(order):
            if place == len(ranked):
                ranked.append([])
            ranked[place].append((window, crop))
    chosen = [one for turn in ranked for one in turn]
    if most and len(ranked) and most < len(ranked[0]):
        # Fewer than windows: evenly over them.
        at = np.linspace(0, len(ranked[0]) - 1, most).round().astype(int)
        return [ranked[0][int(i)] for i in at]
    return sorted(chosen[: most or len(chosen)])


def read_crops(store: SceneStore, chosen: list[tuple[int, int]]) -> Iterator[HoleCrop]:
    """The crops, one held at a time."""
    for window, crop in chosen:
        yield hole_crop(np.asarray(store.planes(window)[crop], np.float32), window, crop)


def hole_crop(stored: NDArray[Any], window: int = 0, crop: int = 0) -> HoleCrop:
    """A crop from its stored planes.

    Args:
        stored: (PLANE_COUNT, h, w), see learning.samples.holes.
        window: index of its window.
        crop: index within the window.
    """
    whole = np.ascontiguousarray(stored, np.float32)
    planes = whole[: TRUTH.start]
    truth = np.ascontiguousarray(np.moveaxis(whole[TRUTH], 0, -1))
    bare = np.ascontiguousarray(np.moveaxis(whole[BARE], 0, -1))
    labels, holes = _holes(planes, bare)
    grain = known_grain(truth, bare, planes[MATTE] <= 0)
    return HoleCrop(window, crop, planes, truth, bare, planes[MATTE], labels, holes, grain)


def open_neighbors(planes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(4, h, w): where each neighbour shows a pixel and is not damaged itself."""
    return (planes[VALIDITY] >= _TRUSTED) & (planes[SPOILED] < _SPOILED)


def _holes(
    planes: NDArray[np.float32], bare: NDArray[np.float32]
) -> tuple[NDArray[np.int32], tuple[HoleFacts, ...]]:
    import cv2

    covered = (planes[MATTE] > 0).astype(np.uint8)
    count, labels = cv2.connectedComponents(covered, connectivity=8, ltype=cv2.CV_32S)
    flat = labels.ravel()
    open_ = open_neighbors(planes)
    areas = np.bincount(flat, minlength=count)

    def shares(where: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(flat, weights=where.ravel(), minlength=count) / np.maximum(areas, 1)

    shown = shares(np.asarray(open_.any(axis=0), np.bool_))
    right = shares(_right(planes, bare, open_))
    facts = []
    for i in range(1, count):
        kind = HoleKind.SHOWN if right[i] >= _SHOWN else HoleKind.MISLED
        kind = kind if shown[i] >= _SHOWN else HoleKind.UNSHOWN
        facts.append(HoleFacts(i, int(areas[i]), kind))
    return np.asarray(labels, np.int32), tuple(facts)


def _right(
    planes: NDArray[np.float32], bare: NDArray[np.float32], open_: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(h, w): where a neighbour that shows the place shows what is there."""
    import cv2

    found = np.zeros(open_.shape[1:], np.bool_)
    lent = planes[LENT].reshape(len(OFFSETS), 3, *planes.shape[1:]) + planes[FIRST]
    for one, there in zip(lent, open_, strict=True):
        if there.any():
            difference = np.ascontiguousarray(np.moveaxis(one, 0, -1)) - bare
            soft = np.asarray(cv2.GaussianBlur(difference, (0, 0), _SOFT))
            found |= there & (np.abs(soft).mean(axis=-1) <= _RIGHT)
    return found


def _weight(stored: NDArray[np.float32]) -> float:
    bare = np.ascontiguousarray(np.moveaxis(stored[BARE], 0, -1))
    _, holes = _holes(stored, bare)
    return float(sum(h.area * (_RARE if h.kind is HoleKind.UNSHOWN else 1.0) for h in holes))
