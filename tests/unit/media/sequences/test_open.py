from __future__ import annotations

import os
from pathlib import Path

import pytest

from filmrestore_core.errors import (
    MediaError,
    MissingFrameError,
    SettingsError,
    UnwritableFrameError,
)
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.media.open import (
    create_matte_writer,
    create_writer,
    open_clip,
    source_files,
)
from filmrestore_core.media.output_check import free_space, prepare_folder
from filmrestore_core.media.sequence_clip import SequenceClip
from filmrestore_core.testing.sequences import noise_frame, write_sequence


@pytest.fixture
def clip(tmp_path: Path) -> SequenceClip:
    return SequenceClip(write_sequence(tmp_path / "in" / "a.####.dpx", range(1, 5)))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("in", "1-4"),
        ("in/", "1-4"),
        ("in/a.####.dpx", "1-4"),
        ("in/a.%04d.dpx", "1-4"),
        ("in/a.@@@@.dpx", "1-4"),
        ("in/a.$F4.dpx", "1-4"),
        ("in/a.[0002-0003].dpx", "2-3"),
        ("in/a.####.dpx 2-3", "2-3"),
        ("in/a.0003.dpx", "3"),
    ],
)
def test_inputs_open(
    clip: SequenceClip, monkeypatch: pytest.MonkeyPatch, text: str, numbers: str
) -> None:
    monkeypatch.chdir(clip.pattern.folder.parent)
    opened = open_clip(text)
    assert opened.numbers.format() == numbers
    assert opened.name == text
    assert opened.read(3).number == 3


def test_a_name_with_a_leading_dash_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_sequence("-rf.####.dpx", [1, 2])
    assert open_clip("-rf.####.dpx").read(2).number == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("in/b.####.dpx", r"a\.####\.dpx \[1-4\]"),
        ("in/a.###.dpx", r"a\.####\.dpx \[1-4\]"),
        ("in/a.0009.dpx", "does not exist"),
        ("none", "does not exist"),
        ("none/a.####.dpx", "none"),
        ("none.mov", "does not exist"),
        ("in/notes.txt", "no image or movie"),
        ("in/notes.####.txt", "does not exist"),
    ],
)
def test_what_is_not_there_is_named(
    clip: SequenceClip, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.chdir(clip.pattern.folder.parent)
    Path("in/notes.txt").touch()
    with pytest.raises(MediaError, match=says):
        open_clip(text)


@pytest.mark.parametrize("text", ["", "  "])
def test_no_name_is_a_wrong_argument(text: str, clip: SequenceClip) -> None:
    with pytest.raises(SettingsError):
        open_clip(text)
    with pytest.raises(SettingsError):
        create_writer(text, clip)


def test_wanted_frames_must_exist_and_the_clip_keeps_the_others(clip: SequenceClip) -> None:
    folder = clip.pattern.folder
    assert open_clip(folder, frames=FrameRange([2, 99])).numbers == clip.numbers
    with pytest.raises(MissingFrameError, match="99"):
        open_clip(folder, frames=FrameRange([99]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("out", "out/a.0002.dpx"),
        ("out/", "out/a.0002.dpx"),
        ("out.v2", "out.v2/a.0002.dpx"),
        ("deep/er/out", "deep/er/out/a.0002.dpx"),
        ("out/b.%05d.dpx", "out/b.00002.dpx"),
        ("out/b_$F3.DPX", "out/b_002.DPX"),
        ("in/restored_####.dpx", "in/restored_0002.dpx"),
        ("out/b.[1001-1100].dpx", "out/b.0002.dpx"),
    ],
)
def test_outputs_in_all_notations(clip: SequenceClip, text: str, name: str) -> None:
    root = clip.pattern.folder.parent
    with create_writer(f"{root}/{text}", clip) as writer:
        assert writer.path(2) == root / name
        assert writer.write(clip.read(2)).path.exists()


def test_one_frame_may_go_to_one_file(clip: SequenceClip) -> None:
    out = clip.pattern.folder.parent / "out" / "best.0099.dpx"
    with create_writer(out, clip, numbers=FrameRange([2])) as writer:
        assert writer.write(clip.read(2)).path == out
        assert writer.is_done(2)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("out.dpx", SettingsError, r"one file for 4 frames.*out\.####\.dpx"),
        ("out.0001.dpx", SettingsError, "one file for 4 frames"),
        ("out.####.exr", MediaError, "own format"),
        ("out.####.jpg", MediaError, "does not write"),
        ("out.####.xyz", SettingsError, "does not write"),
        ("out.####", MediaError, "does not write"),
        ("out.mkv", MediaError, "is a movie"),
    ],
)
def test_outputs_that_cannot_be_are_refused(
    clip: SequenceClip, text: str, error: type[Exception], says: str
) -> None:
    root = clip.pattern.folder.parent
    with pytest.raises(error, match=says):
        create_writer(root / text, clip)
    assert os.listdir(root) == ["in"]


def test_a_clip_without_files_needs_names(tmp_path: Path) -> None:
    clip = MemoryClip([noise_frame(1)])
    assert source_files(clip, 1) == ()
    with pytest.raises(SettingsError, match="file names"):
        create_writer(tmp_path, clip)
    with create_writer(tmp_path / "a.####.dpx", clip) as writer:
        writer.write(clip.read(1))
        assert not writer.is_done(1)  # nothing would tell that the frame changed


def _refused(out: Path, clip: SequenceClip) -> None:
    before = {p: p.read_bytes() for p in clip.pattern.folder.iterdir()}
    with pytest.raises(MediaError, match="is a frame of the input"):
        create_writer(out, clip)
    assert {p: p.read_bytes() for p in clip.pattern.folder.iterdir()} == before


def test_output_equal_to_input_is_refused_however_it_is_spelled(clip: SequenceClip) -> None:
    folder = clip.pattern.folder
    root = folder.parent
    (root / "link").symlink_to(folder)
    (root / "hard").mkdir()
    (root / "soft").mkdir()
    os.link(clip.path(3), root / "hard" / "a.0003.dpx")
    (root / "soft" / "a.0003.dpx").symlink_to(clip.path(3))
    for out in (
        folder,
        folder / "a.%04d.dpx",
        folder / ".." / "in",
        root / "link",
        root / "link" / "a.####.dpx",
        root / "hard",
        root / "soft",
    ):
        _refused(out, clip)


def test_an_output_the_input_would_take_for_its_own_frames_is_refused(tmp_path: Path) -> None:
    clip = SequenceClip(write_sequence(tmp_path / "a.#.dpx", range(1, 5)))
    _refused(tmp_path / "a.1#.dpx", clip)  # a.11.dpx is frame 11 of the input


def test_others_files_are_not_replaced_unless_asked(clip: SequenceClip) -> None:
    out = clip.pattern.folder.parent / "out"
    write_sequence(out / "a.####.dpx", [3, 9], seed=1)
    kept = (out / "a.0003.dpx").read_bytes()
    with pytest.raises(UnwritableFrameError, match=r"a file.*a\.0003\.dpx"):
        create_writer(out, clip)
    assert (out / "a.0003.dpx").read_bytes() == kept
    with create_writer(out, clip, numbers=FrameRange([1])) as writer:
        writer.write(clip.read(1))
    for path in out.glob(".filmrestore-journal*"):
        path.unlink()
    with create_writer(out, clip, overwrite=True) as writer:
        writer.write(clip.read(3))
    assert (out / "a.0003.dpx").read_bytes() == clip.path(3).read_bytes()


def test_what_cannot_be_written_is_found_before_a_frame_is_read(clip: SequenceClip) -> None:
    plain = clip.pattern.folder.parent / "plain"
    plain.touch()
    outputs = [plain / "out", plain / "out" / "a.####.dpx"]
    if Path("/proc/self").exists():
        outputs.append(Path("/proc/filmrestore"))
    for number in clip.numbers:  # reading one would fail otherwise
        clip.path(number).write_bytes(b"")
    for out in outputs:
        with pytest.raises(UnwritableFrameError, match="cannot be written") as caught:
            create_writer(out, clip)
        assert caught.value.errno is not None


def test_too_little_space_is_found_before_a_frame_is_read(tmp_path: Path) -> None:
    free = free_space(tmp_path)
    assert free is not None
    with pytest.raises(UnwritableFrameError, match="no space"):
        prepare_folder(tmp_path / "new" / "a.0001.dpx", free)
    assert not (tmp_path / "new").exists()


def test_matte_outputs(clip: SequenceClip) -> None:
    root = clip.pattern.folder.parent
    with create_matte_writer(root / "mattes", clip) as mattes:
        assert mattes.path(2) == root / "mattes" / "a.0002.png"
    with create_matte_writer(root / "mattes" / "m.%03d.exr", clip) as mattes:
        assert mattes.path(2) == root / "mattes" / "m.002.exr"
    with pytest.raises(SettingsError, match=r"\.dpx"):
        create_matte_writer(root / "mattes" / "m.####.dpx", clip)
    with (
        create_writer(root / "out" / "a.####.png", MemoryClip([noise_frame(1)])) as pictures,
        pytest.raises(MediaError, match="frame of the picture's output"),
    ):
        create_matte_writer(root / "in" / ".." / "out", clip, apart_from=pictures)
