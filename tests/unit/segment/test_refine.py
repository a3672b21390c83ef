"""From scores to a matte."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.matte import DamageClass, DamageMap, Matte
from filmrestore_core.segment.refine import matte_from_coverage, refine, soft_rim, thresholds
from filmrestore_core.settings import DetectSettings

BOX = Box(-3, 5, 60, 40)


def a_map(**planes: NDArray[np.float32]) -> DamageMap:
    return DamageMap(7, {DamageClass(k): v.astype(np.float32) for k, v in planes.items()}, BOX)


def blank() -> NDArray[np.float32]:
    return np.zeros(BOX.shape, np.float32)


def rough(seed: int) -> NDArray[np.float32]:
    import cv2

    noise = np.random.default_rng(seed).standard_normal(BOX.shape).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 2)
    return np.clip(0.4 + 0.3 * noise / noise.std(), 0, 1).astype(np.float32)


BARE = {"grow": 0.0, "soften": 0.0}


def test_no_scores_give_an_empty_matte() -> None:
    for damage_map in (a_map(), a_map(dirt=blank())):
        matte = refine(damage_map, DetectSettings())
        assert matte.is_empty
        assert matte.defects == ()
        assert (matte.number, matte.box) == (7, BOX)


def test_a_mark_is_listed_in_the_clips_coordinates() -> None:
    scores = blank()
    scores[10:14, 20:25] = 0.8
    matte = refine(a_map(dirt=scores), DetectSettings(**BARE))
    (defect,) = matte.defects
    assert defect.box == Box(17, 15, 5, 4)
    assert defect.area == 20
    assert defect.score == pytest.approx(0.8, abs=1e-6)
    np.testing.assert_array_equal(matte.coverage, (scores > 0).astype(np.float32))
    np.testing.assert_array_equal(matte.labels > 0, scores > 0)
    assert set(np.unique(matte.labels)) == {0, DamageClass.DIRT.label}


def test_weak_pixels_count_only_beside_strong_ones() -> None:
    scores = blank()
    scores[10, 10:20] = 0.3
    scores[10, 12] = 0.6
    scores[30, 10:20] = 0.3
    matte = refine(a_map(dirt=scores), DetectSettings(**BARE))
    assert matte.coverage[10, 10:20].all()
    assert not matte.coverage[30].any()


@pytest.mark.parametrize("seed", range(4))
def test_more_sensitivity_never_takes_less(seed: int) -> None:
    damage_map = a_map(dirt=rough(seed), scratch=rough(seed + 50))
    before = blank()
    for sensitivity in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0):
        settings = DetectSettings(sensitivity=sensitivity, min_area=0, max_area=100)
        coverage = refine(damage_map, settings).coverage
        assert (coverage >= before).all()
        before = coverage
    assert before.any()


def test_sizes_limit_specks_but_not_scratches() -> None:
    small, large, thin = blank(), blank(), blank()
    small[5, 5] = 0.9
    large[10:20, 10:30] = 0.9
    thin[:, 50] = 0.9
    settings = DetectSettings(min_area=2, max_area=5, **BARE)
    assert refine(a_map(dirt=small + large), settings).is_empty
    one_pixel_line = blank()
    one_pixel_line[5, 5] = 0.9
    matte = refine(a_map(scratch=one_pixel_line + thin), settings)
    assert len(matte.defects) == 2
    assert not refine(a_map(dirt=large), DetectSettings(max_area=10, **BARE)).is_empty


def test_a_class_that_is_off_is_left() -> None:
    scores = blank()
    scores[5:9, 5:9] = 0.9
    assert refine(a_map(stain=scores), DetectSettings()).is_empty
    assert not refine(a_map(stain=scores), DetectSettings(stain=True)).is_empty
    assert refine(a_map(hair=scores), DetectSettings(hair=False)).is_empty


def test_the_surer_class_names_a_pixel() -> None:
    scores = blank()
    scores[5:9, 5:9] = 0.7
    matte = refine(a_map(dirt=scores, hair=scores * 1.2), DetectSettings(**BARE))
    assert [d.damage_class for d in matte.defects] == [DamageClass.HAIR]


def test_the_rim_is_full_where_grown_and_falls_outside() -> None:
    pieces = np.zeros((21, 21), np.int32)
    pieces[10, 10] = 1
    coverage, nearest = soft_rim(pieces, 2.0, 3.0)
    ray = coverage[10, 10:]
    assert (ray[:3] == 1).all()
    # Half a pixel outside the grown mark, one and a half, two and a half of three.
    np.testing.assert_allclose(ray[3:7], [1 - 0.5 / 3, 1 - 1.5 / 3, 1 - 2.5 / 3, 0], atol=1e-5)
    np.testing.assert_array_equal(nearest > 0, coverage > 0)
    hard, _ = soft_rim(pieces, 2.0, 0.0)
    assert set(np.unique(hard)) == {0.0, 1.0}
    assert hard[10, 12] == 1
    assert hard[10, 13] == 0


@pytest.mark.parametrize("seed", range(3))
def test_labels_stand_where_there_is_coverage(seed: int) -> None:
    matte = refine(a_map(dirt=rough(seed), sparkle=rough(seed + 9)), DetectSettings())
    np.testing.assert_array_equal(matte.labels > 0, matte.coverage > 0)
    assert all(BOX.contains(d.box) and d.area > 0 for d in matte.defects)
    assert list(matte.defects) == sorted(matte.defects, key=lambda d: (d.box.y, d.box.x))
    assert sum(d.area for d in matte.defects) == np.count_nonzero(matte.coverage >= 0.5)


def test_thresholds_leave_something_at_both_ends() -> None:
    assert thresholds(0.5) == (0.5, 0.25)
    assert 0 < thresholds(1.0)[0] < 0.1
    assert 0.9 < thresholds(0.0)[0] < 1


def test_a_given_matte_is_taken_as_it_is() -> None:
    given = blank()
    given[3:6, 3:6] = 0.4
    given[20:25, 30:40] = 2.0
    given[30, 30] = np.nan
    matte = matte_from_coverage(3, BOX, given)
    assert matte.coverage.max() == 1.0
    assert matte.coverage[4, 4] == np.float32(0.4)
    assert matte.coverage[30, 30] == 0
    assert {d.damage_class for d in matte.defects} == {DamageClass.OTHER}
    assert [d.area for d in matte.defects] == [50]


def test_a_given_matte_joins_what_was_found() -> None:
    scores = blank()
    scores[5:9, 5:9] = 0.9
    found = refine(a_map(dirt=scores), DetectSettings())
    given = blank()
    given[7:15, 7:15] = 0.5
    joined = matte_from_coverage(7, BOX, given, joined_to=found)
    np.testing.assert_array_equal(joined.coverage, np.maximum(given, found.coverage))
    assert joined.labels[6, 6] == DamageClass.DIRT.label
    assert joined.labels[14, 14] == DamageClass.OTHER.label
    assert [d.damage_class for d in joined.defects] == [DamageClass.DIRT, DamageClass.OTHER]


def test_a_matte_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        matte_from_coverage(1, BOX, np.zeros((3, 3), np.float32))
    with pytest.raises(ValueError, match="does not fit"):
        matte_from_coverage(
            1, BOX, blank(), joined_to=Matte.empty(1, Box.of_size(BOX.width, BOX.height))
        )
