from __future__ import annotations

from filmrestore_core.box import Box
from filmrestore_core.media.image_file import probe_image, read_image


def test_our_codes_and_the_librarys_metadata(dpx_file):
    frame = read_image(dpx_file(7, 4, 12, descriptor=6), 9)
    part = frame.parts[0]
    assert frame.number == 9
    assert part.data_window == part.display_window == Box.of_size(7, 4)
    assert part.formats["Y"].bits == 10
    assert int(part.planes["Y"].max()) <= 1023
    assert part.attributes["dpx:Transfer"] == "Printing density"
    assert part.attributes["smpte:TimeCode"][0] == 0x01020304
    assert "smpte:KeyCode" not in part.attributes  # the film header is all ones: not set
    assert not any("\ufffd" in str(v) for v in part.attributes.values())


def test_a_file_whose_user_data_lie_is_read_all_the_same(dpx_file):
    path = dpx_file(7, 4, 28)
    good = read_image(path, 9)
    data = bytearray(path.read_bytes())
    data[32:36] = b"\x12\x34\x56\x78"
    path.write_bytes(data)
    frame = read_image(path, 9)
    assert frame.locked is None
    for name, plane in good.parts[0].planes.items():
        assert (frame.parts[0].planes[name] == plane).all()
    assert frame.parts[0].attributes == {
        "dpx:Transfer": "Printing density",
        "smpte:TimeCode": (0x01020304, 0),
    }
    assert probe_image(path).timecode == "01:02:03:04"
