from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import MediaError, MixedSequenceError, UnreadableFrameError
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.matte import DamageClass, Matte
from filmrestore_core.media.matte_clip import FileMattes, display_windows_of
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.media.open import create_matte_writer, open_clip
from filmrestore_core.media.sequence_clip import SequenceClip
from filmrestore_core.settings import MatteSettings
from filmrestore_core.testing.sequences import write_sequence

BOX = Box.of_size(24, 16)
U8, HALF = PixelFormat("uint8", 8), PixelFormat("float16", 16)


def _part(planes: dict[str, NDArray[np.generic]], *, data: Box = BOX, display: Box = BOX,
          name: str = "", **attributes: object) -> Part:  # fmt: skip
    formats = {n: PixelFormat.of(p.dtype) for n, p in planes.items()}
    return Part(name, planes, formats, data, display, attributes)


def _mattes(*parts: Part, **settings: object) -> FileMattes:
    return FileMattes(MemoryClip([Frame(1, parts)]), MatteSettings(**settings))  # type: ignore[arg-type]


def _plane(value: float = 0, dtype: str = "uint8") -> NDArray[np.generic]:
    return np.full(BOX.shape, value, dtype)


def _matte(number: int = 1, box: Box = BOX) -> Matte:
    coverage, labels = np.zeros(box.shape, np.float32), np.zeros(box.shape, np.uint8)
    coverage[2:5, 3:7] = [1.0, 0.5, 1e-9, 0.25]
    labels[2:5, 3:7] = DamageClass.SCRATCH.label
    return Matte(number, coverage, labels, box)


@pytest.mark.parametrize("extension", [".png", ".tif", ".exr"])
def test_a_written_matte_comes_back(tmp_path: Path, extension: str) -> None:
    clip = SequenceClip(write_sequence(tmp_path / "in" / "a.####.dpx", [1, 2]))
    with create_matte_writer(tmp_path / "mattes" / f"m.####{extension}", clip) as writer:
        written = writer.write(_matte(), extra={"found": 3})
        writer.write(Matte.empty(2, BOX))
        assert writer.recorded(1) == {"found": 3}
    mattes = FileMattes(SequenceClip(open_clip(written.path.parent).pattern))  # type: ignore[attr-defined]
    back = mattes.coverage(1, BOX)
    assert back is not None
    # Half holds these values but the faintest; 16 bits lift that one to their first step.
    faintest = 6e-8 if extension == ".exr" else 1.6e-5
    np.testing.assert_allclose(back, _matte().coverage, rtol=0, atol=faintest)
    # What may be changed is never understated, or a proof by this matte would fail.
    assert np.array_equal(back > 0, _matte().coverage > 0)
    assert not np.any(mattes.coverage(2, BOX))
    assert mattes.coverage(3, BOX) is None


def test_a_matte_is_replaced_and_labels_are_kept_in_exr(tmp_path: Path) -> None:
    box, display = Box(-4, -2, 24, 16), Box(0, 0, 16, 12)
    frame = Frame(7, (_part({"Y": _plane()}, data=box, display=display),))
    with create_matte_writer(tmp_path / "m.####.exr", MemoryClip([frame])) as writer:
        writer.write(Matte.empty(7, box))
        written = writer.write(_matte(7, box))
    part = open_clip(written.path).read(7).parts[0]
    assert (part.data_window, part.display_window) == (box, display)
    assert np.array_equal(part.planes["damage.label"].astype(np.uint8), _matte().labels)


def test_eight_bits_do_not_lose_faint_coverage(tmp_path: Path) -> None:
    clip = MemoryClip([Frame(1, (_part({"Y": _plane()}),))])
    with create_matte_writer(tmp_path / "m.####.png", clip, bits=8) as writer:
        written = writer.write(_matte())
    back = FileMattes(open_clip(written.path)).coverage(1, BOX)
    assert back is not None
    assert np.array_equal(back > 0, _matte().coverage > 0)


@pytest.mark.parametrize(
    ("channels", "chosen"),
    [
        (["R", "G", "B", "damage.A"], "damage.A"),
        (["R", "G", "B", "A", "matte"], "matte"),
        (["R", "G", "B", "IR"], "IR"),
        (["R", "G", "B", "A"], "A"),
        (["Y"], "Y"),
        (["R", "G", "B"], "R"),
        (["painted.x"], "painted.x"),
    ],
)
def test_the_most_telling_channel_is_taken(channels: list[str], chosen: str) -> None:
    planes = {name: _plane(255 if name == chosen else 0) for name in channels}
    planes[chosen][0, 0] = 0
    found = _mattes(_part(planes)).coverage(1, BOX)
    assert found is not None
    assert found[0, 0] == 0
    assert found[1:].min() == 1


def test_the_alpha_of_an_opaque_painting_is_no_matte() -> None:
    planes = {"R": _plane(), "G": _plane(), "B": _plane(), "A": _plane(255)}
    found = _mattes(_part(planes)).coverage(1, BOX)
    assert found is not None
    assert not found.any()


def test_a_matte_that_covers_all_is_one() -> None:
    planes = {"A": _plane(1, "float16"), "damage.label": _plane(2, "float16")}
    found = _mattes(_part(planes)).coverage(1, BOX)
    assert found is not None
    assert found.min() == 1


def test_a_channel_by_name_in_any_part() -> None:
    parts = (_part({"R": _plane()}, name="rgb"), _part({"D": _plane(255)}, name="scan"))
    for channel in ("D", "d", "scan.D"):
        found = _mattes(*parts, channel=channel).coverage(1, BOX)
        assert found is not None
        assert found.min() == 1
    with pytest.raises(MediaError, match=r"no channel 'x'.*rgb\.R, scan\.D"):
        _mattes(*parts, channel="x").coverage(1, BOX)
    with pytest.raises(MediaError, match=r"looks like a matte.*u, v"):
        _mattes(_part({"u": _plane(), "v": _plane()})).coverage(1, BOX)


def test_polarity_and_threshold() -> None:
    ramp = np.tile(np.linspace(0, 1, 24, dtype=np.float32), (16, 1))
    planes = {"Y": ramp}
    plain, inverted = _mattes(_part(planes)), _mattes(_part(planes), invert=True)
    np.testing.assert_array_equal(plain.coverage(1, BOX), ramp)
    np.testing.assert_array_equal(inverted.coverage(1, BOX), np.float32(1) - ramp)
    hard = _mattes(_part(planes), threshold=0.75).coverage(1, BOX)
    np.testing.assert_array_equal(hard, (ramp >= 0.75).astype(np.float32))
    dark = _mattes(_part(planes), invert=True, threshold=0.75).coverage(1, BOX)
    np.testing.assert_array_equal(dark, (1 - ramp >= 0.75).astype(np.float32))


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("threshold", [None, 0.0])
def test_what_is_no_number_is_no_damage(invert: bool, threshold: float | None) -> None:
    plane = np.full(BOX.shape, np.nan, np.float16)
    found = _mattes(_part({"Y": plane}), invert=invert, threshold=threshold).coverage(1, BOX)
    assert not np.any(found)


def test_values_beyond_the_range_are_cut() -> None:
    plane = np.array([[-np.inf, -1, 0.5, 2, np.inf] + [0] * 19] * 16, np.float32)
    found = _mattes(_part({"Y": plane})).coverage(1, BOX)
    assert found is not None
    assert found[0, :5].tolist() == [0, 0, 0.5, 1, 1]


def test_a_movies_narrow_range_reaches_from_none_to_all() -> None:
    chroma = np.full(BOX.shape, 128, np.uint8)
    plane = _plane(16)
    plane[0, 0], plane[0, 1] = 235, 255
    for attributes in ({"movie:range": "tv"}, {"movie:range": "unspecified"}):
        part = _part({"Y": plane, "Cb": chroma, "Cr": chroma}, **attributes)
        found = _mattes(part).coverage(1, BOX)
        assert found is not None
        assert found[0, :3].tolist() == [1, 1, 0]


def test_windows_are_mapped_and_outside_nothing_is_covered() -> None:
    plane = _plane(255)
    small = Box(4, 2, 24, 16)
    part = _part({"Y": plane}, data=small, display=Box.of_size(100, 50))
    for invert in (False, True):
        source = _mattes(part, invert=invert)
        mattes = FileMattes(source.clip, MatteSettings(invert=invert),
                            display_windows=lambda n: Box(10, 10, 100, 50))  # fmt: skip
        found = mattes.coverage(1, Box(10, 10, 100, 50))
        assert found is not None
        assert found.shape == (50, 100)
        assert found[2:18, 4:28].min() == found[2:18, 4:28].max() == (0 if invert else 1)
        found[2:18, 4:28] = 0
        assert not found.any()


def test_a_matte_without_windows_lies_on_the_display_window_of_an_overscan() -> None:
    plane = _plane()
    plane[0, 0] = 255
    mattes = FileMattes(_mattes(_part({"Y": plane})).clip, display_windows=lambda n: BOX)
    found = mattes.coverage(1, Box(-8, -4, 40, 24))
    assert found is not None
    assert np.argwhere(found).tolist() == [[4, 8]]


def test_a_matte_as_large_as_the_data_window_lies_on_it() -> None:
    plane = _plane()
    plane[0, 0] = 255
    mattes = FileMattes(
        _mattes(_part({"Y": plane})).clip, display_windows=lambda n: Box(0, 0, 9, 9)
    )
    found = mattes.coverage(1, Box(-8, -4, 24, 16))
    assert found is not None
    assert found[0, 0] == 1


@pytest.mark.parametrize("size", [(12, 8), (48, 32), (24, 17)])
def test_a_matte_of_another_size_is_an_error(size: tuple[int, int]) -> None:
    box = Box.of_size(*size)
    for windows in (None, lambda n: box):
        mattes = FileMattes(_mattes(_part({"Y": _plane()})).clip, display_windows=windows)
        with pytest.raises(MixedSequenceError, match=f"{size[0]} x {size[1]}"):
            mattes.coverage(1, box)


def test_display_windows_come_from_headers_or_frames(tmp_path: Path) -> None:
    pattern = write_sequence(tmp_path / "a.####.dpx", [1, 2])
    pattern.path(2).write_bytes(b"")
    of_files = display_windows_of(SequenceClip(pattern))
    assert of_files(1) == BOX
    assert of_files(2) is None
    of_memory = display_windows_of(MemoryClip([Frame(1, (_part({"Y": _plane()}),))]))
    assert of_memory(1) == BOX


def test_a_matte_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    pattern = write_sequence(tmp_path / "m.####.png", [1])
    pattern.path(1).write_bytes(b"\x89PNG")
    with pytest.raises(UnreadableFrameError, match=r"m\.0001\.png"):
        FileMattes(SequenceClip(pattern)).coverage(1, BOX)
    locked = FileMattes(MemoryClip([Frame(1, (), locked="deep EXR")]))
    with pytest.raises(UnreadableFrameError, match="deep EXR"):
        locked.coverage(1, BOX)
