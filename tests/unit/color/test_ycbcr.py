from typing import Any

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.color.ycbcr import Matrix, is_full_range, levels, matrix_name
from filmrestore_core.errors import EncodingError
from filmrestore_core.frame import Part, PixelFormat

# 100 % color bars: white, yellow, cyan, green, magenta, red, blue, black.
BARS = np.array(
    [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)],
    np.float64,
)
# Published code values, video range: BT.709 with 10 bits, BT.601 with 8 bits.
BARS_709 = [
    (940, 512, 512),
    (877, 64, 553),
    (754, 615, 64),
    (691, 167, 105),
    (313, 857, 919),
    (250, 409, 960),
    (127, 960, 471),
    (64, 512, 512),
]
BARS_601 = [
    (235, 128, 128),
    (210, 16, 146),
    (170, 166, 16),
    (145, 54, 34),
    (106, 202, 222),
    (81, 90, 240),
    (41, 240, 110),
    (16, 128, 128),
]


def movie_part(height: int, **attributes: Any) -> Part:
    box = Box.of_size(2, height)
    planes = {n: np.zeros(box.shape, np.uint8) for n in ("Y", "Cb", "Cr")}
    formats = {n: PixelFormat.of("uint8") for n in planes}
    return Part("", planes, formats, box, box, {f"movie:{k}": v for k, v in attributes.items()})


@pytest.mark.parametrize(
    ("matrix", "bits", "bars"), [("bt709", 10, BARS_709), ("smpte170m", 8, BARS_601)]
)
def test_color_bars_have_their_published_codes(
    matrix: str, bits: int, bars: list[tuple[int, int, int]]
) -> None:
    part = movie_part(8, matrix=matrix)
    codes = []
    for index, signal in enumerate(Matrix.of(part).from_rgb(BARS)):
        level = levels(bits, full_range=False, chroma=index > 0)
        codes.append(np.rint(signal * level.span + level.zero))
    np.testing.assert_array_equal(np.stack(codes, axis=1), bars)


@pytest.mark.parametrize("name", ["bt709", "bt470bg", "fcc", "smpte240m", "bt2020nc", "bt2020c"])
def test_rgb_comes_back(name: str) -> None:
    matrix = Matrix.of(movie_part(8, matrix=name))
    rgb = np.random.default_rng(4).uniform(-0.2, 1.3, (500, 3))
    y, cb, cr = matrix.from_rgb(rgb)
    terms = matrix.chroma_terms(cb.astype(np.float32), cr.astype(np.float32))
    back = np.stack([y + term for term in terms], axis=1)
    np.testing.assert_allclose(back, rgb, rtol=0, atol=1e-6)  # float32 terms up to 2


@pytest.mark.parametrize(
    ("height", "tag", "wanted"),
    [
        (1080, "unspecified", "bt709"),
        (720, "", "bt709"),
        (719, "unspecified", "smpte170m"),
        (576, "unknown", "smpte170m"),
        (576, "BT709", "bt709"),
        (1080, "bt470bg", "bt470bg"),
    ],
)
def test_which_matrix(height: int, tag: str, wanted: str) -> None:
    assert matrix_name(movie_part(height, matrix=tag)) == wanted


def test_no_matrix_tag_at_all_goes_by_lines() -> None:
    assert matrix_name(movie_part(480)) == "smpte170m"


@pytest.mark.parametrize("name", ["ycgco", "ictcp", "gbr"])
def test_a_matrix_of_another_kind_is_refused_by_name(name: str) -> None:
    with pytest.raises(EncodingError, match=f"'{name}'"):
        Matrix.of(movie_part(8, matrix=name))


@pytest.mark.parametrize(
    ("tags", "full"),
    [
        ({}, False),
        ({"range": "tv"}, False),
        ({"range": "unspecified"}, False),
        ({"range": "pc"}, True),
        ({"range": "unspecified", "pix_fmt": "yuvj420p"}, True),
    ],
)
def test_which_range(tags: dict[str, str], full: bool) -> None:
    assert is_full_range(movie_part(8, **tags)) is full


def test_levels_keep_the_synchronization_codes_free() -> None:
    ten = levels(10, full_range=False, chroma=False)
    assert (ten.zero, ten.span, ten.lowest, ten.highest) == (64, 876, 4, 1019)
    eight = levels(8, full_range=False, chroma=True)
    assert (eight.zero, eight.span, eight.lowest, eight.highest) == (128, 224, 1, 254)
    full = levels(8, full_range=True, chroma=True)
    assert (full.zero, full.span, full.lowest, full.highest) == (128, 255, 0, 255)
