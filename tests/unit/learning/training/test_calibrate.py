"""Pivots: the lowest score that marks little that is no damage, for each kind of window."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.learning.samples.scene import PLANE_COUNT, TARGET, WEIGHT
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.calibrate import calibrate


@pytest.fixture
def two_scenes(tmp_path: Path) -> SceneStore:
    """Damage in a square of each; plane 0 holds the score that the net below gives."""
    store = SceneStore(tmp_path)
    for index, offsets in enumerate(([-1, 1], [1, 2])):
        planes = np.zeros((PLANE_COUNT, 64, 64), np.uint8)
        planes[WEIGHT] = 255
        planes[TARGET, 10:20, 10:20] = 1
        planes[0, 10:20, 10:20] = 240
        # A false alarm, stronger where one side only is seen.
        planes[0, 40:50, 40:50] = (150, 250)[index]
        facts = {"offsets": offsets, "noise": 0.01, "negative": "none"}
        store.write(index, planes, facts)
    assert json.loads((tmp_path / "000000.json").read_text())["offsets"] == [-1, 1]
    return store


def net(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    return planes[:1]


def test_each_kind_of_window_has_its_own_pivot(two_scenes: SceneStore) -> None:
    found = calibrate(
        net, two_scenes, range(2), "t1-v1", most_false=20, candidates=(0.3, 0.7, 0.9, 0.97)
    )
    # 150 of 255 lies between 0.3 and 0.7, and hysteresis asks for less than the pivot; what was
    # found stays found up to 240 of 255. A false alarm above all damage leaves no safe score.
    assert found.pivots["pivot"] in (0.7, 0.9)
    assert found.pivots["pivot_one_side"] == 1.0
    rows = {(r["window"], r["pivot"]): r for r in found.rows}
    assert rows["pivot", 0.3]["plain_false_px"] > 20
    assert rows["pivot", found.pivots["pivot"]]["f1"] == 1.0


def test_a_generous_limit_takes_the_best_f1(two_scenes: SceneStore) -> None:
    found = calibrate(
        net, two_scenes, range(2), "t1-v1", most_false=1e6, candidates=(0.3, 0.7, 0.9)
    )
    best = max(
        (r for r in found.rows if r["window"] == "pivot_one_side"),
        key=lambda r: (r["f1"], r["pivot"]),
    )
    assert found.pivots["pivot_one_side"] == best["pivot"]
