import numpy as np
import pytest

from filmrestore_core.metrics.stability import WarpedDifference, warped_difference

HOLE = np.zeros((60, 60), bool)
HOLE[10:50, 10:50] = True


def noisy(seed, sigma=0.02):
    rng = np.random.default_rng(seed)
    return (0.5 + rng.normal(0, sigma, (60, 60, 1))).astype(np.float32)


def test_as_steady_as_the_truth():
    found = warped_difference(noisy(1), noisy(2), noisy(3), noisy(4), HOLE)
    assert found.ratio == pytest.approx(1, abs=0.06)
    assert found.samples == HOLE.sum()


def test_flicker_shows_and_a_copy_is_too_still():
    flickering = warped_difference(noisy(1) + np.float32(0.1), noisy(2), noisy(3), noisy(4), HOLE)
    assert flickering.ratio > 3
    assert warped_difference(noisy(1), noisy(1), noisy(3), noisy(4), HOLE).ratio == 0


def test_sums():
    one = warped_difference(noisy(1), noisy(2), noisy(3), noisy(4), HOLE)
    assert (one + one).ratio == pytest.approx(one.ratio)
    assert np.isnan(WarpedDifference().ratio)
