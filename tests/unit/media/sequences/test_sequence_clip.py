from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.clip import Clip
from filmrestore_core.errors import MediaError, MissingFrameError, UnreadableFrameError
from filmrestore_core.frame import Frame
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.media.sequence import SequencePattern
from filmrestore_core.media.sequence_clip import SequenceClip, rate_of
from filmrestore_core.testing.sequences import noise_frame, write_sequence


def test_frames_come_by_number_and_gaps_stay(tmp_path: Path) -> None:
    clip = SequenceClip(write_sequence(tmp_path / "a.####.dpx", [1001, 1002, 1005]))
    assert isinstance(clip, Clip)
    assert clip.numbers == FrameRange([1001, 1002, 1005])
    assert clip.missing == FrameRange([1003, 1004])
    frame = clip.read(1005)
    assert frame.number == 1005
    assert frame.source == clip.path(1005) == tmp_path / "a.1005.dpx"
    expected = noise_frame(1005).parts[0].planes
    for name, plane in frame.parts[0].planes.items():
        assert np.array_equal(plane, expected[name])


def test_frames_the_notation_names_but_the_disk_lacks_are_missing(tmp_path: Path) -> None:
    write_sequence(tmp_path / "a.####.dpx", [3, 4])
    clip = SequenceClip(SequencePattern.parse(str(tmp_path / "a.[0001-0004].dpx")))
    assert clip.missing == FrameRange([1, 2])


def test_a_number_that_does_not_exist_is_a_missing_frame(tmp_path: Path) -> None:
    clip = SequenceClip(write_sequence(tmp_path / "a.####.dpx", [1, 3]))
    with pytest.raises(MissingFrameError) as caught:
        clip.read(2)
    assert caught.value.frame == 2


def test_an_empty_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="matches no file"):
        SequenceClip(SequencePattern.parse(str(tmp_path / "a.####.dpx")))


def test_numbers_that_cannot_be_frame_numbers_are_refused(tmp_path: Path) -> None:
    for name in ("scan.20260101120000.png", "scan.1.png"):
        (tmp_path / name).touch()
    with pytest.raises(MediaError, match="20260101120000"):
        SequenceClip(SequencePattern.parse(str(tmp_path / "scan.#.png")))


def test_what_is_no_file_is_named_with_its_number(tmp_path: Path) -> None:
    pattern = write_sequence(tmp_path / "a.####.dpx", [1])
    pattern.path(2).mkdir()
    pattern.path(3).symlink_to(tmp_path / "nowhere")
    pattern.path(4).touch()
    pattern.path(5).write_bytes(b"garbage" * 1000)
    numbers = [2, 3, 4, 5]
    if hasattr(os, "mkfifo"):
        os.mkfifo(pattern.path(6))
        numbers.append(6)
    clip = SequenceClip(pattern)
    assert set(numbers) <= set(clip.numbers)
    for number in numbers:
        with pytest.raises(UnreadableFrameError, match=str(number)) as caught:
            clip.read(number)
        assert caught.value.frame == number
        assert caught.value.path == pattern.path(number)


def test_reading_from_many_threads_gives_the_same(tmp_path: Path) -> None:
    clip = SequenceClip(write_sequence(tmp_path / "a.####.exr", range(8)))
    with ThreadPoolExecutor(4) as pool:
        frames = list(pool.map(clip.read, list(clip.numbers) * 2))
    for frame in frames:
        expected = noise_frame(frame.number, extension=".exr").parts[0].planes["G"]
        assert np.array_equal(frame.parts[0].planes["G"], expected)


@pytest.mark.parametrize(
    ("attributes", "rate"),
    [
        ({"FramesPerSecond": (24000, 1001)}, Fraction(24000, 1001)),
        ({"dpx:FrameRate": 23.976}, Fraction(24000, 1001)),
        ({"dpx:FrameRate": 24.0}, Fraction(24)),
        ({"dpx:FrameRate": float("nan"), "dpx:TemporalFrameRate": 25.0}, Fraction(25)),
        ({"dpx:FrameRate": float("inf")}, None),
        ({"dpx:FrameRate": 1e30}, None),
        ({"FramesPerSecond": (24, 0)}, None),
        ({"FramesPerSecond": "24"}, None),
        ({"dpx:FrameRate": 16.0}, Fraction(16)),
        ({}, None),
    ],
)
def test_rate_from_attributes(attributes: dict[str, object], rate: Fraction | None) -> None:
    part = noise_frame(1).parts[0]
    frame = Frame(1, (type(part)("", part.planes, part.formats, part.data_window,
                                 part.display_window, attributes),))  # fmt: skip
    assert rate_of(frame) == rate


def test_memory_clip_gives_the_very_frames() -> None:
    frames = [noise_frame(n) for n in (5, 3)]
    clip = MemoryClip(frames, rate=Fraction(18))
    assert isinstance(clip, Clip)
    assert clip.numbers == FrameRange([3, 5])
    assert clip.rate == 18
    assert clip.read(5) is frames[0]
    with pytest.raises(MissingFrameError):
        clip.read(4)
    with pytest.raises(ValueError, match="twice"):
        MemoryClip([frames[0], frames[0]])
