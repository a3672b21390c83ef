"""Tracks, takes, bins, handles, markers, settings that change, and what Remove results leaves."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from filmrestore_resolve.host.removing import Removed, remove_results
from filmrestore_resolve.host.session import open_session
from filmrestore_resolve.testing.quirks import Quirks
from filmrestore_resolve.testing.timeline import Span, TimelineItemBody
from filmrestore_resolve.testing.world import World

SHOWN = [1004, 1005, 1006, 1007]


def cut(footage: Any, quirks: Quirks | None = None, **how: Any) -> World:
    world = World(quirks, **how)
    start = world.timeline.start
    world.add_item(footage.clip(world), start + 10, 4, 3, color="Orange").grade = "warm"
    return world


def remove(world: World) -> Removed:
    session = open_session(world.resolve)
    return remove_results(session.project, session.pool, session.timeline)


RATES = [
    (Fraction(24000, 1001), False, 86400, "01:00:00:10"),
    (Fraction(24), False, 86400, "01:00:00:10"),
    (Fraction(25), False, 0, "00:00:00:10"),
    (Fraction(30000, 1001), False, 108000, "01:00:00:10"),
    (Fraction(30000, 1001), True, 107892, "01:00:00;10"),
    (Fraction(30), False, 1799, "00:01:00:09"),
    (Fraction(30000, 1001), True, 1799, "00:01:00;11"),
    (Fraction(50), False, 180000, "01:00:00:10"),
    (Fraction(60000, 1001), True, 215784, "01:00:00;10"),
    (Fraction(60000, 1001), False, 5, "00:00:00:15"),
]


@pytest.mark.parametrize(("rate", "drop", "start", "address"), RATES)
@pytest.mark.parametrize("form", ["number", "string", "rounded"])
def test_every_rate_and_start(
    rate: Fraction, drop: bool, start: int, address: str, form: str, footage: Any, quick_button: Any
) -> None:
    world = cut(footage, Quirks(rate_form=form), rate=rate, drop=drop, start=start)
    before = world.state()
    outcome = quick_button.press(world)
    assert outcome.code == 0
    (item,) = world.our_items()
    assert (item.start, item.shows()) == (start + 10, SHOWN)
    assert item.clip.rate == rate
    assert 10 in world.timeline.markers
    assert outcome.lines[0].timecode == address
    remove(world)
    assert world.state() == before


@pytest.mark.parametrize("handles", [2, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("end", ["exclusive", "inclusive"])
@pytest.mark.parametrize("first", ["zero", "first_number"])
@pytest.mark.parametrize("place", ["track", "take"])
def test_handles_stay_below_the_cut(
    handles: int, end: str, first: str, place: str, footage: Any, quick_button: Any
) -> None:
    world = cut(footage, Quirks(end_frame=end, sequence_start=first))
    before = world.state()
    outcome = quick_button.press(world, handles=handles, place=place)
    if place == "take" and outcome.code:
        # A take gives no way to read where it begins in its media, so doubt keeps it out.
        assert "only in the bin" in outcome.lines[0].text
    else:
        assert outcome.code == 0, outcome
        (item,) = world.our_items()
        assert (item.start, item.shows()) == (86410, SHOWN)
        # Three frames are before the cut in this media and three after it.
        assert (item.clip.first, item.clip.frames) == (
            1004 - min(handles, 3),
            4 + 2 * min(handles, 3),
        )
    assert world.wire.misuses == []
    remove(world)
    assert world.state() == before


def test_the_next_track_is_never_covered(footage: Any, quick_button: Any) -> None:
    """Ours goes between V1 and V2; where it lands on top, it must not hide what plays on V2."""
    for index in (True, False):
        world = cut(footage, Quirks(add_track_index=index))
        world.add_item(footage.clip(world), 86408, 4, 0, track=2, name="theirs")
        users = world.users_part()
        outcome = quick_button.press(world)
        named = [track.name for track in world.timeline.tracks]
        if index:
            assert named == ["Video 1", "filmrestore", "Video 2"]
        else:
            assert named == ["Video 1", "Video 2"]
            assert "it would hide 'theirs' on V2" in outcome.lines[0].text
            assert outcome.code == 1
        assert world.users_part() == users


def test_an_empty_track_of_the_user_is_not_taken_for_ours(footage: Any, quick_button: Any) -> None:
    for index in (True, False):
        world = cut(footage, Quirks(add_track_index=index))
        world.timeline.put(2, world.add_item(None, 1, 1, track=2))
        world.timeline.tracks[1].items.clear()
        world.timeline.tracks[1].name = "titles"
        before = world.state()
        assert quick_button.press(world).code == 0
        assert [t.name for t in world.timeline.tracks] == ["Video 1", "titles", "filmrestore"]
        remove(world)
        assert world.state() == before


def test_a_track_of_that_name_is_used_and_stays(footage: Any, quick_button: Any) -> None:
    world = cut(footage)
    world.timeline.AddTrack("video")
    world.timeline.tracks[1].name = "filmrestore"
    before = world.state()
    quick_button.press(world)
    assert len(world.timeline.tracks) == 2
    remove(world)
    assert world.state() == before


@pytest.mark.parametrize(("locked", "said"), [(True, "is locked"), (False, "is switched off")])
def test_a_locked_or_disabled_track_is_left_alone(
    locked: bool, said: str, footage: Any, quick_button: Any
) -> None:
    world = cut(footage)
    quick_button.press(world)
    remove(world)
    world.timeline.AddTrack("video")
    track = world.timeline.tracks[1]
    track.name, track.locked, track.enabled = "filmrestore", locked, locked
    outcome = quick_button.press(world)
    assert said in outcome.lines[0].text
    assert track.items == []
    assert outcome.code == 1


def test_a_place_that_is_taken_is_not_overwritten(footage: Any, quick_button: Any) -> None:
    world = cut(footage)
    quick_button.press(world)
    (ours,) = world.our_items()
    track = world.timeline.tracks[1]
    theirs = TimelineItemBody(
        world.wire, world.timeline, footage.clip(world), Span(86412, 4, 0), 100.0, name="theirs"
    )
    track.items[:] = [theirs]
    outcome = quick_button.press(world)
    assert "taken by 'theirs'" in outcome.lines[0].text
    assert track.items == [theirs]
    assert ours not in world.our_items()


def test_a_take_leaves_the_original_as_take_1(footage: Any, quick_button: Any) -> None:
    for quirks in (Quirks(), Quirks(take_selected_on_add=True), Quirks(source_end="exclusive")):
        world = cut(footage, quirks)
        before = world.state()
        original = world.timeline.tracks[0].items[0]
        outcome = quick_button.press(world, place="take")
        assert outcome.code == 0
        assert len(world.timeline.tracks) == 1
        assert original.GetSelectedTakeIndex() == 2
        assert (original.start, original.shows()) == (86410, SHOWN)
        assert original.takes[0][0] is world.project.pool.root.clips[0]
        after = world.state()
        assert quick_button.press(world, place="take").lines[0].outcome == "there already"
        assert world.state() == after
        assert remove(world).takes == 1
        assert world.state() == before
        assert world.wire.misuses == []


def test_takes_of_the_user_stay(footage: Any, quick_button: Any) -> None:
    world = cut(footage)
    other = footage.clip(world)
    item = world.timeline.tracks[0].items[0]
    item.AddTake(other, 2, 6)
    item.SelectTakeByIndex(2)
    item.SelectTakeByIndex(1)
    before = world.state()
    assert quick_button.press(world, place="take").code == 0
    assert (item.GetTakesCount(), item.GetSelectedTakeIndex()) == (3, 3)
    remove(world)
    assert world.state() == before


def test_a_take_selector_that_stays_is_told(footage: Any, quick_button: Any) -> None:
    world = cut(footage, Quirks(take_selector_stays=True))
    quick_button.press(world, place="take")
    removed = remove(world)
    assert "keeps a take selector that holds just the original" in removed.left[0]
    assert world.our_items() == []


def test_bin_only_with_mattes_and_copied_properties(footage: Any, quick_button: Any) -> None:
    world = cut(footage)
    before = world.state()
    assert quick_button.press(world, place="bin", matte=True).code == 0
    (folder,) = world.project.pool.root.folders
    result, matte = folder.clips
    assert result.properties["Input Color Space"] == "Cineon Film Log"
    assert result.properties["Data Level"] == "Full"
    assert "/matte/" in matte.properties["File Path"]
    assert matte.properties["Data Level"] == "Auto"
    assert world.our_items() == []
    after = world.state()
    assert quick_button.press(world, place="bin", matte=True).lines[0].outcome == "there already"
    assert world.state() == after
    remove(world)
    assert world.state() == before


def test_the_grade_is_copied_only_when_asked(footage: Any, quick_button: Any) -> None:
    for asked in (False, True):
        world = cut(footage)
        quick_button.press(world, copy_grade=asked)
        assert world.our_items()[0].grade == ("warm" if asked else "none")


def test_changed_settings_put_the_new_result_in_the_place_of_the_old(
    footage: Any, quick_button: Any
) -> None:
    for place in ("track", "take"):
        world = cut(footage)
        before = world.state()
        quick_button.press(world, place=place)
        (old,) = world.our_clips()
        changes = {"detect.detector": "classical", "detect.sensitivity": 0.2}
        outcome = quick_button.press(world, place=place, changes=changes)
        assert outcome.lines[0].outcome == "placed"
        (new,) = world.our_clips()
        assert new is not old
        assert new.properties["File Path"] != old.properties["File Path"]
        (item,) = world.our_items()
        assert (item.clip, item.start, item.shows()) == (new, 86410, SHOWN)
        assert [m["name"] for m in world.timeline.markers.values()] == ["filmrestore"]
        remove(world)
        assert world.state() == before


def test_what_the_user_made_of_a_result_stays(footage: Any, quick_button: Any) -> None:
    world = cut(footage)
    quick_button.press(world)
    (clip,) = world.our_clips()
    copy = world.add_item(clip, 86500, 4, 0, track=1, name="copy")
    removed = remove(world)
    assert world.our_items() == [copy]
    assert world.our_clips() == [clip]
    assert any("not placed by filmrestore" in line for line in removed.left)
    assert any("still in use" in line for line in removed.left)


def test_other_timelines_keep_their_results(footage: Any, quick_button: Any) -> None:
    world = cut(footage)
    quick_button.press(world)
    other = world.add_timeline("Reel 1 – Röll", 0)
    first, world.timeline, world.project.current = world.timeline, other, other
    world.add_item(world.project.pool.root.clips[0], 50, 4, 3, color="Orange")
    assert quick_button.press(world).code == 0
    assert len(world.our_clips()) == 1
    remove(world)
    assert [item.timeline for item in world.our_items()] == [first]
    assert len(other.tracks) == 1
    assert other.markers == {}
    assert len(first.markers) == 1


def test_markers_make_way_for_those_of_the_user(footage: Any, quick_button: Any) -> None:
    world = cut(footage)
    theirs = {"color": "Cyan", "name": "x", "note": "", "duration": 1, "customData": ""}
    world.timeline.markers = {10: dict(theirs), 11: dict(theirs)}
    quick_button.press(world, bad_frame_markers=True)
    ours = {f: m for f, m in world.timeline.markers.items() if m["customData"]}
    shot = {f: m for f, m in ours.items() if m["customData"].startswith("filmrestore:shot:")}
    assert list(shot) == [12]
    assert "frames touched of 4" in shot[12]["note"]
    # The mark is in frame 1005, which stands at 11, where the user's own marker is.
    assert [f for f in ours if f != 12] == []
    del world.timeline.markers[11]
    quick_button.press(world, bad_frame_markers=True)
    assert world.timeline.markers[11]["name"] == "filmrestore frame 1005"
    remove(world)
    assert world.timeline.markers == {10: theirs}


def test_the_report_says_what_was_done(footage: Any, quick_button: Any) -> None:
    world = cut(footage)
    world.add_item(None, 86450, 5, color="Orange", name="<Titel>", type_name="title")
    outcome = quick_button.press(world)
    assert outcome.code == 3
    page = Path(outcome.page)
    values = json.loads((page.parent / "placed.json").read_text("utf-8"))
    assert [shot["outcome"] for shot in values["shots"]] == ["skipped", "placed"]
    assert values["timeline"] == "Reel 1 – Röll"
    text = page.read_text("utf-8")
    assert "&lt;Titel&gt;" in text
    assert "01:00:00:10" in text
    assert (page.parent / "filmrestore.log").read_text("utf-8").count("\n") >= 3
