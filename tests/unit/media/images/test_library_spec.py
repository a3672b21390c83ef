from __future__ import annotations

import numpy as np
import OpenImageIO as oiio
import pytest

from filmrestore_core.box import Box
from filmrestore_core.frame import Part, PixelFormat
from filmrestore_core.media.library_spec import (
    TYPE_NAMES,
    new_kind,
    part_header,
    refuse_windows,
    stored_samples,
)


@pytest.mark.parametrize("dtype", sorted(TYPE_NAMES))
def test_every_type_name_is_one_the_library_knows(dtype):
    spec = oiio.ImageSpec(5, 4, 2, TYPE_NAMES[dtype])
    header = part_header(spec, "tiff")
    assert {f.dtype for f in header.formats.values()} == {dtype}
    assert spec.channel_bytes() == np.dtype(dtype).itemsize


def test_windows_bits_and_names():
    spec = oiio.ImageSpec(5, 4, 3, "uint16")
    spec.x, spec.y, spec.full_x, spec.full_y = -2, 3, -9, 1
    spec.full_width, spec.full_height = 50, 40
    spec.attribute("oiio:BitsPerSample", 10)
    spec.attribute("oiio:subimagename", "left")
    header = part_header(spec, "tiff")
    assert header.name == "left"
    assert header.data_window == Box(-2, 3, 5, 4)
    assert header.display_window == Box(-9, 1, 50, 40)
    assert header.formats["R"] == PixelFormat("uint16", 10)
    assert part_header(spec, "openexr").formats["R"] == PixelFormat("uint16", 16)


def test_types_no_frame_holds_are_refused():
    with pytest.raises(ValueError, match="samples are of type double"):
        part_header(oiio.ImageSpec(5, 4, 1, "double"), "tiff")


def part(*kinds):
    box = Box.of_size(2, 1)
    planes = {str(i): np.array([[1, 1023]], dtype) for i, (dtype, _) in enumerate(kinds)}
    formats = {str(i): PixelFormat(*kind) for i, kind in enumerate(kinds)}
    return Part("", planes, formats, box, box)


def test_mixed_or_foreign_kinds_go_into_no_new_file():
    assert new_kind(part(("float16", 16), ("float16", 16)), "openexr") == ("float16", 16)
    with pytest.raises(ValueError, match="cannot hold float16 of 16 bits and float32 of 32 bits"):
        new_kind(part(("float16", 16), ("float32", 32)), "openexr")
    with pytest.raises(ValueError, match="a new png file cannot hold uint16 of 10 bits"):
        new_kind(part(("uint16", 10)), "png")


def test_codes_are_spread_over_the_whole_word():
    samples = stored_samples(part(("uint16", 10), ("uint16", 16)))
    assert samples[0, :, 0].tolist() == [0x0040, 0xFFFF]
    assert samples[0, :, 1].tolist() == [1, 1023]


def test_windows_that_a_format_would_lose_are_refused():
    planes, formats = {"Y": np.zeros((2, 3), np.uint8)}, {"Y": PixelFormat("uint8", 8)}
    box = Box.of_size(3, 2)
    refuse_windows(Part("", planes, formats, box, box), "png")
    for data, display in ((box.shift(1, 0), box), (box, Box.of_size(5, 5))):
        with pytest.raises(ValueError, match="a png file has no windows"):
            refuse_windows(Part("", planes, formats, data, display), "png")
