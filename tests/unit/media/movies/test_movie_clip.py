import os
import random
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import av
import numpy as np
import pytest

from filmrestore_core.clip import Clip
from filmrestore_core.errors import MediaError, MissingFrameError, UnreadableFrameError
from filmrestore_core.media.movie_clip import MovieClip
from filmrestore_core.media.movie_facts import EncodeSpec
from filmrestore_core.media.movie_file import CodecError, Encoder
from filmrestore_core.media.pixel_layout import layout_of

# One keyframe in 48, reordered frames that lean on one another.
LONG_GROUPS = {"x264-params": "keyint=48:min-keyint=48:scenecut=0:bframes=3:log=-1:threads=1"}
# Frames shown before a keyframe lean on the group before it.
OPEN_GROUPS = {"x264-params": "keyint=12:open-gop=1:scenecut=0:bframes=3:log=-1:threads=1"}
# No keyframe after the first at all: a column of fresh blocks wanders through the picture.
INTRA_REFRESH = {"x264-params": "keyint=12:intra-refresh=1:log=-1:threads=1"}
EVERY_FRAME_ALONE = {"g": "1", "slices": "4", "slicecrc": "1", "level": "3"}


def planes(clip, number):
    return clip.read(number).parts[0].planes


LOSSLESS = [
    ("ffv1", name)
    for name in (
        "yuv420p",
        "yuv422p10le",
        "yuv444p12le",
        "yuva444p12le",
        "gbrp10le",
        "gbrp16le",
        "bgr0",
        "gray10le",
        "yuv410p",
        "yuv440p10le",
    )
] + [("rawvideo", "uyvy422"), ("png", "rgb48be"), ("utvideo", "gbrp"), ("rawvideo", "nv12")]


@pytest.mark.parametrize(("codec", "pix_fmt"), LOSSLESS)
def test_codes_come_as_they_were_stored(codec, pix_fmt, maker):
    size = (49, 33) if codec == "ffv1" else (48, 32)
    path = maker("m.mkv" if codec == "ffv1" else "m.nut", codec, pix_fmt, 3, size=size)
    with MovieClip(path) as clip:
        for number in range(3):
            frame = clip.read(number)
            part = frame.parts[0]
            assert frame.locked is None
            assert frame.number == number
            assert part.data_window.shape == part.display_window.shape == (size[1], size[0])
            assert maker.same(dict(part.planes), maker.picture(pix_fmt, *size, number))
            bits = layout_of(pix_fmt).bits
            assert {f.bits for f in part.formats.values()} == {bits}
            assert not any(plane.flags.writeable for plane in part.planes.values())


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("long.mp4", "libx264", LONG_GROUPS),
        ("long.mkv", "libx264", LONG_GROUPS),
        ("open.mp4", "libx264", OPEN_GROUPS),
        ("open.ts", "libx264", OPEN_GROUPS),
        ("refresh.mkv", "libx264", INTRA_REFRESH),
        ("reordered.ts", "mpeg2video", {"g": "12", "bf": "2"}),
        ("reordered.avi", "mpeg4", {"g": "12", "bf": "2"}),
        ("groups.mkv", "ffv1", {"g": "5", "slices": "4", "level": "3"}),
    ],
)
def test_a_frame_is_the_same_in_whatever_order_it_is_read(name, codec, options, maker):
    path = maker(name, codec, "yuv420p", 60, options=options, rate=Fraction(25))
    with av.open(str(path)) as container:
        plain = [frame.to_ndarray()[:32] for frame in container.decode(video=0)]
    order = list(range(60)) * 2
    random.Random(7).shuffle(order)
    with MovieClip(path) as forward, MovieClip(path, keep=2) as jumping:
        assert list(forward.numbers) == list(range(60)) == list(range(len(plain)))
        assert forward.rate == 25
        frames = [planes(forward, number) for number in forward.numbers]
        for number, frame in enumerate(frames):
            assert np.array_equal(frame["Y"], plain[number])
        for number in order:
            assert maker.same(dict(planes(jumping, number)), dict(frames[number]))


def test_reading_on_decodes_each_frame_once(maker, monkeypatch):
    path = maker("long.mp4", "libx264", "yuv420p", 60, options=LONG_GROUPS)
    from filmrestore_core.media.movie_reader import MovieReader

    fed = []
    feed = MovieReader.decode
    monkeypatch.setattr(MovieReader, "decode", lambda r, p: fed.append(p.pts) or feed(r, p))
    with MovieClip(path) as clip:
        for number in clip.numbers:
            for near in range(max(0, number - 2), number + 1):  # as a temporal window does
                clip.read(near)
    assert len(fed) == len(set(fed))


def test_threads_get_their_own_frames(maker):
    path = maker("long.mp4", "libx264", "yuv420p", 48, options=LONG_GROUPS)
    with MovieClip(path) as clip:
        right = {n: planes(clip, n)["Y"] for n in clip.numbers}
        order = random.Random(3).choices(list(clip.numbers), k=60)
        with ThreadPoolExecutor(4) as pool:
            for number, plane in pool.map(lambda n: (n, planes(clip, n)["Y"]), order):
                assert np.array_equal(plane, right[number])


def test_a_varying_rate_is_read_by_presentation_time(maker):
    times = [787 + n * 1001 + n % 3 * 200 for n in range(30)]
    path = maker(
        "vfr.mp4", "libx264", "yuv420p", 30, options=LONG_GROUPS,
        times=times, time_base=Fraction(1, 24000),
    )  # fmt: skip
    with MovieClip(path) as clip:
        assert clip.rate is None
        assert "varying frame rate" in clip.notes[0]
        assert "movie:rate" not in clip.read(4).parts[0].attributes
        first = clip.index.entry(0).pts
        ticks = clip.index.time_base * 24000
        assert [(clip.index.entry(n).pts - first) * ticks for n in range(30)] == [
            t - times[0] for t in times
        ]


@pytest.mark.parametrize("name", ["m.mov", "m.mkv"])
def test_what_the_file_says_stands_in_the_attributes(name, maker):
    rate = Fraction(30000, 1001)
    path = maker(
        name, "prores_ks", "yuv422p10le", 4, rate=rate, timecode="00:00:59;28",
        tags=(9, 1, 9, 16), aspect=Fraction(4, 3),
    )  # fmt: skip
    with MovieClip(path) as clip:
        assert isinstance(clip, Clip)
        assert clip.rate == rate
        assert str(clip.timecode) == "00:00:59;28"
        part = clip.read(2).parts[0]
        wanted = {
            "movie:codec": "prores",
            "movie:pix_fmt": "yuv422p10le",
            "movie:matrix": "bt2020nc",
            "movie:range": "tv",
            "movie:primaries": "bt2020",
            "movie:transfer": "smpte2084",
            "movie:rate": "30000/1001",
            "movie:timecode": "00:01:00;02",
        }
        assert {k: v for k, v in part.attributes.items() if k.startswith("movie:")} == wanted
        assert dict(part.subsampling) == {"Cb": (2, 1), "Cr": (2, 1)}
        if name.endswith("mov"):
            assert part.attributes["PixelAspectRatio"] == pytest.approx(4 / 3)


def test_nothing_is_guessed_where_the_file_says_nothing(maker):
    with MovieClip(maker("m.mkv", "ffv1", "yuv420p", 2, options={"slices": "4"})) as clip:
        attributes = clip.read(0).parts[0].attributes
    for tag in ("matrix", "range", "primaries", "transfer"):
        assert attributes[f"movie:{tag}"] == "unspecified"
    assert "movie:timecode" not in attributes
    assert clip.timecode is None
    assert clip.notes == ()


def test_twelve_bit_prores(maker):
    path = maker("m.mov", "prores_ks", "yuva444p10le", 2, options={"profile": "4444"})
    with MovieClip(path) as clip:
        part = clip.read(1).parts[0]
    assert part.attributes["movie:pix_fmt"] == "yuva444p12le"
    assert list(part.planes) == ["Y", "Cb", "Cr", "A"]
    assert {f.bits for f in part.formats.values()} == {12}
    given = maker.picture("yuva444p10le", 48, 32, 1)["Y"].astype(int) * 4
    # A lossy codec: on average within 1 % of the 4095 codes, so no plane is taken for another.
    assert np.abs(part.planes["Y"] - given).mean() < 41


def test_interlaced_frames_say_so(maker):
    path = maker("m.mov", "prores_ks", "yuv422p10le", 2, field_order=2)
    with MovieClip(path) as clip:
        assert "top field first" in clip.read(0).notes[0]


def test_a_format_whose_samples_cannot_be_told_apart_is_locked(tmp_path):
    with av.open(str(tmp_path / "p.nut"), "w") as out:
        stream = out.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "rgb565le"
        out.mux(stream.encode(av.VideoFrame(16, 16, "rgb565le")))
        out.mux(stream.encode(None))
    with MovieClip(tmp_path / "p.nut") as clip:
        frame = clip.read(0)
    assert frame.parts == ()
    assert "rgb565le" in frame.locked


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_damaged_frame_is_named_and_the_others_are_read(part, maker, tmp_path):
    whole = maker("m.mkv", "ffv1", "yuv422p10le", 10, options=EVERY_FRAME_ALONE)
    with MovieClip(whole) as clip:
        entry = clip.index.entry(4)
        right = [dict(planes(clip, n)) for n in clip.numbers]
    # Half way lies the size of a slice: libavcodec says nothing of that (see ffv1_slices).
    damaged = maker.spoil(whole, tmp_path / "d.mkv", entry.position + int(entry.size * part))
    for order in (range(10), reversed(range(10)), (4, 4, 5, 3, 4)):
        with MovieClip(damaged) as clip:
            for number in order:
                if number == 4:
                    with pytest.raises(UnreadableFrameError, match=r"Frame 4 .*CRC") as caught:
                        clip.read(4)
                    assert caught.value.frame == 4
                else:
                    assert maker.same(dict(planes(clip, number)), right[number])


def test_frames_that_lean_on_a_damaged_one_are_not_trusted(maker, tmp_path):
    options = {"g": "4", "slices": "4", "slicecrc": "1", "level": "3"}
    whole = maker("m.mkv", "ffv1", "yuv422p10le", 12, options=options)
    with MovieClip(whole) as clip:
        entry = clip.index.entry(5)
    damaged = maker.spoil(whole, tmp_path / "d.mkv", entry.position + entry.size // 2)
    for order in (list(range(12)), list(range(11, -1, -1)), [7, 6, 5, 4], [10, 6]):
        with MovieClip(damaged) as clip:
            unreadable = set()
            for number in order:
                try:
                    clip.read(number)
                except UnreadableFrameError:
                    unreadable.add(number)
        assert unreadable == {5, 6, 7} & set(order)


def test_a_cut_matroska_file_is_told_from_its_header(maker, tmp_path):
    path = maker("m.mkv", "ffv1", "yuv422p10le", 12, options=EVERY_FRAME_ALONE)
    content = path.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(content[: len(content) * 6 // 10])
    with MovieClip(cut) as clip:
        assert 5 <= len(clip.numbers) <= 8
        assert len(clip.numbers) + clip.lost == 12
        assert "cut short" in clip.notes[0]
        for number in clip.numbers:
            assert maker.same(
                dict(planes(clip, number)), maker.picture("yuv422p10le", 48, 32, number)
            )


def test_a_longer_sound_track_is_no_cut(maker):
    path = maker("m.mkv", frames=12, sound=maker.Sound(Fraction(2)), options={"slices": "4"})
    with MovieClip(path) as clip:
        assert len(clip.numbers) == 12
        assert clip.lost == 0
        assert clip.notes == ()


def test_a_cut_quicktime_file(maker, tmp_path):
    path = maker("m.mov", "prores_ks", "yuv422p10le", 12)
    content = path.read_bytes()
    (tmp_path / "cut.mov").write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(UnreadableFrameError, match=r"cut\.mov.*moov"):
        MovieClip(tmp_path / "cut.mov")
    # With the index in front the header is whole and the frames beyond the cut are named.
    fast = tmp_path / "fast.mov"
    with (
        av.open(str(path)) as source,
        av.open(str(fast), "w", container_options={"movflags": "faststart"}) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    content = fast.read_bytes()
    fast.write_bytes(content[: len(content) * 6 // 10])
    with MovieClip(fast) as clip:
        assert len(clip.numbers) == 12
        clip.read(2)
        for number in (11, 8, 10):
            with pytest.raises(UnreadableFrameError, match=f"Frame {number} "):
                clip.read(number)
        clip.read(3)


def test_what_is_no_movie_is_refused_by_name(tmp_path, maker):
    empty = tmp_path / "empty.mkv"
    empty.touch()
    garbage = tmp_path / "garbage.mov"
    garbage.write_bytes(np.random.default_rng(0).bytes(5000))
    playlist = tmp_path / "list.mkv"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n")
    os.mkfifo(tmp_path / "pipe.mov")
    (tmp_path / "loop.mov").symlink_to(tmp_path / "nowhere.mov")
    for name in ("empty.mkv", "garbage.mov", "list.mkv", "pipe.mov", "loop.mov", ".", "none.mp4"):
        with pytest.raises(UnreadableFrameError):
            MovieClip(tmp_path / name)
    sound = tmp_path / "sound.mkv"
    with av.open(str(sound), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=48000)
        stream.layout = "mono"
        piece = av.AudioFrame.from_ndarray(np.zeros((1, 64), np.int16), "s16", "mono")
        piece.sample_rate = 48000
        out.mux(stream.encode(piece))
    with pytest.raises(MediaError, match="no moving picture"):
        MovieClip(sound)


def test_a_frame_that_is_not_there(maker):
    with MovieClip(maker("m.mkv", frames=3, options={"slices": "4"})) as clip:
        for number in (-1, 3):
            with pytest.raises(MissingFrameError, match="0 to 2"):
                clip.read(number)


def test_odd_names_are_names(maker):
    for name in ("a:b.mkv", "-i.mkv", "100%d.mkv", "a b'\".mkv", "ünï.mkv"):
        with MovieClip(maker(name, frames=2, options={"slices": "4"})) as clip:
            assert len(clip.numbers) == 2


def test_a_stream_that_turns_up_on_the_way_is_no_fault(maker):
    path = maker("m.ts", "mpeg2video", "yuv420p", 60, rate=Fraction(25), options={"g": "12"})
    content = bytearray(path.read_bytes())
    packets = range(0, len(content), 188)
    starts = [at for at in packets if content[at + 1] == 0x41 and content[at + 2] == 0x00]
    content[starts[-3] + 2] = 0xFF  # a frame near the end goes to a stream of its own
    path.write_bytes(content)
    with MovieClip(path) as clip:
        assert len(clip.numbers) == 59
        clip.read(20)


def test_what_goes_wrong_elsewhere_spoils_no_frame(maker, tmp_path):
    # libav has one log for the whole process.
    whole = maker("m.mkv", "ffv1", "yuv422p10le", 12, options=EVERY_FRAME_ALONE)
    with MovieClip(whole) as clip:
        entry = clip.index.entry(4)
    damaged = maker.spoil(whole, tmp_path / "d.mkv", entry.position + int(entry.size * 0.2))

    def refused_encoder(_):
        spec = EncodeSpec(
            "ffv1", "ffv1", "matroska", "yuv420p", 1, 1, {"slices": "4"},
            Fraction(24), Fraction(1, 24),
        )  # fmt: skip
        with pytest.raises(CodecError, match="slices"):
            Encoder(spec)

    def damaged_clip(_):
        with MovieClip(damaged) as clip, pytest.raises(UnreadableFrameError):
            clip.read(4)

    def clean_clip(_):
        with MovieClip(whole) as clip:
            return [clip.read(number).number for number in clip.numbers]

    with ThreadPoolExecutor(3) as pool:
        work = (refused_encoder, damaged_clip, clean_clip)
        done = [pool.submit(work[turn % 3], turn) for turn in range(45)]
        for turn, future in enumerate(done):
            assert future.result() == (list(range(12)) if turn % 3 == 2 else None)
