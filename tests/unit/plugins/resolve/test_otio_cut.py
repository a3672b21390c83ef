"""Cuts read: which frames of which files each clip shows, and why others are left alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentimelineio.opentime import RationalTime, TimeRange

from filmrestore_core import MediaError, MissingExtraError, SettingsError, Timecode
from filmrestore_core.media.image_file import write_new
from filmrestore_core.testing.sequences import noise_frame, write_sequence
from filmrestore_resolve.cut_clip import CutClip, exact_count
from filmrestore_resolve.cut_media import MediaFolders, media_of_path, path_of_url
from filmrestore_resolve.otio_read import clips_of, read_timeline
from filmrestore_resolve.rates import RATES
from filmrestore_resolve.timeline_job import shot_key, timeline_job

schema = otio.schema


def times(start: float, count: float, rate: float = 24) -> TimeRange:
    return TimeRange(RationalTime(start, rate), RationalTime(count, rate))


@pytest.fixture(scope="module")
def plates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames 1001-1012 with four digits, 0-5 with six, in folders with odd names."""
    base = tmp_path_factory.mktemp("media") / "Rolle Ä 50%"
    write_sequence(base / "one" / "sh 010.####.dpx", range(1001, 1013))
    write_sequence(base / "two" / "sh020_######.dpx", range(6))
    return base


def images(plates: Path, start: float, rate: float = 24, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "target_url_base": (plates / "one").as_uri() + "/",
        "name_prefix": "sh 010.",
        "name_suffix": ".dpx",
        "start_frame": 1001,
        "frame_step": 1,
        "rate": rate,
        "frame_zero_padding": 4,
        "available_range": times(start, 12, rate),
    }
    return schema.ImageSequenceReference(**(values | changes))


def read(clip: Any, folder: Path, *media: Path, is_edl: bool = False) -> CutClip:
    timeline = schema.Timeline("cut")
    timeline.tracks.append(schema.Track("V1", kind="Video"))
    timeline.tracks[0].append(clip)
    return clips_of(timeline, folder, MediaFolders(media), is_edl=is_edl)[0]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("start", [0, 86400, 107892, 1001])
def test_file_numbers_follow_the_media_time(plates: Path, rate: Fraction, start: int) -> None:
    near = round(float(rate), 3)
    clip = schema.Clip("a", images(plates, start, near), times(start + 3, 5, near))
    found = read(clip, plates)
    assert (found.reason, found.first, found.last, found.rate) == ("", 1004, 1008, rate)
    assert found.media is not None
    assert found.media.path == str(plates / "one" / "sh 010.[1001-1012].dpx")


@given(st.sampled_from(RATES), st.integers(0, 10_000_000), st.integers(0, 100_000))
def test_the_arithmetic_isexact_count(rate: Fraction, start: int, offset: int) -> None:
    """For any media time, as floats carry it."""
    value = RationalTime(start, float(rate)) + RationalTime(offset, float(rate))
    assert exact_count(value.value) - exact_count(float(start)) == offset
    seconds = Fraction(start + offset) / rate
    back = RationalTime(float(seconds * rate), float(rate))
    assert exact_count(back.value) == start + offset


def test_a_source_range_at_another_rate_counts_in_whole_frames_only(plates: Path) -> None:
    media = images(plates, 0, 24)
    found = read(schema.Clip("a", media, times(4, 4, 48)), plates)
    assert (found.first, found.last) == (1003, 1004)
    found = read(schema.Clip("a", media, times(3, 4, 48)), plates)
    assert "does not fall on whole frames" in found.reason
    found = read(schema.Clip("a", media, times(24, 24, 23.976)), plates)
    assert "does not fall on whole frames" in found.reason


def test_without_a_source_range_all_of_the_media_is_meant(plates: Path) -> None:
    found = read(schema.Clip("a", images(plates, 50)), plates)
    assert (found.first, found.last) == (1001, 1012)


@pytest.mark.parametrize(
    "url",
    [
        "one/sh 010.[1001-1012].dpx",
        "one/sh 010.%04d.dpx",
        "one/sh 010.####.dpx",
        "one/sh 010.1001.dpx",
    ],
)
def test_an_address_of_a_sequence_in_every_notation(plates: Path, url: str) -> None:
    for given_url in (url, (plates / "x").as_uri()[:-1] + url.replace(" ", "%20")):
        media = schema.ExternalReference(given_url, times(100, 12))
        found = read(schema.Clip("a", media, times(102, 3)), plates)
        assert (found.reason, found.first, found.last) == ("", 1003, 1005)


def test_media_that_says_no_time_counts_by_its_file_numbers(plates: Path) -> None:
    media = images(plates, 0, available_range=None)
    found = read(schema.Clip("a", media, times(1005, 2)), plates)
    assert (found.reason, found.first, found.last) == ("", 1005, 1006)


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames at 23.976 from 01:00:00:00."""
    path = tmp_path_factory.mktemp("movies") / "Rolle Ä.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("prores_ks", rate=Fraction(24000, 1001))
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv422p10le"
        stream.metadata["timecode"] = "01:00:00:00"
        for number in range(12):
            gray = np.full((32, 32, 3), 20 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(gray, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_a_movie_counts_from_zero(movie: Path) -> None:
    media = schema.ExternalReference(movie.as_uri(), times(500, 12, 23.976))
    found = read(schema.Clip("a", media, times(503, 4, 23.976)), movie.parent)
    assert (found.reason, found.first, found.last) == ("", 3, 6)
    assert found.rate == Fraction(24000, 1001)


def test_a_movies_own_time_code_counts_where_the_cut_says_none(movie: Path) -> None:
    media = schema.ExternalReference(movie.as_uri())
    found = read(schema.Clip("a", media, times(86402, 4, 23.976)), movie.parent)
    assert (found.reason, found.first, found.last) == ("", 2, 5)
    by_name = schema.Clip("rolle ä", schema.MissingReference(), times(86400, 12, 23.976))
    found = read(by_name, movie.parent, movie.parent, is_edl=True)
    assert (found.reason, found.first, found.last) == ("", 0, 11)


def test_missing_media_is_found_by_name(plates: Path) -> None:
    clip = schema.Clip("SH020", schema.MissingReference(), times(2, 3))
    assert "--media" in read(clip, plates).reason
    found = read(clip, plates, plates)
    assert (found.reason, found.first, found.last) == ("", 2, 4)
    moved = schema.ExternalReference("/gone/sh 010.[1001-1012].dpx", times(0, 12))
    assert read(schema.Clip("a", moved, times(0, 2)), plates, plates).first == 1001
    assert "does not exist" in read(schema.Clip("a", moved, times(0, 2)), plates).reason


def test_two_media_of_one_name_are_not_guessed(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_sequence(tmp_path / folder / "x" / "sh.####.dpx", range(2))
    clip = schema.Clip("sh", schema.MissingReference(), times(0, 1))
    assert "Several media are called 'sh'" in read(clip, tmp_path, tmp_path).reason


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda c: setattr(c, "enabled", False), "disabled"),
        (lambda c: c.effects.append(schema.LinearTimeWarp(time_scalar=0.5)), "retimed"),
        (lambda c: c.effects.append(schema.FreezeFrame()), "freeze frame"),
        (lambda c: setattr(c, "media_reference", schema.GeneratorReference("", "bars")), "(bars)"),
        (lambda c: setattr(c, "media_reference", schema.MissingReference()), "missing"),
        (lambda c: setattr(c, "source_range", times(8, 9)), "lie outside of the media"),
        (lambda c: setattr(c, "source_range", times(0, 0)), "no length"),
        (lambda c: setattr(c, "source_range", times(0, 2.5)), "no whole number"),
        (lambda c: setattr(c.media_reference, "frame_step", 2), "steps of 2"),
    ],
)
def test_what_cannot_be_replaced_is_left_alone_and_says_why(
    plates: Path, change: Any, why: str
) -> None:
    clip = schema.Clip("a", images(plates, 0), times(2, 3))
    change(clip)
    found = read(clip, plates)
    assert why in found.reason
    assert found.media is None


def test_a_plain_speed_effect_of_one_is_no_retime(plates: Path) -> None:
    clip = schema.Clip("a", images(plates, 0), times(2, 3))
    clip.effects.append(schema.LinearTimeWarp(time_scalar=1.0))
    assert read(clip, plates).reason == ""


def joined(*items: Any, offsets: tuple[float, float] = (1, 2)) -> Any:
    """A timeline of clips with a transition after each but the last."""
    timeline = schema.Timeline("cut")
    track = schema.Track("V1", kind="Video")
    timeline.tracks.append(track)
    for item in items:
        if len(track):
            sides = [RationalTime(value, 24) for value in offsets]
            track.append(schema.Transition("mix", "SMPTE_Dissolve", *sides))
        track.append(item)
    return timeline


def test_a_dissolve_needs_frames_beyond_the_cut(plates: Path) -> None:
    """It begins in_offset before the cut and ends out_offset after it."""
    timeline = joined(*(schema.Clip(f"c{n}", images(plates, 0), times(3, 4)) for n in range(3)))
    found = clips_of(timeline, plates, MediaFolders(()), is_edl=False)
    assert [(c.reason, c.head, c.tail) for c in found] == [("", 0, 2), ("", 1, 2), ("", 1, 0)]
    shots = timeline_job(found, plates, project="p", timeline="t", head={}).document["shots"]
    ranges = [(shot["first"], shot["last"]) for shot in shots]
    assert ranges == [(1004, 1009), (1003, 1009), (1003, 1007)]


@pytest.mark.parametrize("offsets", [(4, 0), (0, 6)])
def test_a_dissolve_beyond_the_media_leaves_both_alone(
    plates: Path, offsets: tuple[int, int]
) -> None:
    clips = [schema.Clip(f"c{n}", images(plates, 0), times(3, 4)) for n in range(2)]
    found = clips_of(joined(*clips, offsets=offsets), plates, MediaFolders(()), is_edl=False)
    said = sorted(c.reason for c in found)
    assert "a transition joins it" in said[0]
    assert said[1] == "its media lacks frames that a transition shows"


def test_who_is_joined_to_a_clip_left_alone_is_too(plates: Path) -> None:
    clips = [schema.Clip(f"c{n}", images(plates, 0), times(3, 3)) for n in range(4)]
    clips[3].enabled = False
    timeline = joined(*clips)
    del timeline.tracks[0][1]  # the first is cut to the second
    found = clips_of(timeline, plates, MediaFolders(()), is_edl=False)
    assert found[0].reason == ""
    assert "joins it to 'c2'" in found[1].reason
    assert "joins it to 'c3'" in found[2].reason


def test_fades_and_nested_timelines_are_left_alone(plates: Path) -> None:
    stack = schema.Stack("nested")
    stack.append(schema.Clip("in", images(plates, 0), times(3, 3)))
    clips = [schema.Clip(f"c{n}", images(plates, 0), times(3, 3)) for n in range(3)]
    timeline = joined(clips[0], schema.Gap(source_range=times(0, 9)), clips[1], stack)
    timeline.tracks[0].append(clips[2])
    timeline.tracks.append(schema.Track("A1", kind="Audio"))
    timeline.tracks[1].append(schema.Clip("sound", images(plates, 0), times(3, 3)))
    found = {c.name: c.reason for c in clips_of(timeline, plates, MediaFolders(()), is_edl=False)}
    assert "fade" in found["c0"]
    assert "fade" in found["c1"]
    assert "nested" in found["nested"]
    assert found["c2"] == ""
    assert "sound" not in found


EDL = """TITLE: CUT
FCM: NON-DROP FRAME

001  AX       V     C        00:00:41:19 00:00:41:21 01:00:00:00 01:00:00:02
* FROM CLIP NAME: sh 010.[1001-1012].dpx
002  SH020    V     C        00:00:00:01 00:00:00:04 01:00:00:02 01:00:00:05
* FROM CLIP NAME: whatever it is called
003  BL       V     C        00:00:00:00 00:00:00:02 01:00:00:05 01:00:00:07
004  TAPE3    V     C        00:00:00:00 00:00:00:08 01:00:00:07 01:00:00:11
M2   TAPE3       048.0                00:00:00:00
* FROM CLIP NAME: sh020_000000.dpx
005  NOTHING  V     C        00:00:00:00 00:00:00:01 01:00:00:11 01:00:00:12
"""


def test_an_edl_counts_by_time_code(plates: Path, tmp_path: Path) -> None:
    """00:00:41:19 at 24 is 1003: without a time code in the files their numbers count."""
    cut = tmp_path / "cut.edl"
    cut.write_text(EDL)
    timeline = read_timeline(cut, rate=Fraction(24))
    clips = clips_of(timeline, tmp_path, MediaFolders([plates]), is_edl=True)
    assert [(c.first, c.last) for c in clips[:2]] == [(1003, 1004), (1, 3)]
    assert "generator (black)" in clips[2].reason
    assert "retimed" in clips[3].reason
    assert "missing" in clips[4].reason


def test_the_time_code_in_the_files_counts_before_their_numbers(tmp_path: Path) -> None:
    for number in range(1, 5):
        frame = noise_frame(number, extension=".exr")
        part = frame.parts[0]
        word = Timecode.parse("01:00:00:00", 24) + (number - 1)
        coded = {"smpte:TimeCode": (word.smpte_word(), 0), "FramesPerSecond": (24, 1)}
        part = replace(part, attributes={**part.attributes, **coded})
        write_new(tmp_path / f"a.{number:04d}.exr", frame.with_part(0, part))
    found = media_of_path(str(tmp_path / "a.####.exr"), None)
    assert str(found.timecode) == "01:00:00:00"
    clip = schema.Clip("a", schema.MissingReference(), times(86402, 2))
    assert read(clip, tmp_path, tmp_path, is_edl=True).first == 3


@pytest.mark.parametrize(
    ("name", "content", "error", "said"),
    [
        ("cut.otio", "{", SettingsError, "cannot be read"),
        ("cut.otio", schema.Clip("lone").to_json_string(), SettingsError, "holds no timeline"),
        ("cut.otioz", "", SettingsError, "is a bundle"),
        ("cut.fcpxml", "", MissingExtraError, "pip install otio-fcpx-xml-adapter"),
        ("cut.doc", "", MissingExtraError, "export the cut as .otio"),
        ("cut.edl", "001 AX V X 1 2 3 4", SettingsError, "cannot be read"),
    ],
)
def test_what_is_no_cut_is_refused(
    tmp_path: Path, name: str, content: str, error: type[Exception], said: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(error) as caught:
        read_timeline(tmp_path / name)
    assert said in str(caught.value)


def test_a_cut_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_timeline(tmp_path / "cut.otio")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("a/b.mov", "/base/a/b.mov"),
        ("/a/50%20b.%04d.exr", "/a/50%20b.%04d.exr"),
        ("file:///a/50%25%20b.%04d.exr", "/a/50% b.%04d.exr"),
        ("file:///a/50%25%20b.%2504d.exr", "/a/50% b.%04d.exr"),
        ("file://localhost/a/%C3%A4.####.dpx", "/a/ä.####.dpx"),
        ("file:///a/b?.mov", "/a/b?.mov"),
    ],
)
def test_addresses(url: str, path: str) -> None:
    assert path_of_url(url, Path("/base")) == path


def test_one_source_range_is_one_shot(plates: Path) -> None:
    timeline = schema.Timeline("cut")
    for name in ("V1", "V2"):
        track = schema.Track(name, kind="Video")
        track.append(schema.Clip(f"{name} a", images(plates, 0), times(3, 3)))
        timeline.tracks.append(track)
    again = schema.ExternalReference(str(plates / "one" / "sh 010.%04d.dpx"), times(9, 12))
    timeline.tracks[1].append(schema.Clip("b", again, times(12, 3)))
    timeline.tracks[1].append(schema.Clip("c", images(plates, 0), times(3, 4)))
    clips = clips_of(timeline, plates, MediaFolders(()), is_edl=False)
    job = timeline_job(clips, plates, project="p", timeline="t", head={})
    assert len(job.document["shots"]) == 2
    assert len(job.keys) == 4
    assert shot_key(clips[0]) == shot_key(clips[1]) == shot_key(clips[2]) != shot_key(clips[3])


def test_a_media_folder_that_is_gone_is_said(plates: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is not there"):
        MediaFolders([tmp_path / "gone"]).find(["x"])
