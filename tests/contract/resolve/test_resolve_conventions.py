"""Whatever a version of Resolve means by its numbers, the right frame stands at the right place."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from filmrestore_resolve.host.removing import remove_results
from filmrestore_resolve.host.session import open_session
from filmrestore_resolve.testing.quirks import Quirks
from filmrestore_resolve.testing.world import World

DISPUTED: dict[str, tuple[Any, ...]] = {
    "end_frame": ("exclusive", "inclusive"),
    "sequence_start": ("zero", "first_number"),
    "source_start_off": (0, 1),
    "source_end": ("inclusive", "exclusive"),
    "empty_list": ("list", "none"),
    "rate_form": ("number", "rounded"),
    "append_page": (False, True),
    "add_track_index": (True, False),
}
FURTHER: dict[str, tuple[Any, ...]] = {
    "fps_form": ("float", "string"),
    "rate_form": ("string",),
    "source_start_off": (-1,),
    "import_rate": ("project", "24", "25"),
    "has_speed": (True, False),
    "has_type": (True, False),
    "has_source_time": (True, False),
    "has_selected_clips": (True, False),
    "track_overflow": ("first", "refused"),
    "track_enable_lies": (False, True),
    "bin_opens_new": (False, True),
    "page": ("edit", "color", "fairlight", "media", None),
    "studio": (True, False),
}
ADDING = {"AppendToTimeline", "ImportMedia", "AddMarker", "AddTrack", "AddSubFolder", "AddTake"}


def combinations(table: dict[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(table, values, strict=True)) for values in itertools.product(*table.values())]


def cut(footage: Any, quirks: Quirks) -> World:
    """Two shots of one scan, one of them used twice, below a title and a clip of someone else."""
    world = World(quirks)
    clip = footage.clip(world)
    world.add_item(clip, 86410, 4, 3, color="Orange")
    world.add_item(clip, 86414, 3, 1, color="Orange")
    world.add_item(clip, 86420, 4, 3, color="Orange")
    world.add_item(clip, 86430, 3, 0, color="Green")
    world.add_item(clip, 86440, 3, 0, track=2)
    world.timeline.markers[12] = {
        "color": "Cyan", "name": "mine", "note": "", "duration": 1, "customData": "",
    }  # fmt: skip
    world.timeline.playhead = 86421
    return world


def shown(world: World) -> dict[int, tuple[int, list[int]]]:
    """What stands on the tracks called as ours: start to duration and file numbers."""
    return {
        item.start: (item.duration, item.shows())
        for track in world.timeline.tracks
        if track.name == "filmrestore"
        for item in track.items
    }


RIGHT = {
    86410: (4, [1004, 1005, 1006, 1007]),
    86414: (3, [1002, 1003, 1004]),
    86420: (4, [1004, 1005, 1006, 1007]),
}


def placed_found_again_and_removed(footage: Any, button: Any, quirks: Quirks, **how: Any) -> World:
    """Press, press again, remove; each of the three must leave what it promises."""
    world = cut(footage, quirks)
    before, users = world.state(), world.users_part()

    outcome = button.press(world, **how)
    assert [line.outcome for line in outcome.lines] == ["placed"] * 3, button.said
    assert outcome.code == 0
    assert shown(world) == RIGHT
    assert world.users_part() == users

    after = world.state()
    world.wire.calls.clear()
    again = button.press(world, **how)
    assert [line.outcome for line in again.lines] == ["there already"] * 3
    assert world.state() == after
    assert not ADDING & {call.name for call in world.wire.calls}

    session = open_session(world.resolve)
    removed = remove_results(session.project, session.pool, session.timeline)
    if quirks.page != "fairlight" and not (quirks.append_page and quirks.page != "edit"):
        assert removed.left == []
        assert world.state() == before
    assert world.wire.misuses == []
    return world


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_all_combinations_of_the_disputed_conventions(
    step: int, footage: Any, quick_button: Any
) -> None:
    """All of them in the slow one, each third in the quick one."""
    tried = combinations(DISPUTED)
    assert len(tried) == 2**8
    for values in tried[::step]:
        placed_found_again_and_removed(footage, quick_button, Quirks(**values))


def test_before_20_3_2_a_clip_must_be_selected_in_the_pool(footage: Any, quick_button: Any) -> None:
    world = cut(footage, Quirks(append_needs_selection=True, version=(20, 1, 0, 1, "")))
    users_clip = world.project.pool.root.clips[0]
    outcome = quick_button.press(world)
    assert outcome.code == 0
    assert shown(world) == RIGHT
    # One that the user had selected is selected again; Resolve cannot select nothing.
    world = cut(footage, Quirks(append_needs_selection=True, version=(20, 1, 0, 1, "")))
    world.project.pool.selected = users_clip
    users = world.users_part()
    assert quick_button.press(world).code == 0
    assert world.users_part() == users


@pytest.mark.parametrize("name", FURTHER)
def test_each_other_difference_between_versions(name: str, footage: Any, quick_button: Any) -> None:
    for value in FURTHER[name]:
        for base in (Quirks(), Quirks(end_frame="inclusive", empty_list="none")):
            quirks = replace(base, **{name: value})
            placed_found_again_and_removed(footage, quick_button, quirks)
