"""`filmrestore restore-timeline` for real: a cut in, restored clips on a track above out."""

from __future__ import annotations

import json
from pathlib import Path

import opentimelineio as otio
import pytest
from opentimelineio.opentime import RationalTime, TimeRange

from filmrestore_core.cli.main import run
from filmrestore_core.media.image_file import write_new
from filmrestore_core.testing.scenes import code_frame, moving_scene

schema = otio.schema
NUMBERS = range(1001, 1013)
SCENE = moving_scene(NUMBERS, height=64, width=80, specks=2, seed=3)
PLAIN = {"detect.detector": "classical", "repair.method": "classical", "detect.radius": 1}
FLAGS = [word for key, value in PLAIN.items() for word in ("--set", f"{key}={value}")]
RATE = 30000 / 1001
START = 107892
"""01:00:00;00 at 29.97."""


def times(start: float, count: float) -> TimeRange:
    return TimeRange(RationalTime(start, RATE), RationalTime(count, RATE))


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media") / "Rolle Ä 2"
    folder.mkdir()
    for number in NUMBERS:
        frame = code_frame(number, SCENE.damaged[number], bits=10)
        write_new(folder / f"sh 010.{number:07d}.dpx", frame)
    return folder


def cut_file(folder: Path, media: Path) -> Path:
    """V1: a, missing, a again, gap, b; V2: a title. Starts at 01:00:00;00, drop frame."""

    def images() -> schema.ImageSequenceReference:
        return schema.ImageSequenceReference(
            target_url_base=media.as_uri() + "/",
            name_prefix="sh 010.",
            name_suffix=".dpx",
            start_frame=1001,
            frame_step=1,
            rate=RATE,
            frame_zero_padding=7,
            available_range=times(START, 12),
        )

    timeline = schema.Timeline("Reel 1 – Röll", global_start_time=RationalTime(START, RATE))
    first, second = schema.Track("V1", kind="Video"), schema.Track("V2", kind="Video")
    timeline.tracks.extend([first, second, schema.Track("A1", kind="Audio")])
    first.append(schema.Clip("a", images(), times(START + 3, 2)))
    first.append(schema.Clip("lost", schema.MissingReference(), times(0, 5)))
    first.append(schema.Clip("a again", images(), times(START + 3, 2)))
    first.append(schema.Gap(source_range=times(0, 7)))
    first.append(schema.Clip("b", images(), times(START + 7, 2)))
    second.append(schema.Clip("title", schema.GeneratorReference("", "text"), times(0, 4)))
    path = folder / "Mein Schnitt.otio"
    otio.adapters.write_to_file(timeline, str(path))
    return path


def test_a_cut_comes_back_with_a_track_above(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = cut_file(tmp_path, media)
    before, out = cut.read_bytes(), tmp_path / "out dir"
    asked = ["restore-timeline", str(cut), str(out), "--workers", "1", *FLAGS]
    assert run(asked) == 0
    said = capsys.readouterr().out
    assert "lost: skipped, its media is missing" in said
    assert "title: skipped, it is a generator (text)" in said
    assert cut.read_bytes() == before

    made = out / "Mein Schnitt.restored.otio"
    source = otio.adapters.read_from_file(str(cut))
    timeline = otio.adapters.read_from_file(str(made))
    assert [t.name for t in timeline.tracks] == ["V1", "filmrestore V1", "V2", "A1"]
    kept = [t for t in timeline.tracks if "filmrestore" not in t.metadata]
    assert all(a.is_equivalent_to(b) for a, b in zip(kept, source.tracks, strict=True))
    assert timeline.global_start_time == source.global_start_time

    below, above = timeline.tracks[0], timeline.tracks[1]
    clips = {c.name: c for c in above if isinstance(c, schema.Clip)}
    assert list(clips) == ["a", "a again", "b"]
    for clip in clips.values():
        under = next(c for c in below if c.name == clip.name)
        assert above.range_of_child(clip) == below.range_of_child(under)
        assert clip.source_range == under.source_range
        assert clip.media_reference.available_range == clip.source_range
        shown = clip.media_reference.target_url_for_image_number(0)
        first = clip.media_reference.frame_for_time(clip.source_range.start_time)
        assert shown.endswith((f"/sh 010.{first:07d}.dpx", f"/sh%20010.{first:07d}.dpx"))
        marker = clip.markers[0]
        assert marker.name == "filmrestore"
        assert "of 2 frames touched" in marker.comment
        assert marker.metadata["filmrestore"]["key"] == clip.metadata["filmrestore"]["key"]
    references = [c.media_reference for c in clips.values()]
    assert references[0].target_url_base == references[1].target_url_base
    assert [r.start_frame for r in references] == [1004, 1004, 1008]

    result = json.loads((out / "Mein Schnitt.job" / "result.json").read_text("utf-8"))
    assert [s["frames"]["rendered"] for s in result["shots"]] == [2, 2]

    for first in ("1004", "1008"):
        typed = ["restore", str(media), f"{tmp_path / 'typed'}/", "--progress", "none"]
        assert run([*typed, "--frames", f"{first}-{int(first) + 1}", *FLAGS]) == 0
    ours = {
        p.name: p.read_bytes() for s in result["shots"] for p in Path(s["folder"]).glob("*.dpx")
    }
    assert ours == {p.name: p.read_bytes() for p in (tmp_path / "typed").glob("*.dpx")}

    capsys.readouterr()
    stamp, text = made.stat().st_mtime_ns, made.read_bytes()
    assert run(asked) == 0
    assert "a: 1004-1005, was there: " in capsys.readouterr().out
    assert (made.stat().st_mtime_ns, made.read_bytes()) == (stamp, text)
    again = json.loads((out / "Mein Schnitt.job" / "result.json").read_text("utf-8"))
    assert [s["frames"]["rendered"] for s in again["shots"]] == [0, 0]


def test_its_own_result_is_a_cut_like_the_first(media: Path, tmp_path: Path) -> None:
    """What an earlier run put on top is no source, and is not doubled."""
    cut = cut_file(tmp_path, media)
    assert run(["restore-timeline", str(cut), str(tmp_path / "out"), *FLAGS]) == 0
    made = tmp_path / "out" / "Mein Schnitt.restored.otio"
    assert run(["restore-timeline", str(made), str(tmp_path / "out"), *FLAGS, "--list"]) == 0
    twice = tmp_path / "Mein Schnitt.otio"
    twice.write_bytes(made.read_bytes())
    assert run(["restore-timeline", str(twice), str(tmp_path / "out"), *FLAGS]) == 0
    timeline = otio.adapters.read_from_file(str(made))
    assert [t.name for t in timeline.tracks] == ["V1", "filmrestore V1", "V2", "A1"]


def test_listing_renders_nothing(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = cut_file(tmp_path, media)
    assert run(["restore-timeline", str(cut), str(tmp_path / "out"), "--list"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"a: frames 1004-1005 of {media / 'sh 010.[0001001-0001012].dpx'}"
    assert len(said) == 5
    assert not (tmp_path / "out").exists()


def test_an_edl_with_its_media_found_by_name(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.edl"
    cut.write_text(
        "TITLE: CUT\nFCM: DROP FRAME\n\n"
        "001  AX V C 00:00:33;13 00:00:33;15 01:00:00;00 01:00:00;02\n"
        "* FROM CLIP NAME: sh 010\n"
    )
    out = tmp_path / "out"
    asked = ["restore-timeline", str(cut), str(out), "--rate", "29.97", *FLAGS]
    assert run(asked) == 1
    assert "No clip of the cut can be restored" in capsys.readouterr().err
    assert run([*asked, "--media", str(media), "--handles", "1", "--matte"]) == 0
    timeline = otio.adapters.read_from_file(str(out / "cut.restored.otio"))
    clip = timeline.tracks[1][0]
    assert clip.media_reference.start_frame == 1002
    assert clip.media_reference.frame_for_time(clip.source_range.start_time) == 1003
    shot = json.loads((out / "cut.job" / "result.json").read_text("utf-8"))["shots"][0]
    assert (shot["first"], shot["last"]) == (1002, 1005)
    assert len(list(Path(shot["matte"]["folder"]).glob("*.png"))) == 4


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["gone.otio"], 2, "cannot be read"),
        (["cut.otio", "--rate", "fast"], 2, "no frame rate"),
        (["cut.otio", "--preset", "quick"], 2, "no preset 'quick'"),
        (["cut.otio", "--set", "detect.radius"], 2, "has no value"),
        (["cut.otio", "--media", "gone"], 1, "No clip of the cut can be restored"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str],
    code: int,
    said: str,
    media: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if "--media" in arguments:
        timeline = schema.Timeline("t")
        timeline.tracks.append(schema.Track("V1", kind="Video"))
        timeline.tracks[0].append(schema.Clip("x", schema.MissingReference(), times(0, 1)))
        otio.adapters.write_to_file(timeline, "cut.otio")
    else:
        cut_file(tmp_path, media).rename(tmp_path / "cut.otio")
    assert run(["restore-timeline", arguments[0], "out", *arguments[1:]]) == code
    heard = capsys.readouterr()
    assert said in heard.err + heard.out
