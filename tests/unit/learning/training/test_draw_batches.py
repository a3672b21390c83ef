from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.learning.samples.scene import CENTER, TARGET
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.batches import SEEN, Batch, draw_batch, scene_planes
from filmrestore_core.segment.planes import NOISE_SCALE, PLANES


def _batch(store: SceneStore, *, seed: int = 1, step: int = 0, kind: str = "t5-v1") -> Batch:
    return draw_batch(store, 4, kind, batch=2, crop=64, seed=seed, step=step)


@pytest.mark.parametrize("kind", PLANES)
def test_a_batch_has_the_planes_of_its_kind(store: SceneStore, kind: str) -> None:
    made = _batch(store, kind=kind)
    assert made.planes.shape == (2, PLANES[kind], 64, 64)
    assert made.planes.dtype == np.float32
    assert made.target.shape == made.weight.shape == (2, 64, 64)
    assert made.target.dtype == np.int64
    assert 0 <= made.weight.min() <= made.weight.max() <= 1
    # Later planes only add to earlier ones.
    whole = _batch(store, kind=kind.replace("t1", "t5").replace("t3", "t5"))
    assert np.array_equal(made.planes, whole.planes[:, : PLANES[kind]])


def test_a_batch_depends_on_seed_and_step_only(store: SceneStore, scene_root: Path) -> None:
    first = _batch(store)
    _batch(store, step=1)
    held = SceneStore(scene_root / "train")
    held.hold(4, SEEN)
    for again in (_batch(store), _batch(held)):
        assert np.array_equal(again.planes, first.planes)
        assert np.array_equal(again.target, first.target)
        assert np.array_equal(again.weight, first.weight)
    for other in (_batch(store, step=1), _batch(store, seed=2)):
        assert not np.array_equal(other.planes, first.planes)


def test_planes_say_what_the_scene_says(store: SceneStore) -> None:
    planes, facts = np.array(store.planes(0)), store.facts(0)
    made = scene_planes(planes, facts["offsets"], facts["noise"], "t5-v1")
    # One step of a byte is 1/255; nothing else is lost.
    np.testing.assert_allclose(made[:3], planes[CENTER] / np.float32(255), rtol=0, atol=1e-6)
    assert np.all(made[3] == np.float32(facts["noise"] * NOISE_SCALE))
    assert (planes[TARGET] > 0).any() == facts["damaged"]
    alone = scene_planes(planes, [], facts["noise"], "t5-v1")
    assert np.array_equal(alone[:4], made[:4])
    assert not alone[4:].any()
