from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.media.open import create_writer, open_clip
from filmrestore_core.media.sequence_clip import SequenceClip
from filmrestore_core.media.verify import verify_clip, verify_frame
from filmrestore_core.testing.sequences import noise_frame, with_spot, write_sequence

BOX = Box.of_size(24, 16)


class Given:
    """Mattes from a dict."""

    def __init__(self, planes: dict[int, NDArray[np.float32]]) -> None:
        self._planes = planes

    def coverage(self, number: int, box: Box) -> NDArray[np.float32] | None:
        return self._planes.get(number)


def _changed(frame: Frame, **changes: Any) -> Frame:
    return frame.with_part(0, replace(frame.parts[0], **changes))


def _with_sample(frame: Frame, channel: str, y: int, x: int, value: float) -> Frame:
    plane = frame.parts[0].planes[channel].copy()
    plane[y, x] = value
    return frame.with_part(0, frame.parts[0].with_planes({channel: plane}))


def test_equal_frames_are_identical() -> None:
    result = verify_frame(noise_frame(1), noise_frame(1), np.zeros(BOX.shape, np.float32))
    assert result.ok
    assert result.identical
    assert result.changed == result.outside == 0


def test_changes_under_the_matte_are_counted_and_pass() -> None:
    source = noise_frame(1)
    restored, coverage = with_spot(source, x=5, y=3)
    result = verify_frame(source, restored, coverage)
    assert result.ok
    assert not result.identical
    assert 0 < result.changed <= 27
    assert result.changes[0].box == Box(5, 3, 3, 3)
    assert verify_frame(source, restored).ok  # without a matte: told, not judged
    assert "within 3 x 3 at 5,3" in verify_frame(source, restored).describe()


def test_one_sample_outside_fails_and_is_named() -> None:
    source = noise_frame(1)
    restored, coverage = with_spot(source, x=5, y=3)
    value = int(source.parts[0].planes["G"][9, 11]) ^ 1
    result = verify_frame(source, _with_sample(restored, "G", 9, 11, value), coverage)
    assert not result.ok
    assert result.outside == 1
    assert "channel 'G'" in result.describe()
    assert "11,9" in result.describe()


def test_the_smallest_coverage_excuses_a_change() -> None:
    source = noise_frame(1, extension=".exr")
    coverage = np.zeros(BOX.shape, np.float32)
    coverage[9, 11] = np.nextafter(np.float32(0), np.float32(1))
    assert verify_frame(source, _with_sample(source, "G", 9, 11, 7.0), coverage).ok


def test_bits_count_not_values() -> None:
    bits = {"nan": 0x7E00, "other nan": 0x7E01, "zero": 0x0000, "minus zero": 0x8000}
    frames = {
        name: _with_sample(noise_frame(1, extension=".exr"), "R", 0, 0,
                           np.array(value, np.uint16).view(np.float16)[()])
        for name, value in bits.items()
    }  # fmt: skip
    nothing = np.zeros(BOX.shape, np.float32)
    assert verify_frame(frames["nan"], frames["nan"], nothing).ok
    assert not verify_frame(frames["nan"], frames["other nan"], nothing).ok
    assert not verify_frame(frames["zero"], frames["minus zero"], nothing).ok


def test_subsampled_samples_may_change_where_any_of_their_pixels_is_covered() -> None:
    luma, chroma = np.zeros((5, 7), np.uint8), np.zeros((3, 4), np.uint8)
    kind, box = PixelFormat("uint8", 8), Box.of_size(7, 5)
    part = Part("", {"Y": luma, "Cb": chroma}, {"Y": kind, "Cb": kind}, box, box, {},
                {"Cb": (2, 2)})  # fmt: skip
    source = Frame(1, (part,))
    result = _with_sample(source, "Cb", 2, 3, 9)
    coverage = np.zeros((5, 7), np.float32)
    coverage[4, 6] = 1
    assert verify_frame(source, result, coverage).ok
    assert verify_frame(source, result, np.roll(coverage, -1, axis=1)).outside == 1


def test_other_parts_must_stay_whatever_the_matte_says() -> None:
    second = replace(noise_frame(2).parts[0], name="id", data_window=Box(1, 0, 24, 16))
    source = Frame(1, (noise_frame(1).parts[0], second))
    plane = second.planes["R"].copy()
    plane[0, 0] ^= 1
    result = source.with_part(1, second.with_planes({"R": plane}))
    assert verify_frame(source, result, np.ones(BOX.shape, np.float32)).outside == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"data_window": Box(1, 0, 24, 16)}, "data window"),
        ({"display_window": Box(0, 0, 9, 9)}, "display window"),
        ({"name": "other"}, "is called"),
        ({"formats": dict.fromkeys("RGB", PixelFormat("uint16", 12))}, "12 bits"),
        ({"attributes": {"reel": "A002"}}, "'reel' changed"),
        ({"attributes": {}}, "'reel' is gone"),
        ({"attributes": {"reel": "A001", "DateTime": "now"}}, "'DateTime' was added"),
    ],
)
def test_changed_headers_are_faults(changes: dict[str, Any], says: str) -> None:
    source = _changed(noise_frame(1), attributes={"reel": "A001"})
    result = verify_frame(source, _changed(source, **changes))
    assert not result.ok
    assert says in result.describe()


def test_lost_and_added_channels_are_faults_unless_they_are_ours() -> None:
    source = noise_frame(1)
    part = source.parts[0]
    planes, formats = dict(part.planes), dict(part.formats)
    del planes["B"], formats["B"]
    fewer = verify_frame(source, _changed(source, planes=planes, formats=formats))
    assert fewer.faults == ("channel 'B' is gone",)
    more = {**part.planes, "Z": part.planes["R"]}, {**part.formats, "Z": part.formats["R"]}
    assert not verify_frame(source, _changed(source, planes=more[0], formats=more[1])).ok
    ours = {**part.planes, "damage.A": part.planes["R"]}
    kinds = {**part.formats, "damage.A": part.formats["R"]}
    result = verify_frame(source, _changed(source, planes=ours, formats=kinds))
    assert result.ok
    assert result.notes == ("channel 'damage.A' was added",)
    assert not verify_frame(source, Frame(1, ())).ok


def test_metadata_that_is_no_number_equals_itself() -> None:
    source = _changed(noise_frame(1), attributes={"gamma": float("nan"), "m": (1.0, float("nan"))})
    same = _changed(noise_frame(1), attributes={"gamma": float("nan"), "m": (1.0, float("nan"))})
    assert verify_frame(source, same).identical


@pytest.mark.parametrize("extension", [".exr", ".dpx", ".png", ".tif"])
def test_clips_are_compared_frame_by_frame(tmp_path: Path, extension: str) -> None:
    clip = SequenceClip(write_sequence(tmp_path / "in" / f"a.####{extension}", range(1, 5)))
    covers = {}
    with create_writer(tmp_path / "out", clip) as writer:
        for number in (1, 2, 3):
            original = clip.read(number)
            restored, covers[number] = with_spot(original, x=number, y=number)
            writer.write(original, None if number == 1 else restored)
    result = open_clip(tmp_path / "out")
    found = list(verify_clip(clip, result, mattes=Given(covers)))
    assert [r.number for r in found] == [1, 2, 3, 4]
    assert [r.ok for r in found] == [True, True, True, False]
    assert [r.identical for r in found] == [True, False, False, False]
    assert "missing from the result" in found[3].describe()
    del covers[3]
    assert [r.ok for r in verify_clip(clip, result, mattes=Given(covers))][1:3] == [True, False]
    (second,) = verify_clip(clip, result, numbers=FrameRange([2]))
    assert second.ok


def test_header_bytes_count(tmp_path: Path) -> None:
    pattern = write_sequence(tmp_path / "in" / "a.####.dpx", [1])
    source = SequenceClip(pattern)
    other = tmp_path / "out" / "a.0001.dpx"
    other.parent.mkdir()
    data = bytearray(pattern.path(1).read_bytes())
    data[1930] ^= 0xFF  # reserved bytes that no reader shows
    other.write_bytes(data)
    (found,) = verify_clip(source, open_clip(other.parent))
    assert not found.ok
    assert "1 bytes of the DPX header changed" in found.describe()


def test_frames_that_cannot_be_read_or_are_too_many_fail(tmp_path: Path) -> None:
    source = SequenceClip(write_sequence(tmp_path / "in" / "a.####.png", [1, 2]))
    result = write_sequence(tmp_path / "out" / "a.####.png", [1, 2, 3])
    result.path(2).write_bytes(b"")
    found = list(verify_clip(source, SequenceClip(result)))
    assert [r.ok for r in found] == [True, False, False]
    assert "cannot be compared" in found[1].describe()
    assert "not in the source" in found[2].describe()


def test_clips_without_files_are_compared() -> None:
    frames = [noise_frame(n) for n in (1, 2)]
    other = MemoryClip([frames[0], with_spot(frames[1], x=0, y=0)[0]])
    nothing = Given({})
    assert [r.ok for r in verify_clip(MemoryClip(frames), other, mattes=nothing)] == [True, False]


def _lossy_exr(path: Path, compression: str) -> None:
    spec = oiio.ImageSpec(64, 64, 3, "half")
    spec.attribute("compression", compression)
    spec.attribute("owner", "archive")
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec)
    samples = np.random.default_rng(0).random((64, 64, 3)).astype(np.float16)
    assert output.write_image(samples)
    assert output.close()


@pytest.mark.parametrize("compression", ["dwaa:45", "b44a", "piz", "zip"])
def test_what_was_asked_for_in_exr_is_noted_not_blamed(tmp_path: Path, compression: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    _lossy_exr(folder / "a.0001.exr", compression)
    clip = SequenceClip(open_clip(folder).pattern)  # type: ignore[attr-defined]
    original = clip.read(1)
    restored, coverage = with_spot(original, x=5, y=3)
    with create_writer(tmp_path / "out", clip) as writer:
        writer.write(
            original,
            restored,
            extra_channels={"damage.A": coverage.astype(np.float16)},
            attributes={"filmrestore": "0.1"},
        )
    (found,) = verify_clip(clip, open_clip(tmp_path / "out"), mattes=Given({1: coverage}))
    assert found.ok, found.describe()
    assert any("damage.A" in note for note in found.notes)
    assert any("'filmrestore' was added" in note for note in found.notes)
    lossy = compression[:2] in ("dw", "b4")
    assert any("compression" in note for note in found.notes) == lossy


def test_lossless_made_lossy_or_an_attribute_lost_is_blamed(tmp_path: Path) -> None:
    for folder, compression in (("in", "zip"), ("out", "dwaa:45")):
        (tmp_path / folder).mkdir()
        _lossy_exr(tmp_path / folder / "a.0001.exr", compression)
    (found,) = verify_clip(open_clip(tmp_path / "in"), open_clip(tmp_path / "out"))
    assert not found.ok
    assert "compression is dwaa" in found.describe()
