"""What a net that judges marks is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from filmrestore_core.plate import luma_of
from filmrestore_core.segment.mark_crops import CROP_PLANES, SIDE, crops_of
from filmrestore_core.segment.mark_measure import MeasuredMarks
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow

SpeckWindow = Callable[..., AlignedWindow]
MarksAt = Callable[..., MeasuredMarks]
COUNT = len(CROP_PLANES)
CENTER, MARK, NET = (CROP_PLANES.index(name) for name in ("center", "mark", "net"))
SPECK = slice(36, 45), slice(56, 65)


def made(window: AlignedWindow, marks: MeasuredMarks) -> np.ndarray:
    score = np.zeros(window.center.box.shape, np.float32)
    score[40, 60] = 0.75
    return crops_of(window, score, marks, np.arange(marks.count))


def test_a_mark_lies_in_the_middle_of_both_crops(
    speck_window: SpeckWindow, marks_at: MarksAt
) -> None:
    window = speck_window()
    crops = made(window, marks_at(window.center.box.shape, SPECK))
    assert crops.shape == (1, 2 * COUNT, SIDE, SIDE)
    assert crops.dtype == np.float32
    near, wide = crops[0, :COUNT], crops[0, COUNT:]
    assert np.flatnonzero(near[MARK].any(axis=1)).tolist() == list(range(20, 29))
    # The wide crop holds four pixels a side, and as much of the mark in all.
    assert near[MARK].sum() == 81
    assert wide[MARK].sum() == pytest.approx(81 / 16)
    assert near[NET, 24, 24] == 0.75
    assert wide[NET, 24, 24] == pytest.approx(0.75 / 16)


def test_brightness_is_told_against_the_surroundings(
    speck_window: SpeckWindow, marks_at: MarksAt
) -> None:
    window = speck_window()
    near = made(window, marks_at(window.center.box.shape, SPECK))[0, :COUNT]
    part = luma_of(window.center.pixels)[16:64, 36:84]
    # Twice the difference, because a crop holds half the range.
    expected = np.clip((part - part.mean()) / 0.5, -1, 1)
    np.testing.assert_allclose(near[CENTER], expected, atol=1e-6)
    lit = [
        replace(p, pixels=p.pixels + np.float32(0.1))
        for p in (window.center, *window.window.neighbors)
    ]
    brighter = align(TemporalWindow(lit[0], tuple(lit[1:])))
    again = made(brighter, marks_at(window.center.box.shape, SPECK))[0, :COUNT]
    np.testing.assert_allclose(again[CENTER], near[CENTER], atol=1e-5)


def test_a_neighbor_that_is_missing_looks_like_the_frame_and_is_not_trusted(
    speck_window: SpeckWindow, marks_at: MarksAt
) -> None:
    window = speck_window((1, 2))
    near = made(window, marks_at(window.center.box.shape, SPECK))[0, :COUNT]
    for name in ("t-2", "t-1", "raw t-1"):
        np.testing.assert_array_equal(near[CROP_PLANES.index(name)], near[CENTER])
    assert not near[CROP_PLANES.index("validity t-1")].any()
    assert near[CROP_PLANES.index("validity t+1")].any()


@pytest.mark.parametrize("part", [(slice(0, 3), slice(0, 3)), (slice(93, 96), slice(141, 144))])
def test_beyond_the_edge_stands_what_the_edge_shows(
    speck_window: SpeckWindow, marks_at: MarksAt, part: tuple[slice, slice]
) -> None:
    window = speck_window()
    near = made(window, marks_at(window.center.box.shape, part))[0, :COUNT]
    assert near[MARK].sum() == 9
    outer = near[CENTER][:20] if part[0].start == 0 else near[CENTER][28:]
    assert np.all(outer == outer[0])


@pytest.mark.parametrize("shape", [(96, 1), (1, 144), (96, 144)])
def test_a_large_mark_is_shown_whole(
    speck_window: SpeckWindow, marks_at: MarksAt, shape: tuple[int, int]
) -> None:
    window = speck_window()
    mark = slice(0, shape[0]), slice(0, shape[1])
    near = made(window, marks_at(window.center.box.shape, mark))[0, :COUNT]
    scale = 4 if shape[0] == 96 and shape[1] == 1 else 8
    assert near[MARK].sum() * scale**2 == pytest.approx(shape[0] * shape[1])
    assert np.isfinite(near).all()


def test_each_mark_has_its_own_crop(speck_window: SpeckWindow, marks_at: MarksAt) -> None:
    window = speck_window()
    other = slice(56, 65), slice(96, 105)
    shape = window.center.box.shape
    both = made(window, marks_at(shape, SPECK, other))
    np.testing.assert_array_equal(both[0], made(window, marks_at(shape, SPECK))[0])
    np.testing.assert_array_equal(both[1], made(window, marks_at(shape, other))[0])
    assert len(made(window, marks_at(shape))) == 0
