import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.color.encoding import find_encoding
from filmrestore_core.color.video import replicate
from filmrestore_core.color.working import encode_pixels, to_plate, touched_samples
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.plate import Plate

REC709 = find_encoding("rec709")
STEPS = pytest.mark.parametrize("step", [(1, 1), (2, 1), (2, 2), (4, 1)], ids=str)
FORMATS = pytest.mark.parametrize(
    ("dtype", "bits", "video_range"),
    [("uint8", 8, "tv"), ("uint8", 8, "pc"), ("uint16", 10, "tv"), ("uint16", 12, "pc")],
)


def movie(
    dtype: str,
    bits: int,
    video_range: str,
    step: tuple[int, int],
    *,
    seed: int = 0,
    size: tuple[int, int] = (13, 19),
) -> Part:
    """A frame of random codes, all that the format has, with odd sides."""
    rng = np.random.default_rng(seed)
    height, width = size
    small = (-(-height // step[1]), -(-width // step[0]))
    planes = {
        name: rng.integers(0, 1 << bits, shape).astype(dtype)
        for name, shape in (("Y", size), ("Cb", small), ("Cr", small))
    }
    formats = {name: PixelFormat(dtype, bits) for name in planes}
    box = Box.of_size(width, height)
    tags = {"movie:range": video_range, "movie:matrix": "bt709"}
    steps = {} if step == (1, 1) else {"Cb": step, "Cr": step}
    return Part("", planes, formats, box, box, tags, steps)


def plate_of(part: Part) -> Plate:
    return to_plate(Frame(1, (part,)), REC709)


def coverage_of(part: Part, *pixels: tuple[int, int]) -> NDArray[np.float32]:
    coverage = np.zeros(part.data_window.shape, np.float32)
    for row, column in pixels:
        coverage[row, column] = 1.0
    return coverage


@STEPS
@FORMATS
def test_unchanged_pixels_give_the_same_codes(
    dtype: str, bits: int, video_range: str, step: tuple[int, int]
) -> None:
    part = movie(dtype, bits, video_range, step)
    plate = plate_of(part)
    rng = np.random.default_rng(9)
    for coverage in (np.ones(plate.box.shape), rng.random(plate.box.shape) < 0.3):
        planes = encode_pixels(part, REC709, coverage.astype(np.float32), plate.pixels)
        assert set(planes) == {"Y", "Cb", "Cr"}
        for name, plane in planes.items():
            assert plane.dtype == part.planes[name].dtype
            np.testing.assert_array_equal(plane, part.planes[name])


@STEPS
def test_only_touched_samples_change(step: tuple[int, int]) -> None:
    part = movie("uint16", 10, "tv", step)
    plate = plate_of(part)
    coverage = (np.random.default_rng(2).random(plate.box.shape) < 0.1).astype(np.float32)
    planes = encode_pixels(part, REC709, coverage, 1.0 - plate.pixels)
    touched = touched_samples(part, coverage)
    assert set(touched) == set(planes)
    for name, plane in planes.items():
        changed = plane != part.planes[name]
        assert changed.any()
        assert not (changed & ~touched[name]).any()


def test_one_pixel_touches_one_cell() -> None:
    part = movie("uint16", 10, "tv", (2, 2))
    touched = touched_samples(part, coverage_of(part, (12, 18)))
    assert {n: int(t.sum()) for n, t in touched.items()} == {"Y": 1, "Cb": 1, "Cr": 1}
    assert touched["Cb"][6, 9]


@STEPS
def test_a_covered_cell_keeps_nothing_of_what_was_there(step: tuple[int, int]) -> None:
    gray = np.full((13, 19, 3), 0.5, np.float32)
    planes = []
    for seed in (1, 2):
        part = movie("uint16", 10, "tv", step, seed=seed)
        planes.append(encode_pixels(part, REC709, np.ones((13, 19), np.float32), gray))
    for name in ("Y", "Cb", "Cr"):
        np.testing.assert_array_equal(planes[0][name], planes[1][name])
    assert (planes[0]["Y"] == 502).all()  # 64 + 876 / 2
    assert (planes[0]["Cb"] == 512).all()
    assert (planes[0]["Cr"] == 512).all()


def test_a_cell_is_the_mean_of_new_and_stored_pixels() -> None:
    box = Box.of_size(4, 4)
    planes = {
        "Y": np.full((4, 4), 500, np.uint16),
        "Cb": np.full((2, 2), 600, np.uint16),
        "Cr": np.full((2, 2), 400, np.uint16),
    }
    formats = {n: PixelFormat("uint16", 10) for n in planes}
    steps = {"Cb": (2, 2), "Cr": (2, 2)}
    part = Part("", planes, formats, box, box, {"movie:range": "tv"}, steps)
    gray = np.full((4, 4, 3), 0.5, np.float32)
    new = encode_pixels(part, REC709, coverage_of(part, (0, 1)), gray)
    assert new["Cb"].tolist() == [[578, 600], [600, 600]]  # (3 * 600 + 512) / 4
    assert new["Cr"].tolist() == [[428, 400], [400, 400]]  # (3 * 400 + 512) / 4
    assert int((new["Y"] != 500).sum()) == 1


def test_a_cell_at_the_edge_counts_only_pixels_of_the_picture() -> None:
    part = movie("uint16", 10, "tv", (2, 2), size=(5, 5))
    gray = np.full((5, 5, 3), 0.5, np.float32)
    new = encode_pixels(part, REC709, coverage_of(part, (4, 4)), gray)
    assert int(new["Cb"][2, 2]) == 512


def test_fills_may_be_whiter_than_white_but_leave_synchronization_codes() -> None:
    part = movie("uint16", 10, "tv", (2, 1))
    part = part.with_planes({"Y": np.full((13, 19), 500, np.uint16)})
    for value, code in ((1.05, 984), (9.0, 1019), (-9.0, 4)):
        fill = np.full((13, 19, 3), value, np.float32)
        new = encode_pixels(part, REC709, np.ones((13, 19), np.float32), fill)
        assert (new["Y"] == code).all()


def test_plate_values() -> None:
    box = Box.of_size(2, 1)
    codes = {"Y": [[64, 940]], "Cb": [[512, 512]], "Cr": [[512, 960]]}
    planes = {n: np.array(c, np.uint16) for n, c in codes.items()}
    formats = {n: PixelFormat("uint16", 10) for n in planes}
    part = Part("", planes, formats, box, box, {"movie:matrix": "bt709"})
    pixels = plate_of(part).pixels
    np.testing.assert_allclose(pixels[0, 0], 0.0, atol=1e-7)
    # Full Cr at white: 1 + 2 (1 - Kr) / 2 for red, no change for blue.
    np.testing.assert_allclose(pixels[0, 1, [0, 2]], [1 + (1 - 0.2126), 1.0], atol=1e-6)
    luma = 0.2126 * pixels[0, 1, 0] + 0.7152 * pixels[0, 1, 1] + 0.0722 * pixels[0, 1, 2]
    assert float(luma) == pytest.approx(1.0, abs=1e-6)


def test_neutral_chroma_gives_one_channel_and_stays_neutral() -> None:
    part = movie("uint16", 10, "tv", (2, 2))
    neutral = np.full(part.planes["Cb"].shape, 512, np.uint16)
    part = part.with_planes({"Cb": neutral, "Cr": neutral.copy()})
    plate = plate_of(part)
    assert plate.is_monochrome
    planes = encode_pixels(
        part, REC709, np.ones((13, 19), np.float32), np.full_like(plate.pixels, 0.25)
    )
    assert set(planes) == {"Y"}
    assert (planes["Y"] == 64 + 219).all()


def test_gray_movies_in_video_range_have_black_at_zero() -> None:
    box = Box.of_size(3, 1)
    codes = np.array([[16, 235, 0]], np.uint8)
    part = Part("", {"Y": codes}, {"Y": PixelFormat.of("u1")}, box, box, {"movie:range": "tv"})
    plate = plate_of(part)
    np.testing.assert_allclose(plate.pixels[0, :, 0], [0, 1, -16 / 219], atol=1e-7)
    same = encode_pixels(part, REC709, np.ones((1, 3), np.float32), plate.pixels)
    np.testing.assert_array_equal(same["Y"], codes)


def test_replicate_cuts_at_the_edge() -> None:
    cells = np.array([[1, 2], [3, 4]], np.float32)
    full = replicate(cells, (2, 2), (3, 3))
    assert full.tolist() == [[1, 1, 2], [1, 1, 2], [3, 3, 4]]
