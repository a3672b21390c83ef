from __future__ import annotations

import os
import struct
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

import filmrestore_core
from filmrestore_core.box import Box
from filmrestore_core.errors import (
    LockedFrameError,
    UnreadableFrameError,
    UnwritableFrameError,
)
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.media.compare_frames import same_samples
from filmrestore_core.media.exr_chunks import read_structure
from filmrestore_core.media.image_file import (
    probe_image,
    read_image,
    use_threads,
    write_new,
    write_restored,
)

posix = pytest.mark.skipif(os.name != "posix", reason="FIFOs and file size limits are POSIX's")


def new_frame(pixels, names, dtype, bits=None, number=7, **kwargs):
    samples = pixels(13, 17, len(names), dtype)
    if bits:
        samples >>= np.array(samples.dtype.itemsize * 8 - bits, samples.dtype)
    planes = {name: samples[..., i].copy() for i, name in enumerate(names)}
    formats = {name: PixelFormat.of(dtype, bits) for name in names}
    box = kwargs.pop("box", Box.of_size(17, 13))
    part = Part("", planes, formats, box, kwargs.pop("display", box), kwargs.pop("attributes", {}))
    return Frame(number, (part,))


@pytest.mark.parametrize(
    ("name", "channels", "dtype", "bits"),
    [
        ("a.exr", "RGB", "float16", None), ("a.exr", "RGBA", "float32", None),
        ("a.exr", "Y", "uint32", None), ("a.exr", "Y", "float16", None),
        ("a.png", "Y", "uint8", None), ("a.png", "RGB", "uint16", None),
        ("a.png", "RGBA", "uint16", None), ("a.tif", "RGB", "uint8", None),
        ("a.tif", "RGB", "uint16", None), ("a.tiff", "RGBA", "uint16", None),
        ("a.tif", "Y", "float32", None), ("a.tif", "Y", "uint32", None),
        ("a.tif", "RGB", "uint16", 10),
        ("a.tif", "RGB", "uint16", 12), ("a.dpx", "RGB", "uint16", 10),
        ("a.dpx", "Y", "uint16", 10), ("a.dpx", "RGB", "uint16", 12),
        ("a.dpx", "RGBA", "uint16", None), ("a.dpx", "RGB", "uint8", None),
    ],
)  # fmt: skip
def test_new_files_hold_what_was_sent_and_nothing_of_the_clock(
    tmp_path, pixels, name, channels, dtype, bits
):
    frame = new_frame(pixels, channels, dtype, bits)
    path, again = tmp_path / name, tmp_path / f"again_{name}"
    write_new(path, frame)
    assert same_samples(frame, read_image(path, 7)) == []
    write_new(again, frame)
    assert path.read_bytes() == again.read_bytes()
    year = str(np.datetime64("now"))[:4].encode() + b":"
    assert year not in path.read_bytes()


def test_a_new_exr_keeps_windows_parts_and_time_code(tmp_path, pixels):
    attributes = {
        "smpte:TimeCode": (0x01020304, 0),
        "FramesPerSecond": (24000, 1001),
        "owner": "archive",
        "oiio:SHA-1": "not true of the new file",
        "compression": "dwaa",
    }
    one = new_frame(pixels, "RGB", "float16", box=Box(-5, 3, 17, 13), display=Box(0, 0, 9, 9),
                    attributes=attributes)  # fmt: skip
    other = new_frame(pixels, "Y", "float32", display=Box(0, 0, 9, 9))
    parts = (one.parts[0], other.parts[0])
    named = [Part(n, p.planes, p.formats, p.data_window, p.display_window, p.attributes)
             for n, p in zip(("left", "right"), parts, strict=True)]  # fmt: skip
    frame = Frame(7, tuple(named))
    path = tmp_path / "a.exr"
    write_new(path, frame)
    back = read_image(path, 7)
    assert same_samples(frame, back) == []
    read = back.parts[0].attributes
    assert read["smpte:TimeCode"] == (0x01020304, 0)
    assert read["FramesPerSecond"] == (24000, 1001)
    assert read["Copyright"] == "archive"  # what the library calls "owner"
    assert read["compression"] == "zip"
    assert "oiio:SHA-1" not in read
    assert "capDate" not in read_structure(path).parts[0].attributes


@pytest.mark.parametrize(
    ("name", "channels", "dtype", "bits", "words"),
    [
        ("a.exr", "RGB", "uint16", None, "cannot hold uint16 of 16 bits"),
        ("a.png", "RGB", "float16", None, "cannot hold float16"),
        ("a.tif", "RGB", "float16", None, "cannot hold float16"),
        ("a.dpx", "RG", "uint16", 10, "DPX is written with Y, RGB or RGBA"),
        ("a.cin", "RGB", "uint16", 10, "new cineon files are not written"),
        ("a.gif", "RGB", "uint8", None, "extension '.gif'"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(tmp_path, pixels, name, channels, dtype, bits, words):
    frame = new_frame(pixels, channels, dtype, bits)
    with pytest.raises(UnwritableFrameError, match=words) as error:
        write_new(tmp_path / name, frame)
    assert error.value.frame == 7
    assert "Frame 7" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def assert_unreadable(path, words):
    for read in (lambda: read_image(path, 42), lambda: probe_image(path)):
        with pytest.raises(UnreadableFrameError, match=words) as error:
            read()
        assert error.value.path == path
        assert path.name in str(error.value)
    with pytest.raises(UnreadableFrameError) as error:
        read_image(path, 42)
    assert error.value.frame == 42
    assert str(error.value).startswith("Frame 42 cannot be read from ")


@posix
@pytest.mark.parametrize("extension", ["exr", "dpx", "tif", "png", "cin"])
def test_what_is_no_picture_is_named_and_never_hangs(tmp_path, extension):
    path = tmp_path / f"a.{extension}"
    assert_unreadable(path, "No such file")
    path.symlink_to(tmp_path / "nowhere")
    assert_unreadable(path, "No such file")
    path.unlink()
    path.mkdir()
    assert_unreadable(path, "it is a folder")
    path.rmdir()
    os.mkfifo(path)
    assert_unreadable(path, "it is no plain file")
    path.unlink()
    path.symlink_to("/dev/null")
    assert_unreadable(path, "it is no plain file")
    path.unlink()
    path.write_bytes(b"")
    assert_unreadable(path, "the file is empty")
    path.write_bytes(bytes(5000))
    assert_unreadable(path, "it begins like no")
    path.write_bytes(b"GIF89a" * 1000)
    assert_unreadable(path, "it begins like no")


def test_a_name_that_lies_about_the_format(save, pixels):
    path = save("a.tif", pixels(9, 9, 3, "uint8"))
    other = path.with_name("b.exr")
    path.rename(other)
    assert_unreadable(other, "a file of the format tiff, which its name does not say")
    assert_unreadable(path.with_name("c.jpg"), "extension '.jpg' is none of")


SHORT = [
    ("a.exr", {"compression": "zip"}), ("a.exr", {"compression": "piz"}),
    ("a.exr", {"compression": "none"}), ("a.tif", {"compression": "zip"}),
    ("a.tif", {"compression": "lzw"}), ("a.tif", {"compression": "none"}), ("a.png", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "attributes"), SHORT)
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, -1])
def test_files_cut_short_are_refused(save, pixels, name, attributes, keep):
    dtype = "float16" if name.endswith("exr") else "uint16"
    path = save(name, pixels(60, 50, 3, dtype), attributes)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep) if keep > 0 else keep])
    with pytest.raises(UnreadableFrameError):
        read_image(path, 1)


@pytest.mark.parametrize(("name", "attributes"), [s for s in SHORT if "none" not in str(s[1])])
def test_files_whose_second_half_is_zeros_are_refused(save, pixels, name, attributes):
    dtype = "float16" if name.endswith("exr") else "uint16"
    path = save(name, pixels(60, 50, 3, dtype), attributes)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    with pytest.raises(UnreadableFrameError):
        read_image(path, 1)


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.9999])
def test_a_short_dpx_is_refused(dpx_file, keep):
    path = dpx_file(64, 48, 256)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(UnreadableFrameError, match="the file ends at byte"):
        read_image(path, 1)


def test_bombs_are_refused_by_their_headers(save, dpx_file, tiff_file, pixels):
    huge = struct.pack("<4i", 0, 0, 60_000, 60_000)
    exr = save("a.exr", pixels(9, 9, 3, "float16"))
    data = exr.read_bytes()
    was = struct.pack("<4i", 0, 0, 8, 8)
    exr.write_bytes(data.replace(was, huge))
    assert_unreadable(exr, "more than")
    dpx = dpx_file(8, 4, 32)
    header = bytearray(dpx.read_bytes())
    header[772:780] = struct.pack(">II", 500_000, 500_000)
    dpx.write_bytes(header)
    assert_unreadable(dpx, "more than|the file ends")
    png = save("a.png", pixels(9, 9, 3, "uint8"))
    body = bytearray(png.read_bytes())
    body[16:24] = struct.pack(">II", 30_000, 30_000)
    body[29:33] = struct.pack(">I", __import__("zlib").crc32(body[12:29]))
    png.write_bytes(body)
    assert_unreadable(png, "more than")
    tiff = tiff_file(pixels(9, 9, 3, "uint8"), rows=9, compression=8)
    body = tiff.read_bytes()
    body = body.replace(struct.pack("<HHIH", 256, 3, 1, 9), struct.pack("<HHIH", 256, 3, 1, 65000))
    body = body.replace(struct.pack("<HHIH", 257, 3, 1, 9), struct.pack("<HHIH", 257, 3, 1, 20000))
    body = body.replace(struct.pack("<HHIH", 278, 3, 1, 9), struct.pack("<HHIH", 278, 3, 1, 20000))
    tiff.write_bytes(body)
    assert_unreadable(tiff, "more than")


def test_straight_alpha_is_not_multiplied(save, pixels):
    for name, dtype in (("a.png", "uint8"), ("b.png", "uint16"), ("a.tif", "uint8")):
        samples = pixels(9, 7, 4, dtype)
        planes = read_image(save(name, samples), 1).parts[0].planes
        for index, channel in enumerate("RGBA"):
            assert (planes[channel] == samples[..., index]).all()


def deep_exr(tmp_path):
    spec = oiio.ImageSpec(4, 3, 2, "float")
    spec.channelnames, spec.deep = ("A", "Z"), True
    data = oiio.DeepData()
    data.init(12, 2, (oiio.FLOAT, oiio.FLOAT), ("A", "Z"))
    for pixel in range(12):
        data.set_samples(pixel, 1)
        data.set_deep_value(pixel, 0, 0, 0.5)
    path = tmp_path / "a.exr"
    out = oiio.ImageOutput.create("a.exr")
    assert out.open(str(path), spec)
    assert out.write_deep_image(data)
    assert out.close()
    return path


def test_locked_kinds_are_named_and_copied(tmp_path):
    path = deep_exr(tmp_path)
    frame = read_image(path, 5)
    assert (frame.locked, frame.parts) == ("deep EXR", ())
    header = probe_image(path)
    assert header.locked == "deep EXR"
    assert header.parts[0].channels == ("A", "Z")
    assert header.parts[0].data_window == Box.of_size(4, 3)
    target = tmp_path / "b.exr"
    write_restored(path, frame, target, original=frame)
    assert target.read_bytes() == path.read_bytes()
    with pytest.raises(LockedFrameError, match="Frame 5 cannot be edited exactly"):
        write_restored(path, frame, target, original=frame, attributes={"a": "b"})
    assert not target.exists()


def test_a_locked_frame_with_samples_is_not_edited(tiff_file, pixels, edited):
    path = tiff_file(pixels(9, 8, 4, "uint8"), photometric=5)
    original = read_image(path, 5)
    assert original.locked == "CMYK TIFF"
    assert len(original.parts[0].planes) == 4
    frame, _ = edited(original, 1)
    with pytest.raises(LockedFrameError, match="CMYK TIFF"):
        write_restored(path, frame, path.with_name("b.tif"), original=original)


def test_double_tiffs_are_not_read_at_all(tiff_file):
    # The library gives other samples at each reading of a one-line float64 TIFF.
    frame = read_image(tiff_file(np.random.default_rng(0).random((1, 256, 1))), 5)
    assert frame.locked == "TIFF with floating-point samples of 64 bits"
    assert frame.parts == ()


@pytest.mark.parametrize("name", ["a.exr", "a.tif", "a.png"])
def test_an_untouched_frame_is_a_byte_copy(save, pixels, name):
    path = save(name, pixels(30, 20, 3, "float16" if "exr" in name else "uint16"))
    frame = read_image(path, 5)
    copied = {n: p.copy() for n, p in frame.parts[0].planes.items()}
    same = frame.with_part(0, frame.parts[0].with_planes(copied))
    target = path.with_name(f"b{path.suffix}")
    assert write_restored(path, same, target, original=frame).notes == ()
    assert target.read_bytes() == path.read_bytes()


def test_results_of_another_format_or_with_impossible_extras_are_refused(save, pixels, edited):
    path = save("a.png", pixels(9, 9, 3, "uint8"))
    original = read_image(path, 5)
    frame, coverage = edited(original, 1)
    with pytest.raises(UnwritableFrameError, match=r"Frame 5 .* one of the same kind"):
        write_restored(path, frame, path.with_name("b.exr"), original=original)
    with pytest.raises(UnwritableFrameError, match="only EXR can"):
        write_restored(path, frame, path.with_name("b.png"), original=original,
                       extra_channels={"damage.A": coverage})  # fmt: skip
    assert [p.name for p in path.parent.iterdir()] == ["a.png"]


def test_dpx_and_tiff_say_that_attributes_are_not_added(dpx_file, tiff_file, pixels, edited):
    for path in (dpx_file(9, 9, 36), tiff_file(pixels(9, 9, 3, "uint8"))):
        original = read_image(path, 5)
        frame, _ = edited(original, 1)
        target = path.with_name(f"b{path.suffix}")
        notes = write_restored(path, frame, target, original=original, attributes={"a": "b"})
        assert "no attributes were added" in notes.notes[0]


def test_a_probe_says_what_reading_says(save, dpx_file, pixels):
    exr = save("a.exr", pixels(20, 9, 4, "float16"),
               {"smpte:TimeCode": ("timecode", (0x01020344, 0)), "compression": "piz",
                "smpte:KeyCode": ("keycode", (1, 2, 3, 4, 5, 6, 64))},
               window=(-3, 7, 0, 0, 100, 50))  # fmt: skip
    header, frame = probe_image(exr), read_image(exr, 1)
    part = frame.parts[0]
    assert header.parts[0].formats == dict(part.formats)
    assert header.parts[0].data_window == part.data_window == Box(-3, 7, 9, 20)
    assert header.parts[0].attributes == dict(part.attributes)
    assert header.parts[0].compression == "piz"
    assert header.timecode == "01:02:03;04"
    assert header.keycode == (1, 2, 3, 4, 5, 6, 64)
    dpx = dpx_file(9, 4, 36)
    header = probe_image(dpx)
    assert header.parts[0].channels == ("R", "G", "B")
    assert header.parts[0].formats["R"] == PixelFormat("uint16", 10)
    assert header.timecode == "01:02:03:04"
    assert header.keycode is None  # its bytes are all ones: not set
    assert header.nbytes == dpx.stat().st_size
    for value in header.parts[0].attributes.values():
        str(value).encode()  # no bytes dressed up as text


def test_wrong_parts_are_refused(save, pixels):
    path = save("a.png", pixels(9, 9, 3, "uint8"))
    original = read_image(path, 5)
    part = original.parts[0]
    other = Part("", {"R": part.planes["R"].copy()}, {"R": part.formats["R"]}, part.data_window,
                 part.display_window)  # fmt: skip
    with pytest.raises(UnwritableFrameError, match="has other channels than its source"):
        write_restored(path, Frame(5, (other,)), path.with_name("b.png"), original=original)


@pytest.mark.parametrize(
    "name",
    ["a%04d.exr", "a####.exr", "-x.exr", "a b.exr", "日本.exr", "a\nb.exr", "a[1-3].exr",
     "a?b=1.exr", "x" * 251 + ".exr", ".exr.exr", "A.EXR"],
)  # fmt: skip
def test_odd_names_are_only_names(tmp_path, pixels, name):
    frame = new_frame(pixels, "RGB", "float16")
    write_new(tmp_path / name, frame)
    assert same_samples(frame, read_image(tmp_path / name, 7)) == []


@posix
def test_a_name_that_is_no_text_is_refused_in_words_that_can_be_printed(save, pixels):
    path = save("a.exr", pixels(9, 9, 3, "float16"))
    odd = path.with_name(os.fsdecode(b"\xff\xfe.exr"))
    path.rename(odd)
    with pytest.raises(UnreadableFrameError, match="no valid UTF-8 text") as error:
        read_image(odd, 1)
    str(error.value).encode()


def test_threads_read_the_same(save, pixels, dpx_file):
    paths = [save(f"{i}.exr", pixels(70, 60, 3, "float16", i), {"compression": c})
             for i, c in enumerate(["zip", "piz", "dwaa", "none"])]  # fmt: skip
    paths += [save(f"{i}.tif", pixels(70, 60, 3, "uint16", i)) for i in range(3)]
    paths += [dpx_file(64, 48, 256, name=f"{i}.dpx", seed=i) for i in range(3)]
    broken = paths[0].with_name("broken.exr")
    broken.write_bytes(paths[0].read_bytes()[:-10])

    def read(path):
        try:
            return read_image(path, 1)
        except UnreadableFrameError as error:
            return str(error)

    alone = [read(p) for p in [*paths, broken]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(read, [*paths, broken] * 6))
    for number, found in enumerate(together):
        wanted = alone[number % len(alone)]
        assert found == wanted if isinstance(wanted, str) else same_samples(wanted, found) == []


def test_threads_can_be_limited():
    use_threads(1)
    try:
        assert oiio.get_int_attribute("threads") == 1
        assert oiio.get_int_attribute("exr_threads") == 1
    finally:
        use_threads(0)


DISK_FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from filmrestore_core.errors import UnwritableFrameError
from filmrestore_core.media.image_file import read_image, write_new, write_restored

random = np.random.default_rng(1)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for name in sys.argv[1:]:
    source = Path(name)
    target = source.with_name(f"out{source.suffix}")
    original = read_image(source, 6)
    part = original.parts[0]
    planes = {}
    for channel, plane in part.planes.items():
        planes[channel] = plane.copy()
        planes[channel][::3] = random.permuted(plane[::3], axis=1)
    frame = original.with_part(0, part.with_planes(planes))
    for write in (
        lambda: write_restored(source, frame, target, original=original),
        lambda: write_new(target, type(frame)(6, (frame.parts[0],))),
    ):
        write()
        whole = target.stat().st_size
        target.unlink()
        for limit in (1, whole // 3, whole * 9 // 10, whole - 100, whole - 1, whole):
            # A limit on the size of files fails as a full disk does.
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            try:
                write()
                answer = "written"
            except UnwritableFrameError as error:
                said = str(error).startswith("Frame 6 could not be written to")
                answer = "refused" if said and not target.exists() else "LEFT BEHIND"
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            assert answer == ("written" if limit == whole else "refused"), (name, limit, whole)
            target.unlink(missing_ok=True)
print("done")
"""


@posix
def test_a_full_disk_is_found_and_nothing_is_left(save, dpx_file, pixels):
    paths = [dpx_file(50, 60, 200)]
    for number, (name, attributes) in enumerate([*SHORT, ("a.exr", {"compression": "dwaa"})]):
        dtype = "float16" if name.endswith("exr") else "uint16"
        paths.append(save(f"{number}{name}", pixels(60, 50, 3, dtype), attributes))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DISK_FULL), *map(str, paths)],
        env={**os.environ, "PYTHONPATH": str(Path(filmrestore_core.__file__).parents[1])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == "done\n"
