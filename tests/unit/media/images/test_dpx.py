from __future__ import annotations

import av
import numpy as np
import OpenImageIO as oiio
import pytest

from filmrestore_core.media.compare_frames import same_samples
from filmrestore_core.media.dpx import parse_header, patch, picture_planes, unwritten_tail
from filmrestore_core.media.image_file import read_image, write_restored

CHANNELS = {6: 1, 50: 3, 51: 4, 52: 4}


def line_of(width, descriptor, bits, packing):
    samples = width * CHANNELS[descriptor]
    if bits in (8, 16):
        return -(-samples * bits // 8 // 4) * 4
    if packing == 0:
        return -(-samples * bits // 32) * 4
    return -(-samples // 3) * 4 if bits == 10 else -(-samples * 2 // 4) * 4


def by_ffmpeg(path):
    """Channel -> codes as FFmpeg's DPX decoder gives them."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    order = ">" if frame.format.name.endswith("be") else "<"
    name = frame.format.name.removesuffix("le").removesuffix("be")
    size = np.uint8 if frame.format.components[0].bits == 8 else np.dtype(order + "u2")

    def plane(p, count):
        rows = np.frombuffer(p, np.uint8).reshape(p.height, p.line_size).view(size)
        return rows[:, : p.width * count].reshape(p.height, p.width, count)

    if name.startswith("gbr"):
        return {c: plane(p, 1)[..., 0] for c, p in zip("GBRA", frame.planes, strict=False)}
    count = len(frame.format.components)
    whole = plane(frame.planes[0], count)
    return {c: whole[..., i] for i, c in enumerate("RGBA"[:count] if count > 1 else "Y")}


@pytest.mark.parametrize("width", [5, 6, 7, 31])
@pytest.mark.parametrize("big", [True, False])
@pytest.mark.parametrize(
    ("descriptor", "bits", "packing"),
    [
        (6, 8, 0), (6, 10, 1), (6, 10, 2), (6, 12, 0), (6, 12, 1), (6, 12, 2), (6, 16, 0),
        (50, 8, 0), (50, 10, 1), (50, 12, 0), (50, 12, 1), (50, 12, 2), (50, 16, 0),
        (51, 8, 0), (51, 10, 1), (51, 12, 0), (51, 12, 1), (51, 16, 0),
    ],
)  # fmt: skip
def test_codes_are_those_of_ffmpeg(dpx_file, descriptor, bits, packing, big, width):
    line = line_of(width, descriptor, bits, packing)
    path = dpx_file(width, 4, line, descriptor=descriptor, bits=bits, packing=packing, big=big)
    ours = read_image(path, 1).parts[0].planes
    theirs = by_ffmpeg(path)
    assert set(ours) == set(theirs)
    for name, plane in ours.items():
        assert (plane == theirs[name]).all()


@pytest.mark.parametrize("big", [True, False])
@pytest.mark.parametrize(
    ("descriptor", "bits", "packing", "width"),
    [(50, 10, 1, 7), (50, 10, 2, 7), (50, 10, 0, 7), (6, 10, 0, 7), (6, 10, 1, 6), (51, 12, 0, 5),
     (52, 8, 0, 5), (52, 16, 0, 5), (52, 10, 0, 6)],
)  # fmt: skip
def test_codes_are_those_of_the_library_where_it_reads_right(
    dpx_file, descriptor, bits, packing, big, width
):
    line = line_of(width, descriptor, bits, packing)
    path = dpx_file(width, 4, line, descriptor=descriptor, bits=bits, packing=packing, big=big)
    reader = oiio.ImageInput.open(str(path))
    words = reader.read_image(oiio.UNKNOWN)
    ours = read_image(path, 1).parts[0].planes
    for index, name in enumerate(reader.spec().channelnames):
        assert (words[..., index] >> (words.dtype.itemsize * 8 - bits) == ours[name]).all()


def test_lines_without_padding_are_seen_by_the_size(dpx_file):
    # 8-bit RGB, 5 wide: 16 bytes a line by the standard, 15 as many writers have it.
    body = np.arange(60, dtype=np.uint8).tobytes()
    tight = read_image(dpx_file(5, 4, 15, bits=8, packing=0, body=body), 1).parts[0].planes
    assert tight["R"][1].tolist() == [15, 18, 21, 24, 27]
    padded = b"".join(body[i : i + 15] + b"\xee" for i in range(0, 60, 15))
    loose = read_image(dpx_file(5, 4, 16, bits=8, packing=0, body=padded), 1).parts[0].planes
    for name, plane in tight.items():
        assert (loose[name] == plane).all()


def test_one_channel_words_that_run_on_over_lines(dpx_file):
    codes = np.arange(5 * 4, dtype=np.uint32) * 50
    padded = np.append(codes, [0] * (-codes.size % 3)).reshape(-1, 3)
    words = padded[:, 0] << 2 | padded[:, 1] << 12 | padded[:, 2] << 22 | 1
    path = dpx_file(5, 4, 0, descriptor=6, body=words.astype(">u4").tobytes())
    original = read_image(path, 1)
    plane = original.parts[0].planes["Y"]
    assert (plane.ravel() == codes).all()
    new = plane.copy()
    new[2, 3] = 1000
    frame = original.with_part(0, original.parts[0].with_planes({"Y": new}))
    target = path.with_name("b.dpx")
    write_restored(path, frame, target, original=original)
    assert (read_image(target, 1).parts[0].planes["Y"] == new).all()
    differ = np.flatnonzero(np.frombuffer(path.read_bytes(), "u1") != list(target.read_bytes()))
    assert differ.size
    assert set(differ // 4) == {512 + (2 * 5 + 3) // 3}


@pytest.mark.parametrize("big", [True, False])
@pytest.mark.parametrize("descriptor", [6, 50, 51, 52])
@pytest.mark.parametrize(
    ("bits", "packing"), [(8, 0), (10, 0), (10, 1), (10, 2), (12, 0), (12, 1), (12, 2), (16, 0)]
)
def test_only_restored_samples_change_in_the_file(dpx_file, edited, descriptor, bits, packing, big):
    line = line_of(13, descriptor, bits, packing)
    path = dpx_file(13, 9, line, descriptor=descriptor, bits=bits, packing=packing, big=big)
    original = read_image(path, 8)
    frame, coverage = edited(original, bits)
    target = path.with_name("b.dpx")
    notes = write_restored(path, frame, target, original=original)
    assert notes.notes == ()
    result = read_image(target, 8)
    assert same_samples(frame, result) == []
    assert same_samples(original, result, {0: coverage > 0}) == []
    before, after = path.read_bytes(), target.read_bytes()
    assert before[:2048] == after[:2048]
    # Putting the old samples back gives the old file: no padding bit was touched.
    back = target.with_name("c.dpx")
    write_restored(target, result.with_part(0, original.parts[0]), back, original=result)
    assert back.read_bytes() == before


def test_an_infrared_map_is_shown_and_stays(dpx_file, edited):
    # Northlight scanners store a one-bit map as second element; 9 pixels fit one word a line.
    lines = np.array([0b1, 0b10, 0b100000000, 0], ">u4")
    path = dpx_file(9, 4, 36, second=(6, 1, lines.tobytes()))
    original = read_image(path, 1)
    assert [p.name for p in original.parts] == ["", "infrared"]
    infrared = original.parts[1].planes["Y"]
    assert infrared.tolist() == [
        [1, 0, 0, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 1], [0] * 9,
    ]  # fmt: skip
    assert original.parts[1].formats["Y"].bits == 1
    frame, _ = edited(original, 1)
    target = path.with_name("b.dpx")
    write_restored(path, frame, target, original=original)
    assert target.read_bytes()[-16:] == lines.tobytes()
    assert same_samples(frame, read_image(target, 1)) == []


@pytest.mark.parametrize(
    ("words", "kwargs"),
    [
        ("run-length encoded", {"encoding": 1}),
        ("descriptor 100", {"descriptor": 100}),
        ("signed samples", {"sign": 1}),
        ("64 bits", {"bits": 64}),
        ("packing 7", {"packing": 7}),
    ],
)
def test_kinds_that_cannot_be_edited_are_named(dpx_file, words, kwargs):
    frame = read_image(dpx_file(8, 4, 64, **kwargs), 2)
    assert words in (frame.locked or "")
    assert frame.parts == ()


def test_headers_that_cannot_be_true_are_refused(dpx_file):
    good = bytearray(dpx_file(8, 4, 32).read_bytes())
    for at, value, words in (
        (0, b"ABCD", "does not begin like"),
        (772, b"\xff\xff\xff\xff", "claims"),
        (776, b"\0\0\0\0", "claims"),
        (770, b"\x7f\xff", "claims"),
    ):
        bad = bytearray(good)
        bad[at : at + len(value)] = value
        with pytest.raises(ValueError, match=words):
            parse_header(bytes(bad[:2048]), len(bad))
    with pytest.raises(ValueError, match="header ends after 1000 bytes"):
        parse_header(bytes(good[:1000]), 1000)
    with pytest.raises(ValueError, match="the file ends at byte"):
        parse_header(bytes(good[:2048]), len(good) - 1)


def test_codes_that_do_not_fit_are_refused(dpx_file):
    path = dpx_file(8, 4, 32)
    data = np.frombuffer(path.read_bytes(), np.uint8)
    header = parse_header(data[:2048].tobytes(), data.size)
    planes = picture_planes(header, data)
    with pytest.raises(ValueError, match="codes above 1023"):
        patch(header, data, {**planes, "R": planes["R"] + np.uint16(1023)}, planes)


def test_a_copy_that_never_finished_is_not_edited(dpx_file):
    whole = dpx_file(64, 48, 256)
    data = bytearray(whole.read_bytes())
    data[2048 + 20 * 256 + 100 :] = bytes(len(data) - 2048 - 20 * 256 - 100)
    whole.write_bytes(data)
    frame = read_image(whole, 4)
    assert frame.locked == "DPX that looks unfinished: lines 21 to 47 of 48 hold only zeros"
    assert frame.parts == ()


def test_a_black_bottom_that_may_be_picture_is_only_told(dpx_file):
    path = dpx_file(64, 48, 256)
    data = bytearray(path.read_bytes())
    data[2048 + 40 * 256 :] = bytes(8 * 256)
    path.write_bytes(data)
    frame = read_image(path, 4)
    assert frame.locked is None
    assert frame.notes == ("In a.dpx lines 40 to 47 of 48 hold only zeros; was the file finished?",)
    path.write_bytes(data[:2048] + bytes(48 * 256))  # a black frame is nothing to speak of
    assert read_image(path, 4).notes == ()


def test_a_slanted_black_edge_is_no_torn_file(dpx_file):
    path = dpx_file(64, 48, 256)
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    lines = data[2048:].reshape(48, 64, 4)
    for y in range(48):
        lines[y, max(0, 64 - 3 * max(0, y - 20)) :] = 0
    header = parse_header(data[:2048].tobytes(), data.size)
    tail = unwritten_tail(header, data)
    assert tail is None or not tail[1]
