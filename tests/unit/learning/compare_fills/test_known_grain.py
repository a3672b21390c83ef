from __future__ import annotations

import cv2
import numpy as np
import pytest

from filmrestore_core.learning.compare_fills.known_grain import known_grain
from filmrestore_core.noise import generator


def test_strength_fineness_and_channels_are_those_of_the_difference() -> None:
    rng = generator(1, "known grain")
    shape = (96, 96, 1)
    white = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), 0.7)
    unit = np.repeat(white[..., None] / white.std(), 3, axis=2)
    bare = np.broadcast_to(np.linspace(0.2, 0.8, 96, dtype=np.float32)[:, None, None], (96, 96, 3))
    # Twice as strong in the bright half.
    strength = np.where(bare > 0.5, 0.02, 0.01).astype(np.float32)
    model = known_grain(bare + strength * unit, bare, np.ones((96, 96), bool))
    assert model.strength_at(np.array([0.3], np.float32))[0, 0] == pytest.approx(0.01, rel=0.1)
    assert model.strength_at(np.array([0.7], np.float32))[0, 0] == pytest.approx(0.02, rel=0.1)
    # One grain in all channels.
    np.testing.assert_allclose(model.correlation, 1, atol=1e-4)
    beside = float(np.mean(white[:, 1:] * white[:, :-1]) / np.mean(white * white))
    assert model.coarseness == pytest.approx(beside, abs=0.05)


def test_what_is_not_looked_at_does_not_count() -> None:
    bare = np.full((64, 64, 3), 0.5, np.float32)
    grained = bare + 0.01 * generator(2, "grain").standard_normal(bare.shape, np.float32)
    where = np.ones((64, 64), bool)
    where[20:40] = False
    spoiled = grained.copy()
    spoiled[20:40] = 0.9
    one, other = known_grain(grained, bare, where), known_grain(spoiled, bare, where)
    for name in ("levels", "strengths", "correlation", "kernel"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_no_grain_is_none() -> None:
    bare = np.full((32, 32, 1), 0.5, np.float32)
    assert known_grain(bare, bare, np.ones((32, 32), bool)).mean_strength == 0
