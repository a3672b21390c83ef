from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.temporal.motion import (
    MOST_PIXELS,
    FlowSearch,
    bridge_flow,
    dense_flow,
    enlarge,
    match_picture,
    matching_step,
    shrink,
    whole_shift,
)
from filmrestore_core.testing.scenes import moving_scene

VELOCITY = (5.0, 2.0)
FRAMES = moving_scene(range(2), height=240, width=320, velocity=VELOCITY, specks=0).clean
PICTURES = [match_picture(np.ascontiguousarray(FRAMES[n][..., 0])) for n in (0, 1)]


def test_dense_flow_points_to_where_things_went() -> None:
    """The camera moves right and down, so what it sees moves left and up."""
    flow = dense_flow(PICTURES[0].levels, PICTURES[1].levels)
    inner = flow[20:-20, 20:-20]
    # Half a pixel: grain, and flat places that only their surroundings can tell about.
    assert np.abs(np.median(inner, axis=(0, 1)) + VELOCITY).max() < 0.2
    assert (
        np.hypot(*(np.moveaxis(inner, -1, 0) + np.reshape(VELOCITY, (2, 1, 1)))) < 0.5
    ).mean() > 0.9


def test_a_start_is_not_written_into() -> None:
    start = np.full((240, 320, 2), -3.0, np.float32)
    dense_flow(PICTURES[0].levels, PICTURES[1].levels, start)
    assert (start == -3.0).all()


def test_a_search_does_not_remember() -> None:
    """Searches of one object with and without a start, in any order, are those of new objects."""
    one, two = PICTURES[0].levels, PICTURES[1].levels
    search = FlowSearch()
    for start in (None, (-3.0, 4.0), (20.0, 9.0), None, None, (-3.0, 4.0)):
        for pair in ((one, two), (two, one)):
            field = None if start is None else np.full((240, 320, 2), start, np.float32)
            expected = dense_flow(*pair, field)
            np.testing.assert_array_equal(search.find(*pair, field), expected)


def test_whole_shift_finds_the_pan() -> None:
    x, y = whole_shift(PICTURES[0].levels, PICTURES[1].levels)
    assert (x, y) == (pytest.approx(-5, abs=1.5), pytest.approx(-2, abs=1.5))


def test_levels_do_not_know_the_exposure() -> None:
    luma = PICTURES[0].luma
    other = match_picture(luma * np.float32(0.6) + np.float32(0.2)).levels.astype(int)
    assert np.abs(other - PICTURES[0].levels).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (5, 40), (40, 5), (31, 33)])
def test_small_pictures_have_a_flow_too(shape: tuple[int, int]) -> None:
    picture = match_picture(np.full(shape, 0.5, np.float32)).levels
    flow = dense_flow(picture, picture, np.zeros((*shape, 2), np.float32))
    assert flow.shape == (*shape, 2)
    assert np.isfinite(flow).all()
    whole_shift(picture, picture)


def test_the_matching_size_is_bounded() -> None:
    assert matching_step(480, 854) == 1
    assert matching_step(1556, 2048) == 2
    assert matching_step(3112, 4096) == 4
    for height, width in ((8640, 15360), (1, 5_000_000)):
        step = matching_step(height, width)
        assert (height // step) * (width // step) <= MOST_PIXELS


def test_shrinking_and_enlarging_keep_places() -> None:
    ramp = np.add.outer(np.arange(51), 2.0 * np.arange(77)).astype(np.float32)
    small = shrink(ramp, 4)
    assert small.shape == (13, 20)
    back = enlarge(small, 4, 51, 77)
    assert back.shape == ramp.shape
    np.testing.assert_allclose(back[4:-9, 4:-9], ramp[4:-9, 4:-9], atol=1e-3)


def test_a_bridge_spans_a_hole() -> None:
    y, x = np.mgrid[:120, :160].astype(np.float32)
    flow = np.stack([4 + x * 0.01, -2 + y * 0.02], axis=2).astype(np.float32)
    spoiled = flow.copy()
    spoiled[40:80, 60:100] = 50.0
    support = np.ones((120, 160), np.float32)
    support[40:80, 60:100] = 0.0
    bridged = bridge_flow(spoiled, support)
    # The flow varies by 0.8 px over the hole; a bridge is even to a third of it.
    assert np.abs(bridged - flow).max() < 0.3
    np.testing.assert_allclose(bridged[:30], flow[:30], atol=1e-4)


def test_a_bridge_without_support_is_finite() -> None:
    flow = np.full((50, 60, 2), 9.0, np.float32)
    assert np.isfinite(bridge_flow(flow, np.zeros((50, 60), np.float32))).all()
