from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmrestore_core.box import Box

boxes = st.builds(
    Box, st.integers(-20, 20), st.integers(-20, 20), st.integers(0, 30), st.integers(0, 30)
)


def _pixels(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box.x, box.right) for y in range(box.y, box.bottom)}


@given(boxes, boxes)
def test_intersection_is_the_shared_pixels(a: Box, b: Box) -> None:
    assert _pixels(a.intersect(b)) == _pixels(a) & _pixels(b)


@given(boxes, boxes)
def test_union_covers_both(a: Box, b: Box) -> None:
    assert _pixels(a) | _pixels(b) <= _pixels(a.union(b))


@given(boxes, boxes)
def test_contains_means_every_pixel(a: Box, b: Box) -> None:
    assert a.contains(b) == (_pixels(b) <= _pixels(a))


def test_slices_find_the_pixels_of_an_offset_window() -> None:
    origin = Box(-8, 4, 10, 6)
    picture = np.arange(60).reshape(6, 10)
    assert picture[Box(-6, 5, 2, 1).slices(origin)].tolist() == [[12, 13]]
    with pytest.raises(ValueError, match="does not lie inside"):
        Box(5, 4, 1, 1).slices(origin)


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="negative side"):
        Box(0, 0, -1, 3)
