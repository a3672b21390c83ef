import errno
import resource
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from filmrestore_core.errors import (
    MediaError,
    MixedSequenceError,
    SettingsError,
    UnreadableFrameError,
    UnwritableFrameError,
)
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.claims import Claim
from filmrestore_core.media.movie_clip import MovieClip
from filmrestore_core.media.movie_writer import MovieWriter
from filmrestore_core.media.writer import FrameWriter

ALONE = {"g": "1", "slices": "4", "slicecrc": "1", "level": "3"}
NTSC_FILM = Fraction(24000, 1001)
# The pictures' grain in codes of 10 bits. What a lossy codec makes of it differs by less; another
# plane, another frame or another depth would differ by hundreds.
GRAIN = 51


def planes(frame):
    return dict(frame.parts[0].planes)


def repaired(frame):
    """The frame with a small square of other codes in every channel."""
    part = frame.parts[0]
    changed = {}
    for name, plane in part.planes.items():
        changed[name] = plane.copy()
        changed[name][2:5, 3:6] = plane[8:11, 9:12]
    return frame.with_part(0, part.with_planes(changed))


def write_all(writer, clip, *, touched=()):
    for number in writer.numbers:
        frame = clip.read(number)
        writer.write(frame, repaired(frame) if number in touched else None)
    return writer.finish()


def streams(path):
    """Kind, codec, packets and payload bytes of each stream but QuickTime's own tracks."""
    with av.open(str(path)) as container:
        found = {}
        for packet in container.demux():
            if packet.size:
                found.setdefault(packet.stream_index, []).append(bytes(packet))
        return [
            (s.type, s.codec_context.name, found.get(s.index, []))
            for s in container.streams
            if s.codec_context is not None
        ]


@pytest.mark.parametrize(
    "pix_fmt",
    ["yuv422p10le", "yuv420p", "gbrp10le", "yuva444p12le", "bgr0", "gray10le", "gbrp16le"],
)
def test_every_sample_comes_back_from_matroska(pix_fmt, maker, tmp_path):
    source = maker("s.mkv", "ffv1", pix_fmt, 5, size=(49, 33), options=ALONE)
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mkv", clip) as writer:
        assert isinstance(writer, FrameWriter)
        assert writer.is_exact
        assert writer.notes == ()
        assert write_all(writer, clip, touched=(1, 3)) == ()
        with MovieClip(tmp_path / "o.mkv") as result:
            assert result.numbers == clip.numbers
            assert result.rate == clip.rate
            for number in clip.numbers:
                wanted = clip.read(number)
                wanted = repaired(wanted) if number in (1, 3) else wanted
                assert maker.same(planes(result.read(number)), planes(wanted))


@pytest.mark.parametrize(("codec", "pix_fmt"), [("rawvideo", "uyvy422"), ("png", "rgb24")])
def test_a_format_ffv1_lacks_is_kept_in_one_of_the_same_samples(codec, pix_fmt, maker, tmp_path):
    source = maker("s.nut", codec, pix_fmt, 2)
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mkv", clip) as writer:
        write_all(writer, clip)
        with MovieClip(tmp_path / "o.mkv") as result:
            for number in (0, 1):
                assert maker.same(planes(result.read(number)), planes(clip.read(number)))


def test_everything_else_is_taken_over(maker, tmp_path):
    source = maker(
        "s.mov", "prores_ks", "yuv422p10le", 24, rate=NTSC_FILM, timecode="01:00:00:12",
        tags=(1, 1, 1, 1), aspect=Fraction(4, 3), field_order=2, chapters=True,
        subtitle="mov_text", sound=maker.Sound(Fraction(1)),
    )  # fmt: skip
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mov", clip) as writer:
        write_all(writer, clip)
        with MovieClip(tmp_path / "o.mov") as result:
            for name in ("tags", "pixel_aspect", "field_order", "timecode", "codec_tag", "rates"):
                assert getattr(result.facts, name) == getattr(clip.facts, name), name
            assert str(result.timecode) == "01:00:00:12"
            assert [e.pts for e in result.index.entries] == [e.pts for e in clip.index.entries]
    for old, new in zip(streams(source), streams(tmp_path / "o.mov"), strict=True):
        assert (old[0], old[1], b"".join(old[2])) == (new[0], new[1], b"".join(new[2]))
    with av.open(str(tmp_path / "o.mov")) as out:
        assert [c["metadata"]["title"] for c in out.chapters()] == ["one"]


def test_sound_and_timecode_in_matroska(maker, tmp_path):
    source = maker(
        "s.mov", "prores_ks", "yuv422p10le", 24, rate=NTSC_FILM, timecode="01:00:00:12",
        tags=(9, 1, 9, 16), subtitle="mov_text", sound=maker.Sound(Fraction(1)),
        aspect=Fraction(4, 3),
    )  # fmt: skip
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mkv", clip) as writer:
        told = " ".join(writer.notes)
        assert "mov_text" in told  # Matroska does not hold QuickTime's titles
        assert "pixel aspect 4/3" in told
        write_all(writer, clip)
        with MovieClip(tmp_path / "o.mkv") as result:
            assert str(result.timecode) == "01:00:00:12"
            assert result.rate == NTSC_FILM
            assert result.facts.tags == clip.facts.tags
            assert result.facts.codec == "ffv1"
            assert maker.same(planes(result.read(20)), planes(clip.read(20)))
    sound = {kind: b"".join(data) for kind, _, data in streams(source)}["audio"]
    assert {kind: b"".join(data) for kind, _, data in streams(tmp_path / "o.mkv")}["audio"] == sound


def test_unspecified_tags_stay_unspecified(maker, tmp_path):
    for name in ("o.mkv", "o.mov"):
        source = maker(f"s{name}", "ffv1" if name == "o.mkv" else "prores_ks", "yuv422p10le", 2)
        with MovieClip(source) as clip, MovieWriter(tmp_path / name, clip) as writer:
            write_all(writer, clip, touched=(1,))
            with MovieClip(tmp_path / name) as result:
                assert result.facts.tags == clip.facts.tags
                attributes = result.read(1).parts[0].attributes
                assert attributes["movie:matrix"] == "unspecified"


def test_untouched_prores_frames_stay_compressed_as_they_were(maker, tmp_path):
    source = maker("s.mov", "prores_ks", "yuv422p10le", 6, options={"profile": "1"})
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mov", clip) as writer:
        assert not writer.is_exact
        assert "lossy" in writer.notes[0]
        write_all(writer, clip, touched=(2,))
        with MovieClip(tmp_path / "o.mov") as result:
            assert result.facts.codec_tag == clip.facts.codec_tag == "apcs"
            for number in clip.numbers:
                same = result.packet(number) == clip.packet(number)
                assert same == (number != 2)
            before, after = planes(repaired(clip.read(2))), planes(result.read(2))
            assert np.abs(before["Y"].astype(int) - after["Y"]).mean() < GRAIN


def test_four_two_zero_becomes_prores(maker, tmp_path):
    source = maker("s.mkv", "ffv1", "yuv420p", 2, options=ALONE, size=(96, 64))
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mov", clip) as writer:
        assert "yuv422p10le" in " ".join(writer.notes)
        write_all(writer, clip)
        with MovieClip(tmp_path / "o.mov") as result:
            given, found = planes(clip.read(1)), planes(result.read(1))
    assert np.abs(given["Y"].astype(int) * 4 - found["Y"]).mean() < GRAIN
    middle = (found["Cb"][0::2].astype(int) + found["Cb"][1::2]) / 2
    assert np.abs(given["Cb"].astype(int) * 4 - middle).mean() < GRAIN


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "asked"),
    [
        ("o.mp4", "ffv1", "yuv420p", "auto"),
        ("o.mov", "ffv1", "yuv420p", "ffv1"),
        ("o.mkv", "ffv1", "yuv420p", "nonsense"),
        ("o.mkv", "ffv1", "yuv420p", "v210"),
        ("o.mov", "ffv1", "gbrp10le", "prores"),
        ("o.mov", "ffv1", "yuv422p10le", "dnxhr"),  # smaller than DNxHR goes
    ],
)
def test_what_does_not_go_together_is_refused_before_a_frame(
    name, codec, pix_fmt, asked, maker, tmp_path
):
    with MovieClip(maker("s.mkv", codec, pix_fmt, 2, options=ALONE)) as clip:
        with pytest.raises(SettingsError):
            MovieWriter(tmp_path / name, clip, codec=asked)
        assert [p.name for p in tmp_path.iterdir()] == ["s.mkv"]


@pytest.mark.parametrize("asked", ["dnxhr", "v210"])
def test_further_codecs(asked, maker, tmp_path):
    source = maker("s.mkv", "ffv1", "yuv422p10le", 2, options=ALONE, size=(256, 128))
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mov", clip, codec=asked) as writer:
        assert not writer.is_exact
        write_all(writer, clip)
        with MovieClip(tmp_path / "o.mov") as result:
            given, found = planes(clip.read(1))["Y"], planes(result.read(1))["Y"]
    if asked == "v210":
        assert np.array_equal(found, np.clip(given, 4, 1019))
    else:
        assert np.abs(given.astype(int) - found).mean() < GRAIN


def test_a_part_of_a_movie_has_its_own_start(maker, tmp_path):
    source = maker(
        "s.mov", "prores_ks", "yuv422p10le", 48, timecode="01:00:00:00",
        sound=maker.Sound(Fraction(2)),
    )  # fmt: skip
    part = FrameRange.span(12, 35)
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mov", clip, numbers=part) as writer:
        write_all(writer, clip)
        with MovieClip(tmp_path / "o.mov") as result:
            assert len(result.numbers) == 24
            assert str(result.timecode) == "01:00:00:12"
            assert result.index.time(0) == 0
            for number in (0, 23):
                assert result.packet(number) == clip.packet(number + 12)
    sound = {kind: b"".join(data) for kind, _, data in streams(tmp_path / "o.mov")}["audio"]
    samples = np.frombuffer(sound, np.int16)
    # Whole packets of 1024 samples that begin within the part.
    assert samples[0] == np.int16(24 * 1024)
    assert abs(len(samples) - 48000) <= 1024


def test_what_gets_lost_is_told(maker, tmp_path):
    light = "cll=1000,400:mastering-display=G(1,1)B(1,1)R(1,1)WP(1,1)L(1,1)"
    source = maker(
        "s.mkv", "libx264", "yuv420p10le", 4, options={"x264-params": light}, chapters=True
    )
    part = FrameRange.span(1, 2)
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mkv", clip, numbers=part) as writer:
        told = " ".join(writer.notes)
        assert "HDR light levels and HDR mastering metadata" in told
        assert "chapters" in told
        write_all(writer, clip)
        with MovieClip(tmp_path / "o.mkv") as result:
            assert result.facts.chapters == 0


def test_a_movie_has_no_gaps(maker, tmp_path):
    with MovieClip(maker("s.mkv", frames=6, options=ALONE)) as clip:
        for frames in ("0-5x2", "0,3", "4-9"):
            with pytest.raises(SettingsError, match="make no movie"):
                MovieWriter(tmp_path / "o.mkv", clip, numbers=FrameRange.parse(frames))


def test_a_varying_rate_stays_as_it_was(maker, tmp_path):
    times = [n * 40 + n % 3 * 7 for n in range(12)]
    source = maker(
        "s.mkv", "ffv1", "yuv420p", 12, options=ALONE, times=times, time_base=Fraction(1, 1000)
    )
    with MovieClip(source) as clip, MovieWriter(tmp_path / "o.mkv", clip) as writer:
        assert clip.rate is None
        write_all(writer, clip)
        with MovieClip(tmp_path / "o.mkv") as result:
            assert [result.index.time(n) for n in range(12)] == [Fraction(t, 1000) for t in times]


def test_frames_may_come_in_any_order_and_give_the_same_file(maker, tmp_path):
    source = maker("s.mkv", frames=8, options=ALONE, sound=maker.Sound(Fraction(1, 3)))
    written = []
    for name, order in (("a.mkv", range(8)), ("b.mkv", (5, 0, 7, 2, 1, 6, 3, 4))):
        with MovieClip(source) as clip, MovieWriter(tmp_path / name, clip) as writer:
            for number in order:
                frame = clip.read(number)
                writer.write(frame, repaired(frame) if number % 3 else None)
            writer.finish()
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_a_stopped_run_goes_on_where_it_was(maker, tmp_path):
    source = maker("s.mkv", frames=10, options=ALONE)
    target = tmp_path / "o.mkv"
    with MovieClip(source) as clip:
        with MovieWriter(target, clip, purpose="p") as writer:
            for number in (0, 1, 2, 5):
                assert writer.claim(number) is Claim.MINE
                writer.write(clip.read(number), extra={"seen": number})
        assert not target.exists()
        with MovieWriter(target, clip, purpose="p") as writer:
            done = [n for n in writer.numbers if writer.claim(n) is Claim.DONE]
            assert done == [0, 1, 2, 5]
            assert writer.recorded(5) == {"seen": 5}
            for number in writer.numbers.without(FrameRange(done)):
                writer.write(clip.read(number), extra={"seen": number})
            assert writer.finish() == ()
            assert writer.is_finished
        with MovieWriter(target, clip, purpose="p") as writer:  # the same command once more
            before = target.stat()
            assert all(writer.claim(n) is Claim.DONE for n in writer.numbers)
            assert writer.recorded(7) == {"seen": 7}
            assert writer.finish() == ()
            assert target.stat().st_mtime_ns == before.st_mtime_ns
        with MovieWriter(target, clip, purpose="other settings") as writer:
            assert writer.claim(0) is Claim.MINE
        with MovieWriter(target, clip, purpose="p", resume=False) as writer:
            assert writer.claim(0) is Claim.MINE
        with MovieClip(target) as result:
            for number in clip.numbers:
                assert maker.same(planes(result.read(number)), planes(clip.read(number)))


CHILD = """
import sys
from pathlib import Path
from filmrestore_core.media.movie_clip import MovieClip
from filmrestore_core.media.movie_writer import MovieWriter
from filmrestore_core.media.claims import Claim
with MovieClip(sys.argv[1]) as clip, MovieWriter(Path(sys.argv[2]), clip, purpose="p") as writer:
    for number in writer.numbers:
        if writer.claim(number) is Claim.MINE:
            writer.write(clip.read(number))
            print(number, flush=True)
    writer.finish()
"""


def child(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def test_a_killed_run_leaves_no_movie_and_ends_equal(maker, tmp_path):
    source = maker("s.mkv", frames=24, options=ALONE, size=(160, 120))
    with MovieClip(source) as clip, MovieWriter(tmp_path / "clean.mkv", clip) as writer:
        write_all(writer, clip)
    target = tmp_path / "o.mkv"
    process = child(source, target)
    for _ in range(7):
        assert process.stdout.readline()
    process.kill()
    process.communicate()
    assert not target.exists()
    with MovieClip(source) as clip, MovieWriter(target, clip, purpose="p") as writer:
        done = [n for n in writer.numbers if writer.is_done(n)]
        assert len(done) >= 7
        for number in writer.numbers:
            if writer.claim(number) is Claim.MINE:
                writer.write(clip.read(number))
        writer.finish()
    assert target.read_bytes() == (tmp_path / "clean.mkv").read_bytes()
    left = {p.name for p in (tmp_path / ".o.mkv.frames").iterdir()}
    assert all("journal" in name for name in left), left


@pytest.mark.slow
def test_two_processes_make_one_movie(maker, tmp_path):
    source = maker("s.mkv", frames=30, options=ALONE, size=(160, 120))
    both = [child(source, tmp_path / "o.mkv") for _ in range(2)]
    made = []
    for process in both:
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        made += [int(line) for line in out.split()]
    assert sorted(made) == sorted(set(made))
    with MovieClip(source) as clip, MovieClip(tmp_path / "o.mkv") as result:
        assert result.numbers == clip.numbers
        assert maker.same(planes(result.read(29)), planes(clip.read(29)))


def test_a_failed_frame_is_the_sources_own_and_tried_again(maker, tmp_path):
    source = maker("s.mkv", frames=6, options=ALONE)
    target = tmp_path / "o.mkv"
    with MovieClip(source) as clip:
        with MovieWriter(target, clip, purpose="p") as writer:
            for number in (0, 1, 2, 4, 5):
                frame = clip.read(number)
                writer.write(frame, repaired(frame))
            notes = writer.finish()
            assert "Frame 3 could not be restored" in notes[0]
            assert not writer.is_finished
        with MovieClip(target) as result:
            assert maker.same(planes(result.read(3)), planes(clip.read(3)))
            assert maker.same(planes(result.read(4)), planes(repaired(clip.read(4))))
        with MovieWriter(target, clip, purpose="p") as writer:
            todo = [n for n in writer.numbers if writer.claim(n) is Claim.MINE]
            assert todo == [3]
            writer.write(clip.read(3), repaired(clip.read(3)))
            assert writer.finish() == ()
        with MovieClip(target) as result:
            assert maker.same(planes(result.read(3)), planes(repaired(clip.read(3))))


def test_a_frame_nobody_can_read_stops_the_movie_and_keeps_the_rest(maker, tmp_path):
    whole = maker("s.mkv", frames=6, options=ALONE)
    with MovieClip(whole) as clip:
        entry = clip.index.entry(2)
    damaged = maker.spoil(whole, tmp_path / "d.mkv", entry.position + entry.size // 3)
    target = tmp_path / "o.mkv"
    with MovieClip(damaged) as clip, MovieWriter(target, clip, purpose="p") as writer:
        for number in (0, 1, 3, 4, 5):
            writer.write(clip.read(number))
        with pytest.raises(UnreadableFrameError):
            clip.read(2)
        with pytest.raises(UnwritableFrameError, match="Frame 2 ") as caught:
            writer.finish()
        assert caught.value.frame == 2
        assert not target.exists()
        assert [n for n in writer.numbers if writer.is_done(n)] == [0, 1, 3, 4, 5]


def test_a_frame_of_another_size_is_named(maker, tmp_path):
    maker("s.mkv", frames=2, options=ALONE)
    maker("t.mkv", frames=2, options=ALONE, size=(64, 32))
    maker("u.mkv", "ffv1", "yuv420p", frames=2, options=ALONE)
    with MovieClip(tmp_path / "s.mkv") as clip, MovieWriter(tmp_path / "o.mkv", clip) as writer:
        for other in ("t.mkv", "u.mkv"):
            with MovieClip(tmp_path / other) as strange, pytest.raises(MixedSequenceError):
                writer.write(strange.read(1))
        with pytest.raises(MixedSequenceError, match="deep"):
            writer.write(replace(clip.read(0), parts=(), locked="deep"))
        with pytest.raises(UnwritableFrameError, match="matte"):
            writer.write(clip.read(0), extra_channels={"damage.A": np.zeros((32, 48), np.float16)})


def test_the_input_and_others_movies_are_not_written_over(maker, tmp_path):
    source = maker("s.mkv", frames=2, options=ALONE)
    (tmp_path / "link.mkv").hardlink_to(source)
    with MovieClip(source) as clip:
        for name in ("s.mkv", "link.mkv"):
            with pytest.raises(MediaError):
                MovieWriter(tmp_path / name, clip, overwrite=True)
        other = tmp_path / "other.mkv"
        other.write_bytes(b"precious")
        with pytest.raises(UnwritableFrameError, match="exists"):
            MovieWriter(other, clip)
        assert other.read_bytes() == b"precious"
        with MovieWriter(other, clip, overwrite=True) as writer:
            writer.write(clip.read(0))
            assert other.read_bytes() == b"precious"  # until the new one is whole
            writer.write(clip.read(1))
            writer.finish()
        with MovieClip(other) as result:
            assert len(result.numbers) == 2


def test_a_folder_that_cannot_be_written_is_found_at_once(maker, tmp_path):
    source = maker("s.mkv", frames=2, options=ALONE)
    (tmp_path / "file").touch()
    with MovieClip(source) as clip, pytest.raises(UnwritableFrameError):
        MovieWriter(tmp_path / "file" / "o.mkv", clip)


def test_a_full_disk_leaves_no_movie(maker, tmp_path):
    source = maker("s.mkv", frames=6, options=ALONE, size=(160, 120))
    target = tmp_path / "o.mkv"
    with MovieClip(source) as clip, MovieWriter(target, clip) as writer:
        for number in writer.numbers:
            writer.write(clip.read(number))
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            # Room for each packet, but not for the movie.
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
            with pytest.raises(UnwritableFrameError) as caught:
                writer.finish()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
        assert caught.value.errno == errno.EFBIG
        assert sorted(p.name for p in tmp_path.iterdir()) == [".o.mkv.frames", "s.mkv"]
        assert writer.finish() == ()
        assert target.exists()
