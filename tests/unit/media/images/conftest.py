"""Small image files of every kind, made from seeds, by the library or byte by byte."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame, Part, PixelFormat

_TYPES = {"float16": "half", "float32": "float", "uint32": "uint"}


def _spec(pixels, attributes, names, tile, window):
    height, width, count = pixels.shape
    spec = oiio.ImageSpec(width, height, count, _TYPES.get(pixels.dtype.name, pixels.dtype.name))
    spec.attribute("oiio:UnassociatedAlpha", 1)
    spec.attribute("tiff:write_exif", 0)
    for name, value in attributes.items():
        if isinstance(value, tuple):
            spec.attribute(name, oiio.TypeDesc(value[0]), value[1])
        else:
            spec.attribute(name, value)
    if names:
        spec.channelnames = tuple(names)
    if tile:
        spec.tile_width, spec.tile_height, spec.tile_depth = *tile, 1
    if window:
        spec.x, spec.y, spec.full_x, spec.full_y, spec.full_width, spec.full_height = window
    return spec


@pytest.fixture
def save(tmp_path):
    """save(name, pixels, ...) -> path; one image, or several where `pixels` is a list."""

    def _save(name, pixels, attributes=None, *, names=None, tile=None, window=None):
        path = tmp_path / name
        several = isinstance(pixels, list)
        images = pixels if several else [pixels]
        extras = attributes if several else [attributes or {}]
        specs = [_spec(p, a, names, tile, window) for p, a in zip(images, extras, strict=True)]
        out = oiio.ImageOutput.create(name)
        assert out.open(str(path), tuple(specs) if several else specs[0]), out.geterror()
        for i, image in enumerate(images):
            if i:
                assert out.open(str(path), specs[i], "AppendSubimage"), out.geterror()
            assert out.write_image(image), out.geterror()
        assert out.close(), out.geterror()
        return path

    return _save


@pytest.fixture
def dpx_file(tmp_path):
    """dpx_file(...) -> path: any element layout with random words, padding bits included."""

    def _dpx(
        width, height, line_bytes, *, descriptor=50, bits=10, packing=1, big=True, seed=0,
        encoding=0, sign=0, name="a.dpx", body=None, second=None,
    ):  # fmt: skip
        order = ">" if big else "<"
        head = bytearray(b"\xff" * 2048)
        size = line_bytes * height
        if body is None:
            body = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()
        total = 2048 + len(body) + (len(second[2]) if second else 0)
        head[0:4] = b"SDPX" if big else b"XPDS"
        struct.pack_into(order + "I8sIIIII", head, 4, 2048, b"V1.0", total, 1, 1664, 384, 0)
        head[36:660] = b"scanner x".ljust(624, b"\0")
        struct.pack_into(order + "HHII", head, 768, 0, 2 if second else 1, width, height)
        struct.pack_into(order + "I", head, 780, sign)
        head[800:804] = bytes([descriptor, 1, 1, bits])
        struct.pack_into(order + "HHII", head, 804, packing, encoding, 2048, 0xFFFFFFFF)
        if second:
            struct.pack_into(order + "I", head, 852, 0)
            head[872:876] = bytes([second[0], 0, 0, second[1]])
            struct.pack_into(order + "HHII", head, 876, 0, 0, 2048 + len(body), 0)
        struct.pack_into(order + "II", head, 1628, 1, 1)
        struct.pack_into(order + "I", head, 1920, 0x01020304)
        path = tmp_path / name
        path.write_bytes(bytes(head) + body + (second[2] if second else b""))
        return path

    return _dpx


@pytest.fixture
def tiff_file(tmp_path):
    """tiff_file(samples, ...) -> path: a TIFF byte by byte, one strip of so many lines each."""

    def _tiff(
        samples, *, big=False, photometric=None, rows=7, compression=1, predictor=1,
        sample_format=None, tags=(), name="a.tif", bits=None, body=None,
    ):  # fmt: skip
        order = ">" if big else "<"
        height, width, count = samples.shape
        bits = bits or samples.dtype.itemsize * 8
        strips = []
        stored = samples.astype(samples.dtype.newbyteorder(order))
        if predictor == 2:
            steps = samples.copy()
            steps[:, 1:] -= samples[:, :-1]
            stored = steps.astype(samples.dtype.newbyteorder(order))
        for top in range(0, height, rows):
            raw = stored[top : top + rows].tobytes()
            strips.append(zlib.compress(raw) if compression == 8 else raw)
        if body is not None:
            strips, rows = [body], height
        kind = sample_format or {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
        starts, at = [], 8
        for strip in strips:
            starts.append(at)
            at += len(strip)
        at += at % 2
        entries = [
            (256, 3, (width,)), (257, 3, (height,)), (258, 3, (bits,) * count),
            (259, 3, (compression,)), (262, 3, (photometric or (2 if count >= 3 else 1),)),
            (273, 4, tuple(starts)), (277, 3, (count,)), (278, 3, (rows,)),
            (279, 4, tuple(len(s) for s in strips)), (317, 3, (predictor,)),
            (339, 3, (kind,) * count), *tags,
        ]  # fmt: skip
        entries.sort()
        data = at + 2 + 12 * len(entries) + 4
        directory, values = struct.pack(order + "H", len(entries)), b""
        for tag, type_, numbers in entries:
            code = {2: "s", 3: "H", 4: "I"}[type_]
            if code == "s":
                packed, number = numbers, len(numbers)
            else:
                packed, number = struct.pack(f"{order}{len(numbers)}{code}", *numbers), len(numbers)
            directory += struct.pack(order + "HHI", tag, type_, number)
            if len(packed) <= 4:
                directory += packed.ljust(4, b"\0")
            else:
                directory += struct.pack(order + "I", data + len(values))
                values += packed + b"\0" * (len(packed) % 2)
        head = (b"MM\0*" if big else b"II*\0") + struct.pack(order + "I", at)
        middle = b"".join(strips)
        path = tmp_path / name
        middle += b"\0" * (len(middle) % 2)
        path.write_bytes(head + middle + directory + bytes(4) + values)
        return path

    return _tiff


@pytest.fixture
def edited():
    """edited(frame, seed, part=0) -> (frame with a random patch of new samples, coverage)."""

    def _edit(frame, seed, *, part=0, size=6):
        random = np.random.default_rng(seed)
        old = frame.parts[part]
        height, width = old.data_window.shape
        coverage = np.zeros((height, width), np.float32)
        y, x = random.integers(0, height), random.integers(0, width)
        coverage[y : y + size, x : x + size] = 1
        planes = {}
        for name, plane in old.planes.items():
            new = plane.copy()
            fmt = old.formats[name]
            if fmt.is_float:
                new[coverage > 0] = random.random(int(coverage.sum())).astype(plane.dtype)
            else:
                new[coverage > 0] = random.integers(
                    0, fmt.maximum, int(coverage.sum()), endpoint=True
                ).astype(plane.dtype)
            planes[name] = new
        return frame.with_part(part, old.with_planes(planes)), coverage

    return _edit


@pytest.fixture
def frame_of():
    """frame_of(planes, bits=None, ...) -> a Frame of one part."""

    def _frame(planes, bits=None, *, number=1, box=None, display=None, attributes=None):
        shape = next(iter(planes.values())).shape
        box = box or Box.of_size(shape[1], shape[0])
        formats = {name: PixelFormat.of(p.dtype, bits) for name, p in planes.items()}
        part = Part("", planes, formats, box, display or box, attributes or {})
        return Frame(number, (part,))

    return _frame


@pytest.fixture
def pixels():
    """pixels(height, width, channels, dtype) -> made-up samples."""

    def _pixels(height, width, channels, dtype, seed=0):
        random = np.random.default_rng(seed)
        shape = (height, width, channels)
        if np.dtype(dtype).kind == "f":
            return random.normal(0.2, 0.2, shape).astype(dtype)
        top = np.iinfo(dtype).max
        return random.integers(0, top, shape, endpoint=True, dtype=dtype)

    return _pixels


@pytest.fixture
def header_end():
    """header_end(path) -> bytes before an EXR's offset tables."""

    def _end(path: Path) -> bytes:
        data = path.read_bytes()
        at = 8
        while data[at]:
            at = data.index(b"\0", at) + 1
            at = data.index(b"\0", at) + 1
            at += 4 + struct.unpack_from("<i", data, at)[0]
        return data[: at + 1]

    return _end
