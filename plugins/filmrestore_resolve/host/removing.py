"""Remove results: what the plugin added to this timeline goes, and nothing else.

Items count as ours where they play a clip of ours at the place written on that clip; copies that
the user made of them stay, and so does the clip they play.
"""

from typing import Any, Dict, List, NamedTuple

from filmrestore_resolve.host.api import ask, ask_list, ask_number, told, unique_id
from filmrestore_resolve.host.bins import remove_bin_if_empty, throw_away
from filmrestore_resolve.host.ledger import Ledger, ledger_of, our_clips, write_ledger
from filmrestore_resolve.host.marking import our_markers, remove_marker
from filmrestore_resolve.host.messages import Refusal, count_of
from filmrestore_resolve.host.takes import drop_take, takes_of
from filmrestore_resolve.host.timeline import Item, Timeline, all_items, delete_items
from filmrestore_resolve.host.tracks import empty_tracks, unmake


class Removed(NamedTuple):
    """What went, and what had to stay."""

    items: int
    takes: int
    markers: int
    clips: int
    tracks: int
    left: List[str]

    def line(self) -> str:
        """One line for the user."""
        return "Removed %s, %s, %s, %s and %s." % (
            count_of(self.items, "clip") + " on the timeline",
            count_of(self.takes, "take"),
            count_of(self.markers, "marker"),
            count_of(self.clips, "clip") + " of the bin",
            count_of(self.tracks, "track"),
        )


def remove_results(project: Any, pool: Any, timeline: Timeline) -> Removed:
    """Undo on one timeline all that the plugin added; rendered files stay on disk.

    Args:
        project: the open project.
        pool: its media pool.
        timeline: must be the current one.

    Returns:
        What went, and lines on what could not go.
    """
    left: List[str] = []
    clips = {unique_id(clip): clip for clip in our_clips(pool)}
    ledgers: Dict[str, Ledger] = {}
    for uid, clip in clips.items():
        ledger = ledger_of(clip)
        if ledger is not None:
            ledgers[uid] = ledger
    takes = _remove_takes(timeline, ledgers, left)
    items = _remove_items(timeline, ledgers, left)
    markers = 0
    for marker in our_markers(timeline.handle):
        if remove_marker(timeline.handle, marker.data):
            markers += 1
        else:
            left.append("A marker at frame %d could not be removed." % marker.frame)
    tracks = _remove_tracks(timeline, ledgers, left)
    gone = _remove_clips(project, pool, timeline, clips, ledgers, left)
    return Removed(items, takes, markers, gone, tracks, left)


def is_placed_by_us(item: Item, timeline: Timeline, ledger: Ledger) -> bool:
    """True where the ledger of the item's clip names this place."""
    return any(
        place.timeline == timeline.uid
        and place.how == "track"
        and (place.item == item.uid or (not place.item and place.start == item.start))
        for place in ledger.places
    )


def _remove_items(timeline: Timeline, ledgers: Dict[str, Ledger], left: List[str]) -> int:
    ours: List[Item] = []
    for item in all_items(timeline.handle):
        ledger = ledgers.get(unique_id(ask(item.handle, "GetMediaPoolItem")))
        if ledger is None:
            continue
        if is_placed_by_us(item, timeline, ledger):
            ours.append(item)
        elif not takes_of(item.handle):
            left.append("'%s' on V%d was not placed by filmrestore." % (item.name, item.track))
    if not delete_items(timeline.handle, ours):
        left.append("Resolve does not delete all clips on the timeline (a locked track?).")
    remaining = {item.same_place() for item in all_items(timeline.handle)}
    return sum(item.same_place() not in remaining for item in ours)


def _remove_takes(timeline: Timeline, ledgers: Dict[str, Ledger], left: List[str]) -> int:
    count = 0
    for item in all_items(timeline.handle):
        for take in takes_of(item.handle):
            uid = unique_id(take.clip)
            ledger = ledgers.get(uid)
            if ledger is None:
                continue
            former = [p.former for p in ledger.places if p.how == "take" and p.item == item.uid]
            selected = ask_number(item.handle, "GetSelectedTakeIndex")
            back = former[0] if former and former[0] else 1
            if selected and selected != take.number:
                # The user has chosen another take since; takes after ours move down by one.
                back = selected
            if drop_take(item, uid, back):
                count += 1
                if len(takes_of(item.handle)) == 1 and (not former or not former[0]):
                    left.append(
                        "'%s' on V%d keeps a take selector that holds just the original; Resolve "
                        "gives no safe way to close it." % (item.name, item.track)
                    )
            else:
                left.append("A take of '%s' on V%d could not be removed." % (item.name, item.track))
    return count


def _remove_tracks(timeline: Timeline, ledgers: Dict[str, Ledger], left: List[str]) -> int:
    made = sum(ledger.made.count("track:" + timeline.uid) for ledger in ledgers.values())
    gone = 0
    for index in empty_tracks(timeline.handle):
        if gone < made:
            if unmake(timeline.handle, index):
                gone += 1
            else:
                left.append("The empty track V%d could not be removed." % index)
    return gone


def _remove_clips(
    project: Any,
    pool: Any,
    timeline: Timeline,
    clips: Dict[str, Any],
    ledgers: Dict[str, Ledger],
    left: List[str],
) -> int:
    """Clips that no timeline plays any more; of the others the ledger forgets this timeline."""
    used = played_clips(project)
    going: List[Any] = []
    made_bin = any("bin" in ledger.made for ledger in ledgers.values())
    for uid, ledger in ledgers.items():
        elsewhere = [p for p in ledger.places if p.timeline != timeline.uid]
        if uid not in used:
            going.append(clips[uid])
            continue
        made = [m for m in ledger.made if m != "track:" + timeline.uid]
        write_ledger(clips[uid], ledger._replace(places=elsewhere, made=made))
        left.append("A restored clip is still in use and stays in the bin.")
    if going and not throw_away(pool, going):
        left.append("Resolve does not remove the restored clips from the bin.")
        return 0
    if made_bin and len(going) == len(ledgers) and not remove_bin_if_empty(pool):
        left.append("The bin 'filmrestore' holds clips of yours and stays.")
    return len(going)


def played_clips(project: Any) -> Dict[str, int]:
    """Ids of the pool clips on any timeline of the project, takes among them.

    Raises:
        Refusal: a timeline cannot be read, so a clip in use could be taken for one that is not.
    """
    used: Dict[str, int] = {}
    count = told(project, "GetTimelineCount")
    if not count:
        raise Refusal("Resolve does not say what timelines there are; no clip was removed.")
    for number in range(1, int(count) + 1):
        handle = told(project, "GetTimelineByIndex", number)
        tracks = told(handle, "GetTrackCount", "video")
        if handle is None or tracks is None:
            raise Refusal("Resolve does not say what is on timeline %d." % number)
        for index in range(1, int(tracks) + 1):
            for item in ask_list(handle, "GetItemListInTrack", "video", index):
                found = [unique_id(ask(item, "GetMediaPoolItem"))]
                found += [unique_id(take.clip) for take in takes_of(item)]
                for uid in found:
                    used[uid] = used.get(uid, 0) + 1
    return used
