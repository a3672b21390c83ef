"""The track above: named, found again, or made; and taken away where it is empty."""

from typing import Any, List, NamedTuple

from filmrestore_resolve.host.api import ask, ask_list
from filmrestore_resolve.host.ledger import TRACK
from filmrestore_resolve.host.timeline import all_items, track_count, track_name


class Track(NamedTuple):
    """A video track for results.

    Attributes:
        made: it was made now.
    """

    number: int
    made: bool


class NoTrack(Exception):
    """Why there is no track to place on."""


def track_for(timeline: Any, source_track: int, start: int, end: int) -> Track:
    """Our track above a source track, made where there is none.

    Args:
        timeline: the current timeline's handle.
        source_track: where the source item lies.
        start: first absolute frame that will be covered.
        end: the frame after the last.

    Raises:
        NoTrack: none can be made, it is locked or off, or it would hide clips of the user.
    """
    named = [
        index
        for index in range(source_track + 1, track_count(timeline) + 1)
        if track_name(timeline, index) == TRACK
    ]
    reason = ""
    for index in named:
        reason = _track_fault(timeline, source_track, index, start, end)
        if not reason:
            return Track(index, False)
        if "hide" not in reason:
            raise NoTrack(reason)
    index = _make(timeline, source_track)
    reason = _track_fault(timeline, source_track, index, start, end)
    if reason:
        unmake(timeline, index)
        raise NoTrack(reason)
    return Track(index, True)


def _track_fault(timeline: Any, source_track: int, index: int, start: int, end: int) -> str:
    """Why a track will not do; "" where it does."""
    if ask(timeline, "GetIsTrackLocked", "video", index) is True:
        return "track V%d '%s' is locked" % (index, TRACK)
    if ask(timeline, "GetIsTrackEnabled", "video", index) is False:
        return "track V%d '%s' is switched off" % (index, TRACK)
    for item in all_items(timeline):
        if source_track < item.track < index and item.start < end and item.end > start:
            return "on V%d it would hide '%s' on V%d" % (index, item.name, item.track)
    return ""


def is_empty(timeline: Any, index: int) -> bool:
    """True where nothing is told to stand on a track, not even what cannot be read."""
    return not ask_list(timeline, "GetItemListInTrack", "video", index)


def unmake(timeline: Any, index: int) -> bool:
    """Take our track away where it is empty; read back, tried twice."""
    count = track_count(timeline)
    for _ in range(2):
        if track_count(timeline) != count:
            return True
        if track_name(timeline, index) != TRACK or not is_empty(timeline, index):
            return False
        if not all_items(timeline):
            return False  # no track tells anything any more, so this one may hold something
        ask(timeline, "DeleteTrack", "video", index)
    return track_count(timeline) != count


def empty_tracks(timeline: Any) -> List[int]:
    """Tracks called as ours with nothing on them, topmost first."""
    return [
        index
        for index in range(track_count(timeline), 0, -1)
        if track_name(timeline, index) == TRACK and is_empty(timeline, index)
    ]


def _make(timeline: Any, source_track: int) -> int:
    """Make a track directly above the source, or on top in versions that take no place for it.

    The tracks above move up by one and keep all that stands on them. Only where the next track is
    in use can the new one be told from it; else it goes on top.
    """
    count = track_count(timeline)
    if count < source_track:
        # Not even the source's own: adding to what cannot be counted leaves tracks behind.
        raise NoTrack("Resolve tells no tracks of the timeline any more")
    if source_track < count and not is_empty(timeline, source_track + 1):
        ask(timeline, "AddTrack", "video", {"index": source_track + 1})
    for _ in range(2):
        if track_count(timeline) == count:
            ask(timeline, "AddTrack", "video")
    if track_count(timeline) == 0:
        raise NoTrack("Resolve tells no tracks any more; a new empty one may have been left")
    if track_count(timeline) != count + 1:
        raise NoTrack("Resolve adds no video track")
    index = source_track + 1
    if not is_empty(timeline, index) or (source_track < count and is_empty(timeline, count + 1)):
        index = count + 1
    if not is_empty(timeline, index):
        raise NoTrack("Resolve added a track somewhere else than asked")
    if is_empty(timeline, source_track):
        # The source's own clip is not told any more: what looks empty may be the user's.
        raise NoTrack("Resolve tells no clips any more; a new empty track may have been left")
    for _ in range(2):
        ask(timeline, "SetTrackName", "video", index, TRACK)
        if track_name(timeline, index) == TRACK:
            return index
    for _ in range(2):
        if track_count(timeline) != count:
            ask(timeline, "DeleteTrack", "video", index)
    raise NoTrack("Resolve does not name the new track, so it would not be found again")
