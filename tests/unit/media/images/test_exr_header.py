from __future__ import annotations

import struct

import OpenImageIO as oiio
import pytest

from filmrestore_core.box import Box
from filmrestore_core.media.exr_chunks import read_structure
from filmrestore_core.media.exr_header import (
    ExrAttribute,
    ExrChannel,
    attribute_bytes,
    channel_list_bytes,
    is_lossy,
    read_headers,
)

FIELDS = {
    "channels": ExrAttribute("chlist", channel_list_bytes((ExrChannel("Y", 1),))),
    "compression": ExrAttribute("compression", b"\x03"),
    "dataWindow": ExrAttribute("box2i", struct.pack("<4i", 0, 0, 9, 9)),
}


def box2i(*corners):
    return ExrAttribute("box2i", struct.pack("<4i", *corners))


def header(path, version=2, **changed):
    fields = {**FIELDS, **changed}
    out = b"\x76\x2f\x31\x01" + struct.pack("<I", version)
    out += b"".join(attribute_bytes(n, a) for n, a in fields.items() if a) + b"\0"
    path.write_bytes(out + bytes(64))
    return path


def test_windows_channels_and_attributes(save, pixels):
    path = save("a.exr", pixels(20, 9, 4, "float16"), {"owner": "me", "compression": "piz"},
                window=(-3, 7, 0, 0, 100, 50))  # fmt: skip
    part = read_headers(path)[0]
    assert part.data_window == Box(-3, 7, 9, 20)
    assert [c.name for c in part.channels] == ["A", "B", "G", "R"]
    assert part.compression == "piz"
    assert part.attributes["owner"] == ExrAttribute("string", b"me")
    assert part.refusal is None
    assert not part.is_lossy


def test_channel_lists_are_sorted_by_bytes():
    names = ["Z", "A", "é", "a", "R.b", "R"]
    data = channel_list_bytes(tuple(ExrChannel(n, 1) for n in names))
    order = [c.split(b"\0")[0] for c in (data[data.index(n.encode()) :] for n in sorted(names))]
    assert order == sorted(n.encode() for n in names)


@pytest.mark.parametrize(
    ("compression", "kinds", "lossy"),
    [("dwaa", (1,), True), ("b44", (1,), True), ("b44a", (2, 0), False), ("pxr24", (1, 0), False),
     ("pxr24", (2,), True), ("zip", (0, 1, 2), False), ("htj2k32", (1,), False)],
)  # fmt: skip
def test_what_loses_bits(compression, kinds, lossy):
    channels = tuple(ExrChannel(str(i), k) for i, k in enumerate(kinds))
    assert is_lossy(compression, channels) == lossy


def test_subsampled_channels_are_named(tmp_path):
    chlist = channel_list_bytes((ExrChannel("BY", 1, 0, (2, 2)), ExrChannel("Y", 1)))
    path = header(tmp_path / "a.exr", channels=ExrAttribute("chlist", chlist))
    assert read_headers(path)[0].refusal == "EXR with subsampled channels"


@pytest.mark.parametrize(("mode", "count"), [(0, 15), (1, 15 + 6 + 2 + 1 + 1 + 1), (2, None)])
def test_levels_are_counted(tmp_path, save, mode, count):
    tiles = ExrAttribute("tiledesc", struct.pack("<IIB", 8, 8, mode))
    window = ExrAttribute("box2i", struct.pack("<4i", 0, 0, 39, 23))
    path = header(tmp_path / "a.exr", 2 | 0x200, tiles=tiles, dataWindow=window)
    part = read_headers(path)[0]
    assert (part.refusal == "EXR with mip or rip levels") == (mode != 0)
    if count is not None:
        assert part.chunk_count == count
    else:
        across, down = [5, 3, 2, 1, 1, 1], [3, 2, 1, 1, 1]
        assert part.chunk_count == sum(across) * sum(down)


def test_levels_of_the_library_are_counted(tmp_path, pixels):
    path = tmp_path / "a.exr"
    spec = oiio.ImageSpec(40, 24, 3, "half")
    spec.tile_width = spec.tile_height = 8
    spec.tile_depth = 1
    spec.attribute("textureformat", "Plain Texture")
    spec.attribute("openexr:levelmode", 1)
    spec.attribute("openexr:roundingmode", 0)
    out = oiio.ImageOutput.create("a.exr")
    assert out.open(str(path), spec)
    width, height = 40, 24
    mode = "Create"
    while True:
        level = oiio.ImageSpec(spec)
        level.width, level.height = width, height
        level.full_width, level.full_height = width, height
        if mode != "Create":
            assert out.open(str(path), level, "AppendMIPLevel"), out.geterror()
        assert out.write_image(pixels(height, width, 3, "float16"))
        if (width, height) == (1, 1):
            break
        width, height, mode = max(1, width // 2), max(1, height // 2), "mip"
    assert out.close()
    del out  # only then does the library write what it holds back
    file = read_structure(path)
    assert file.refusal == "EXR with mip or rip levels"
    assert len(file.chunks[0]) == file.parts[0].chunk_count


def test_deep_files_are_named(tmp_path):
    path = header(tmp_path / "a.exr", 2 | 0x800, type=ExrAttribute("string", b"deepscanline"))
    assert read_headers(path)[0].refusal == "deep EXR"


def test_unknown_compression_is_named(tmp_path):
    path = header(tmp_path / "a.exr", compression=ExrAttribute("compression", b"\x63"))
    assert read_headers(path)[0].refusal == "EXR with a compression unknown here"


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("no proper 'dataWindow'", {"dataWindow": None}),
        ("no proper 'dataWindow'", {"dataWindow": ExrAttribute("box2i", b"1234")}),
        ("claims a data window", {"dataWindow": box2i(0, 0, -1, 5)}),
        ("claims a data window", {"dataWindow": box2i(-(1 << 31), 0, (1 << 31) - 1, 5)}),
        ("no proper 'channels'", {"channels": None}),
        ("cut short", {"channels": ExrAttribute("chlist", b"R\0\1\0")}),
        ("type 9", {"channels": ExrAttribute("chlist", channel_list_bytes((ExrChannel("R", 9),)))}),
        ("has no channel", {"channels": ExrAttribute("chlist", b"\0")}),
        ("no proper 'compression'", {"compression": ExrAttribute("compression", b"")}),
    ],
)  # fmt: skip
def test_headers_that_cannot_be_true_are_refused(tmp_path, words, changed):
    path = header(tmp_path / "a.exr", **changed)
    with pytest.raises(ValueError, match=words):
        read_headers(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x76\x2f\x31", b"\x76\x2f\x31\x01\x07\0\0\0", b"\x76\x2f\x31\x01\x02\0\0\0owner\0str"],
)
def test_no_exr_is_refused(tmp_path, data):
    path = tmp_path / "a.exr"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"the file ends|version is 7"):
        read_headers(path)


def test_an_attribute_larger_than_the_file_is_refused(tmp_path):
    path = tmp_path / "a.exr"
    path.write_bytes(b"\x76\x2f\x31\x01\x02\0\0\0owner\0string\0" + struct.pack("<i", 1 << 30))
    with pytest.raises(ValueError, match="'owner' claims 1073741824 bytes"):
        read_headers(path)
