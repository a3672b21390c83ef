"""The cut written back: the source tracks as they were, restored clips on tracks above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import opentimelineio as otio

from filmrestore_core import SequencePattern
from filmrestore_resolve.cut_clip import CutClip
from filmrestore_resolve.cut_media import bounded_path
from filmrestore_resolve.job import SourceKind
from filmrestore_resolve.otio_read import OURS
from filmrestore_resolve.otio_transitions import joined_clips
from filmrestore_resolve.rates import exact_rate

MARKER = "filmrestore"


def restored_timeline(
    timeline: Any, clips: Sequence[CutClip], results: Mapping[tuple[int, int], Mapping[str, Any]]
) -> Any:
    """A copy of the timeline with a track of restored clips above each one that has some.

    The restored clips keep name, source range and media time of those below them, so that each
    covers its own exactly.

    Args:
        timeline: as read.
        clips: of the timeline.
        results: (track, place) -> the shot's result, see JOB.md; only whole shots. Where a
            transition joins two clips, both come or neither.

    Returns:
        The copy.
    """
    copy = timeline.deepcopy()
    by_track: dict[int, dict[int, tuple[CutClip, Mapping[str, Any]]]] = {}
    lacking = [
        clip if (clip.track, clip.place) in results else replace(clip, reason="not whole")
        for clip in clips
    ]
    for clip in joined_clips(timeline, lacking):
        found = None if clip.reason else results.get((clip.track, clip.place))
        if found is not None:
            by_track.setdefault(clip.track, {})[clip.place] = (clip, found)
    for place in sorted(by_track, reverse=True):
        below = copy.tracks[place]
        copy.tracks.insert(place + 1, _track_above(below, by_track[place]))
    return copy


def timeline_text(timeline: Any) -> str:
    """The timeline as .otio text."""
    return str(otio.adapters.write_to_string(timeline, "otio_json"))


def _track_above(below: Any, restored: Mapping[int, tuple[CutClip, Mapping[str, Any]]]) -> Any:
    name = f"{OURS} {below.name}".strip()
    track = otio.schema.Track(name=name, kind=below.kind, source_range=below.source_range)
    track.metadata[OURS] = {"above": below.name}
    gap: Any = None
    for place, item in enumerate(below):
        if isinstance(item, otio.schema.Transition):
            if place - 1 in restored and place + 1 in restored:
                track.append(item.deepcopy())
            continue
        if place not in restored:
            duration = item.duration()
            gap = duration if gap is None else gap + duration
            continue
        if gap is not None:
            track.append(_gap(gap))
            gap = None
        track.append(_restored_clip(item, *restored[place]))
    return track


def _gap(duration: Any) -> Any:
    start = otio.opentime.RationalTime(0, duration.rate)
    return otio.schema.Gap(source_range=otio.opentime.TimeRange(start, duration))


def _restored_clip(below: Any, cut: CutClip, result: Mapping[str, Any]) -> Any:
    source = below.source_range or below.media_reference.available_range
    clip = otio.schema.Clip(
        name=below.name,
        source_range=source,
        media_reference=_reference(below.media_reference, source, cut, result),
    )
    told = {
        "key": result["key"],
        "source": result["source"]["path"],
        "first": result["cut"]["first"],
        "last": result["cut"]["last"],
        "touched": result["frames"]["touched"],
        "objects": result["objects"],
        "classes": dict(result["classes"]),
        "area_percent": result["area_percent"],
        "worst": [frame["frame"] for frame in result["worst"]],
        "report": result["report_html"],
    }
    clip.metadata[OURS] = told
    clip.markers.append(
        otio.schema.Marker(
            name=MARKER,
            marked_range=source,
            color=otio.schema.MarkerColor.CYAN,
            comment=note_of(result),
            metadata={OURS: {"key": result["key"]}},
        )
    )
    return clip


def note_of(result: Mapping[str, Any]) -> str:
    """What a marker says of a shot."""
    frames = result["frames"]
    pieces = ", ".join(f"{count} {name}" for name, count in result["classes"].items())
    said = (
        f"{frames['touched']} of {frames['whole']} frames touched; {result['objects']} pieces of "
        f"damage{f' ({pieces})' if pieces else ''}; {result['area_percent']:.4f} % of the picture"
    )
    worst = ", ".join(str(frame["frame"]) for frame in result["worst"])
    return f"{said}; worst frames {worst}." if worst else f"{said}."


def _reference(below: Any, source: Any, cut: CutClip, result: Mapping[str, Any]) -> Any:
    """The result's files; their media time is that of the source's same frames."""
    first, last = result["first"], result["last"]
    rate = source.start_time.rate
    media_rate = cut.rate or exact_rate(rate)
    # The cut begins where the clip's source range does; handles come before it.
    per_frame = exact_rate(rate) / media_rate
    head = (cut.first - first) * per_frame
    count = (last - first + 1) * per_frame
    start = otio.opentime.RationalTime(source.start_time.value - float(head), rate)
    available = otio.opentime.TimeRange(start, otio.opentime.RationalTime(float(count), rate))
    metadata = {OURS: {"hash": Path(result["folder"]).name}}
    is_address = isinstance(below, otio.schema.ExternalReference) and below.target_url
    if is_address and cut.media is not None and cut.media.kind is SourceKind.SEQUENCE:
        # Whoever writes sequences as an address with [a-b] reads them so.
        return otio.schema.ExternalReference(
            target_url=_address(result, like=below.target_url),
            available_range=available,
            metadata=metadata,
        )
    return otio.schema.ImageSequenceReference(
        target_url_base=Path(result["folder"]).as_uri() + "/",
        name_prefix=result["prefix"],
        name_suffix=result["suffix"],
        start_frame=first,
        frame_step=1,
        # The file's own rounding, so that counting in it never falls below a whole number.
        rate=rate if media_rate == exact_rate(rate) else float(media_rate),
        frame_zero_padding=result["padding"],
        available_range=available,
        metadata=metadata,
    )


def _address(result: Mapping[str, Any], *, like: str) -> str:
    """The result's files as one address, in the manner of the source's."""
    pattern = SequencePattern(
        Path(result["folder"]), result["prefix"], result["padding"], result["suffix"]
    )
    path = bounded_path(pattern, result["first"], result["last"])
    return Path(path).as_uri() if like.casefold().startswith("file:") else path
