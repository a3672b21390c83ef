from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.clip import Clip
from filmrestore_core.errors import LockedFrameError, UnreadableFrameError, UnwritableFrameError
from filmrestore_core.frame import Frame
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.claims import Claim
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.media.open import create_writer, open_clip
from filmrestore_core.media.sequence import SequencePattern
from filmrestore_core.media.sequence_clip import SequenceClip
from filmrestore_core.media.verify import verify_frame
from filmrestore_core.media.writer import FrameWriter
from filmrestore_core.testing.sequences import noise_frame, with_spot, write_sequence

EXTENSIONS = [".exr", ".dpx", ".png", ".tif"]


def _clip(folder: Path, extension: str = ".dpx", count: int = 4) -> SequenceClip:
    return SequenceClip(write_sequence(folder / "in" / f"a.####{extension}", range(1, count + 1)))


def _run(folder: Path, clip: Clip, **options: object) -> dict[int, Claim]:
    """Write all frames with a spot on them; what each was before."""
    with create_writer(folder / "out", clip, **options) as writer:  # type: ignore[arg-type]
        claims = {}
        for number in clip.numbers:
            claims[number] = writer.claim(number)
            if claims[number] is Claim.MINE:
                original = clip.read(number)
                restored, _ = with_spot(original, x=number % 16, y=2)
                writer.write(original, restored, extra={"frame": number})
        return claims


def _made(claims: dict[int, Claim]) -> list[int]:
    return [n for n, claim in claims.items() if claim is Claim.MINE]


def _visible(folder: Path) -> set[str]:
    return {n for n in os.listdir(folder) if not n.startswith(".")}


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_untouched_frame_is_a_byte_copy(tmp_path: Path, extension: str) -> None:
    clip = _clip(tmp_path, extension)
    with create_writer(tmp_path / "out", clip) as writer:
        assert isinstance(writer, FrameWriter)
        for number in clip.numbers:
            original = clip.read(number)
            written = writer.write(original, original if number % 2 else None)
            assert written.copied
            assert written.path == tmp_path / "out" / f"a.{number:04d}{extension}"
            assert written.path.read_bytes() == clip.path(number).read_bytes()


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_restored_frame_differs_only_where_it_was_restored(
    tmp_path: Path, extension: str
) -> None:
    clip = _clip(tmp_path, extension, count=1)
    original = clip.read(1)
    restored, coverage = with_spot(original, x=5, y=3)
    with create_writer(tmp_path / "out", clip) as writer:
        written = writer.write(original, restored)
    assert not written.copied
    assert written.nbytes == written.path.stat().st_size
    result = open_clip(written.path).read(1)
    checked = verify_frame(original, result, coverage)
    assert checked.ok
    assert checked.changed > 0
    for name, plane in restored.parts[0].planes.items():
        assert np.array_equal(result.parts[0].planes[name], plane)
    assert _visible(tmp_path / "out") == {written.path.name}


def test_frames_without_a_file_are_written_afresh(tmp_path: Path) -> None:
    clip = MemoryClip([noise_frame(n, extension=".exr") for n in (0, 7)])
    with create_writer(tmp_path / "out" / "m.%05d.exr", clip) as writer:
        for number in clip.numbers:
            writer.write(clip.read(number))
    result = open_clip(tmp_path / "out")
    assert result.numbers == clip.numbers
    assert np.array_equal(result.read(7).parts[0].planes["B"], clip.read(7).parts[0].planes["B"])


def test_finished_frames_are_not_made_again(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    assert _made(_run(tmp_path, clip, purpose="p")) == [1, 2, 3, 4]
    before = {n: (tmp_path / "out" / n).stat().st_mtime_ns for n in _visible(tmp_path / "out")}
    assert _made(_run(tmp_path, clip, purpose="p")) == []
    after = {n: (tmp_path / "out" / n).stat().st_mtime_ns for n in _visible(tmp_path / "out")}
    assert before == after
    with create_writer(tmp_path / "out", clip, purpose="p") as writer:
        assert writer.recorded(3) == {"frame": 3}
        assert writer.is_done(3)


def test_other_settings_make_all_frames_again(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    _run(tmp_path, clip, purpose="p")
    assert _made(_run(tmp_path, clip, purpose="q")) == [1, 2, 3, 4]
    with create_writer(tmp_path / "out", clip, purpose="p") as writer:
        assert writer.recorded(3) is None


def test_a_changed_source_makes_the_frames_again_that_look_at_it(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    _run(tmp_path, clip, reach=1)
    os.utime(clip.path(4), ns=(1, 1))
    assert _made(_run(tmp_path, clip, reach=1)) == [3, 4]
    clip.path(1).unlink()
    assert _made(_run(tmp_path, open_clip(tmp_path / "in"), reach=1)) == [2]


def test_a_changed_matte_makes_its_frame_again(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    mattes = [tmp_path / f"matte.{n}" for n in range(5)]
    options = {"depends_on": lambda n: [mattes[n]]}
    _run(tmp_path, clip, **options)
    assert _made(_run(tmp_path, clip, **options)) == []
    mattes[2].touch()
    assert _made(_run(tmp_path, clip, **options)) == [2]


def test_a_damaged_or_missing_result_is_made_again(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    _run(tmp_path, clip)
    out = [tmp_path / "out" / f"a.{n:04d}.dpx" for n in range(5)]
    out[1].unlink()
    out[2].write_bytes(out[2].read_bytes()[:-1])
    flipped = bytearray(out[3].read_bytes())
    flipped[-1] ^= 1
    out[3].write_bytes(flipped)
    os.utime(out[4])  # copied about, but whole
    assert _made(_run(tmp_path, clip)) == [1, 2, 3]


def test_a_frame_whose_matte_is_missing_is_made_again(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    _run(tmp_path, clip, also_done=lambda n: True)
    assert _made(_run(tmp_path, clip, also_done=lambda n: n != 2)) == [2]


def test_without_resume_all_frames_are_made_once_by_two_runs_together(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    _run(tmp_path, clip)
    assert _made(_run(tmp_path, clip, resume=False)) == [1, 2, 3, 4]
    with (
        create_writer(tmp_path / "out", clip, resume=False) as one,
        create_writer(tmp_path / "out", clip, resume=False) as two,
    ):
        assert one.claim(1) is Claim.MINE
        assert two.claim(1) is Claim.BUSY
        one.write(clip.read(1))
        assert two.claim(1) is Claim.DONE
        assert two.claim(2) is Claim.MINE
        two.release(2)
        assert one.claim(2) is Claim.MINE


def test_a_chunk_leaves_the_other_frames_alone(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    with create_writer(tmp_path / "out", clip, numbers=FrameRange([2])) as writer:
        assert writer.numbers == FrameRange([2])
        writer.write(clip.read(2))
    assert _visible(tmp_path / "out") == {"a.0002.dpx"}


def test_a_claim_taken_by_another_cannot_be_written(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    with (
        create_writer(tmp_path / "out", clip) as one,
        create_writer(tmp_path / "out", clip) as two,
    ):
        one.claim(1)
        with pytest.raises(UnwritableFrameError, match="another process"):
            two.write(clip.read(1))
    with (
        create_writer(tmp_path / "out", clip, purpose="p") as one,
        create_writer(tmp_path / "out", clip, purpose="q") as two,
    ):
        one.claim(1)
        with pytest.raises(UnwritableFrameError, match="other settings"):
            two.claim(1)


def test_closing_leaves_neither_locks_nor_temp_files(tmp_path: Path) -> None:
    clip = _clip(tmp_path)

    def interrupted() -> None:
        with create_writer(tmp_path / "out", clip) as writer:
            writer.claim(1)
            writer.claim(2)
            writer.write(clip.read(1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    names = set(os.listdir(tmp_path / "out"))
    assert names == {"a.0001.dpx", ".filmrestore-journal.a.####.dpx.jsonl"}


def test_a_source_that_goes_leaves_nothing_and_is_named(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    original = clip.read(1)
    clip.path(1).unlink()
    with (
        create_writer(tmp_path / "out", clip) as writer,
        pytest.raises(UnreadableFrameError, match=r"a\.0001\.dpx"),
    ):
        writer.write(original)
    assert _visible(tmp_path / "out") == set()


def test_a_locked_frame_is_copied_but_not_changed(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    original = replace(clip.read(1), locked="deep EXR")
    restored, _ = with_spot(original, x=1, y=1)
    with create_writer(tmp_path / "out", clip) as writer:
        with pytest.raises(LockedFrameError):
            writer.write(original, restored)
        assert _visible(tmp_path / "out") == set()
        assert writer.claim(1) is Claim.MINE
        assert writer.write(original).copied


def test_what_is_told_of_a_frame_may_hold_the_notes_of_writing(tmp_path: Path) -> None:
    clip = _clip(tmp_path, ".dpx", count=1)
    original = clip.read(1)
    restored, _ = with_spot(original, x=1, y=1)
    with create_writer(tmp_path / "out", clip) as writer:
        written = writer.write(
            original, restored, attributes={"who": "me"}, extra=lambda notes: {"notes": list(notes)}
        )
        assert written.notes  # DPX cannot carry the attribute and says so
        assert writer.recorded(1) == {"notes": list(written.notes)}


def test_an_older_result_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    clip = _clip(tmp_path, count=1)
    _run(tmp_path, clip, purpose="p")
    before = (tmp_path / "out" / "a.0001.dpx").read_bytes()
    original = clip.read(1)
    broken = Frame(1, (original.parts[0], original.parts[0]), original.source)
    with create_writer(tmp_path / "out", clip, purpose="q") as writer:
        with pytest.raises(UnwritableFrameError) as caught:
            writer.write(original, broken)
        assert caught.value.frame == 1
        assert "a.0001.dpx'" in str(caught.value)
        assert str(os.getpid()) not in str(caught.value)  # the temp file is nobody's business
    assert (tmp_path / "out" / "a.0001.dpx").read_bytes() == before


@pytest.mark.parametrize(
    "name",
    ["a b.####.dpx", "50%d_x.####.dpx", "a#b.%04d.dpx", "x[1-2].####.dpx", "line\nbreak.####.dpx",
     "-rf.####.dpx", "ü é.####.dpx", "x" * 180 + ".####.dpx", "'\"$(x)`;.####.dpx"]
)  # fmt: skip
def test_odd_names_go_through(tmp_path: Path, name: str) -> None:
    numbers = [-3, 0, 9999, 10000]
    clip = SequenceClip(write_sequence(tmp_path / "in" / name, numbers))
    assert open_clip(tmp_path / "in").numbers == FrameRange(numbers)
    _run(tmp_path, clip)
    pattern = SequencePattern.parse(str(tmp_path / "out" / name))
    assert pattern.scan() == FrameRange(numbers)
    assert _made(_run(tmp_path, clip)) == []


def test_a_journal_torn_by_a_crash_costs_its_last_frame_only(tmp_path: Path) -> None:
    clip = _clip(tmp_path)
    _run(tmp_path, clip)
    (journal,) = (tmp_path / "out").glob(".filmrestore-journal.*")
    journal.write_bytes(journal.read_bytes()[:-20])
    assert _made(_run(tmp_path, clip)) == [4]
    assert _made(_run(tmp_path, clip)) == []


def test_frames_without_a_file_may_be_turned_into_images(tmp_path: Path) -> None:
    clip = MemoryClip([noise_frame(1)])

    def first_channel(frame: Frame) -> Frame:
        part = frame.parts[0]
        one = replace(part, planes={"Y": part.planes["R"]}, formats={"Y": part.formats["R"]})
        return frame.with_part(0, one)

    with create_writer(tmp_path / "m.####.dpx", clip, as_image=first_channel) as writer:
        written = writer.write(clip.read(1))
    assert list(open_clip(written.path).read(1).parts[0].planes) == ["Y"]
