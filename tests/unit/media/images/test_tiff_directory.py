from __future__ import annotations

import struct

import numpy as np
import pytest

from filmrestore_core.media.tiff_directory import read_directories


def test_what_a_page_is_stored_as(tiff_file, pixels):
    file = read_directories(tiff_file(pixels(20, 13, 3, "uint16"), big=True, rows=6))
    assert file.order == ">"
    page = file.pages[0]
    assert (page.width, page.height, page.bits, page.block_height) == (13, 20, (16,) * 3, 6)
    assert page.counts.tolist() == [6 * 13 * 6] * 3 + [2 * 13 * 6]
    assert file.refusal is None


@pytest.mark.parametrize("compression", ["zip", "lzw"])
@pytest.mark.parametrize("where", ["last byte", "half", "directory"])
def test_a_file_cut_short_is_found(save, pixels, compression, where):
    # The library reads a TIFF without its last byte and says nothing.
    path = save("a.tif", pixels(40, 30, 3, "uint16"), {"compression": compression})
    data = path.read_bytes()
    keep = {"last byte": len(data) - 1, "half": len(data) // 2, "directory": 20}[where]
    path.write_bytes(data[:keep])
    with pytest.raises(ValueError, match=r"the file ends at byte \d+|missing"):
        read_directories(path)


def test_an_uncompressed_file_cut_inside_its_samples_is_found(tiff_file, pixels):
    samples = pixels(20, 13, 3, "uint16")
    path = tiff_file(samples, body=samples.tobytes()[:-100])
    with pytest.raises(ValueError, match="too few for its size"):
        read_directories(path)


def test_directories_in_a_circle_are_refused(tiff_file, pixels):
    path = tiff_file(pixels(4, 4, 1, "uint8"))
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    path.write_bytes(data)
    with pytest.raises(ValueError, match="circle"):
        read_directories(path)


@pytest.mark.parametrize(
    ("words", "kwargs"),
    [
        ("min-is-white", {"photometric": 0, "rows": 20}),
        ("palette", {"photometric": 3}),
        ("Lab", {"photometric": 8}),
        ("packbits", {"compression": 32773}),
        ("JPEG", {"compression": 7}),
        ("predictor 9", {"predictor": 9}),
        ("reversed bits", {"tags": ((266, 3, (2,)),)}),
        ("child images", {"tags": ((330, 4, (8,)),)}),
        ("floating-point samples of 8 bits", {"sample_format": 3}),
    ],
)
def test_kinds_that_cannot_be_edited_exactly_are_named(tiff_file, pixels, words, kwargs):
    path = tiff_file(pixels(20, 13, 1, "uint8"), **kwargs)
    if kwargs.get("photometric") == 0:  # 0 is falsy in the maker
        data = path.read_bytes().replace(
            struct.pack("<HHIHH", 262, 3, 1, 1, 0), struct.pack("<HHIHH", 262, 3, 1, 0, 0)
        )
        path.write_bytes(data)
    assert words in (read_directories(path).refusal or "")


def test_four_inks_and_doubles_are_named(tiff_file, pixels):
    inks = read_directories(tiff_file(pixels(5, 4, 4, "uint8"), photometric=5))
    assert inks.refusal == "CMYK TIFF"
    doubles = read_directories(tiff_file(np.zeros((5, 4, 1))))
    assert doubles.refusal == "TIFF with floating-point samples of 64 bits"


@pytest.mark.parametrize(
    "data", [b"II*\0", b"GIF89a", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08"]
)
def test_no_tiff_is_refused(tmp_path, data):
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"the file ends|does not begin"):
        read_directories(path)
