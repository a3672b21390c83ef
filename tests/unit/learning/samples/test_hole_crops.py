from __future__ import annotations

from pathlib import Path

import numpy as np

from filmrestore_core.inpaint.planes import CENTER, COARSENESS, FIRST, MATTE, SPOILED
from filmrestore_core.learning.samples.holes import BARE, PLANE_COUNT, SIDE, TRUTH, make_holes
from filmrestore_core.learning.samples.large_damage import LargeDamage
from filmrestore_core.learning.samples.sources import find_sources
from filmrestore_core.learning.samples.store import SampleKind, ScenePlan, SceneStore
from filmrestore_core.learning.training.fill_batches import HoleCrops
from filmrestore_core.noise import generator
from filmrestore_core.synth.shapes import ProceduralShapes

FRAMES = range(5)


def test_what_lasts_lies_on_every_frame_and_the_rest_on_the_center() -> None:
    lasting = single = 0
    for index in range(20):
        damage = LargeDamage(generator(3, index), ProceduralShapes())
        counts = [len(damage(frame, 3)) for frame in FRAMES]
        assert max(counts) == counts[2]
        assert len({counts[0], counts[1], counts[3], counts[4]}) == 1
        lasting += counts[0]
        single += counts[2] - counts[0]
        assert all(len(mark.density) == 1 for mark in damage(2, 1))
    assert lasting > 10
    assert single > 10


def test_large_damage_depends_on_its_generator_only() -> None:
    one, again = (LargeDamage(generator(4, "x"), ProceduralShapes()) for _ in range(2))
    for frame in FRAMES:
        for left, right in zip(one(frame, 3), again(frame, 3), strict=True):
            assert np.array_equal(left.opacity, right.opacity)
            assert (left.x, left.y, left.density) == (right.x, right.y, right.density)


def test_large_holes_are_larger_and_spoiled_in_neighbors(data_folder: Path) -> None:
    sources = find_sources(data_folder, ("tower",), validation=False)
    shapes = ProceduralShapes()
    plain, _ = make_holes(sources, shapes, seed=5, index=1)
    large, facts = make_holes(sources, shapes, seed=5, index=1, large=True)
    assert facts["large"]
    assert large.shape[1:] == (PLANE_COUNT, SIDE, SIDE)
    assert large.dtype == np.float16

    def share(crops: np.ndarray) -> float:
        return float((crops[:, MATTE] > 0).mean())

    assert share(large) > share(plain)
    inside = large[:, MATTE] > 0
    spoiled = large[:, SPOILED].max(1)
    assert spoiled[inside].mean() > spoiled[~inside].mean()
    assert 0 <= large[:, COARSENESS].min() <= large[:, COARSENESS].max() <= 1


def test_outside_holes_all_pictures_are_one(data_folder: Path) -> None:
    """First fill and damaged picture are equal there; truth without grain is smoother."""
    sources = find_sources(data_folder, ("tower",), validation=False)
    crops, facts = make_holes(sources, ProceduralShapes(), seed=5, index=0, large=True)
    planes = crops.astype(np.float32)
    outside = np.broadcast_to(planes[:, MATTE, None] == 0, planes[:, CENTER].shape)
    assert np.array_equal(planes[:, CENTER][outside], planes[:, FIRST][outside])
    grain = (planes[:, TRUTH] - planes[:, BARE]).std()
    # Half floats near 1 are 0.0005 apart; grain depends on the tone.
    assert abs(grain - facts["grain"]) < 0.6 * facts["grain"] + 0.001


def test_crops_are_listed_over_windows(data_folder: Path, tmp_path: Path) -> None:
    plan = ScenePlan(
        data_folder, ("tower",), validation=False, seed=2, count=2, kind=SampleKind.HOLES, large=2
    )
    store = SceneStore(tmp_path / "holes")
    store.make(plan, workers=1)
    assert [store.facts(i)["large"] for i in range(2)] == [True, False]
    crops = HoleCrops(store, 2)
    assert len(crops) == len(store.planes(0)) + len(store.planes(1))
    last = crops[len(crops) - 1]
    assert crops.window_of(len(crops) - 1) == 1
    assert np.array_equal(last, store.planes(1)[-1].astype(np.float32))
