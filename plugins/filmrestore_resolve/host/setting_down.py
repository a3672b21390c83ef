"""One shot's result into the project: bin, track or take, grade, markers, and the ledger of it."""

from typing import Any, List, Mapping, NamedTuple, Tuple

from filmrestore_resolve.host.api import ask, done, unique_id
from filmrestore_resolve.host.bins import (
    Imported,
    ImportFailed,
    bring_in,
    color_differs,
    throw_away,
)
from filmrestore_resolve.host.jobfile import Result
from filmrestore_resolve.host.ledger import (
    Ledger,
    Place,
    ledger_of,
    our_clips,
    with_place,
    write_ledger,
)
from filmrestore_resolve.host.marking import (
    FRAME_COLOR,
    NAME,
    SHOT_COLOR,
    Marker,
    frame_data,
    note_of,
    our_markers,
    remove_marker,
    set_marker,
    shot_data,
)
from filmrestore_resolve.host.messages import Refusal
from filmrestore_resolve.host.placing import NotPlaced, Placed, Wanted, place
from filmrestore_resolve.host.removing import played_clips
from filmrestore_resolve.host.session import Session
from filmrestore_resolve.host.shots import Shot
from filmrestore_resolve.host.takes import NoTake, add_take, drop_take
from filmrestore_resolve.host.timeline import delete_items
from filmrestore_resolve.host.tracks import NoTrack, Track, track_for, unmake

# A frame with more damage than this share of the picture gets a marker of its own, if wished.
BAD_FRAME_PERCENT = 0.1
_MOST_BAD_FRAMES = 20


class Down(NamedTuple):
    """How a result was set down.

    Attributes:
        outcome: "placed", "there already", "in the bin" or "failed".
        text: for the user.
    """

    outcome: str
    text: str


def set_down(session: Session, choices: Mapping[str, Any], shot: Shot, result: Result) -> Down:
    """Import, place, mark and write down one shot's result; whatever fails is undone and said.

    Args:
        session: its timeline is the current one, and the Edit page is open where there are pages.
        choices: the user's.
        shot: what was restored.
        result: what the renderer made of it; whole.
    """
    files = result.files
    if files is None:
        return Down("failed", "there are no files")
    source = shot.media.clip if shot.media is not None else None
    rate = session.timeline.rate
    try:
        found = bring_in(session.pool, shot.key, "result", files, source, rate)
    except ImportFailed as error:
        return Down("failed", "not imported: %s; the frames are in %s" % (error, files.folder))
    remarks: List[str] = []
    if source is not None and found.new:
        differing = color_differs(source, found.clip)
        if differing:
            remarks.append("not copied: " + ", ".join(differing))
    how = choices["place"]
    if how == "track":
        down, ledger = _on_track(session, choices, shot, result, found)
    elif how == "take":
        down, ledger = _as_take(session, shot, result, found)
    else:
        text = "in the bin" if found.new else "in the bin already"
        down, ledger = Down("in the bin" if found.new else "there already", text), found.ledger
    if down.outcome != "failed":
        ledger = _retire_older(session, shot, found, ledger)
        if ledger != ledger_of(found.clip) and not write_ledger(found.clip, ledger):
            remarks.append("Resolve did not keep what 'Remove results' needs to know")
        remarks += _mark(session, choices, shot, result)
    if result.matte is not None:
        try:
            bring_in(session.pool, shot.key, "matte", result.matte, None, rate)
        except ImportFailed as error:
            remarks.append("matte not imported: %s" % error)
    frames = result.values.get("frames") or {}
    if frames.get("rendered") == 0:
        remarks.append("nothing had to be rendered again")
    if shot.origin != "media":
        remarks.append("made from a timeline render: grade and effects are in the picture")
    return down._replace(text="; ".join([down.text, *remarks]))


def _on_track(
    session: Session, choices: Mapping[str, Any], shot: Shot, result: Result, found: Imported
) -> Tuple[Down, Ledger]:
    item, handle = shot.item, session.timeline.handle
    files = result.files
    if files is None:
        return Down("failed", "there are no files"), found.ledger
    try:
        track = track_for(handle, item.track, item.start, item.end)
    except NoTrack as error:
        return Down("failed", "only in the bin: %s" % error), found.ledger
    wanted = Wanted(
        found.clip, shot.key, files.frames, track.number, result.head, item.start, item.duration
    )
    try:
        placed = place(session.pool, handle, wanted, session.selects)
    except NotPlaced as error:
        _unmake(session, track)
        return Down("failed", "only in the bin: %s" % error), found.ledger
    source = item.uid or "V%d:%d" % (item.track, item.start)
    made = list(found.ledger.made) + (["track:" + session.timeline.uid] if track.made else [])
    ledger = with_place(
        found.ledger._replace(made=made),
        Place(session.timeline.uid, source, "track", placed.item.uid, item.start, 0),
    )
    if not placed.new and ledger == found.ledger:
        return Down("there already", "on V%d already" % track.number), ledger
    if ledger != found.ledger and not write_ledger(found.clip, ledger):
        # What is not written down could not be undone.
        delete_items(handle, [placed.item])
        _unmake(session, track)
        return Down("failed", "only in the bin: Resolve keeps no metadata"), found.ledger
    return Down("placed", _said(choices, shot, placed, track)), ledger


def _said(choices: Mapping[str, Any], shot: Shot, placed: Placed, track: Track) -> str:
    text = "placed on V%d" % track.number
    if placed.corrected:
        text += " at the second try"
    if choices["copy_grade"] and shot.origin == "media":
        copied = done(shot.item.handle, "CopyGrades", [placed.item.handle])
        text += ", grade copied" if copied else "; the grade could not be copied"
    return text


def _unmake(session: Session, track: Track) -> None:
    if track.made:
        unmake(session.timeline.handle, track.number)


def _as_take(session: Session, shot: Shot, result: Result, found: Imported) -> Tuple[Down, Ledger]:
    item = shot.item
    files = result.files
    if files is None:
        return Down("failed", "there are no files"), found.ledger
    if ask(session.timeline.handle, "GetIsTrackLocked", "video", item.track) is True:
        return Down("failed", "only in the bin: track V%d is locked" % item.track), found.ledger
    try:
        taken = add_take(item, found.clip, shot.key, result.head, files.frames)
    except NoTake as error:
        return Down("failed", "only in the bin: %s" % error), found.ledger
    if not taken.new:
        return Down("there already", "a take already"), found.ledger
    ledger = with_place(
        found.ledger,
        Place(session.timeline.uid, item.uid, "take", item.uid, item.start, taken.former),
    )
    if not write_ledger(found.clip, ledger):
        drop_take(item, unique_id(found.clip), taken.former or 1)
        return Down("failed", "only in the bin: Resolve keeps no metadata"), found.ledger
    return Down("placed", "added as a take; the original stays take 1"), ledger


def _retire_older(session: Session, shot: Shot, found: Imported, ledger: Ledger) -> Ledger:
    """Earlier versions of this result leave the pool where no timeline plays them any more."""
    older: List[Tuple[Any, Ledger]] = []
    for clip in our_clips(session.pool):
        other = ledger_of(clip)
        if other is not None and other.key == shot.key:
            if not other.folder.startswith(ledger.folder):
                older.append((clip, other))
    if not older:
        return ledger
    try:
        used = played_clips(session.project)
    except Refusal:
        return ledger
    going = [(clip, other) for clip, other in older if unique_id(clip) not in used]
    made = list(ledger.made)
    for _, other in going:
        made += [name for name in other.made if name not in made]
    ledger = ledger._replace(made=made)
    if going and write_ledger(found.clip, ledger):
        throw_away(session.pool, [clip for clip, _ in going])
    return ledger


def _mark(session: Session, choices: Mapping[str, Any], shot: Shot, result: Result) -> List[str]:
    """Markers as wished; lines on what Resolve refuses."""
    if not choices["markers"] and not choices["bad_frame_markers"]:
        return []
    handle, item = session.timeline.handle, shot.item
    source = item.uid or "V%d:%d" % (item.track, item.start)
    at = item.start - session.timeline.start
    remarks: List[str] = []
    wanted: List[Marker] = []
    if choices["markers"]:
        note = note_of(result.values, shot.origin)
        data = shot_data(source, shot.key)
        if not set_marker(handle, Marker(at, SHOT_COLOR, NAME, note, 1, data), item.duration):
            remarks.append("no marker could be set")
    if choices["bad_frame_markers"]:
        wanted = _bad_frames(shot, result, source, at)
        refused = [m for m in wanted if not set_marker(handle, m, 1)]
        if refused:
            remarks.append("%d markers on bad frames could not be set" % len(refused))
    keep = {m.data for m in wanted}
    stem = frame_data(source, shot.key, 0)[:-1]
    for marker in our_markers(handle):
        if marker.data.startswith(stem) and marker.data not in keep:
            remove_marker(handle, marker.data)
    return remarks


def _bad_frames(shot: Shot, result: Result, source: str, at: int) -> List[Marker]:
    """Markers for the frames with most damage."""
    bad = [
        d
        for d in result.values.get("damage") or []
        if float(d.get("area_percent") or 0) >= BAD_FRAME_PERCENT
    ]
    bad.sort(key=lambda d: (-float(d["area_percent"]), int(d["frame"])))
    markers: List[Marker] = []
    for damage in sorted(bad[:_MOST_BAD_FRAMES], key=lambda d: int(d["frame"])):
        number = int(damage["frame"])
        if not shot.first <= number <= shot.last:
            continue
        note = "%s marks, %.4f %% of the picture" % (
            damage.get("objects", 0), float(damage["area_percent"]),
        )  # fmt: skip
        data = frame_data(source, shot.key, number)
        name = "%s frame %d" % (NAME, number)
        markers.append(Marker(at + number - shot.first, FRAME_COLOR, name, note, 1, data))
    return markers
