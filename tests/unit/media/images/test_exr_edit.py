from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.media.exr_edit import differing, plan_edit
from filmrestore_core.media.exr_header import read_headers


@pytest.fixture
def part(save, pixels):
    def _part(compression, tile=None):
        path = save("a.exr", pixels(70, 41, 3, "float16"), {"compression": compression}, tile=tile)
        return read_headers(path)[0]

    return _part


def planes(value=0.0):
    return {n: np.full((70, 41), value, np.float16) for n in "RGB"}


def plan(part, new, extra=None, keep=False):
    return plan_edit(part, "the picture", planes(), new, extra or {}, keep_compression=keep)


def test_nothing_changed_needs_nothing(part):
    assert plan(part("zip"), planes()) is None


def test_touched_chunks(part):
    new = planes()
    new["G"][33, 20] = 1
    assert np.flatnonzero(plan(part("zip"), new).touched).tolist() == [2]
    assert np.flatnonzero(plan(part("zips"), new).touched).tolist() == [33]
    edit = plan(part("zip", (16, 32)), new)
    assert np.argwhere(edit.touched).tolist() == [[1, 1]]
    assert edit.touched.shape == (3, 3)
    assert not edit.rebuilt


def test_lossy_parts_are_rebuilt_or_kept(part):
    new = planes()
    new["G"][33, 20] = 1
    rebuilt = plan(part("dwaa"), new)
    assert (rebuilt.compression, rebuilt.rebuilt, rebuilt.lossy) == ("zip", True, False)
    assert rebuilt.touched.shape == (5, 1)
    assert rebuilt.touched.all()
    kept = plan(part("dwaa"), new, keep=True)
    assert (kept.compression, kept.rebuilt, kept.lossy) == ("dwaa", False, True)
    assert np.flatnonzero(kept.loose.all(axis=1)).tolist() == list(range(32, 64))


def test_an_added_channel_rebuilds(part):
    edit = plan(part("piz"), planes(), {"damage.A": np.zeros((70, 41), np.float16)})
    assert (edit.compression, edit.rebuilt, edit.is_mixed) == ("piz", True, False)
    edit = plan(part("piz"), planes(), {"damage.A": np.zeros((70, 41), np.float32)})
    assert (edit.compression, edit.is_mixed) == ("zip", True)
    edit = plan(part("dwaa"), planes(), {"damage.A": np.zeros((70, 41), np.float16)}, keep=True)
    assert edit.compression == "zip"


def test_bits_are_compared_not_values():
    zero, nan = np.float32([0.0, np.nan]), np.float32([-0.0, np.nan])
    assert differing(zero, nan).tolist() == [True, False]
