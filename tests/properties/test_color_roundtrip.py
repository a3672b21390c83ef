"""Any picture of any format: what is not covered keeps its bits, what is unchanged does too."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from filmrestore_core.box import Box
from filmrestore_core.color.encoding import encodings
from filmrestore_core.color.working import encode_pixels, to_plate
from filmrestore_core.frame import Frame, Part, PixelFormat

FORMATS = [
    PixelFormat("uint8", 8),
    PixelFormat("uint16", 10),
    PixelFormat("uint16", 12),
    PixelFormat("uint16", 16),
    PixelFormat("int16", 16),
    PixelFormat("uint32", 32),
    PixelFormat("float16", 16),
    PixelFormat("float32", 32),
]


@st.composite
def parts(draw: st.DrawFn) -> Part:
    """A small part with bits drawn freely: NaN, infinities, denormals, any alpha."""
    fmt = draw(st.sampled_from(FORMATS))
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 6)))
    names = draw(st.sampled_from([("R", "G", "B"), ("R", "G", "B", "A"), ("Y",), ("Y", "A")]))
    size = np.dtype(fmt.dtype).itemsize
    highest = fmt.maximum if fmt.dtype.startswith("uint") else (1 << 8 * size) - 1
    bits = arrays(f"u{size}", shape, elements=st.integers(0, highest))
    planes = {name: draw(bits).view(fmt.dtype) for name in names}
    if draw(st.booleans()):
        planes |= {name: planes[names[0]].copy() for name in names}
    tags = draw(st.sampled_from([{}, {"tiff:Compression": 8}, {"oiio:UnassociatedAlpha": 1}]))
    box = Box(draw(st.integers(-4, 4)), draw(st.integers(-4, 4)), shape[1], shape[0])
    return Part("", planes, dict.fromkeys(names, fmt), box, box, tags)


def bits_of(plane: np.ndarray) -> np.ndarray:
    return plane.view(f"u{plane.dtype.itemsize}")


@settings(max_examples=100, deadline=None)
@given(part=parts(), encoding=st.sampled_from(encodings()), data=st.data())
def test_outside_the_coverage_all_bits_stay(part: Part, encoding, data: st.DataObject) -> None:
    plate = to_plate(Frame(1, (part,)), encoding)
    assert np.isfinite(plate.pixels).all()
    shape = part.data_window.shape
    coverage = data.draw(arrays("f4", shape, elements=st.sampled_from([0.0, 0.5, 1.0])))
    elements = st.floats(-(2.0**100), 2.0**100, width=32)
    fill = data.draw(arrays("f4", plate.pixels.shape, elements=elements))
    new = encode_pixels(part, encoding, coverage, fill)
    assert set(new) == (set("RGBY") & set(part.planes) if (coverage > 0).any() else set())
    for name, plane in part.with_planes(new).planes.items():
        outside = (coverage == 0) | (name == "A")
        np.testing.assert_array_equal(bits_of(plane)[outside], bits_of(part.planes[name])[outside])
        if name in new and part.formats[name].is_float:
            assert np.isfinite(plane[coverage > 0]).all()


@settings(max_examples=100, deadline=None)
@given(part=parts(), encoding=st.sampled_from(encodings()))
def test_unchanged_pixels_keep_their_bits(part: Part, encoding) -> None:
    plate = to_plate(Frame(1, (part,)), encoding)
    coverage = np.ones(part.data_window.shape, np.float32)
    for name, plane in encode_pixels(part, encoding, coverage, plate.pixels).items():
        kept = bits_of(plane)[plate.finite]
        np.testing.assert_array_equal(kept, bits_of(part.planes[name])[plate.finite])


@settings(max_examples=60, deadline=None)
@given(part=parts(), encoding=st.sampled_from(encodings()))
def test_the_same_frame_gives_the_same_plate(part: Part, encoding) -> None:
    first, second = (to_plate(Frame(1, (part,)), encoding) for _ in range(2))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    np.testing.assert_array_equal(first.finite, second.finite)
