from __future__ import annotations

from pathlib import Path

import pytest

from filmrestore_core.errors import MediaError, SettingsError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.sequence import STILL_NUMBER, SequencePattern, is_movie

NOTATIONS = [
    ("shot.####.exr", 7, "shot.0007.exr"),
    ("shot.#.exr", 7, "shot.7.exr"),
    ("shot.@@@@.exr", 7, "shot.0007.exr"),
    ("shot.@.exr", 7, "shot.7.exr"),
    ("shot.%04d.exr", 7, "shot.0007.exr"),
    ("shot.%d.exr", 7, "shot.7.exr"),
    ("shot.$F4.exr", 7, "shot.0007.exr"),
    ("shot.$F.exr", 7, "shot.7.exr"),
    ("shot.####.exr", 12345, "shot.12345.exr"),
    ("shot.####.exr", -5, "shot.-005.exr"),
    ("shot.#.exr", -5, "shot.-5.exr"),
    ("shot.####.exr", 0, "shot.0000.exr"),
    ("####.dpx", 3, "0003.dpx"),
    ("shot.[1001-1100].exr", 1001, "shot.1001.exr"),
    ("shot.[0001-0100].exr", 7, "shot.0007.exr"),
    ("shot.[1-100].exr", 7, "shot.7.exr"),
    ("shot.[-5-100].exr", 7, "shot.7.exr"),
    # What is no padding stays as it is.
    ("a b.####.exr", 7, "a b.0007.exr"),
    ("Überblendung ü.####.exr", 7, "Überblendung ü.0007.exr"),
    ("50%d_of.####.exr", 7, "50%d_of.0007.exr"),
    ("100%.####.exr", 7, "100%.0007.exr"),
    ("a#b.%04d.exr", 7, "a#b.0007.exr"),
    ("take[2].####.exr", 7, "take[2].0007.exr"),
    ("take [1-2].####.exr", 7, "take [1-2].0007.exr"),
    ("line\nbreak.####.exr", 7, "line\nbreak.0007.exr"),
    ("-rf.####.exr", 7, "-rf.0007.exr"),
    ("shot.####.v02.exr", 7, "shot.0007.v02.exr"),
]


@pytest.mark.parametrize(("text", "number", "name"), NOTATIONS)
def test_notations_give_file_names_and_back(text: str, number: int, name: str) -> None:
    pattern = SequencePattern.parse(f"some/#/folder/{text}")
    assert pattern.path(number) == Path("some/#/folder") / name
    assert pattern.number_of(name) == number
    assert pattern.extension == Path(text).suffix


@pytest.mark.parametrize(
    "name", ["shot.7.exr", "shot.00007.exr", "shot.007.exr", "shot.+007.exr", "shot.-000.exr",
             "shot..exr", "shot.0007.EXR", "Shot.0007.exr", "shot.٠٠٠٧.exr", ".shot.0007.exr"]
)  # fmt: skip
def test_names_the_pattern_would_not_write_are_no_frames(name: str) -> None:
    assert SequencePattern.parse("shot.####.exr").number_of(name) is None


def test_ranges_in_notations() -> None:
    ten = FrameRange.span(1001, 1010)
    for text in ("a.[1001-1010].exr", "a.1001-1010####.exr", "a.####.exr 1001-1010"):
        pattern = SequencePattern.parse(text)
        assert pattern.frames == ten
        assert pattern.file_name(1002) == "a.1002.exr"
        assert pattern.whole.frames is None


def test_a_range_with_an_impossible_size_is_refused() -> None:
    with pytest.raises(SettingsError):
        SequencePattern.parse("a.[0-99999999999].exr")


@pytest.mark.parametrize("text", ["", "folder/", "a\0.####.exr"])
def test_texts_that_name_no_file_are_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        SequencePattern.parse(text)


@pytest.mark.parametrize(
    ("name", "number", "whole"),
    [
        ("shot.1047.exr", 1047, "shot.####.exr"),
        ("shot.0001.exr", 1, "shot.####.exr"),
        ("shot.-001.exr", -1, "shot.####.exr"),
        ("shot-0001.exr", 1, "shot-####.exr"),
        ("00012.png", 12, "#####.png"),
        ("still.exr", STILL_NUMBER, "still.exr"),
        ("shot.1047.v.exr", 1047, "shot.####.v.exr"),
    ],
)
def test_a_file_is_its_one_frame_and_offers_its_sequence(
    name: str, number: int, whole: str
) -> None:
    pattern = SequencePattern.parse(f"in/{name}")
    assert pattern.is_one_file
    assert pattern.frames == FrameRange([number])
    assert pattern.path(number) == Path("in") / name
    assert pattern.whole.name == whole


def test_an_existing_file_is_meant_whatever_signs_its_name_holds(tmp_path: Path) -> None:
    odd = tmp_path / "take#4.%04d.exr"
    odd.touch()
    pattern = SequencePattern.parse(str(odd))
    assert pattern.is_one_file
    assert pattern.path(pattern.scan().first) == odd


def test_scan_keeps_gaps_and_passes_over_what_is_not_a_frame(tmp_path: Path) -> None:
    names = ["a.-002.exr", "a.0000.exr", "a.0001.exr", "a.0005.exr", "a.9999.exr", "a.10000.exr"]
    for name in [*names, "a.1.exr", "b.0002.exr", ".a.0003.exr.host.1.00000000.exr", "a.exr"]:
        (tmp_path / name).touch()
    found = SequencePattern.parse(str(tmp_path / "a.####.exr")).scan()
    assert list(found) == [-2, 0, 1, 5, 9999, 10000]
    bounded = SequencePattern.parse(str(tmp_path / "a.[0000-0005].exr")).scan()
    assert list(bounded) == [0, 1, 5]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", _file(tmp_path)):
        with pytest.raises(MediaError, match=folder.name) as caught:
            SequencePattern.parse(str(folder / "a.####.exr")).scan()
        assert caught.value.path == folder


def test_movies_are_told_by_their_extension() -> None:
    assert is_movie("a.MOV")
    assert is_movie(Path("x/reel 1.mkv"))
    assert not is_movie("a.####.dpx")


def _file(folder: Path) -> Path:
    path = folder / "plain"
    path.touch()
    return path
