import numpy as np
import pytest

from filmrestore_core.metrics.grain import (
    Correlation,
    FrozenGrain,
    GrainEnergy,
    frozen_grain,
    grain_energy,
)

SHAPE = (80, 90, 1)
HOLE = np.zeros(SHAPE[:2], bool)
HOLE[15:60, 20:75] = True


def grain(seed, sigma=0.03):
    return np.random.default_rng(seed).normal(0, sigma, SHAPE).astype(np.float32)


def scene():
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float32)
    return (0.5 + 0.2 * np.sin(x / 1.3) * np.cos(y / 1.1))[..., None].astype(np.float32)


def test_equal_grain_has_a_ratio_of_one_and_half_the_sigma_a_quarter():
    truth = 0.5 + grain(1)
    assert grain_energy(0.5 + grain(2), truth, HOLE).ratio == pytest.approx(1, abs=0.08)
    assert grain_energy(0.5 + grain(2, 0.015), truth, HOLE).ratio == pytest.approx(0.25, abs=0.03)
    assert grain_energy(np.full(SHAPE, 0.5, np.float32), truth, HOLE).ratio < 0.06


def test_energies_add_up():
    total = grain_energy(grain(1), grain(2), HOLE) + grain_energy(grain(3), grain(4), HOLE)
    assert total.ratio == pytest.approx(1, abs=0.08)
    assert np.isnan(GrainEnergy().ratio)


@pytest.mark.parametrize("base", [np.full(SHAPE, 0.5, np.float32), scene()], ids=["flat", "fine"])
def test_a_copy_is_frozen_and_fresh_grain_is_not(base):
    truth, neighbor = base + grain(1), base + grain(2)
    copy = frozen_grain(neighbor, truth, neighbor, HOLE).excess
    fresh = frozen_grain(base + grain(3), truth, neighbor, HOLE).excess
    assert abs(fresh) < 0.06  # 2475 samples: 0.02 each
    assert copy > fresh + 0.02
    if np.ptp(base) == 0:
        assert copy == pytest.approx(1, abs=0.06)


def test_correlation_in_parts_is_that_of_the_whole():
    rng = np.random.default_rng(8)
    x = rng.normal(2, 1, 300)
    y = 0.6 * x + rng.normal(0, 1, 300)
    parts = Correlation.of(x[:100], y[:100]) + Correlation.of(x[100:], y[100:])
    assert parts.value == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert np.isnan(Correlation().value)
    assert np.isnan(FrozenGrain().excess)
