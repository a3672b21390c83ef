from typing import Any

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.color.encoding import find_encoding
from filmrestore_core.color.transfer import acescct_encode
from filmrestore_core.color.working import (
    encode_pixels,
    encode_samples,
    has_associated_alpha,
    to_plate,
    touched_samples,
    with_channels,
)
from filmrestore_core.errors import EncodingError, LockedFrameError
from filmrestore_core.frame import Frame, Part, PixelFormat

LINEAR = find_encoding("scene-linear")
CINEON = find_encoding("cineon")
SRGB = find_encoding("srgb")
BOX = Box(-3, 5, 7, 6)


def make_part(planes: dict[str, np.ndarray], bits: int | None = None, **attributes: Any) -> Part:
    formats = {n: PixelFormat.of(p.dtype, None if p.dtype.kind == "f" else bits)
               for n, p in planes.items()}  # fmt: skip
    named = {key.replace("__", ":"): value for key, value in attributes.items()}
    return Part("", planes, formats, BOX, Box(0, 0, 7, 6), named)


def half_rgba(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    alpha = rng.choice([0.0, 0.25, 0.7, 1.0], BOX.shape).astype(np.float16)
    colors = {n: (rng.random(BOX.shape) * 2 * alpha).astype(np.float16) for n in "RGB"}
    return {**colors, "A": alpha}


def every(value: float = 1.0) -> np.ndarray:
    return np.full(BOX.shape, value, np.float32)


def test_channels_are_found_by_name_in_any_order() -> None:
    rng = np.random.default_rng(1)
    planes = {n: rng.integers(0, 1024, BOX.shape).astype(np.uint16) for n in ("B", "Z", "G", "R")}
    plate = to_plate(Frame(1047, (make_part(planes, 10),)), CINEON)
    assert plate.number == 1047
    assert plate.box == BOX
    assert plate.finite.all()
    for c, name in enumerate("RGB"):
        np.testing.assert_array_equal(plate.pixels[..., c], planes[name] / np.float32(1023))


def test_scene_linear_goes_through_the_curve() -> None:
    planes = {
        n: np.full(BOX.shape, v, np.float16) for n, v in zip("RGB", (0, 0.5, 16), strict=True)
    }
    plate = to_plate(Frame(1, (make_part(planes),)), LINEAR)
    np.testing.assert_allclose(plate.pixels[2, 3], acescct_encode([0, 0.5, 16]), atol=1e-7)


def test_extreme_samples_stay_finite() -> None:
    floats = np.array([1e6, -1e6, 3e38, -3e38, 1e-38, 0.0, 65504.0], np.float32)
    plane = np.tile(floats, (6, 1))
    part = make_part({"R": plane, "G": plane[:, ::-1].copy(), "B": plane.copy()})
    for encoding in (LINEAR, SRGB):
        plate = to_plate(Frame(1, (part,)), encoding)
        assert np.isfinite(plate.pixels).all()
        assert plate.finite.all()


def test_nonfinite_samples_are_flagged_and_the_file_keeps_them() -> None:
    planes = half_rgba()
    planes["A"][...] = 1
    planes["G"][2, 3] = np.nan
    planes["R"][4, 4] = np.inf
    stored = {n: p.copy() for n, p in planes.items()}
    part = make_part(planes)
    plate = to_plate(Frame(1, (part,)), LINEAR)
    assert np.argwhere(~plate.finite).tolist() == [[2, 3], [4, 4]]
    assert np.isfinite(plate.pixels).all()
    coverage = every(0.0)
    coverage[0, 0] = 1
    for name, plane in encode_pixels(part, LINEAR, coverage, plate.pixels).items():
        np.testing.assert_array_equal(plane.view("u2"), stored[name].view("u2"))
    coverage[2, 3] = 1  # a covered pixel is mended
    mended = encode_pixels(part, LINEAR, coverage, plate.pixels)
    assert np.isfinite(mended["G"][2, 3])
    assert np.isinf(mended["R"][4, 4])


def test_a_pixel_written_back_unchanged_keeps_its_bits_even_in_float() -> None:
    rng = np.random.default_rng(8)
    bits = rng.integers(0, 1 << 32, (3, *BOX.shape), dtype=np.uint32)
    floats = bits.view(np.float32)
    floats[~np.isfinite(floats)] = -0.0
    part = make_part(dict(zip("RGB", floats, strict=True)))
    plate = to_plate(Frame(1, (part,)), LINEAR)
    planes = encode_pixels(part, LINEAR, every(), plate.pixels)
    for name, plane in planes.items():
        np.testing.assert_array_equal(plane.view("u4"), part.planes[name].view("u4"))


def test_associated_alpha_is_undone_and_done_again() -> None:
    planes = half_rgba()
    part = make_part(planes)
    assert has_associated_alpha(part)
    plate = to_plate(Frame(1, (part,)), LINEAR)
    alpha = planes["A"].astype(np.float64)
    for c, name in enumerate("RGB"):
        colors = planes[name].astype(np.float64)
        straight = np.where(alpha > 0, colors / np.where(alpha > 0, alpha, 1), colors)
        np.testing.assert_allclose(
            plate.pixels[..., c], acescct_encode(straight), rtol=0, atol=1e-7
        )
    wanted = np.full_like(plate.pixels, np.float32(acescct_encode(0.5)))
    new = encode_pixels(part, LINEAR, every(), wanted)
    assert set(new) == {"R", "G", "B"}
    expected = np.where(alpha > 0, 0.5 * alpha, 0.5).astype(np.float16)
    # float32 working values are known to 7e-7 of the light, which may cross a half's midpoint.
    np.testing.assert_allclose(new["R"].astype("f8"), expected.astype("f8"), rtol=1e-3)


def test_associated_alpha_there_and_back_for_nearly_unchanged_values() -> None:
    # One part in 1e7 off, so that the bits kept for unchanged pixels do not hide the inverse.
    planes = half_rgba(3)
    part = make_part(planes)
    plate = to_plate(Frame(1, (part,)), LINEAR)
    nudged = np.nextafter(plate.pixels, np.float32(2))
    for name, plane in encode_pixels(part, LINEAR, every(), nudged).items():
        np.testing.assert_array_equal(plane, planes[name])


@pytest.mark.parametrize(
    ("dtype", "attributes", "associated"),
    [
        ("float16", {}, True),
        ("float16", {"oiio__UnassociatedAlpha": 1}, False),
        ("uint16", {"oiio__UnassociatedAlpha": 0}, True),
        ("uint16", {"tiff__Compression": 8}, True),
        ("uint16", {"tiff__Compression": 8, "oiio__UnassociatedAlpha": 1}, False),
        ("uint16", {}, False),
        ("uint16", {"dpx__Version": "V2.0"}, False),
        ("float32", {"dpx__Version": "V2.0"}, False),
        ("uint16", {"movie__range": "tv"}, False),
    ],
)
def test_which_alpha_is_associated(
    dtype: str, attributes: dict[str, Any], associated: bool
) -> None:
    scale = 1 if dtype.startswith("f") else 60000
    planes = {n: (p.astype("f8") * scale / 2).astype(dtype) for n, p in half_rgba().items()}
    part = make_part(planes, **attributes)
    assert has_associated_alpha(part) is associated
    plate = to_plate(Frame(1, (part,)), SRGB)
    divided = not np.allclose(
        plate.pixels[..., 0] * (1 if scale == 1 else 65535), planes["R"], rtol=1e-5
    )
    assert divided is associated
    planes_back = encode_pixels(part, SRGB, every(), plate.pixels)
    np.testing.assert_array_equal(planes_back["R"], planes["R"])


def test_a_color_too_bright_for_its_alpha_gets_a_stand_in() -> None:
    plane = np.full(BOX.shape, 0.5, np.float32)
    alpha = plane.copy()
    plane[1, 1], alpha[1, 1] = 3e38, 1e-30
    part = make_part({"R": plane, "G": alpha * 2, "B": alpha * 0.5, "A": alpha})
    plate = to_plate(Frame(1, (part,)), SRGB)
    assert np.argwhere(~plate.finite).tolist() == [[1, 1]]
    assert np.isfinite(plate.pixels).all()


class TestMonochrome:
    def test_equal_channels_become_one_and_are_written_to_all_three(self) -> None:
        plane = np.random.default_rng(1).integers(0, 1024, BOX.shape).astype(np.uint16)
        part = make_part({n: plane.copy() for n in "RGB"}, 10)
        plate = to_plate(Frame(1, (part,)), CINEON)
        assert plate.pixels.shape == (*BOX.shape, 1)
        new = encode_pixels(part, CINEON, every(), np.full_like(plate.pixels, 0.5))
        assert set(new) == {"R", "G", "B"}
        assert all((p == 512).all() for p in new.values())  # 511.5 goes to the even code

    def test_a_gray_file_has_one_channel(self) -> None:
        plane = np.random.default_rng(1).random(BOX.shape).astype(np.float16)
        part = make_part({"Y": plane, "A": np.ones(BOX.shape, np.float16)})
        plate = to_plate(Frame(1, (part,)), LINEAR)
        assert plate.is_monochrome
        new = encode_pixels(part, LINEAR, every(), plate.pixels)
        assert set(new) == {"Y"}

    def test_values_must_have_the_pictures_channels(self) -> None:
        plane = np.random.default_rng(1).integers(0, 255, BOX.shape).astype(np.uint8)
        gray = make_part({"Y": plane})
        color = make_part({"R": plane, "G": plane, "B": plane[::-1].copy()})
        with pytest.raises(ValueError, match="gray picture"):
            encode_pixels(gray, SRGB, every(), np.zeros((*BOX.shape, 3), np.float32))
        with pytest.raises(ValueError, match="color picture"):
            encode_pixels(color, SRGB, every(), np.zeros((*BOX.shape, 1), np.float32))

    def test_plates_can_be_made_to_fit_each_other(self) -> None:
        plane = np.random.default_rng(1).integers(0, 255, BOX.shape).astype(np.uint8)
        gray = to_plate(Frame(1, (make_part({"Y": plane}),)), SRGB)
        wide = with_channels(gray, 3)
        assert with_channels(gray, 1) is gray
        for c in range(3):
            np.testing.assert_array_equal(wide.pixels[..., c], gray.pixels[..., 0])
        back = with_channels(wide, 1)
        np.testing.assert_allclose(back.pixels, gray.pixels, atol=1e-6)
        assert (back.number, back.box) == (gray.number, gray.box)


def test_nothing_covered_gives_nothing() -> None:
    part = make_part(half_rgba())
    plate = to_plate(Frame(1, (part,)), LINEAR)
    assert encode_pixels(part, LINEAR, every(0.0), plate.pixels) == {}
    assert not any(t.any() for t in touched_samples(part, every(0.0)).values())


def test_a_fill_that_is_not_finite_is_refused_and_says_where() -> None:
    part = make_part(half_rgba())
    working = to_plate(Frame(1, (part,)), LINEAR).pixels.copy()
    working[2, 6, 1] = np.nan
    with pytest.raises(EncodingError, match=r"\(6, 2\)"):
        encode_pixels(part, LINEAR, every(), working)
    coverage = every()
    coverage[2, 6] = 0
    encode_pixels(part, LINEAR, coverage, working)  # outside the coverage it does not matter


def test_shapes_that_do_not_fit_are_refused() -> None:
    part = make_part(half_rgba())
    with pytest.raises(ValueError, match="do not fit"):
        encode_pixels(part, LINEAR, np.ones((2, 2), np.float32), np.ones((6, 7, 3), np.float32))
    with pytest.raises(ValueError, match="do not fit"):
        encode_samples(part, LINEAR, np.array([0]), np.array([0]), np.ones((2, 3), np.float32))


def test_fills_beyond_the_format_are_cut_off() -> None:
    rng = np.random.default_rng(1)
    codes = {n: rng.integers(0, 1024, BOX.shape).astype(np.uint16) for n in "RGB"}
    part = make_part(codes, 10)
    fill = np.zeros((*BOX.shape, 3), np.float32)
    fill[..., 0], fill[..., 1] = 1.7, -0.4
    new = encode_pixels(part, CINEON, every(), fill)
    assert [int(new[n][0, 0]) for n in "RGB"] == [1023, 0, 0]
    halves = make_part({n: p.astype(np.float16) for n, p in codes.items()})
    bright = encode_pixels(halves, LINEAR, every(), np.full_like(fill, 3.0))
    assert (bright["R"] == np.float16(65504)).all()


def test_channels_of_different_types_keep_their_own() -> None:
    rng = np.random.default_rng(1)
    planes = {
        "R": rng.random(BOX.shape).astype(np.float16),
        "G": rng.random(BOX.shape).astype(np.float32),
        "B": rng.random(BOX.shape).astype(np.float16),
        "id": rng.integers(0, 1 << 32, BOX.shape, dtype=np.uint32),
    }
    part = make_part(planes)
    plate = to_plate(Frame(1, (part,)), LINEAR)
    new = encode_pixels(part, LINEAR, every(), plate.pixels + np.float32(0.1))
    assert {n: str(p.dtype) for n, p in new.items()} == {
        "R": "float16",
        "G": "float32",
        "B": "float16",
    }
    assert part.with_planes(new).planes["id"] is part.planes["id"]


def test_a_frame_without_a_picture_is_refused() -> None:
    part = make_part({"Z": np.zeros(BOX.shape, np.float32)})
    with pytest.raises(LockedFrameError):
        to_plate(Frame(1, (part,)), LINEAR)
