"""Values carried smoothly into a hole."""

from __future__ import annotations

import numpy as np

from filmrestore_core.inpaint.membrane import carry_in


def test_a_constant_is_carried_exactly_and_weights_choose():
    values = np.full((30, 40, 2), 3.0, np.float32)
    values[10:20, 10:30] = 99.0
    values[..., 1] *= 2
    weights = np.ones((30, 40, 1), np.float32)
    weights[10:20, 10:30] = 0
    result = carry_in(values, weights)
    assert np.allclose(result[..., 0], 3.0, atol=1e-4)
    assert np.allclose(result[..., 1], 6.0, atol=1e-4)


def test_a_ramp_is_spanned():
    y, x = np.mgrid[:48, :64].astype(np.float32)
    values = (0.01 * x - 0.02 * y)[..., None]
    hole = np.zeros((48, 64), bool)
    hole[16:32, 24:40] = True
    result = carry_in(
        np.where(hole[..., None], 7.0, values).astype(np.float32), ~hole[..., None] * np.float32(1)
    )
    # A straight slope over 16 px changes by 0.36; a smooth filling may cut its corners.
    assert np.abs(result - values)[hole].max() < 0.08


def test_nothing_known_gives_zero():
    result = carry_in(np.ones((5, 7, 1), np.float32), np.zeros((5, 7, 1), np.float32))
    assert not result.any()
