"""Fills that are told the holes."""

from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.matte import DamageClass
from filmrestore_core.metrics.evaluate import EvaluationCase, evaluate
from filmrestore_core.metrics.peers import Inpainting, inpaint, neighbor_median, true_hole


def still_case(channels: int = 1, grain: float = 0.0) -> EvaluationCase:
    """A still scene with a hole at a new place on each frame, and one that stays."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:96, 0:120].astype(np.float32)
    scene = 0.5 + 0.2 * np.sin(x / 7) * np.cos(y / 6) + 0.1 * np.sin((x + y) / 3)
    clean, damaged, truth = [], [], []
    for i in range(5):
        picture = np.repeat(scene[..., None], channels, axis=2)
        picture = picture + rng.normal(0, grain, picture.shape)
        clean.append(picture.astype(np.float32))
        hole = np.zeros(scene.shape, bool)
        hole[20 + 12 * i : 26 + 12 * i, 30:40] = True
        damaged.append(np.where(hole[..., None], np.float32(0.02), clean[-1]))
        truth.append({DamageClass.DIRT: hole})
    faint = [np.zeros(scene.shape, bool) for _ in clean]
    return EvaluationCase("still", damaged, clean, truth, faint, group="x")


def test_the_true_hole_is_what_is_visible_with_its_faint_rim_one_pixel_wider() -> None:
    case = still_case()
    hole = true_hole(case, 0)
    # Six rows and ten columns, and their four sides.
    assert hole.sum() == 6 * 10 + 2 * (6 + 10)
    case.faint[0][80, 80] = True  # by itself
    case.faint[0][20:26, 40:50] = True  # three columns of it are rim
    more = true_hole(case, 0)
    assert not more[80, 80]
    assert more[20:26, 29:44].all()
    assert not more[:, 44:].any()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("method", Inpainting)
def test_inpainting_keeps_all_but_the_hole(method: Inpainting, channels: int) -> None:
    case = still_case(channels)
    for index, picture in enumerate(inpaint(case, method)):
        hole = true_hole(case, index)
        assert picture.pixels.dtype == np.float32
        assert np.array_equal(picture.pixels[~hole], case.damaged[index][~hole])
        assert np.array_equal(picture.coverage > 0, hole)
        wrong = np.abs(picture.pixels - case.clean[index])[hole]
        assert wrong.mean() < np.abs(case.damaged[index] - case.clean[index])[hole].mean() / 1.5


@pytest.mark.parametrize("channels", [1, 3])
def test_the_median_of_neighbours_is_the_scene_where_it_stands_still(channels: int) -> None:
    case = still_case(channels)
    for index, picture in enumerate(neighbor_median(case)):
        hole = true_hole(case, index)
        assert np.array_equal(picture.pixels[~hole], case.damaged[index][~hole])
        # Motion found a tenth of a pixel wrong, times the scene's slope.
        assert np.abs(picture.pixels - case.clean[index])[hole].max() < 0.05


def test_neighbours_that_are_damaged_there_lend_nothing() -> None:
    case = still_case()
    stays = np.zeros(case.clean[0].shape[:2], bool)
    stays[60:64, 80:90] = True
    for index in range(5):
        case.truth[index][DamageClass.SCRATCH] = stays
        case.damaged[index][stays] = 0.9
    for picture in neighbor_median(case):
        assert np.isfinite(picture.pixels).all()
        assert picture.pixels[stays].max() < 0.88


def test_the_median_beats_telea_and_loses_grain() -> None:
    case = still_case(grain=0.02)
    telea = evaluate([case], lambda c: inpaint(c, Inpainting.TELEA), temporal=False).total.row()
    median = evaluate([case], neighbor_median, temporal=False).total.row()
    assert median["psnr_low"] > telea["psnr_low"] + 3
    assert 0.1 < median["grain"] < 0.9
