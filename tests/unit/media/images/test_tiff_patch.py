from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.media.compare_frames import same_samples
from filmrestore_core.media.image_file import read_image, write_restored
from filmrestore_core.media.tiff_directory import read_directories


def restore(path, edited, seed=0, part=0):
    original = read_image(path, 3)
    assert original.locked is None
    frame, coverage = edited(original, seed, part=part)
    target = path.with_name("out.tif")
    notes = write_restored(path, frame, target, original=original)
    result = read_image(target, 3)
    assert same_samples(frame, result) == []
    assert same_samples(original, result, {part: coverage > 0}) == []
    assert same_samples(original, result) != []
    return target, notes


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int16", "float16", "float32"])
def test_uncompressed_samples_change_in_place(tiff_file, pixels, edited, dtype, big):
    samples = pixels(20, 13, 3, dtype)
    path = tiff_file(samples, big=big)
    target, notes = restore(path, edited)
    assert notes.notes == ()
    before, after = (np.frombuffer(p.read_bytes(), np.uint8) for p in (path, target))
    assert before.size == after.size
    differ = np.flatnonzero(before != after)
    assert 0 < differ.size <= 36 * 3 * samples.dtype.itemsize
    assert differ.max() < 8 + samples.nbytes  # tags lie behind the samples


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float32"])
@pytest.mark.parametrize("compression", ["none", "lzw", "zip"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_layouts_of_the_library_are_kept(save, pixels, edited, dtype, compression, planar, tile):
    path = save(
        "a.tif", pixels(37, 21, 3, dtype), {"compression": compression, "planarconfig": planar},
        tile=tile,
    )  # fmt: skip
    target, _ = restore(path, edited)
    was, now = read_directories(path), read_directories(target)
    for name in ("compression", "predictor", "separate", "block_width", "block_height", "tiled"):
        assert getattr(was.pages[0], name) == getattr(now.pages[0], name)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_samples_of_odd_bits_are_codes_and_come_back(save, edited, bits):
    codes = np.random.default_rng(bits).integers(0, 1 << bits, (19, 13, 3), dtype=np.uint16)
    whole = (codes << (16 - bits)) | (codes >> (2 * bits - 16))
    path = save("a.tif", whole, {"oiio:BitsPerSample": bits, "compression": "none"})
    original = read_image(path, 1)
    for index, plane in enumerate(original.parts[0].planes.values()):
        assert (plane == codes[..., index]).all()
    assert {f.bits for f in original.parts[0].formats.values()} == {bits}
    restore(path, edited)


@pytest.mark.parametrize("big", [False, True])
def test_deflate_with_predictor_in_both_byte_orders(tiff_file, pixels, edited, big):
    path = tiff_file(pixels(20, 13, 3, "uint16"), big=big, compression=8, predictor=2)
    target, _ = restore(path, edited)
    assert read_directories(target).order == (">" if big else "<")


def test_private_tags_profiles_and_dates_stay(tiff_file, pixels, edited):
    tags = (
        (306, 2, b"1999:12:31 23:59:59\0"),
        (285, 2, b"page one\0"),
        (34675, 2, bytes(range(200))),
        (65000, 4, (1, 2, 3)),
    )
    path = tiff_file(pixels(20, 13, 3, "uint16"), tags=tags, compression=8)
    target, _ = restore(path, edited)
    data = target.read_bytes()
    for _, type_, value in tags:
        assert (value if type_ == 2 else b"\x01\0\0\0\x02\0\0\0\x03\0\0\0") in data
    assert b"OpenImageIO" not in data


def test_only_the_page_that_was_restored_changes(save, pixels, edited):
    pages = [pixels(20, 13, 3, "uint16", seed) for seed in range(3)]
    path = save("a.tif", pages, [{"compression": "zip"}] * 3)
    target, _ = restore(path, edited, part=1)
    was, now = read_directories(path), read_directories(target)
    for page in (0, 2):
        assert (was.pages[page].offsets == now.pages[page].offsets).all()


def test_untouched_strips_stay_where_they_are(save, pixels, edited):
    path = save("a.tif", pixels(200, 31, 3, "uint16"), {"compression": "zip"})
    original = read_image(path, 3)
    _, coverage = edited(original, 4)
    target, _ = restore(path, edited, seed=4)
    was, now = read_directories(path).pages[0], read_directories(target).pages[0]
    lines = np.flatnonzero(coverage.any(axis=1))
    touched = set((lines // was.block_height).tolist())
    before, after = path.read_bytes(), target.read_bytes()
    rest = [i for i in range(was.offsets.size) if i not in touched]
    assert len(rest) >= was.offsets.size - 2
    for index in rest:
        start, count = int(was.offsets[index]), int(was.counts[index])
        assert (int(now.offsets[index]), int(now.counts[index])) == (start, count)
        assert before[start : start + count] == after[start : start + count]


def test_straight_alpha_is_not_multiplied(save, pixels, edited):
    samples = pixels(12, 9, 4, "uint16")
    path = save("a.tif", samples)
    frame = read_image(path, 1)
    assert (frame.parts[0].planes["R"] == samples[..., 0]).all()
    assert (frame.parts[0].planes["A"] == samples[..., 3]).all()
    restore(path, edited)


@pytest.mark.parametrize("compression", ["none", "lzw", "zip"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_picture_that_changes_everywhere(save, pixels, compression, planar):
    # Separate planes have short last strips in the middle of the file.
    attributes = {"compression": compression, "planarconfig": planar, "tiff:RowsPerStrip": 8}
    path = save("a.tif", pixels(37, 21, 3, "uint16"), attributes)
    original = read_image(path, 3)
    part = original.parts[0]
    planes = {n: np.random.default_rng(5).permuted(p) for n, p in part.planes.items()}
    frame = original.with_part(0, part.with_planes(planes))
    target = path.with_name("out.tif")
    write_restored(path, frame, target, original=original)
    assert same_samples(frame, read_image(target, 3)) == []
    assert target.stat().st_size < 2.2 * path.stat().st_size
