import av
import numpy as np
import pytest

from filmrestore_core.media.pixel_layout import layout_of, layout_that_holds

ALL = sorted(av.video.format.names)
KNOWN = [name for name in ALL if layout_of(name) is not None]


def test_most_formats_are_known_and_the_rest_refused():
    assert len(KNOWN) > 140
    for name in ("pal8", "bayer_rggb8", "monow", "rgb565le", "cuda", "no such format", ""):
        assert layout_of(name) is None


@pytest.mark.parametrize("name", KNOWN)
def test_agrees_with_libavutil(name):
    layout = layout_of(name)
    theirs = av.VideoFormat(name, 33, 17)
    ours = {
        (place.plane, layout.bits, *reversed(layout.shape_of(channel, 33, 17)))
        for channel, place in layout.places.items()
    }
    assert ours == {(c.plane, c.bits, c.width, c.height) for c in theirs.components}
    assert (layout.sample[0] == ">") == theirs.is_big_endian
    assert ("R" in layout.places) == theirs.is_rgb
    assert ("A" in layout.places) == any(c.is_alpha for c in theirs.components)


@pytest.mark.parametrize("name", KNOWN)
def test_channels_come_back_through_bytes(name, maker):
    for size in ((8, 6), (33, 17), (1, 1)):
        _come_back(name, size, maker)


def _come_back(name, size, maker):
    layout = layout_of(name)
    channels = maker.picture(name, *size, 0)
    planes = layout.pack(channels, *size)
    padded = []
    for plane in planes:
        raw = np.ascontiguousarray(plane).view(np.uint8)
        padded.append(np.pad(raw, ((0, 1), (0, 7)), constant_values=0xAB))
    back = layout.unpack(padded, *size)
    assert maker.same(back, channels)
    assert list(back) == list(channels)
    for plane in back.values():
        assert plane.dtype.isnative
        assert plane.flags.owndata
        assert plane.flags.c_contiguous


@pytest.mark.parametrize(
    "name", ["rgb24", "bgr0", "gbrp", "argb", "nv12", "nv21", "uyvy422", "p010le"]
)
def test_channels_lie_where_libswscale_looks_for_them(name, maker):
    # A flat picture of one colour means the same in every format; libswscale only moves it here.
    codes = {"R": 200, "G": 100, "B": 50, "Y": 90, "Cb": 200, "Cr": 60}
    layout = layout_of(name)
    plain = "gbrp" if "R" in layout.places else "yuv444p"
    flat = {c: np.full((8, 8), codes[c], np.uint8) for c in layout_of(plain).places}
    target = maker.video_frame(plain, 8, 8, flat).reformat(format=name)
    rows = [
        np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        for plane in target.planes
    ]
    for channel, samples in layout.unpack(rows, 8, 8).items():
        if channel != "A":
            assert np.all(samples >> (layout.bits - 8) == codes[channel])


def test_the_format_that_holds_another():
    formats = ["yuv420p", "yuv422p", "bgr0", "bgra", "yuv422p10le", "gbrp10le"]
    assert layout_that_holds(layout_of("nv12"), formats).name == "yuv420p"
    assert layout_that_holds(layout_of("uyvy422"), formats).name == "yuv422p"
    assert layout_that_holds(layout_of("rgb24"), formats).name == "bgr0"
    assert layout_that_holds(layout_of("p210le"), formats).name == "yuv422p10le"
    assert layout_that_holds(layout_of("gbrp10be"), formats).name == "gbrp10le"
    assert layout_that_holds(layout_of("gbrp12le"), formats) is None
    assert layout_that_holds(layout_of("yuv444p"), formats) is None


def test_what_does_not_fit_is_refused(maker):
    layout = layout_of("yuv422p10le")
    channels = maker.picture("yuv422p10le", 8, 4, 0)
    with pytest.raises(ValueError, match="does not fit"):
        layout.pack({**channels, "Cb": channels["Cb"].astype(np.uint8)}, 8, 4)
    with pytest.raises(ValueError, match="not the picture's"):
        layout.pack({**channels, "Cb": channels["Y"]}, 8, 4)
    with pytest.raises(ValueError, match="does not fit"):
        layout.pack({"Y": channels["Y"]}, 8, 4)
    with pytest.raises(ValueError, match="cut short"):
        layout.unpack([np.zeros((4, 8), np.uint8)] * 3, 8, 4)
