from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.noise import generator
from filmrestore_core.temporal.occlusion import Seen, evidence, partner, trust

SHAPE = (120, 160)
TEXTURE = 0.4 + 0.1 * generator(3, "texture").standard_normal(SHAPE).astype(np.float32)


def seen(offset: int, luma: np.ndarray, inside: np.ndarray | None = None) -> Seen:
    inside = np.ones(SHAPE, bool) if inside is None else inside
    return Seen(offset, luma, np.zeros((*SHAPE, 2), np.float32), inside, 0.25)


@pytest.mark.parametrize(
    ("offset", "others", "expected"),
    [(-1, (-2, 1, 2), 1), (2, (-2, -1, 1), -2), (2, (-1, 1), -1), (1, (2,), 2)],
)
def test_a_partner_stands_across(offset: int, others: tuple[int, ...], expected: int) -> None:
    assert partner(offset, others) == expected


def test_where_center_and_neighbor_are_alike_nothing_else_counts() -> None:
    others = [seen(1, 1 - TEXTURE), seen(2, TEXTURE * 0)]
    validity = trust(seen(-1, TEXTURE), others, np.full(SHAPE, 0.01, np.float32))
    assert (validity == 1).all()


def test_agreement_of_neighbors_decides_where_the_center_differs() -> None:
    differs = np.full(SHAPE, 0.3, np.float32)
    agreed = trust(seen(-1, TEXTURE), [seen(1, TEXTURE), seen(2, TEXTURE)], differs)
    alone = trust(seen(-1, TEXTURE), [seen(1, TEXTURE + 0.3), seen(2, TEXTURE - 0.3)], differs)
    assert agreed.min() > 0.5
    assert alone.max() < 0.3


def test_a_neighbor_that_shows_nothing_there_is_not_asked() -> None:
    inside = np.ones(SHAPE, bool)
    inside[:, :80] = False
    others = [seen(1, TEXTURE), seen(2, np.zeros_like(TEXTURE), inside & False)]
    with_it = evidence(seen(-1, TEXTURE), others)
    without = evidence(seen(-1, TEXTURE), others[:1])
    for name, field in without.items():
        np.testing.assert_array_equal(with_it[name], field)


def test_outside_is_never_valid() -> None:
    inside = np.ones(SHAPE, bool)
    inside[:, :30] = False
    validity = trust(seen(-1, TEXTURE, inside), [seen(1, TEXTURE)], np.zeros(SHAPE, np.float32))
    assert validity[:, :30].max() == 0
    assert validity[:, 30:].min() == 1


def test_one_side_alone_is_trusted_less() -> None:
    differs = np.full(SHAPE, 0.3, np.float32)
    other = TEXTURE + np.float32(0.02)
    across = trust(seen(-1, TEXTURE), [seen(1, other)], differs)
    same_side = trust(seen(1, TEXTURE), [seen(2, other)], differs)
    assert same_side.mean() < across.mean()
