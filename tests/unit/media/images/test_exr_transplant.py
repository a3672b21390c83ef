from __future__ import annotations

import struct

import numpy as np
import OpenImageIO as oiio
import pytest

from filmrestore_core.box import Box
from filmrestore_core.media.compare_frames import same_samples
from filmrestore_core.media.exr_chunks import read_structure
from filmrestore_core.media.exr_header import (
    ExrAttribute,
    ExrChannel,
    attribute_bytes,
    channel_list_bytes,
)
from filmrestore_core.media.exr_zip import chunk_body
from filmrestore_core.media.image_file import read_image, write_restored

LOSSLESS = ["none", "rle", "zips", "zip", "piz", "pxr24", "htj2k256", "htj2k32"]
LOSSY = ["b44", "b44a", "dwaa:30", "dwab"]


def restore(path, edited, seed=0, part=0, **kwargs):
    original = read_image(path, 3)
    assert original.locked is None
    frame, coverage = edited(original, seed, part=part)
    target = path.with_name("out.exr")
    notes = write_restored(path, frame, target, original=original, **kwargs)
    return original, frame, coverage, target, notes


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("compression", LOSSLESS)
def test_header_and_untouched_chunks_are_the_sources_bytes(
    save, pixels, edited, header_end, compression, tile
):
    path = save(
        "a.exr", pixels(70, 41, 3, "float16"),
        {"compression": compression, "owner": "archive", "comments": "reel 4"},
        tile=tile, window=(-7, -3, 0, 0, 30, 60),
    )  # fmt: skip
    original, frame, coverage, target, notes = restore(path, edited, 5)
    assert notes.notes == ()
    assert notes.compression == compression
    result = read_image(target, 3)
    assert same_samples(frame, result) == []
    assert same_samples(original, result, {0: coverage > 0}) == []
    assert header_end(path) == header_end(target)
    was, now = read_structure(path), read_structure(target)
    before, after = path.read_bytes(), target.read_bytes()
    window = original.parts[0].data_window
    same = 0
    for old, new in zip(was.chunks[0], now.chunks[0], strict=True):
        assert old.key == new.key
        if tile:
            top, left = old.key[1] * 32, old.key[0] * 16
            touched = coverage[top : top + 32, left : left + 16].any()
        else:
            top = old.key[0] - window.y
            touched = coverage[top : top + was.parts[0].lines_per_chunk].any()
        if not touched:
            same += 1
            assert before[old.start : old.end] == after[new.start : new.end]
    assert same or len(was.chunks[0]) == 1


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("compression", LOSSY)
def test_lossy_parts_become_lossless_and_keep_every_other_bit(
    save, pixels, edited, compression, tile
):
    path = save(
        "a.exr", pixels(70, 41, 3, "float16"), {"compression": compression}, tile=tile
    )  # fmt: skip
    original, frame, coverage, target, notes = restore(path, edited, 5)
    said = compression.split(":")[0].upper()
    assert len(notes.notes) == 1
    assert f"stored with lossless ZIP in place of {said}" in notes.notes[0]
    result = read_image(target, 3)
    assert same_samples(frame, result) == []
    assert same_samples(original, result, {0: coverage > 0}) == []
    was, now = read_structure(path).parts[0], read_structure(target).parts[0]
    assert now.compression == "zip"
    assert list(was.attributes) == list(now.attributes)
    for name, value in was.attributes.items():
        if name not in ("compression", "chunkCount"):
            assert now.attributes[name] == value


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("compression", LOSSY)
def test_kept_lossy_compression_touches_its_chunks_only(
    save, pixels, edited, header_end, compression, tile
):
    path = save(
        "a.exr", pixels(300, 41, 3, "float16"), {"compression": compression}, tile=tile
    )  # fmt: skip
    original, _, _, target, notes = restore(path, edited, 5, keep_compression=True)
    assert "chunks of the picture were compressed again" in notes.notes[0]
    assert header_end(path) == header_end(target)
    was, now = read_structure(path), read_structure(target)
    before, after = path.read_bytes(), target.read_bytes()
    changed = [
        old.key
        for old, new in zip(was.chunks[0], now.chunks[0], strict=True)
        if before[old.start : old.end] != after[new.start : new.end]
    ]
    assert 1 <= len(changed) <= 4
    result = read_image(target, 3)
    lines = was.parts[0].lines_per_chunk
    rows = {k[1] if tile else k[0] // lines for k in changed}
    outside = np.ones((300, 41), bool)
    for row in rows:
        outside[row * lines : (row + 1) * lines] = False
    for name, plane in original.parts[0].planes.items():
        assert (result.parts[0].planes[name][outside] == plane[outside]).all()


def mixed_exr(path, planes, *, compression=3, window=(-4, -2), head=(), multipart=False):
    """A scanline EXR byte by byte: channels of any types, and attributes a library would drop."""
    height, width = next(iter(planes.values())).shape
    kinds = {"uint32": 0, "float16": 1, "float32": 2}
    x, y = window
    box = struct.pack("<4i", x, y, x + width - 1, y + height - 1)
    channels = tuple(ExrChannel(n, kinds[p.dtype.name], linear=1) for n, p in planes.items())
    attributes = {
        "preview": ExrAttribute("preview", struct.pack("<II", 2, 1) + bytes(range(8))),
        "empty": ExrAttribute("string", b""),
        "precise": ExrAttribute("double", struct.pack("<d", 1 / 3)),
        "odd": ExrAttribute("studioThing", b"\x01\x02\x03"),
        "channels": ExrAttribute("chlist", channel_list_bytes(channels)),
        "compression": ExrAttribute("compression", bytes([compression])),
        "dataWindow": ExrAttribute("box2i", box),
        "displayWindow": ExrAttribute("box2i", struct.pack("<4i", 0, 0, 9, 9)),
        "lineOrder": ExrAttribute("lineOrder", b"\x01"),
        "pixelAspectRatio": ExrAttribute("float", struct.pack("<f", 1)),
        "screenWindowCenter": ExrAttribute("v2f", struct.pack("<2f", 0, 0)),
        "screenWindowWidth": ExrAttribute("float", struct.pack("<f", 1)),
        **dict(head),
    }
    out = b"\x76\x2f\x31\x01" + struct.pack("<I", 2)
    out += b"".join(attribute_bytes(n, a) for n, a in attributes.items()) + b"\0"
    lines = (1, 0, 1, 16)[compression]
    tops = list(range(0, height, lines))
    chunks = {}
    for top in tops:
        rows = {n: p[top : top + lines] for n, p in planes.items()}
        body = chunk_body(rows, ("none", "", "zips", "zip")[compression])
        chunks[top] = struct.pack("<ii", y + top, len(body)) + body
    at = len(out) + 8 * len(tops)
    places = {}
    for top in reversed(tops):  # decreasing y: bottom chunk first
        places[top] = at
        at += len(chunks[top])
    out += b"".join(struct.pack("<Q", places[top]) for top in tops)
    out += b"".join(chunks[top] for top in reversed(tops))
    path.write_bytes(out)
    return path


def mixed_planes(height=37, width=11):
    random = np.random.default_rng(3)
    every = np.arange(height * width, dtype=np.uint32)
    return {
        "A": random.normal(size=(height, width)).astype(np.float16),
        "B": random.normal(size=(height, width)).astype(np.float16),
        "G": random.normal(size=(height, width)).astype(np.float16),
        "R": random.normal(size=(height, width)).astype(np.float16),
        "Z": random.normal(size=(height, width)).astype(np.float32),
        "id": (every * 10_000_019 + 16_777_217).reshape(height, width),
    }


@pytest.mark.parametrize("compression", [0, 2, 3])
def test_mixed_types_keep_every_bit_and_odd_attributes_stay(
    tmp_path, edited, header_end, compression
):
    planes = mixed_planes()
    path = mixed_exr(tmp_path / "a.exr", planes, compression=compression)
    original, frame, coverage, target, notes = restore(path, edited, 2)
    for name, plane in planes.items():
        read = original.parts[0].planes[name]
        assert read.dtype == plane.dtype
        assert (read == plane).all()
    assert notes.notes == ()
    assert original.parts[0].data_window == Box(-4, -2, 11, 37)
    result = read_image(target, 3)
    assert same_samples(frame, result) == []
    assert same_samples(original, result, {0: coverage > 0}) == []
    assert header_end(path) == header_end(target)


def test_an_edit_and_its_undoing_give_the_same_file(tmp_path, edited):
    path = mixed_exr(tmp_path / "a.exr", mixed_planes())
    original, _, _, target, _ = restore(path, edited, 2)
    result = read_image(target, 3)
    back = tmp_path / "back.exr"
    write_restored(target, result.with_part(0, original.parts[0]), back, original=result)
    assert back.read_bytes() == path.read_bytes()


def test_every_half_pattern_and_special_float_stays(save, edited, tmp_path):
    patterns = np.arange(65536, dtype=np.uint16).view(np.float16).reshape(256, 256)
    path = save("a.exr", np.stack([patterns] * 3, -1), {"compression": "zip"})
    original, frame, coverage, target, _ = restore(path, edited, 1)
    assert (original.parts[0].planes["R"].view(np.uint16) == patterns.view(np.uint16)).all()
    assert same_samples(frame, read_image(target, 3)) == []
    words = np.random.default_rng(0).integers(0, 1 << 32, (40, 40), dtype=np.uint32)
    words[0, :4] = [0x7F800001, 0xFFC12345, 0x7F800000, 1]
    floats = words.view(np.float32)
    path = save("b.exr", np.stack([floats] * 3, -1), {"compression": "piz"})
    original, frame, coverage, target, _ = restore(path, edited, 1)
    assert (original.parts[0].planes["G"].view(np.uint32) == words).all()
    assert same_samples(original, read_image(target, 3), {0: coverage > 0}) == []


def multi_part(save, pixels, compressions=("zip", "piz", "dwaa")):
    images = [pixels(40 + 5 * i, 30, 3, "float16", i) for i in range(3)]
    attributes = [
        {"oiio:subimagename": name, "compression": compression}
        for name, compression in zip(("left", "right", "depth"), compressions, strict=True)
    ]
    return save("a.exr", images, attributes, window=(3, -2, 0, 0, 64, 64))


def test_only_the_restored_part_changes(save, pixels, edited):
    path = multi_part(save, pixels)
    original, frame, coverage, target, notes = restore(path, edited, 3, part=1)
    result = read_image(target, 3)
    assert same_samples(frame, result) == []
    assert same_samples(original, result, {1: coverage > 0}) == []
    was, now = read_structure(path), read_structure(target)
    assert was.head == now.head
    before, after = path.read_bytes(), target.read_bytes()
    for part in (0, 2):
        for old, new in zip(was.chunks[part], now.chunks[part], strict=True):
            assert before[old.start : old.end] == after[new.start : new.end]
    assert notes.notes == ()


def test_a_lossy_part_among_others_is_rebuilt_alone(save, pixels, edited):
    path = multi_part(save, pixels)
    original, _, coverage, target, notes = restore(path, edited, 3, part=2)
    assert notes.notes[0].startswith("Part 2 ('depth') is stored with lossless ZIP")
    result = read_image(target, 3)
    assert same_samples(original, result, {2: coverage > 0}) == []
    now = read_structure(target)
    assert [p.compression for p in now.parts] == ["zip", "piz", "zip"]
    count = struct.unpack("<i", now.parts[2].attributes["chunkCount"].value)[0]
    assert count == len(now.chunks[2]) == 4
    before, after = path.read_bytes(), target.read_bytes()
    for part in (0, 1):
        for old, new in zip(read_structure(path).chunks[part], now.chunks[part], strict=True):
            assert before[old.start : old.end] == after[new.start : new.end]


@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("compression", ["zip", "piz", "dwaa"])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_matte_channel_and_provenance_are_added(save, pixels, edited, compression, dtype, tile):
    path = save("a.exr", pixels(40, 30, 3, "float16"), {"compression": compression}, tile=tile)
    original = read_image(path, 3)
    frame, coverage = edited(original, 3)
    target = path.with_name("out.exr")
    notes = write_restored(
        path, frame, target, original=original,
        extra_channels={"damage.A": coverage.astype(dtype)},
        attributes={"filmrestore:version": "0.1", "a name that is longer than 31 bytes here": "x"},
    )  # fmt: skip
    result = read_image(target, 3)
    assert same_samples(original, result, {0: coverage > 0}) == []
    assert (result.parts[0].planes["damage.A"] == coverage).all()
    assert result.parts[0].planes["damage.A"].dtype == dtype
    assert result.parts[0].attributes["filmrestore:version"] == "0.1"
    was, now = read_structure(path).parts[0], read_structure(target).parts[0]
    for name, value in was.attributes.items():
        if name not in ("compression", "channels"):
            assert now.attributes[name] == value
    exact = compression == "zip" or (compression == "piz" and dtype == "float16")
    assert (now.compression == compression) == exact
    assert bool(notes.notes) != exact


def test_provenance_alone_leaves_every_chunk(save, pixels):
    path = save("a.exr", pixels(40, 30, 3, "float16"), {"compression": "dwaa"})
    original = read_image(path, 3)
    target = path.with_name("out.exr")
    write_restored(path, original, target, original=original, attributes={"note": "é"})
    was, now = read_structure(path), read_structure(target)
    before, after = path.read_bytes(), target.read_bytes()
    for old, new in zip(was.chunks[0], now.chunks[0], strict=True):
        assert before[old.start : old.end] == after[new.start : new.end]
    assert now.parts[0].attributes["note"].value == "é".encode()


def test_pxr24_floats_become_lossless(save, pixels, edited):
    path = save("a.exr", pixels(40, 30, 3, "float32"), {"compression": "pxr24"})
    original, frame, coverage, target, notes = restore(path, edited, 1)
    assert "in place of PXR24" in notes.notes[0]
    result = read_image(target, 3)
    assert same_samples(frame, result) == []
    assert same_samples(original, result, {0: coverage > 0}) == []


def test_mixed_types_in_a_codec_of_the_librarys_become_zip(tmp_path, edited):
    random = np.random.default_rng(0)
    spec = oiio.ImageSpec(30, 40, 4, "float")
    spec.channelnames = ("R", "G", "B", "Z")
    spec.channelformats = (oiio.HALF, oiio.HALF, oiio.HALF, oiio.FLOAT)
    spec.attribute("compression", "piz")
    path = tmp_path / "a.exr"
    out = oiio.ImageOutput.create("a.exr")
    assert out.open(str(path), spec)
    assert out.write_image(random.random((40, 30, 4), np.float32))
    assert out.close()
    del out
    original, frame, coverage, target, notes = restore(path, edited)
    dtypes = [p.dtype.name for p in original.parts[0].planes.values()]
    assert dtypes == ["float16"] * 3 + ["float32"]
    assert "in place of PIZ: channels of different types" in notes.notes[0]
    result = read_image(target, 3)
    assert same_samples(frame, result) == []
    assert same_samples(original, result, {0: coverage > 0}) == []


@pytest.mark.parametrize("compression", ["piz", "zip", "pxr24", "htj2k256"])
def test_ids_alone_keep_every_bit(save, pixels, edited, header_end, compression):
    samples = pixels(40, 30, 2, "uint32")
    path = save("a.exr", samples, {"compression": compression}, names=("id", "mask"))
    original, frame, _, target, notes = restore(path, edited, 1)
    assert (original.parts[0].planes["mask"] == samples[..., 1]).all()
    assert notes.notes == ()
    assert same_samples(frame, read_image(target, 3)) == []
    assert header_end(path) == header_end(target)


def test_a_library_reads_the_result(save, pixels, edited):
    path = save("a.exr", pixels(40, 30, 4, "float16"), {"compression": "piz"})
    _, frame, _, target, _ = restore(path, edited, 1)
    reader = oiio.ImageInput.open(str(target))
    assert reader.spec().channelnames == ("R", "G", "B", "A")
    back = reader.read_image(oiio.HALF)
    for index, name in enumerate("RGBA"):
        assert (back[..., index] == frame.parts[0].planes[name]).all()
