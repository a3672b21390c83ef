"""Hard places are where a net errs, and samples are cut around them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

from filmrestore_core.learning.samples.scene import HEIGHT, TARGET, WEIGHT, WIDTH
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.batches import draw_batch
from filmrestore_core.learning.training.hard import hard_places, kept_places


def _truth(store: SceneStore, index: int) -> NDArray[np.float32]:
    planes = np.array(store.planes(index))
    return (planes[TARGET] > 0).astype(np.float32)


def _net_that(answers: list[NDArray[np.float32]]):  # type: ignore[no-untyped-def]
    queue = iter(answers)
    return lambda planes: next(queue)[None]


def test_a_net_that_knows_the_truth_errs_nowhere(store: SceneStore) -> None:
    truths = [_truth(store, i) for i in range(4)]
    assert len(hard_places(_net_that(truths), store, 4, "t5-v2")) == 0


def test_what_is_missed_and_what_is_wrongly_found_are_places(store: SceneStore) -> None:
    blind = [np.zeros((HEIGHT, WIDTH), np.float32)] * 4
    missed = hard_places(_net_that(blind), store, 4, "t5-v2")
    assert len(missed) > 0
    assert missed.dtype == np.int32
    assert np.all((missed[:, 1:] >= 0) & (missed[:, 1:] < (HEIGHT, WIDTH)))
    truths = [_truth(store, i) for i in range(4)]
    weights = np.array(store.planes(2)[WEIGHT])
    # Somewhere with no damage around.
    free = next(
        (y, x)
        for y in range(20, HEIGHT - 20, 5)
        for x in range(20, WIDTH - 20, 5)
        if not truths[2][y - 12 : y + 12, x - 12 : x + 12].any()
        and (weights[y - 12 : y + 12, x - 12 : x + 12] == 255).all()
    )
    truths[2][free[0] - 2 : free[0] + 3, free[1] - 2 : free[1] + 3] = 1
    wrong = hard_places(_net_that(truths), store, 4, "t5-v2")
    assert wrong.tolist() == [[2, *free]]


def test_samples_are_cut_around_the_places(store: SceneStore) -> None:
    planes = np.array(store.planes(1))
    place = np.asarray([[1, 0, WIDTH - 1]], np.int32)

    def batch(hard: float, places: NDArray[np.int32] | None = None):  # type: ignore[no-untyped-def]
        return draw_batch(
            store, 4, "t5-v2", batch=3, crop=64, hard=hard, places=places, seed=4, step=9
        )

    corner = planes[TARGET, :64, WIDTH - 64 :]
    for target in batch(1.0, place).target:
        # A place in a corner leaves one cut only, turned about in four ways.
        assert any(
            np.array_equal(target, np.flip(corner, axes)) for axes in ((), (0,), (1,), (0, 1))
        )
    same = batch(0.0, place), batch(0.0)
    assert np.array_equal(same[0].planes, same[1].planes)


def test_places_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "run" / "hard.npy"
    made = np.asarray([[0, 1, 2]], np.int32)
    assert kept_places(path, lambda: made).tolist() == made.tolist()
    assert kept_places(path, lambda: pytest.fail("made again")).tolist() == made.tolist()
