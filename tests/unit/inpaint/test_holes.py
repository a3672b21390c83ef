"""Crops around damage: each wanted pixel once, work bounded."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from filmrestore_core.inpaint.holes import CELL, holes_of


@given(
    seed=st.integers(0, 10_000),
    height=st.integers(1, 200),
    width=st.integers(1, 200),
    share=st.sampled_from([0.0, 0.001, 0.02, 0.5, 1.0]),
    margin=st.integers(0, 20),
)
@settings(max_examples=60, deadline=None)
def test_each_wanted_pixel_is_in_exactly_one_crop(seed, height, width, share, margin):
    wanted = np.random.default_rng(seed).random((height, width)) < share
    count = np.zeros(wanted.shape, int)
    for hole in holes_of(wanted, np.zeros_like(wanted), margin=margin):
        count[hole.place] += hole.own
        assert np.array_equal(hole.unknown, wanted[hole.place])
        assert hole.own.shape == hole.box.shape
        assert max(hole.box.shape) <= 2 * CELL + 2 * margin
    assert np.array_equal(count, wanted)


def test_far_specks_get_small_crops():
    wanted = np.zeros((500, 500), bool)
    wanted[50:53, 60:62] = wanted[60:62, 400:404] = wanted[480, 10] = True
    holes = list(holes_of(wanted, wanted, margin=8))
    assert len(holes) == 3
    assert sum(h.box.area for h in holes) < 1200


def test_crowded_specks_share_crops():
    wanted = np.zeros((256, 256), bool)
    wanted[4::12, 4::12] = True
    assert len(list(holes_of(wanted, wanted, margin=8))) <= (256 // CELL + 1) ** 2
