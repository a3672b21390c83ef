from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from filmrestore_core.errors import MediaError
from filmrestore_core.media.sequence_folder import find_sequences, only_sequence


def _fill(folder: Path, names: Iterable[str]) -> Path:
    for name in names:
        (folder / name).touch()
    return folder


def _found(folder: Path) -> dict[str, str]:
    return {p.name: p.frames.format() for p in find_sequences(folder) if p.frames is not None}


def test_the_only_sequence_stands_for_all_its_frames(tmp_path: Path) -> None:
    names = [f"reel 2.{n:04d}.dpx" for n in (998, 999, 1000, 1002)]
    pattern = only_sequence(_fill(tmp_path, [*names, "notes.txt", ".hidden.0001.dpx", "cover.png"]))
    assert pattern.name == "reel 2.####.dpx"
    assert pattern.frames is None
    assert list(pattern.scan()) == [998, 999, 1000, 1002]


def test_padding_is_found_when_numbers_grow_past_it(tmp_path: Path) -> None:
    _fill(
        tmp_path, ["a.0999.exr", "a.1000.exr", "a.10000.exr", "b.7.exr", "b.10.exr", "c.1001.exr"]
    )
    assert _found(tmp_path) == {
        "a.####.exr": "999-1000,10000",
        "b.#.exr": "7,10",
        "c.####.exr": "1001",
    }


def test_two_paddings_are_two_sequences(tmp_path: Path) -> None:
    _fill(tmp_path, ["a.007.exr", "a.008.exr", "a.7.exr"])
    assert _found(tmp_path) == {"a.###.exr": "7-8", "a.#.exr": "7"}


def test_a_hyphen_before_the_number_is_no_minus_unless_a_separator_stands_there(
    tmp_path: Path,
) -> None:
    _fill(tmp_path, ["a-0001.exr", "a-0002.exr", "b.-001.exr", "b.0000.exr"])
    assert _found(tmp_path) == {"a-####.exr": "1-2", "b.####.exr": "-1-0"}


def test_the_number_before_a_version_is_found(tmp_path: Path) -> None:
    _fill(tmp_path, [f"shot.{n}.v02.exr" for n in (1001, 1002, 1003)])
    assert _found(tmp_path) == {"shot.####.v02.exr": "1001-1003"}


def test_odd_names(tmp_path: Path) -> None:
    prefixes = ["50%d ", "a#b.", "x[1].", "line\nbreak.", "-rf.", "ü.", "@@."]
    _fill(tmp_path, [f"{p}{n:04d}.png" for p in prefixes for n in (1, 2)])
    assert _found(tmp_path) == {f"{p}####.png": "1-2" for p in sorted(prefixes)}


def test_several_sequences_are_an_error_that_lists_them(tmp_path: Path) -> None:
    _fill(tmp_path, ["a.0001.exr", "a.0002.exr", "b.0001.dpx"])
    with pytest.raises(MediaError) as caught:
        only_sequence(tmp_path)
    assert "a.####.exr [1-2]" in str(caught.value)
    assert "b.####.dpx [1]" in str(caught.value)


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no image files"):
        only_sequence(tmp_path)
    _fill(tmp_path, ["reel.mov"])
    with pytest.raises(MediaError, match=r"reel\.mov"):
        only_sequence(tmp_path)


def test_one_image_without_a_number_is_a_clip_of_its_own(tmp_path: Path) -> None:
    pattern = only_sequence(_fill(tmp_path, ["still.exr"]))
    assert pattern.path(pattern.scan().first) == tmp_path / "still.exr"
