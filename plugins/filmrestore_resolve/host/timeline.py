"""A timeline as read: rate, start, tracks and what stands on them."""

from fractions import Fraction
from typing import Any, List, NamedTuple, Optional, Tuple

from filmrestore_resolve.host.api import (
    ask,
    ask_list,
    ask_number,
    ask_text,
    done,
    told,
    unique_id,
)
from filmrestore_resolve.host.messages import Refusal
from filmrestore_resolve.host.rates import exact_rate


class Timeline(NamedTuple):
    """The timeline that is worked on.

    Attributes:
        start: absolute number of its first frame; 86400 for 01:00:00:00 at 24.
        drop: its time code is drop frame.
    """

    handle: Any
    uid: str
    name: str
    start: int
    rate: Fraction
    drop: bool


class Item(NamedTuple):
    """Something on a video track; `end` is the frame after its last, as everywhere in Resolve."""

    handle: Any
    uid: str
    name: str
    track: int
    start: int
    end: int

    @property
    def duration(self) -> int:
        """Frames on the timeline."""
        return self.end - self.start

    def same_place(self) -> Tuple[str, int, int, int, str]:
        """What tells one item from another, also where Resolve gives no ids."""
        return (self.uid, self.track, self.start, self.end, self.name)


def read_timeline(handle: Any, project: Any) -> Timeline:
    """Read a timeline's rate and start.

    Raises:
        Refusal: Resolve does not say what is needed to count frames.
    """
    name = ask_text(handle, "GetName")
    start = ask_number(handle, "GetStartFrame")
    settings = [told(handle, "GetSetting", "timelineFrameRate")]
    settings.append(told(project, "GetSetting", "timelineFrameRate"))
    rates = [rate for rate in map(exact_rate, settings) if rate is not None]
    if start is None or not rates:
        raise Refusal("Resolve does not say where timeline '%s' starts or at what rate." % name)
    drop = any("DF" in str(value).upper() for value in settings)
    drop = drop or ";" in ask_text(handle, "GetStartTimecode")
    flag = told(handle, "GetSetting", "timelineDropFrameTimecode")
    drop = drop or str(flag).strip() in ("1", "True", "true")
    return Timeline(
        handle, unique_id(handle), name, start, rates[0], drop and rates[0].denominator > 1
    )


def track_count(timeline: Any) -> int:
    """How many video tracks there are."""
    return ask_number(timeline, "GetTrackCount", "video") or 0


def track_name(timeline: Any, index: int) -> str:
    """The name of a video track."""
    return ask_text(timeline, "GetTrackName", "video", index)


def items_of_track(timeline: Any, index: int) -> List[Item]:
    """What stands on a video track, transitions and titles among it."""
    found: List[Item] = []
    for handle in ask_list(timeline, "GetItemListInTrack", "video", index):
        item = read_item(handle, index)
        if item is not None:
            found.append(item)
    return found


def all_items(timeline: Any) -> List[Item]:
    """What stands on all video tracks."""
    found: List[Item] = []
    for index in range(1, track_count(timeline) + 1):
        found += items_of_track(timeline, index)
    return found


def read_item(handle: Any, track: int = 0) -> Optional[Item]:
    """Read an item; None for the empty shell that a failed append hands out."""
    start, end = ask_number(handle, "GetStart"), ask_number(handle, "GetEnd")
    if start is None:
        return None
    if end is None:
        length = ask_number(handle, "GetDuration")
        if length is None:
            return None
        end = start + length
    if not track:
        place = ask_list(handle, "GetTrackTypeAndIndex")
        if len(place) != 2 or str(place[0]) != "video":
            return None
        track = int(place[1])
    return Item(handle, unique_id(handle), ask_text(handle, "GetName"), track, start, end)


def delete_items(timeline: Any, items: List[Item]) -> bool:
    """Take items off a timeline, without closing the gap; read back, tried twice."""
    if not items:
        return True
    places = {item.same_place() for item in items}
    for _ in range(2):
        left = [item for item in all_items(timeline) if item.same_place() in places]
        if not left:
            return True
        ask(timeline, "DeleteClips", [item.handle for item in left], False)
    return not any(item.same_place() in places for item in all_items(timeline))


def open_page(resolve: Any, page: str) -> bool:
    """Open a page where it is not open already.

    Headless Resolve has none; where Resolve does not tell which is open, it could not be put back.
    """
    here = ask_text(resolve, "GetCurrentPage")
    if not here or here == page:
        return True
    return done(resolve, "OpenPage", page)


def make_current(project: Any, timeline: Any) -> bool:
    """Make a timeline the current one, where it is not."""
    uid = unique_id(timeline)
    if uid and unique_id(ask(project, "GetCurrentTimeline")) == uid:
        return True
    return done(project, "SetCurrentTimeline", timeline)
