import numpy as np
import pytest

from filmrestore_core.color.encoding import Encoding, find_encoding
from filmrestore_core.color.samples import (
    code_limits,
    from_working,
    normalized,
    stored_samples,
    working_samples,
)
from filmrestore_core.frame import PixelFormat

LINEAR = find_encoding("scene-linear")
CINEON = find_encoding("cineon")
SRGB = find_encoding("srgb")
BOTH = pytest.mark.parametrize("encoding", [LINEAR, CINEON, SRGB], ids=lambda e: e.name)


@BOTH
@pytest.mark.parametrize(
    ("dtype", "bits"),
    [("uint8", 8), ("uint16", 10), ("uint16", 12), ("uint16", 14), ("uint16", 16), ("int16", 16)],
)
def test_every_code_of_integer_formats_comes_back(
    dtype: str, bits: int, encoding: Encoding
) -> None:
    fmt = PixelFormat(dtype, bits)
    codes = np.arange(int(code_limits(fmt)[0]), fmt.maximum + 1).astype(dtype)
    working = working_samples(codes, fmt, encoding)
    assert working.dtype == np.float32
    other = np.zeros_like(codes)  # what stood there must not matter
    back = stored_samples(from_working(working, encoding), fmt, other)
    np.testing.assert_array_equal(back, codes)


@BOTH
def test_every_finite_half_comes_back(encoding: Encoding) -> None:
    fmt = PixelFormat.of("float16")
    halves = np.arange(65536).astype(np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    working = working_samples(halves, fmt, encoding)
    assert np.isfinite(working).all()
    back = stored_samples(from_working(working, encoding), fmt, np.zeros_like(halves))
    np.testing.assert_array_equal(back, halves)


def test_floats_come_back_within_the_working_curve() -> None:
    fmt = PixelFormat.of("float32")
    rng = np.random.default_rng(2)
    sizes = 10.0 ** rng.uniform(-9, 38, 20000)
    floats = (sizes * rng.choice([-1, 1], sizes.size)).astype(np.float32)
    working = working_samples(floats, fmt, LINEAR)
    back = stored_samples(from_working(working, LINEAR), fmt, np.zeros_like(floats))
    # A float32 working value below 8 is known to 2.4e-7; 17.52 ln 2 times that is 2.9e-6 of the
    # light, and in the straight toe the value 0.07..0.16 is known to 7.5e-9, over 10.54.
    bound = 3.5e-6 * np.abs(floats.astype(np.float64)) + 8e-10
    assert (np.abs(back.astype(np.float64) - floats) <= bound).all()
    # Up to 65504 it is below 1.47 and known to 6e-8, hence 7.2e-7, and the float32 itself to 6e-8.
    camera = np.abs(floats) < 65504
    near = 8e-7 * np.abs(floats[camera].astype(np.float64)) + 8e-10
    assert (np.abs(back[camera].astype(np.float64) - floats[camera]) <= near).all()


def test_display_floats_come_back_exactly() -> None:
    fmt = PixelFormat.of("float32")
    floats = np.random.default_rng(1).normal(size=1000).astype(np.float32)
    working = working_samples(floats, fmt, SRGB)
    np.testing.assert_array_equal(working, floats)
    back = stored_samples(from_working(working, SRGB), fmt, np.zeros_like(floats))
    np.testing.assert_array_equal(back, floats)


def test_black_and_white_codes() -> None:
    fmt = PixelFormat("uint16", 10)
    ends = np.array([0, 1023], np.uint16)
    np.testing.assert_array_equal(working_samples(ends, fmt, CINEON), np.float32([0, 1]))
    np.testing.assert_allclose(
        working_samples(ends, fmt, LINEAR), [0.0729055, 0.5547945], atol=1e-6
    )


def test_equal_codes_through_a_table_and_through_the_curve_are_equal() -> None:
    codes = np.arange(65536, dtype=np.uint16)
    table = working_samples(codes, PixelFormat("uint16", 16), LINEAR)
    wide = (codes.astype(np.uint64) * 65537).astype(np.uint32)  # the same fractions in 32 bits
    curve = working_samples(wide, PixelFormat("uint32", 32), LINEAR)
    np.testing.assert_array_equal(table, curve)


def test_any_shape_and_stride() -> None:
    codes = np.arange(120, dtype=np.uint16).reshape(4, 30)
    for encoding in (LINEAR, CINEON):
        whole = working_samples(codes, PixelFormat("uint16", 10), encoding)
        part = working_samples(codes[::2, 3::5], PixelFormat("uint16", 10), encoding)
        np.testing.assert_array_equal(part, whole[::2, 3::5])


@pytest.mark.parametrize(
    ("dtype", "bits", "low", "high"),
    [("uint8", 8, 0, 255), ("uint16", 10, 0, 1023), ("int16", 16, -32768, 32767)],
)
def test_integers_are_cut_off_at_what_the_format_holds(
    dtype: str, bits: int, low: int, high: int
) -> None:
    fmt = PixelFormat(dtype, bits)
    values = np.array([-1e30, -2.0, 0.5, 2.0, 1e30])
    codes = stored_samples(values, fmt, np.zeros(5, dtype))
    np.testing.assert_array_equal(codes, [low, low, np.rint(fmt.maximum / 2), high, high])


def test_floats_are_cut_off_at_the_largest_finite_one() -> None:
    values = np.array([-1e300, 70000.0, 1e300])
    halves = stored_samples(values, PixelFormat.of("float16"), np.zeros(3, "f2"))
    np.testing.assert_array_equal(halves, np.array([-65504, 65504, 65504], "f2"))
    floats = stored_samples(values, PixelFormat.of("float32"), np.zeros(3, "f4"))
    assert np.isfinite(floats).all()


def test_a_code_stored_beyond_the_limits_may_stay() -> None:
    fmt = PixelFormat("uint16", 10)
    stored = np.array([0, 2, 1021, 500], np.uint16)
    new = stored_samples(stored / 1023, fmt, stored, (4, 1019))
    np.testing.assert_array_equal(new, stored)
    lower = stored_samples(np.full(4, -1.0), fmt, stored, (4, 1019))
    np.testing.assert_array_equal(lower, [0, 2, 4, 4])


def test_normalized_is_code_over_largest_code() -> None:
    values = normalized(np.array([0, 1023], np.uint16), PixelFormat("uint16", 10))
    np.testing.assert_array_equal(values, [0.0, 1.0])
    np.testing.assert_array_equal(normalized(np.float32([2.5]), PixelFormat.of("f4")), [2.5])


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_signaling_nans_raise_no_warning_in_later_arithmetic(dtype: str) -> None:
    stored = {
        "float16": np.array([0x7C01, 0xFD00, 0x8000], np.uint16).view(np.float16),
        "float32": np.array([0x7F800001, 0xFFA00000, 0x80000000], np.uint32).view(np.float32),
    }[dtype]
    values = normalized(stored, PixelFormat.of(dtype))
    with np.errstate(all="raise"):
        values / 3.0
    assert np.isnan(values[:2]).all()
    assert np.signbit(values[2])
    assert values[2] == 0
