"""Which shots are meant, which are left out and why, and which frames they are."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from filmrestore_resolve.host.choices import checked_choices
from filmrestore_resolve.host.messages import Refusal
from filmrestore_resolve.host.restoring import Found, look
from filmrestore_resolve.host.session import open_session
from filmrestore_resolve.testing.quirks import Quirks
from filmrestore_resolve.testing.world import World


def looked(world: World, **choices: Any) -> Found:
    return look(open_session(world.resolve), checked_choices(choices, "test"))


def three(footage: Any, **quirks: Any) -> World:
    world = World(Quirks(**quirks))
    clip = footage.clip(world)
    for number, color in enumerate(["Orange", "", "Green"]):
        world.add_item(clip, 86400 + 10 * number, 5, number, color=color, name=f"shot {number}")
    world.add_item(clip, 86411, 3, 0, track=2, name="above")
    return world


def names(found: Found) -> list[str]:
    return [shot.item.name for shot in found.shots]


def test_by_clip_color(footage: Any) -> None:
    assert names(looked(three(footage), choose="color", color="Green")) == ["shot 2"]
    with pytest.raises(Refusal, match="has the color Lime"):
        looked(three(footage), choose="color", color="Lime")


def test_by_selection(footage: Any) -> None:
    world = three(footage)
    with pytest.raises(Refusal, match="No video clip is selected"):
        looked(world, choose="selected")
    world.timeline.selected = [i for t in world.timeline.tracks for i in t.items][1:3]
    assert names(looked(world, choose="selected")) == ["shot 1", "shot 2"]
    with pytest.raises(Refusal, match=r"21\.0\.4"):
        looked(three(footage, has_selected_clips=False), choose="selected")


def test_from_in_to_out(footage: Any) -> None:
    world = three(footage)
    with pytest.raises(Refusal, match="no in and out"):
        looked(world, choose="in_out")
    world.timeline.marks = {"video": {"in": 4}}
    with pytest.raises(Refusal, match="no in and out"):
        looked(world, choose="in_out")
    # Both belong to the range, and count from the timeline's start.
    world.timeline.marks = {"video": {"in": 4, "out": 10}}
    assert names(looked(world, choose="in_out")) == ["shot 0", "shot 1"]
    world.timeline.marks = {"video": {"in": 5, "out": 9}}
    with pytest.raises(Refusal, match="No clip lies between"):
        looked(world, choose="in_out")


def test_under_the_playhead_and_a_whole_track(footage: Any) -> None:
    world = three(footage)
    world.timeline.playhead = 86412
    assert names(looked(world, choose="current")) == ["above"]
    assert names(looked(world, choose="track")) == ["above"]
    assert names(looked(world, choose="track", track=1)) == ["shot 0", "shot 1", "shot 2"]
    with pytest.raises(Refusal, match="no video track 3"):
        looked(world, choose="track", track=3)
    world.timeline.playhead = 86408
    with pytest.raises(Refusal, match="under the playhead"):
        looked(world, choose="current")


def test_frames_are_numbered_as_the_files_and_context_stays_inside_the_media(footage: Any) -> None:
    world = World()
    clip = footage.clip(world)
    world.add_item(clip, 86400, 4, 3, color="Orange")
    world.add_item(clip, 86404, 10, 0, color="Orange")
    first, whole = looked(world).shots
    assert (first.first, first.last, first.before, first.after) == (1004, 1007, 3, 3)
    assert (whole.first, whole.last, whole.before, whole.after) == (1001, 1010, 0, 0)
    assert first.key != whole.key


def unsuitable(footage: Any, tmp_path: Path, has_speed: bool) -> dict[str, tuple[World, str]]:
    """One world for each thing that cannot be restored, and what is said of it."""
    quirks = Quirks(has_speed=has_speed, has_type=has_speed)
    cases: dict[str, tuple[World, str]] = {}

    def world_of(name: str, reason: str) -> World:
        world = World(quirks)
        cases[name] = (world, reason)
        return world

    for speed, reason in ((50.0, "retimed"), (200.0, "retimed"), (0.0, "freeze"), (-100.0, "re|b")):
        world = world_of(f"speed {speed}", reason)
        world.add_item(footage.clip(world), 86400, 8, 0, speed=speed, color="Orange")
    kinds = {
        "Compound": "compound", "Multicam": "multicam", "Timeline": "nested",
        "Generator": "generator", "Adjustment Clip": "adjustment", "Audio": "sound only",
        "Fusion Title": "Fusion|title",
    }  # fmt: skip
    for kind, reason in kinds.items():
        world = world_of(kind, reason)
        world.add_item(world.add_clip("", 50, Type=kind), 86400, 8, color="Orange")
    for name, reason in (("transition", "transition"), ("title", "title")):
        world = world_of(name, reason)
        world.add_item(None, 86400, 8, type_name=name, color="Orange", name=name)
    world = world_of("offline", "offline")
    world.add_item(footage.clip(world, Online_Status="Offline"), 86400, 8, color="Orange")
    world = world_of("gone movie", "offline: there is no file")
    world.add_item(world.add_clip(f"{tmp_path}/gone.mov", 50), 86400, 8, color="Orange")
    world = world_of("gone folder", "offline: there is no folder")
    gone = world.add_clip(f"{tmp_path}/gone/a.[01-50].dpx", 50, first=1)
    world.add_item(gone, 86400, 8, color="Orange")
    world = world_of("no file", "no file on disk")
    world.add_item(world.add_clip("", 50), 86400, 8, color="Orange")
    world = world_of("still", "still")
    world.add_item(world.add_clip(f"{footage.folder}/x.dpx", 1, Type="Still"), 86400, 8,
                   color="Orange")  # fmt: skip
    world = world_of("disabled", "is disabled")
    world.add_item(footage.clip(world), 86400, 8, color="Orange").enabled = False
    world = world_of("disabled track", "disabled track")
    world.add_item(footage.clip(world), 86400, 8, color="Orange")
    world.timeline.tracks[0].enabled = False
    world = world_of("interlaced", "interlaced")
    clip = footage.clip(world, Field_Dominance="Upper First")
    world.add_item(clip, 86400, 8, color="Orange")
    world = world_of("other rate", "runs at 25 in a timeline at 24")
    clip = world.add_clip(footage.path, 10, first=1001, rate=Fraction(25))
    world.add_item(clip, 86400, 8, color="Orange")
    world = world_of("out of its media", "of media that has 10")
    world.add_item(footage.clip(world), 86400, 8, 5, color="Orange")
    return cases


@pytest.mark.parametrize("has_speed", [True, False])
def test_what_is_unsuitable_is_left_out_with_its_reason(
    has_speed: bool, footage: Any, tmp_path: Path
) -> None:

    for name, (world, reason) in unsuitable(footage, tmp_path, has_speed).items():
        good = world.add_item(footage.clip(world), 86500, 4, 1, color="Orange", name="good")
        if name == "disabled track":
            world.timeline.tracks[0].items.remove(good)
            world.timeline.put(2, good)
        found = looked(world)
        assert names(found) == ["good"], name
        (skipped,) = found.skipped
        assert re.search(reason, skipped.line), (name, skipped.line)
        assert world.wire.misuses == []


def test_nothing_suitable_is_said_and_nothing_is_started(footage: Any, button: Any) -> None:
    world = World()
    world.add_item(footage.clip(world), 86400, 5, 0, speed=50.0, color="Orange")
    before = world.state()
    with pytest.raises(Refusal, match="None of the chosen clips"):
        button.press(world)
    assert "is retimed (50 %)" in button.said[0]
    assert world.state() == before


@pytest.mark.parametrize("has_speed", [True, False])
@pytest.mark.parametrize("off", [-1, 0, 1])
@pytest.mark.parametrize("end", ["inclusive", "exclusive"])
def test_no_shot_at_full_speed_is_taken_for_a_retimed_one(
    has_speed: bool, off: int, end: str, footage: Any
) -> None:
    for duration in range(1, 10):
        world = World(Quirks(has_speed=has_speed, source_start_off=off, source_end=end))
        world.add_item(footage.clip(world), 86400, duration, 1, color="Orange")
        assert len(looked(world).shots) == 1, duration
