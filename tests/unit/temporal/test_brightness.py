from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.temporal.brightness import ROWS, brightness_field, cells
from filmrestore_core.testing.scenes import moving_scene

PICTURE = moving_scene(range(1), height=240, width=320, channels=3, specks=0).clean[0]
SURE = np.ones((ROWS, 80, 1), np.float32)


def matched(center: np.ndarray, neighbor: np.ndarray, share: np.ndarray = SURE) -> np.ndarray:
    result = neighbor.copy()
    brightness_field(cells(center), cells(neighbor), share).apply(result)
    return result


def test_equal_pictures_are_left_alone() -> None:
    np.testing.assert_allclose(matched(PICTURE, PICTURE), PICTURE, atol=1e-5)


@pytest.mark.parametrize(("gain", "offset"), [(0.8, 0.0), (1.25, 0.0), (1.0, 0.1), (0.9, 0.15)])
def test_a_brighter_or_fainter_frame_is_matched(gain: float, offset: float) -> None:
    other = (PICTURE * np.float32(gain) + np.float32(offset)).astype(np.float32)
    assert np.abs(other - PICTURE).mean() > 0.05
    # The fit leans a little towards a gain of 1.
    assert np.abs(matched(PICTURE, other) - PICTURE).max() < 0.008


def test_each_channel_is_matched_by_itself() -> None:
    other = PICTURE * np.array([0.8, 1.0, 1.2], np.float32)
    assert np.abs(matched(PICTURE, other) - PICTURE).max() < 0.008


def test_uneven_flicker_is_matched_where_it_is() -> None:
    light = 1.0 + 0.2 * np.sin(np.linspace(0, 3.1, 320, dtype=np.float32))[None, :, None]
    other = PICTURE * light
    before, after = np.abs(other - PICTURE).mean(), np.abs(matched(PICTURE, other) - PICTURE).mean()
    assert before > 0.05
    assert after < 0.01


def test_damage_does_not_pull_at_the_brightness() -> None:
    other = PICTURE * np.float32(0.85)
    dirty = PICTURE.copy()
    dirty[100:125, 100:125] = 0.0
    dirty[30:50, 200:220] = 1.0
    off = np.abs(matched(dirty, other) - PICTURE)
    assert off.mean() < 0.004
    # Under the specks too: there the field is carried on from around.
    assert off[100:125, 100:125].mean() < 0.01


def test_what_cannot_be_compared_is_not() -> None:
    other = PICTURE * np.float32(0.9)
    other[:, 160:] = 0.5
    share = SURE.copy()
    share[:, 40:] = 0.0
    assert np.abs(matched(PICTURE, other, share) - PICTURE)[:, :150].max() < 0.006


def test_nothing_to_compare_gives_the_picture_back() -> None:
    other = PICTURE * np.float32(0.9)
    np.testing.assert_allclose(matched(PICTURE, other, SURE * 0), other, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3), (7, 9), (61, 83)])
def test_any_size(shape: tuple[int, int]) -> None:
    small = np.full((*shape, 1), 0.4, np.float32)
    share = cells(np.ones_like(small))
    result = small * np.float32(0.9)
    brightness_field(cells(small), cells(result), share).apply(result)
    np.testing.assert_allclose(result, small, atol=0.01)
