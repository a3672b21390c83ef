from __future__ import annotations

import av
import numpy as np
import OpenImageIO as oiio
import pytest

from filmrestore_core.box import Box
from filmrestore_core.frame import Part, PixelFormat
from filmrestore_core.media.dpx import parse_header, picture_planes
from filmrestore_core.media.dpx_new import dpx_bytes


def part(names, bits, attributes=None):
    random = np.random.default_rng(bits)
    dtype = np.uint8 if bits == 8 else np.uint16
    planes = {n: random.integers(0, 1 << bits, (6, 11), dtype=np.uint32).astype(dtype)
              for n in names}  # fmt: skip
    formats = {n: PixelFormat.of(dtype, bits) for n in names}
    box = Box.of_size(11, 6)
    return Part("", planes, formats, box, box, attributes or {})


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("names", ["Y", "RGB", "RGBA"])
def test_what_goes_in_comes_out(names, bits):
    made = part(names, bits)
    data = dpx_bytes(made)
    header = parse_header(data[:2048].tobytes(), data.size)
    back = picture_planes(header, data)
    assert list(back) == list(names)
    for name, plane in made.planes.items():
        assert (back[name] == plane).all()


def test_others_read_it(tmp_path):
    path = tmp_path / "a.dpx"
    attributes = {"dpx:Transfer": "Printing density", "smpte:TimeCode": (0x01020304, 0)}
    made = part("RGB", 10, attributes)
    path.write_bytes(dpx_bytes(made).tobytes())
    reader = oiio.ImageInput.open(str(path))
    spec = reader.spec()
    assert spec.get_string_attribute("dpx:Transfer") == "Printing density"
    assert spec.getattribute("smpte:TimeCode")[0] == 0x01020304
    words = reader.read_image(oiio.UNKNOWN)
    assert (words[..., 1] >> 6 == made.planes["G"]).all()
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    green = np.frombuffer(frame.planes[0], "<u2").reshape(6, -1)[:, :11]
    assert (green == made.planes["G"]).all()


def test_codes_and_channels_that_do_not_fit_are_refused():
    made = part("RGB", 12)
    formats = dict.fromkeys("RGB", PixelFormat("uint16", 10))
    box = made.data_window
    with pytest.raises(ValueError, match="codes above 1023"):
        dpx_bytes(Part("", made.planes, formats, box, box))
    with pytest.raises(ValueError, match="DPX is written with"):
        dpx_bytes(part("RG", 10))
