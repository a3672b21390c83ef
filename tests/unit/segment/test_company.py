"""What a frame's other marks say of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from filmrestore_core.segment.company import (
    COMPANY_COLUMNS,
    VERDICT_COLUMNS,
    company_columns,
    first_said,
    size_that_counts,
)
from filmrestore_core.segment.judge import load_judge
from filmrestore_core.segment.mark_measure import MARK_COLUMNS

SIDES = ("both_sides", "one_side")


def marks_of(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    columns = rng.normal(size=(count, len(MARK_COLUMNS)))
    columns[:, MARK_COLUMNS.index("seen_min")] = rng.uniform(0, 0.6, count)
    return columns


def told(
    columns: NDArray[np.float64], trees: NDArray[np.float64], megapixels: float
) -> NDArray[np.float64]:
    none = np.zeros(len(trees))
    said = first_said(columns, trees, none, none)
    return company_columns(
        columns, trees, none, said, np.zeros(len(trees), np.int64), np.asarray([megapixels])
    )


def column(of: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return of[:, VERDICT_COLUMNS.index(name)]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(0, 12))
def test_frames_know_nothing_of_each_other(seed: int, first: int, second: int) -> None:
    """Frame N is the same alone and in a range; and many frames at once teach as each does."""
    rng = np.random.default_rng(seed)
    columns = marks_of(rng, first + second)
    trees, look = rng.normal(0, 5, (2, first + second))
    said = first_said(columns, trees, look, np.zeros(len(trees)))
    frame = np.repeat(np.asarray([0, 1]), [first, second])
    size = np.asarray([0.2, 3.2])
    both = company_columns(columns, trees, look, said, frame, size)
    for at in (0, 1):
        own = frame == at
        alone = company_columns(
            *(columns[own], trees[own], look[own], said[own]),
            np.zeros(int(own.sum()), np.int64),
            size[at : at + 1],
        )
        # Sums in another order.
        np.testing.assert_allclose(both[own], alone, rtol=1e-9, atol=1e-9)


def test_a_lone_mark_has_no_company() -> None:
    rng = np.random.default_rng(1)
    columns = marks_of(rng, 1)
    low, high = told(columns, np.asarray([-9.0]), 1.0), told(columns, np.asarray([9.0]), 1.0)
    for name in ("others_0", "others_4", "others_6", "alike_4", "alike_6"):
        assert column(low, name)[0] == pytest.approx(np.log(0.25))
        assert column(high, name)[0] == pytest.approx(np.log(0.25))
    assert column(high, "others_trees")[0] == 0
    assert tuple(VERDICT_COLUMNS[: len(COMPANY_COLUMNS)]) == COMPANY_COLUMNS


def test_sure_marks_are_counted_and_what_moves_is_not() -> None:
    rng = np.random.default_rng(2)
    columns = marks_of(rng, 5)
    trees = np.asarray([0.0, 20.0, 20.0, 20.0, 20.0])
    assert column(told(columns, trees, 2.0), "others_4")[0] == pytest.approx(np.log(4 / 2 + 0.25))
    columns[1:3, MARK_COLUMNS.index("seen_min")] = 0.9
    assert column(told(columns, trees, 2.0), "others_4")[0] == pytest.approx(np.log(2 / 2 + 0.25))


def test_alike_are_those_of_the_same_class() -> None:
    rng = np.random.default_rng(3)
    columns = marks_of(rng, 4)
    kinds = [MARK_COLUMNS.index(f"net_{c}") for c in ("dirt", "sparkle")]
    columns[:, [MARK_COLUMNS.index(f"net_{c}") for c in ("hair", "scratch", "stain")]] = -9.0
    columns[:, kinds] = np.asarray([[5.0, 0.0], [5.0, 0.0], [0.0, 5.0], [0.0, 5.0]])
    trees = np.asarray([0.0, 20.0, 20.0, 20.0])
    seen = told(columns, trees, 1.0)
    assert column(seen, "alike_4")[0] == pytest.approx(np.log(1 + 0.25))
    assert column(seen, "others_4")[0] == pytest.approx(np.log(3 + 0.25))


@pytest.mark.parametrize("side", SIDES)
def test_a_doubtful_mark_among_sure_ones_is_more_likely_damage(side: str) -> None:
    """By the shipped judge, of marks whose other measurements are drawn at random."""
    judge = load_judge(f"company_{side}")
    rng = np.random.default_rng(4)
    columns = marks_of(rng, 40)
    columns[:, MARK_COLUMNS.index("log_area")] = 3.0
    doubtful = np.full(40, 1.0)
    among = doubtful.copy()
    among[1:20] = 12.0
    lone = judge.logit(told(columns, doubtful, 0.5), VERDICT_COLUMNS)
    company = judge.logit(told(columns, among, 0.5), VERDICT_COLUMNS)
    assert np.all(company[20:] > lone[20:])
    assert np.mean(company[20:] - lone[20:]) > 1.0


def test_a_larger_frame_counts_as_less_than_it_is() -> None:
    """What judges learned on counts as it is; beyond it more marks say more, not less."""
    learned = 384 * 512 / 1e6
    assert size_that_counts(learned) == pytest.approx(learned)
    sizes = [size_that_counts(m) for m in (learned, 0.4, 2.0, 3.2, 35.0)]
    assert sizes == sorted(sizes)
    assert all(counts < m for counts, m in zip(sizes[1:], (0.4, 2.0, 3.2, 35.0), strict=True))
