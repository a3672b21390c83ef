import numpy as np
import pytest

from filmrestore_core.metrics.fidelity import (
    low_passed_psnr,
    psnr,
    squared_error,
    ssim,
    ssim_map,
)


def pair(channels=1, shape=(40, 50)):
    rng = np.random.default_rng(2)
    truth = rng.uniform(0, 1, (*shape, channels)).astype(np.float32)
    return truth, truth + rng.normal(0, 0.05, truth.shape).astype(np.float32)


def test_psnr_of_a_known_difference():
    truth = np.full((10, 10, 3), 0.5, np.float32)
    assert psnr(truth + np.float32(0.1), truth) == pytest.approx(20, abs=1e-4)
    assert psnr(truth * 255 + np.float32(25.5), truth * 255, peak=255) == pytest.approx(
        20, abs=1e-3
    )
    assert psnr(truth, truth) == float("inf")


def test_only_the_hole_counts():
    truth = np.full((10, 10, 1), 0.5, np.float32)
    result = truth.copy()
    result[2:4, 2:4] += 0.1
    hole = np.zeros((10, 10), bool)
    hole[2:4, 2:4] = True
    assert psnr(result, truth, hole) == pytest.approx(20, abs=1e-4)
    assert psnr(result, truth, ~hole) == float("inf")
    assert np.isnan(psnr(result, truth, np.zeros((10, 10), bool)))


def test_errors_add_up():
    truth, result = pair()
    top = np.zeros(truth.shape[:2], bool)
    top[:13] = True
    parts = squared_error(result, truth, top) + squared_error(result, truth, ~top)
    assert parts.psnr() == pytest.approx(psnr(result, truth))


def test_fresh_grain_costs_less_when_low_passed():
    rng = np.random.default_rng(5)
    grain = rng.normal(0, 0.03, (3, 60, 60, 1)).astype(np.float32)
    truth, fresh, blur = 0.5 + grain[0], 0.5 + grain[1], np.full_like(grain[0], 0.5)
    hole = np.zeros((60, 60), bool)
    hole[20:40, 20:40] = True
    # Two independent grains differ by the root of two: 3 dB.
    assert psnr(blur, truth, hole) - psnr(fresh, truth, hole) == pytest.approx(3, abs=0.4)
    assert low_passed_psnr(fresh, truth, hole) > psnr(fresh, truth, hole) + 8


def test_low_passed_sees_an_offset_in_full_up_to_the_rim():
    truth = np.full((40, 40, 1), 0.5, np.float32)
    hole = np.zeros((40, 40), bool)
    hole[18:21, 18:21] = True
    result = truth + 0.1 * hole[..., None].astype(np.float32)
    assert low_passed_psnr(result, truth, hole) == pytest.approx(20, abs=1e-3)


def test_ssim_against_its_formula_written_out():
    truth, result = pair()
    y, x = 17, 23
    offsets = np.arange(-5, 6)
    g = np.exp(-(offsets**2) / (2 * 1.5**2))
    weights = np.outer(g, g) / g.sum() ** 2
    a = result[y - 5 : y + 6, x - 5 : x + 6, 0].astype(float)
    b = truth[y - 5 : y + 6, x - 5 : x + 6, 0].astype(float)
    ma, mb = (weights * a).sum(), (weights * b).sum()
    va, vb = (weights * (a - ma) ** 2).sum(), (weights * (b - mb) ** 2).sum()
    both = (weights * (a - ma) * (b - mb)).sum()
    c1, c2 = 0.01**2, 0.03**2
    expected = (2 * ma * mb + c1) * (2 * both + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    assert ssim_map(result, truth)[y, x] == pytest.approx(expected, abs=1e-5)


def test_ssim_of_equals_is_one_and_falls_with_noise():
    truth, result = pair(3)
    assert ssim(truth, truth) == pytest.approx(1, abs=1e-6)
    assert 0 < ssim(result, truth) < 1
    assert np.isnan(ssim(truth, truth, np.zeros(truth.shape[:2], bool)))
