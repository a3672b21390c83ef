"""A result onto a track: appended, read back, corrected once, else taken away again.

What `startFrame` and `endFrame` mean differs between versions, so a clip of just the cut's length
is appended without them, and nothing counts as placed that was not read back.
"""

from typing import Any, Dict, List, NamedTuple, Tuple

from filmrestore_resolve.host.api import (
    ask,
    ask_list,
    ask_number,
    unique_id,
)
from filmrestore_resolve.host.ledger import ledger_of
from filmrestore_resolve.host.timeline import Item, all_items, delete_items, items_of_track


class Wanted(NamedTuple):
    """How the placed item must read.

    Attributes:
        clip: the pool clip.
        frames: how many frames the clip has.
        offset: first frame of the clip that shows, counted from 0.
        start: absolute record frame.
        duration: frames on the timeline.
    """

    clip: Any
    key: str
    frames: int
    track: int
    offset: int
    start: int
    duration: int


class Placed(NamedTuple):
    """What came of it.

    Attributes:
        item: the item that stands there now.
        new: it was placed now; False where it stood there already.
        corrected: it had to be placed a second time.
    """

    item: Item
    new: bool
    corrected: bool


class NotPlaced(Exception):
    """Why a result does not stand on the track; nothing of it was left there.

    Attributes:
        left: something was left that could not be taken away.
    """

    def __init__(self, reason: str, left: bool = False) -> None:
        super().__init__(reason)
        self.left = left


def place(pool: Any, timeline: Any, wanted: Wanted, select: bool) -> Placed:
    """Place a result, in the place of an older one of the same shot.

    Args:
        pool: the media pool.
        timeline: the current timeline's handle.
        wanted: what, and where.
        select: this version appends only while a clip of the pool is selected.

    Raises:
        NotPlaced: the place is taken by something else, or Resolve placed it wrongly twice.
    """
    older: List[Tuple[Item, Any]] = []
    for item in items_of_track(timeline, wanted.track):
        if item.start >= wanted.start + wanted.duration or item.end <= wanted.start:
            continue
        clip = ask(item.handle, "GetMediaPoolItem")
        ledger = ledger_of(clip)
        if ledger is None or ledger.key != wanted.key:
            raise NotPlaced("its place on V%d is taken by '%s'" % (wanted.track, item.name))
        if unique_id(clip) == unique_id(wanted.clip) and not _fault(item, wanted):
            return Placed(item, False, False)
        older.append((item, clip))
    if not delete_items(timeline, [item for item, _ in older]):
        raise NotPlaced("an older result stands there and Resolve does not delete it")
    try:
        return _append(pool, timeline, wanted, select)
    except NotPlaced:
        for item, clip in older:
            _bring_back(pool, timeline, item, clip, select)
        raise


def _append(pool: Any, timeline: Any, wanted: Wanted, select: bool) -> Placed:
    info: Dict[str, Any] = {
        "mediaPoolItem": wanted.clip,
        "mediaType": 1,
        "trackIndex": wanted.track,
        "recordFrame": wanted.start,
    }
    if (wanted.offset, wanted.duration) != (0, wanted.frames):
        info["startFrame"] = wanted.offset
        info["endFrame"] = wanted.offset + wanted.duration
    fault = ""
    for attempt in range(2):
        new = _try(pool, timeline, info, select)
        if len(new) == 1:
            fault = _fault(new[0], wanted)
            if not fault:
                return Placed(new[0], True, attempt > 0)
        else:
            fault = "Resolve placed nothing" if not new else "Resolve placed several clips"
        if len(new) == 1:
            info = _corrected(info, new[0], wanted)
        if not delete_items(timeline, new):
            raise NotPlaced(fault + ", and does not delete it again", left=True)
    raise NotPlaced(fault)


def _try(pool: Any, timeline: Any, info: Dict[str, Any], select: bool) -> List[Item]:
    """Append, and look at what is new on any track: the answer itself may be an empty shell.

    Only what plays the clip counts, so that nothing of the user is ever taken for ours.
    """
    uid = unique_id(info["mediaPoolItem"])
    before = {item.same_place() for item in all_items(timeline)}
    selected = ask_list(pool, "GetSelectedClips") if select else [None]
    if not selected:
        # Resolve cannot select nothing again; before 20.3.2 there is no other way.
        ask(pool, "SetSelectedClip", info["mediaPoolItem"])
    ask(pool, "AppendToTimeline", [info])
    return [
        item
        for item in all_items(timeline)
        if item.same_place() not in before
        and unique_id(ask(item.handle, "GetMediaPoolItem")) == uid
    ]


def _fault(item: Item, wanted: Wanted) -> str:
    """How an item differs from what is wanted; "" where it does not."""
    if item.track != wanted.track:
        return "Resolve placed it on V%d and not on V%d" % (item.track, wanted.track)
    if item.start != wanted.start:
        return "Resolve placed it at frame %d and not at %d" % (item.start, wanted.start)
    if item.duration != wanted.duration:
        return "Resolve made it %d frames long and not %d" % (item.duration, wanted.duration)
    offset = ask_number(item.handle, "GetLeftOffset")
    if offset is not None and offset != wanted.offset:
        return "Resolve lets it begin at its frame %d and not at %d" % (offset, wanted.offset)
    if unique_id(ask(item.handle, "GetMediaPoolItem")) != unique_id(wanted.clip):
        return "Resolve placed another clip"
    return ""


def _corrected(info: Dict[str, Any], read: Item, wanted: Wanted) -> Dict[str, Any]:
    """The same request, moved by what was read back."""
    offset = ask_number(read.handle, "GetLeftOffset")
    moved = 0 if offset is None else wanted.offset - offset
    longer = wanted.duration - read.duration
    corrected = dict(info)
    corrected["recordFrame"] = info["recordFrame"] + wanted.start - read.start
    if moved or longer or "startFrame" in info:
        first = info.get("startFrame", wanted.offset) + moved
        last = info.get("endFrame", wanted.offset + wanted.duration) + moved + longer
        corrected["startFrame"], corrected["endFrame"] = first, last
    return corrected


def _bring_back(pool: Any, timeline: Any, item: Item, clip: Any, select: bool) -> None:
    """Put an older result back where the new one did not get there."""
    info: Dict[str, Any] = {"mediaPoolItem": clip, "mediaType": 1, "trackIndex": item.track}
    info["recordFrame"] = item.start
    new = _try(pool, timeline, info, select)
    if [(i.track, i.start, i.end) for i in new] != [(item.track, item.start, item.end)]:
        delete_items(timeline, new)
