"""Hard places: where a net errs on its own scenes, so that it is shown them more often."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.samples.scene import TARGET, WEIGHT
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.batches import scene_planes
from filmrestore_core.learning.training.scoring import Net

# A mark counts as found, or a find as right, where so much of it is.
_SHARE = 0.3
_SCORE = 0.5
# Smaller errors are noise; so many of a scene are kept, the largest.
_LEAST_AREA = 4
_MOST = 24


def hard_places(run: Net, store: SceneStore, count: int, kind: str) -> NDArray[np.int32]:
    """(N, 3) int32: scene, row and column of the middle of each mark wrongly found or missed.

    Args:
        run: planes (P, H, W) float32 -> scores (K, H, W) float32 0..1.
        store: scenes.
        count: how many of them are looked at.
        kind: a key of segment.planes.PLANES.
    """
    places = [np.zeros((0, 3), np.int32)]
    for index in range(count):
        planes, facts = np.array(store.planes(index)), store.facts(index)
        seen = scene_planes(planes, list(facts["offsets"]), float(facts["noise"]), kind)
        found = run(seen).max(axis=0) >= _SCORE
        middles = _errors(found, planes[TARGET] > 0, planes[WEIGHT] > 127)
        rows = np.full((len(middles), 3), index, np.int32)
        rows[:, 1:] = middles
        places.append(rows)
    return np.concatenate(places)


def kept_places(path: Path, make: Callable[[], NDArray[np.int32]]) -> NDArray[np.int32]:
    """The places in a .npy file, which is made first where it is not there."""
    if not path.is_file():
        partial = path.with_name(path.name + ".partial")
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.save(file, make())
        partial.replace(path)
    places: NDArray[np.int32] = np.load(path, allow_pickle=False)
    return places


def _errors(
    found: NDArray[np.bool_], damaged: NDArray[np.bool_], counts: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """(n, 2) rows and columns of the middles."""
    import cv2

    near = cv2.dilate((damaged | ~counts).view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    areas, middles = [], []
    for marks, right in ((found, near), (damaged & counts, found)):
        number, labels, stats, centers = cv2.connectedComponentsWithStats(
            marks.view(np.uint8), connectivity=8, ltype=cv2.CV_32S
        )
        met = np.bincount(labels[right & marks], minlength=number)
        area = stats[:, cv2.CC_STAT_AREA]
        wrong = (met < _SHARE * area) & (area >= _LEAST_AREA)
        wrong[0] = False
        areas.append(area[wrong])
        middles.append(centers[wrong][:, ::-1])
    area, middle = np.concatenate(areas), np.concatenate(middles)
    largest = np.sort(np.argsort(-area, kind="stable")[:_MOST])
    return np.round(middle[largest]).astype(np.int32)
