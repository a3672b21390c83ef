from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from filmrestore_core.media.compare_frames import same_samples
from filmrestore_core.media.image_file import read_image, write_restored
from filmrestore_core.media.png_chunks import SIGNATURE, read_chunks, with_samples


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples, extra=(), kind=None, bits=None):
    height, width, count = samples.shape
    bits = bits or samples.dtype.itemsize * 8
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[count] if kind is None else kind
    rows = samples.astype(samples.dtype.newbyteorder(">")).reshape(height, -1)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    out = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    out += b"".join(chunk(k, d) for k, d in extra)
    packed = zlib.compress(lines)
    out += chunk(b"IDAT", packed[:50]) + chunk(b"IDAT", packed[50:])
    return out + chunk(b"tEXt", b"Comment\0after the samples") + chunk(b"IEND", b"")


EXTRAS = (
    (b"gAMA", struct.pack(">I", 45455)),
    (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
    (b"tIME", struct.pack(">HBBBBB", 1999, 12, 31, 23, 59, 59)),
    (b"tEXt", b"Reel\x00004"),
    (b"prVt", b"a private chunk"),
)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_chunk_but_the_samples_stays(tmp_path, pixels, edited, channels, dtype):
    path, target = tmp_path / "a.png", tmp_path / "b.png"
    samples = pixels(17, 13, channels, dtype)
    path.write_bytes(png(samples, EXTRAS))
    original = read_image(path, 5)
    for index, plane in enumerate(original.parts[0].planes.values()):
        assert (plane == samples[..., index]).all()  # straight alpha is not multiplied in
    frame, coverage = edited(original, 1)
    notes = write_restored(path, frame, target, original=original)
    assert notes.notes == ()
    assert same_samples(frame, read_image(target, 5)) == []
    assert same_samples(original, read_image(target, 5), {0: coverage > 0}) == []
    kept = [c for c in read_chunks(path).chunks if c[0] != b"IDAT"]
    assert [c for c in read_chunks(target).chunks if c[0] != b"IDAT"] == kept


def test_texts_are_added_before_the_samples(tmp_path, pixels, edited):
    path, target = tmp_path / "a.png", tmp_path / "b.png"
    path.write_bytes(png(pixels(9, 9, 3, "uint8")))
    original = read_image(path, 5)
    frame, _ = edited(original, 1)
    texts = {"filmrestore:by": "é", "filmrestore:version": "1"}
    write_restored(path, frame, target, original=original, attributes=texts)
    chunks = read_chunks(target).chunks
    assert chunks[1:3] == (
        (b"iTXt", b"filmrestore:by\0\0\0\0\0" + "é".encode()),
        (b"tEXt", b"filmrestore:version\0001"),
    )
    assert read_image(target, 5).parts[0].attributes["filmrestore:version"] == "1"


def test_a_missing_end_is_found(tmp_path, pixels):
    # The library reads a PNG without its last byte and says nothing.
    path = tmp_path / "a.png"
    data = png(pixels(17, 13, 3, "uint8"))
    for keep in (len(data) - 1, len(data) - 12, len(data) // 2, 40, 8):
        path.write_bytes(data[:keep])
        with pytest.raises(ValueError, match="the file ends at byte"):
            read_chunks(path)


def test_a_flipped_byte_is_found_in_every_chunk(tmp_path, pixels):
    path = tmp_path / "a.png"
    data = png(pixels(17, 13, 3, "uint8"), EXTRAS)
    for at in range(8, len(data), 7):
        broken = bytearray(data)
        broken[at] ^= 0x10
        path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"damaged|the file ends|no proper header"):
            read_chunks(path)


@pytest.mark.parametrize(
    ("words", "kwargs"),
    [
        ("PNG with a palette", {"kind": 3, "extra": ((b"PLTE", bytes(768)),)}),
        ("PNG of 4 bits", {"bits": 4}),
        ("PNG with a transparent color", {"extra": ((b"tRNS", bytes(2)),)}),
        ("animated PNG", {"extra": ((b"acTL", bytes(8)),)}),
    ],
)
def test_kinds_that_cannot_be_edited_exactly_are_named(tmp_path, pixels, words, kwargs):
    path = tmp_path / "a.png"
    path.write_bytes(png(pixels(8, 8, 1, "uint8"), **kwargs))
    assert read_chunks(path).refusal == words


def test_samples_of_another_kind_are_refused(tmp_path):
    files = []
    for count in (1, 3):
        path = tmp_path / "a.png"
        path.write_bytes(png(np.zeros((4, 4, count), np.uint8)))
        files.append(read_chunks(path))
    with pytest.raises(ValueError, match="other samples"):
        list(with_samples(files[0], files[1], {}))
