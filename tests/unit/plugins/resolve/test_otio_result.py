"""The cut written back: restored clips exactly over theirs, all else as it was."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from opentimelineio.opentime import RationalTime, TimeRange

from filmrestore_core.testing.sequences import write_sequence
from filmrestore_resolve.cut_clip import CutClip
from filmrestore_resolve.cut_media import MediaFolders
from filmrestore_resolve.otio_read import clips_of
from filmrestore_resolve.otio_result import note_of, restored_timeline, timeline_text
from filmrestore_resolve.rates import RATES

schema = otio.schema


@pytest.fixture(scope="module")
def plates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media") / "Rolle Ä 50%"
    write_sequence(folder / "sh 010.####.dpx", range(1001, 1025))
    return folder


def times(start: float, count: float, rate: float) -> TimeRange:
    return TimeRange(RationalTime(start, rate), RationalTime(count, rate))


def images(folder: Path, start: float, rate: float) -> Any:
    return schema.ImageSequenceReference(
        folder.as_uri() + "/", "sh 010.", ".dpx", 1001, 1, rate, 4,
        available_range=times(start, 24, rate),
    )  # fmt: skip


def result(clip: CutClip, *, handles: int = 0) -> dict[str, Any]:
    return {
        "key": "k",
        "source": {"path": "p"},
        "folder": "/out put/ä/0123",
        "prefix": "sh 010.",
        "suffix": ".dpx",
        "padding": 4,
        "first": clip.first - clip.head - handles,
        "last": clip.last + clip.tail + handles,
        "cut": {"first": clip.first, "last": clip.last},
        "frames": {"touched": 2, "whole": clip.last - clip.first + 1},
        "objects": 3,
        "classes": {"dirt": 2, "scratch": 1},
        "area_percent": 0.25,
        "worst": [{"frame": 1009}, {"frame": 1008}],
        "report_html": "/r.html",
    }


def restored(timeline: Any, folder: Path, **changes: Any) -> Any:
    clips = clips_of(timeline, folder, MediaFolders(()), is_edl=False)
    results = {(c.track, c.place): result(c, **changes) for c in clips if not c.reason}
    return restored_timeline(timeline, clips, results)


def one_clip(media: Any, source: TimeRange, before: float = 0) -> Any:
    timeline = schema.Timeline("cut")
    timeline.tracks.append(schema.Track("V1", kind="Video"))
    if before:
        timeline.tracks[0].append(schema.Gap(source_range=times(0, before, source.start_time.rate)))
    timeline.tracks[0].append(schema.Clip("a", media, source))
    return timeline


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("handles", [0, 3])
@pytest.mark.parametrize("digits", [3, 12])
def test_each_frame_lies_over_its_own(
    plates: Path, rate: Fraction, handles: int, digits: int
) -> None:
    """In every rate, written as 23.976 or to the last digit; from 01:00:00:00 on."""
    said = round(float(rate), digits)
    start = 3600 * -(-rate.numerator // rate.denominator)
    timeline = one_clip(images(plates, start, said), times(start + 7, 10, said), before=48)
    made = restored(timeline, plates, handles=handles)
    below, above = made.tracks[0], made.tracks[1]
    clip = above[1]
    assert above.range_of_child(clip) == below.range_of_child(below[1])
    assert above.available_range() == below.available_range()
    for step in range(10):
        at = RationalTime(start + 7 + step, said)
        assert clip.media_reference.frame_for_time(at) == 1008 + step
    assert clip.media_reference.start_frame == 1008 - handles
    assert clip.media_reference.number_of_images_in_sequence() == 10 + 2 * handles


def test_a_source_range_at_twice_the_rate(plates: Path) -> None:
    made = restored(one_clip(images(plates, 0, 24.0), times(4, 8, 48.0)), plates, handles=1)
    reference = made.tracks[1][0].media_reference
    assert reference.frame_for_time(RationalTime(4, 48.0)) == 1003
    assert reference.available_range == times(2, 12, 48.0)


@pytest.mark.parametrize("is_url", [True, False])
def test_an_address_stays_an_address(plates: Path, is_url: bool) -> None:
    """Resolve writes sequences as `plate.[1001-1024].dpx`."""
    path = plates / "sh 010.[1001-1024].dpx"
    media = schema.ExternalReference(path.as_uri() if is_url else str(path), times(50, 24, 25.0))
    made = restored(one_clip(media, times(52, 3, 25.0)), plates)
    reference = made.tracks[1][0].media_reference
    wanted = Path("/out put/ä/0123/sh 010.[1003-1005].dpx")
    assert reference.target_url == (wanted.as_uri() if is_url else str(wanted))
    assert reference.available_range == times(52, 3, 25.0)


def test_a_dissolve_comes_above_too(plates: Path) -> None:
    timeline = schema.Timeline("cut")
    timeline.tracks.append(schema.Track("V1", kind="Video"))
    track = timeline.tracks[0]
    for name in "abc":
        track.append(schema.Clip(name, images(plates, 0, 24.0), times(5, 6, 24.0)))
    sides = RationalTime(2, 24.0), RationalTime(3, 24.0)
    track.insert(1, schema.Transition("mix", "SMPTE_Dissolve", *sides))
    made = restored(timeline, plates)
    above = made.tracks[1]
    assert [type(i).__name__ for i in above] == ["Clip", "Transition", "Clip", "Clip"]
    assert above[1].is_equivalent_to(track[1])
    for place in (0, 2, 3):
        assert above.range_of_child(above[place]) == track.range_of_child(track[place])
    # a is shown until three frames after its end, b from two frames before its start
    assert above[0].media_reference.available_range == times(5, 9, 24.0)
    assert above[2].media_reference.available_range == times(3, 8, 24.0)
    assert above[0].trimmed_range() == times(5, 6, 24.0)

    clips = clips_of(timeline, plates, MediaFolders(()), is_edl=False)
    only_a = {(c.track, c.place): result(c) for c in clips if c.name != "b"}
    above = restored_timeline(timeline, clips, only_a).tracks[1]
    assert [item.name for item in above if isinstance(item, schema.Clip)] == ["c"]


def test_nothing_of_the_cut_changes(plates: Path) -> None:
    timeline = one_clip(images(plates, 0, 24.0), times(4, 8, 24.0))
    timeline.tracks[0].append(schema.Clip("lost", schema.MissingReference(), times(0, 4, 24.0)))
    timeline.tracks[0].markers.append(schema.Marker("mine", times(1, 1, 24.0)))
    timeline.tracks.append(schema.Track("V2", kind="Video"))
    timeline.tracks[1].append(schema.Clip("b", images(plates, 0, 24.0), times(0, 5, 24.0)))
    before = timeline_text(timeline)
    made = restored(timeline, plates)
    assert timeline_text(timeline) == before
    assert [t.name for t in made.tracks] == ["V1", "filmrestore V1", "V2", "filmrestore V2"]
    assert made.tracks[0].is_equivalent_to(timeline.tracks[0])
    assert made.tracks[2].is_equivalent_to(timeline.tracks[1])
    assert [type(c) for c in made.tracks[1]] == [schema.Clip]
    assert timeline_text(restored(timeline, plates)) == timeline_text(made)


def test_the_marker_counts(plates: Path) -> None:
    made = restored(one_clip(images(plates, 0, 24.0), times(4, 8, 24.0)), plates)
    marker = made.tracks[1][0].markers[0]
    assert (marker.name, marker.color) == ("filmrestore", "CYAN")
    assert marker.marked_range == times(4, 8, 24.0)
    assert marker.comment == (
        "2 of 8 frames touched; 3 pieces of damage (2 dirt, 1 scratch); 0.2500 % of the picture; "
        "worst frames 1009, 1008."
    )


def test_a_clean_shot_says_so() -> None:
    clean = {"frames": {"touched": 0, "whole": 5}, "objects": 0, "classes": {}, "worst": []}
    said = note_of({**clean, "area_percent": 0.0})
    assert said == "0 of 5 frames touched; 0 pieces of damage; 0.0000 % of the picture."
