from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.color.channels import (
    ColorModel,
    is_monochrome,
    picture_channels,
    picture_part,
)
from filmrestore_core.errors import LockedFrameError
from filmrestore_core.frame import Frame, Part, PixelFormat

BOX = Box.of_size(4, 3)


def make_part(
    *names: str,
    dtype: str = "float16",
    name: str = "",
    other: dict[str, str] | None = None,
    subsampling: dict[str, tuple[int, int]] | None = None,
) -> Part:
    kinds = {n: (other or {}).get(n, dtype) for n in names}
    planes = {n: np.full(BOX.shape, i, kind) for i, (n, kind) in enumerate(kinds.items())}
    formats = {n: PixelFormat.of(kind) for n, kind in kinds.items()}
    return Part(name, planes, formats, BOX, BOX, {}, subsampling or {})


@pytest.mark.parametrize(
    ("names", "model", "picked", "alpha"),
    [
        (("R", "G", "B"), "rgb", ("R", "G", "B"), None),
        (("A", "B", "G", "R", "Z"), "rgb", ("R", "G", "B"), "A"),
        (("Y",), "gray", ("Y",), None),
        (("Y", "A"), "gray", ("Y",), "A"),
        (("Y", "Cb", "Cr"), "ycbcr", ("Y", "Cb", "Cr"), None),
        (("R",), "gray", ("R",), None),
        (("red", "green", "blue"), "rgb", ("red", "green", "blue"), None),
        (
            ("left.R", "left.G", "left.B", "right.R", "right.G", "right.B", "right.A"),
            "rgb",
            ("left.R", "left.G", "left.B"),
            None,
        ),
        (
            ("diffuse.R", "diffuse.G", "diffuse.B", "rgba.R", "rgba.G", "rgba.B", "rgba.A"),
            "rgb",
            ("rgba.R", "rgba.G", "rgba.B"),
            "rgba.A",
        ),
        (("spec.R", "spec.G", "spec.B", "R", "G", "B"), "rgb", ("R", "G", "B"), None),
        (
            ("crypto00.R", "crypto00.G", "crypto00.B", "beauty.R", "beauty.G", "beauty.B"),
            "rgb",
            ("beauty.R", "beauty.G", "beauty.B"),
            None,
        ),
    ],
)
def test_the_picture_is_picked_by_name(
    names: tuple[str, ...], model: str, picked: tuple[str, ...], alpha: str | None
) -> None:
    channels = picture_channels(make_part(*names))
    assert channels is not None
    assert (channels.model, channels.names, channels.alpha) == (model, picked, alpha)


@pytest.mark.parametrize(
    "names",
    [
        ("Z",),
        ("A",),
        ("Y", "RY", "BY"),
        ("R", "G"),
        ("N.X", "N.Y", "N.Z"),
        ("depth.R", "depth.G", "depth.B"),
        ("CryptoMaterial00.R", "CryptoMaterial00.G", "CryptoMaterial00.B"),
        ("matte.Y",),
    ],
)
def test_data_is_no_picture(names: tuple[str, ...]) -> None:
    assert picture_channels(make_part(*names)) is None
    frame = Frame(1047, (make_part(*names),), Path("reel.1047.exr"))
    with pytest.raises(LockedFrameError, match="Frame 1047") as caught:
        picture_part(frame)
    assert names[0] in str(caught.value)
    assert caught.value.frame == 1047


def test_ids_among_float_channels_are_no_picture() -> None:
    ids = {"R": "uint32", "G": "uint32", "B": "uint32"}
    assert picture_channels(make_part("R", "G", "B", "Z", other=ids)) is None
    assert picture_channels(make_part("R", "G", "B", dtype="uint32")) is not None


def test_the_first_part_with_a_picture_is_taken() -> None:
    depth, rgba = make_part("Z", name="depth"), make_part("R", "G", "B", "A", name="rgba")
    other = make_part("R", "G", "B", name="left")
    assert picture_part(Frame(1, (depth, other, rgba))) == 2
    assert picture_part(Frame(1, (depth, other))) == 1
    assert picture_part(Frame(1, (other, make_part("R", "G", "B", name="right")))) == 0


def test_a_data_part_is_passed_over_but_a_lone_part_may_be_called_anything() -> None:
    ids = make_part("R", "G", "B", name="cryptoObject")
    assert picture_part(Frame(1, (ids, make_part("R", "G", "B", name="spec")))) == 1
    assert picture_part(Frame(1, (make_part("R", "G", "B", name="depth pass"),))) == 0


def test_a_scanners_infrared_element_is_no_picture() -> None:
    parts = (make_part("Y", dtype="uint16"), make_part("Y", dtype="uint8", name="infrared"))
    assert picture_part(Frame(1, parts)) == 0


def test_subsampled_rgb_is_refused_but_chroma_may_be_subsampled() -> None:
    part = make_part("R", "G", "B", subsampling={"B": (2, 2)})
    with pytest.raises(LockedFrameError, match="B subsampled"):
        picture_part(Frame(7, (part,)))
    movie = make_part("Y", "Cb", "Cr", subsampling={"Cb": (2, 1), "Cr": (2, 1)})
    assert picture_part(Frame(7, (movie,))) == 0


def test_a_frame_without_parts_is_refused() -> None:
    with pytest.raises(LockedFrameError, match="channels are none"):
        picture_part(Frame(3, ()))


class TestMonochrome:
    def part(self, r: np.ndarray, g: np.ndarray, b: np.ndarray) -> bool:
        planes = {"R": r, "G": g, "B": b}
        formats = {n: PixelFormat.of(p.dtype) for n, p in planes.items()}
        part = Part("", planes, formats, BOX, BOX)
        channels = picture_channels(part)
        assert channels is not None
        return is_monochrome(part, channels)

    def test_equal_channels(self) -> None:
        plane = np.random.default_rng(1).random(BOX.shape).astype(np.float16)
        plane[1, 1] = np.nan
        assert self.part(plane, plane.copy(), plane.copy())

    def test_one_code_apart_in_the_last_row(self) -> None:
        plane = np.zeros(BOX.shape, np.uint16)
        other = plane.copy()
        other[-1, -1] = 1
        assert not self.part(plane, plane.copy(), other)
        assert not self.part(plane, other, plane.copy())

    def test_plus_and_minus_zero_are_not_the_same_bits(self) -> None:
        zero = np.zeros(BOX.shape, np.float32)
        assert not self.part(zero, -zero, zero.copy())

    def test_other_formats(self) -> None:
        zero = np.zeros(BOX.shape, np.float32)
        assert not self.part(zero, zero.astype(np.float16), zero.copy())

    def test_neutral_chroma(self) -> None:
        planes = {"Y": np.arange(12, dtype=np.uint16).reshape(BOX.shape)}
        planes |= {n: np.full(BOX.shape, 512, np.uint16) for n in ("Cb", "Cr")}
        formats = {n: PixelFormat("uint16", 10) for n in planes}
        part = Part("", planes, formats, BOX, BOX)
        channels = picture_channels(part)
        assert channels is not None
        assert channels.model is ColorModel.YCBCR
        assert is_monochrome(part, channels)
        cr = planes["Cr"].copy()
        cr[0, 0] = 513
        assert not is_monochrome(part.with_planes({"Cr": cr}), channels)
