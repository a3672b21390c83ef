from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.inpaint.held import MOST_SHOWN, MOST_UNSHOWN, held_near, see_through
from filmrestore_core.noise import generator

SIZE = (48, 56)
HOLE = np.zeros(SIZE, np.bool_)
HOLE[10:36, 12:44] = True
ALL, NONE = np.ones(SIZE, np.bool_), np.zeros(SIZE, np.bool_)


def _base() -> np.ndarray:
    return generator(1, "base").random((3, *SIZE), np.float32)


@pytest.mark.parametrize(("shown", "most"), [(ALL, MOST_SHOWN), (NONE, MOST_UNSHOWN)])
def test_opaque_damage_is_not_brought_back(shown: np.ndarray, most: float) -> None:
    base = _base()
    held = held_near(base, base - np.float32(0.6), base, HOLE, shown)
    change = (held - base)[:, HOLE]
    # Single precision of numbers near 1.
    np.testing.assert_allclose(change, -most, rtol=1e-3, atol=1e-6)


def test_what_is_near_stays_as_it_is() -> None:
    base = _base()
    made = base + np.float32(0.02)
    assert np.array_equal(held_near(base, made, base, HOLE, ALL)[:, HOLE], made[:, HOLE])


def test_detail_is_not_clipped() -> None:
    """Strong fine detail whose mean is near may be as strong as it is."""
    base = np.full((3, *SIZE), 0.5, np.float32)
    rows, columns = np.indices(SIZE)
    made = base + np.where((rows + columns) % 2, 0.2, -0.2).astype(np.float32)
    held = held_near(base, made, base, HOLE, ALL)
    inner = np.s_[:, 18:28, 20:36]
    np.testing.assert_allclose(held[inner], made[inner], atol=1e-5)


def test_what_lies_outside_the_hole_has_no_say() -> None:
    base = _base()
    made = base + np.float32(0.02)
    wild = np.where(HOLE, made, np.float32(9.0))
    one, other = (held_near(base, m, base, HOLE, ALL)[:, HOLE] for m in (made, wild))
    assert np.array_equal(one, other)


def test_damage_that_changes_the_picture_much_is_opaque() -> None:
    base = np.full((3, *SIZE), 0.5, np.float32)
    damaged = base.copy()
    damaged[:, :24] += 0.2
    damaged[1, 24:] -= 0.4
    seen = see_through(damaged, base)
    assert seen[:23].all()
    assert not seen[25:].any()


def test_the_net_is_not_believed_under_opaque_damage() -> None:
    base = _base()
    damaged, made = base - np.float32(0.6), base - np.float32(0.1)
    assert np.array_equal(held_near(base, made, damaged, HOLE, ALL)[:, HOLE], base[:, HOLE])
