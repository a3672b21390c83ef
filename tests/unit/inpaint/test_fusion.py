from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.inpaint.fusion import median_of


@pytest.mark.parametrize("shape", [(), (1,), (3,)])
def test_the_fast_median_has_the_bits_of_numpy(shape: tuple[int, ...]) -> None:
    draw = np.random.default_rng(4)
    for count in range(1, 200):
        values = draw.normal(0, 10.0 ** draw.integers(-6, 3), (count, *shape)).astype(np.float32)
        values[draw.random(values.shape) < 0.2] = 0.25
        found, wanted = median_of(values), np.median(values, axis=0)
        assert found.dtype == wanted.dtype == np.float32
        np.testing.assert_array_equal(found, wanted)
