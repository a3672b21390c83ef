from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmrestore_core.errors import SettingsError
from filmrestore_core.framerange import FrameRange


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1001", [1001]),
        ("1001-1003", [1001, 1002, 1003]),
        ("1-10x3", [1, 4, 7, 10]),
        ("1,3,5-7", [1, 3, 5, 6, 7]),
        ("1-3 8-10x2", [1, 2, 3, 8, 10]),
        ("[5-6]", [5, 6]),
        ("-3--1", [-3, -2, -1]),
        ("-1-1", [-1, 0, 1]),
        (" 1 - 3 , 9 ", [1, 2, 3, 9]),
        ("0", [0]),
    ],
)
def test_what_artists_type(text: str, numbers: list[int]) -> None:
    assert list(FrameRange.parse(text)) == numbers


@pytest.mark.parametrize("text", ["", "abc", "1-", "1--", "1..5", "1-5x", "[]", "1.5", "#", "1-x2"])
def test_what_is_no_range_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(SettingsError, match="no frame range"):
        FrameRange.parse(text)


def test_a_typing_error_does_not_fill_the_memory() -> None:
    with pytest.raises(SettingsError, match="more than"):
        FrameRange.parse("1-99999999999")


@given(st.sets(st.integers(-300, 300), max_size=40))
def test_format_and_parse_are_inverse(numbers: set[int]) -> None:
    frames = FrameRange(numbers)
    if numbers:
        assert FrameRange.parse(frames.format()) == frames
    else:
        assert frames.format() == ""


@given(st.sets(st.integers(-50, 50), max_size=40), st.integers(1, 9))
def test_chunks_cover_the_range_once(numbers: set[int], size: int) -> None:
    frames = FrameRange(numbers)
    chunks = frames.chunks(size)
    assert [n for chunk in chunks for n in chunk] == list(frames)
    assert all(1 <= len(chunk) <= size for chunk in chunks)


def test_gaps_are_what_is_missing_inside() -> None:
    assert list(FrameRange([1, 2, 5, 7]).gaps) == [3, 4, 6]
    assert len(FrameRange([]).gaps) == 0
