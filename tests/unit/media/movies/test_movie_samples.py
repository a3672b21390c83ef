import itertools

import numpy as np
import pytest

from filmrestore_core.media.movie_samples import can_change, change_samples
from filmrestore_core.media.pixel_layout import layout_of

YUV = [
    f"yuv{alpha}{chroma}p{depth}"
    for alpha, chroma, depth in itertools.product(
        ("", "a"), ("420", "422", "444"), ("", "10le", "12le")
    )
]


def change(channels, source, target, size, *, full_range=False):
    return change_samples(
        channels, layout_of(source), layout_of(target), size, full_range=full_range
    )


@pytest.mark.parametrize("full_range", [False, True])
def test_depth_up_and_down_again_is_the_same(full_range, maker):
    before = maker.picture("yuv422p", 33, 17, 0)
    fine = change(before, "yuv422p", "yuv422p10le", (33, 17), full_range=full_range)
    after = change(fine, "yuv422p10le", "yuv422p", (33, 17), full_range=full_range)
    assert maker.same(before, after)


def test_video_range_is_shifted_and_full_range_scaled():
    codes = {c: np.array([[16, 128, 235, 255]], np.uint8) for c in ("Y", "Cb", "Cr")}
    video = change(codes, "yuv444p", "yuv444p10le", (4, 1))
    assert video["Y"].tolist() == [[64, 512, 940, 1020]]
    full = change(codes, "yuv444p", "yuv444p10le", (4, 1), full_range=True)
    assert full["Y"].tolist() == [[64, 514, 943, 1023]]


def test_twelve_bits_are_rounded_and_stay_codes():
    codes = {c: np.array([[0, 1, 2, 6, 4095]], np.uint16) for c in ("Y", "Cb", "Cr")}
    assert change(codes, "yuv444p12le", "yuv444p10le", (5, 1))["Cb"].tolist() == [
        [0, 0, 1, 2, 1023]
    ]


def test_alpha_always_uses_all_codes():
    names = ("Y", "Cb", "Cr", "A")
    codes = {c: np.array([[255]], np.uint8) for c in names}
    assert change(codes, "yuva444p", "yuva444p10le", (1, 1))["A"].tolist() == [[1023]]


def test_new_chroma_lies_on_the_line_between_its_neighbors():
    # A ramp of 8 codes a chroma sample: a chroma row lies between its two rows of luma, so rows at
    # a quarter and three quarters of a step; a column lies on the left one of its two.
    ramp = np.tile(np.arange(0, 64, 8, dtype=np.uint8)[:, None], (1, 8))
    codes = {"Y": np.zeros((16, 16), np.uint8), "Cb": ramp, "Cr": np.ascontiguousarray(ramp.T)}
    fine = change(codes, "yuv420p", "yuv444p", (16, 16))
    down = np.array([4 * row - 2 for row in range(1, 15)])
    assert fine["Cb"][1:15, 5].tolist() == down.tolist()
    across = [4 * column for column in range(15)]
    assert fine["Cr"][5, :15].tolist() == across
    assert fine["Cr"].shape == fine["Cb"].shape == (16, 16)


def test_odd_sizes():
    shape = layout_of("yuv420p").shape_of
    codes = {c: np.zeros(shape(c, 5, 3), np.uint8) for c in ("Y", "Cb", "Cr")}
    fine = change(codes, "yuv420p", "yuv422p10le", (5, 3))
    wanted = layout_of("yuv422p10le").shape_of
    assert {c: plane.shape for c, plane in fine.items()} == {c: wanted(c, 5, 3) for c in codes}


def test_chroma_never_gets_coarser_and_channels_stay():
    for source, target in itertools.product(YUV, YUV):
        one, other = layout_of(source), layout_of(target)
        finer = one.chroma[0] >= other.chroma[0] and one.chroma[1] >= other.chroma[1]
        same_channels = one.places.keys() == other.places.keys()
        found = can_change(one, other, interlaced=False)
        assert found == (finer and same_channels), (source, target)


def test_what_cannot_be_changed():
    assert not can_change(layout_of("yuv420p"), layout_of("yuv422p"), interlaced=True)
    assert can_change(layout_of("yuv422p"), layout_of("yuv422p10le"), interlaced=True)
    assert not can_change(layout_of("gbrp"), layout_of("gbrp10le"), interlaced=False)
    assert not can_change(layout_of("yuv411p"), layout_of("yuv444p"), interlaced=False)
    assert not can_change(layout_of("gray"), layout_of("yuv422p"), interlaced=False)
