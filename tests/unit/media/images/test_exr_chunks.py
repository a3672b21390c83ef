from __future__ import annotations

import struct

import numpy as np
import pytest

from filmrestore_core.media.exr_chunks import read_structure


@pytest.mark.parametrize(
    ("compression", "lines"),
    [("none", 1), ("zips", 1), ("zip", 16), ("piz", 32), ("dwaa", 32), ("dwab", 256),
     ("pxr24", 16), ("b44", 32), ("htj2k256", 256), ("htj2k32", 32)],
)  # fmt: skip
def test_scanline_chunks_cover_the_window_once(save, pixels, compression, lines):
    path = save("a.exr", pixels(70, 9, 1, "float16"), {"compression": compression},
                window=(2, -5, 0, 0, 9, 9))  # fmt: skip
    file = read_structure(path)
    assert file.parts[0].compression == compression
    assert file.parts[0].lines_per_chunk == lines
    assert [c.key for c in file.chunks[0]] == [(y,) for y in range(-5, 65, lines)]
    data = path.read_bytes()
    assert data.startswith(file.head)
    assert file.chunks[0][0].start == len(file.head) + 8 * len(file.chunks[0])
    assert max(c.end for c in file.chunks[0]) == len(data)


def test_tiles_are_found(save, pixels):
    file = read_structure(save("a.exr", pixels(40, 30, 3, "float16"), tile=(16, 16)))
    assert {c.key for c in file.chunks[0]} == {(x, y, 0, 0) for x in range(2) for y in range(3)}


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_found(save, pixels, keep):
    path = save("a.exr", pixels(70, 40, 3, "float16"), {"compression": "zip"})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(ValueError, match=r"the file ends at byte|missing|can hold"):
        read_structure(path)


def test_chunks_never_written_are_counted(save, pixels):
    path = save("a.exr", pixels(70, 40, 3, "float16"), {"compression": "zip"})
    head = len(read_structure(path).head)
    data = bytearray(path.read_bytes())
    data[head + 8 : head + 24] = bytes(16)
    path.write_bytes(data)
    with pytest.raises(ValueError, match="2 of 5 chunks are missing"):
        read_structure(path)


def test_a_chunk_in_two_places_is_refused(save, pixels):
    path = save("a.exr", pixels(70, 40, 3, "float16"), {"compression": "zip"})
    head = len(read_structure(path).head)
    data = bytearray(path.read_bytes())
    data[head + 8 : head + 16] = data[head : head + 8]
    path.write_bytes(data)
    with pytest.raises(ValueError, match="names a chunk twice"):
        read_structure(path)


def test_a_chunk_of_another_line_is_refused(save, pixels):
    path = save("a.exr", pixels(70, 40, 3, "float16"), {"compression": "zip"})
    start = read_structure(path).chunks[0][1].start
    data = bytearray(path.read_bytes())
    for value, words in ((17, "line 17"), (-16, "line -16"), (9999, "line 9999")):
        struct.pack_into("<i", data, start, value)
        path.write_bytes(data)
        with pytest.raises(ValueError, match=words):
            read_structure(path)


def test_a_part_number_that_does_not_fit_is_refused(save, pixels):
    images = [pixels(20, 9, 1, "float16")] * 2
    path = save("a.exr", images, [{"oiio:subimagename": "a"}, {"oiio:subimagename": "b"}])
    file = read_structure(path)
    assert file.multipart
    data = bytearray(path.read_bytes())
    struct.pack_into("<i", data, file.chunks[1][0].start, 0)
    path.write_bytes(data)
    with pytest.raises(ValueError, match="says it belongs to part 0"):
        read_structure(path)


def test_a_flipped_byte_in_any_header_place_never_crashes(save, pixels):
    path = save("a.exr", pixels(20, 9, 3, "float16"), {"compression": "zip"}, tile=(16, 16))
    good = path.read_bytes()
    random = np.random.default_rng(1)
    refused = 0
    for at in random.integers(0, len(read_structure(path).head) + 32, 300):
        bad = bytearray(good)
        bad[at] ^= 1 << int(random.integers(0, 8))
        path.write_bytes(bad)
        try:
            read_structure(path)
        except ValueError:
            refused += 1
    assert refused > 100
