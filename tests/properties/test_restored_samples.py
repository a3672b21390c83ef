"""Whatever the format and the matte: outside it no bit changes, and nothing else does either."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from hypothesis import given, settings
from hypothesis import strategies as st

from filmrestore_core.media.compare_frames import same_samples
from filmrestore_core.media.exr_chunks import read_structure
from filmrestore_core.media.image_file import read_image, write_restored

COMPRESSIONS = {
    "exr": ["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "dwaa", "dwab", "htj2k256"],
    "tif": ["none", "lzw", "zip"],
    "png": [""],
}
TYPES = {
    "exr": {"float16": "half", "float32": "float", "uint32": "uint"},
    "tif": {"uint8": "uint8", "uint16": "uint16", "float32": "float"},
    "png": {"uint8": "uint8", "uint16": "uint16"},
}


def random_samples(random, shape, dtype):
    """Any bits at all: NaN, infinities and denormals of floats included."""
    size = int(np.prod(shape))
    return np.frombuffer(random.bytes(size * np.dtype(dtype).itemsize), dtype).reshape(shape)


@st.composite
def images(draw):
    extension = draw(st.sampled_from(["exr", "tif", "png"]))
    dtype = draw(st.sampled_from(sorted(TYPES[extension])))
    height, width = draw(st.integers(1, 70)), draw(st.integers(1, 50))
    channels = draw(st.sampled_from([1, 3, 4]))
    spec = oiio.ImageSpec(width, height, channels, TYPES[extension][dtype])
    spec.attribute("oiio:UnassociatedAlpha", 1)
    spec.attribute("tiff:write_exif", 0)
    spec.attribute("compression", draw(st.sampled_from(COMPRESSIONS[extension])))
    if extension == "tif":
        spec.attribute("planarconfig", draw(st.sampled_from(["contig", "separate"])))
        spec.attribute("tiff:RowsPerStrip", draw(st.integers(1, 40)))
    if extension == "exr":
        spec.x, spec.y = draw(st.integers(-99, 99)), draw(st.integers(-99, 99))
        spec.full_x, spec.full_y = draw(st.integers(-99, 99)), draw(st.integers(-99, 99))
        spec.full_width, spec.full_height = draw(st.integers(1, 99)), draw(st.integers(1, 99))
        order = draw(st.sampled_from(["increasingY", "decreasingY"]))
        spec.attribute("openexr:lineOrder", order)
    if extension != "png" and draw(st.booleans()):
        spec.tile_width, spec.tile_height, spec.tile_depth = 16, 32, 1
    return extension, dtype, spec


@st.composite
def edits(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    return seed, draw(st.sampled_from([0.0, 0.002, 0.05, 1.0])), draw(st.booleans())


def restored(frame, seed, share):
    random = np.random.default_rng(seed)
    part = frame.parts[0]
    coverage = (random.random(part.data_window.shape) < share).astype(np.float32)
    planes = {}
    for name, plane in part.planes.items():
        fmt = part.formats[name]
        new = random_samples(random, plane.shape, plane.dtype).copy()
        if not fmt.is_float:
            new &= np.array(fmt.maximum, new.dtype)
        planes[name] = np.where(coverage > 0, new, plane)
    return frame.with_part(0, part.with_planes(planes)), coverage


def check(path, edit):
    seed, share, _ = edit
    original = read_image(path, 1)
    assert original.locked is None
    frame, coverage = restored(original, seed, share)
    target = path.with_name(f"out{path.suffix}")
    notes = write_restored(path, frame, target, original=original)
    result = read_image(target, 1)
    assert same_samples(frame, result) == []
    assert same_samples(original, result, {0: coverage > 0}) == []
    for name, value in original.parts[0].attributes.items():
        if name != "compression" and not (notes.notes and name == "oiio:RowsPerChunk"):
            assert result.parts[0].attributes[name] == value
    if share == 0:
        assert target.read_bytes() == path.read_bytes()
    return target, notes


@settings(max_examples=60, deadline=None)
@given(images(), edits())
def test_outside_bits_of_library_files(image, edit):
    extension, dtype, spec = image
    samples = random_samples(
        np.random.default_rng(edit[0]), (spec.height, spec.width, spec.nchannels), dtype
    )
    lossy = spec.get_string_attribute("compression")[:3] in ("b44", "dwa", "pxr")
    if extension == "exr" and dtype.startswith("float") and lossy:
        # What a lossy codec makes of NaN and infinities is its own affair.
        samples = np.nan_to_num(samples, posinf=1, neginf=-1).clip(-100, 100)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{extension}"
        out = oiio.ImageOutput.create(path.name)
        assert out.open(str(path), spec)
        assert out.write_image(np.ascontiguousarray(samples))
        assert out.close()
        del out
        target, notes = check(path, edit)
        if extension == "exr" and not notes.notes:
            assert read_structure(path).head == read_structure(target).head


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(6, 1), (50, 3), (51, 4), (52, 4)]),
    st.sampled_from([(8, 0), (10, 0), (10, 1), (10, 2), (12, 0), (12, 1), (12, 2), (16, 0)]),
    st.booleans(),
    st.integers(1, 40),
    st.integers(1, 30),
    edits(),
)
def test_outside_bits_of_dpx(kind, depth, big, width, height, edit):
    (descriptor, channels), (bits, packing) = kind, depth
    samples = width * channels
    if bits in (8, 16) or packing == 0:
        line = -(-samples * bits // 32) * 4
    else:
        line = -(-samples // 3) * 4 if bits == 10 else -(-samples // 2) * 4
    random = np.random.default_rng(edit[0])
    order = ">" if big else "<"
    head = bytearray(random.bytes(2048))  # nothing but what is set below may matter
    head[0:4] = b"SDPX" if big else b"XPDS"
    struct.pack_into(order + "I", head, 4, 2048)
    struct.pack_into(order + "HHII", head, 768, 0, 1, width, height)
    struct.pack_into(order + "I", head, 780, 0)
    head[800:804] = bytes([descriptor, 2, 2, bits])
    struct.pack_into(order + "HHII", head, 804, packing, 0, 2048, 0)
    for start, end in ((8, 16), (36, 660), (816, 852), (1432, 1620), (1664, 2048)):
        head[start:end] = bytes(end - start)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.dpx"
        path.write_bytes(bytes(head) + random.bytes(line * height))
        target, notes = check(path, edit)
        assert notes.notes == ()
        before, after = path.read_bytes(), target.read_bytes()
        assert before[:2048] == after[:2048]
        # Undoing the edit gives the old file: padding bits and bytes were left alone.
        original, result = read_image(path, 1), read_image(target, 1)
        undone = result.with_part(0, result.parts[0].with_planes(original.parts[0].planes))
        back = path.with_name("back.dpx")
        write_restored(target, undone, back, original=result)
        assert back.read_bytes() == before
