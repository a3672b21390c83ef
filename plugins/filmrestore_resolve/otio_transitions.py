"""Transitions of a cut: what they show beyond the cut, and whom they join."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import opentimelineio as otio

from filmrestore_resolve.cut_clip import CutClip, LeftAlone, exact_count
from filmrestore_resolve.rates import exact_rate


def transitions_of(track: Any) -> dict[int, Any]:
    """The transitions between two clips: place of the clip before -> transition."""
    return {
        place - 1: track[place]
        for place in range(1, len(track) - 1)
        if isinstance(track[place], otio.schema.Transition)
        and isinstance(track[place - 1], otio.schema.Clip)
        and isinstance(track[place + 1], otio.schema.Clip)
    }


def joined_clips(timeline: Any, clips: list[CutClip]) -> list[CutClip]:
    """The clips, without those that a transition joins to one that is left alone."""
    by_place = {(clip.track, clip.place): clip for clip in clips}
    joints = [
        ((track, place), (track, place + 2))
        for track in {clip.track for clip in clips}
        for place in transitions_of(timeline.tracks[track])
    ]
    changed = True
    while changed:
        changed = False
        for pair in joints:
            for one, other in (pair, pair[::-1]):
                alone, clip = by_place[one], by_place[other]
                if alone.reason and not clip.reason:
                    why = f"a transition joins it to '{alone.name}', which is left alone"
                    by_place[other] = CutClip(clip.track, clip.place, clip.name, why)
                    changed = True
    return [by_place[clip.track, clip.place] for clip in clips]


def with_transitions(track: Any, clip: CutClip) -> CutClip:
    """The clip with the frames that transitions show of it beyond its ends."""
    joints = transitions_of(track)
    before, after = joints.get(clip.place - 2), joints.get(clip.place)
    head = 0 if before is None else _media_frames(before.in_offset, clip)
    tail = 0 if after is None else _media_frames(after.out_offset, clip)
    if clip.media is None or (
        clip.first - head < clip.media.first or clip.last + tail > clip.media.last
    ):
        raise LeftAlone("its media lacks frames that a transition shows")
    return replace(clip, head=head, tail=tail)


def _media_frames(offset: Any, clip: CutClip) -> int:
    rate = exact_rate(offset.rate)
    frames = exact_count(offset.value) * (clip.rate or rate) / rate
    if frames.denominator != 1:
        raise LeftAlone("a transition does not begin or end on whole frames of its media")
    return int(frames)
