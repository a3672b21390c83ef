"""Which items of the timeline are meant: selected, by clip color, in to out, current, a track."""

from typing import Any, List, Mapping, Optional, Tuple

from filmrestore_resolve.host.api import ask, ask_list, ask_text, has, whole
from filmrestore_resolve.host.messages import Refusal
from filmrestore_resolve.host.timeline import (
    Item,
    Timeline,
    all_items,
    items_of_track,
    read_item,
    track_count,
)


def chosen_items(timeline: Timeline, choices: Mapping[str, Any]) -> List[Item]:
    """The items meant, in the order of time.

    Raises:
        Refusal: this version cannot tell, or nothing is chosen.
    """
    how = choices["choose"]
    if how == "selected":
        items = _selected(timeline)
    elif how == "color":
        items = _of_color(timeline, choices["color"])
    elif how == "in_out":
        items = _marked(timeline)
    elif how == "current":
        items = _current(timeline)
    else:
        items = _whole_track(timeline, choices["track"])
    return sorted(items, key=lambda item: (item.start, item.track))


def _selected(timeline: Timeline) -> List[Item]:
    if not has(timeline.handle, "GetSelectedClips"):
        raise Refusal(
            "This version of Resolve does not tell a script what is selected; 21.0.4 and later do. "
            "Give the shots a clip color and choose by color."
        )
    read = [read_item(handle) for handle in ask_list(timeline.handle, "GetSelectedClips")]
    items = [item for item in read if item is not None]
    if not items:
        raise Refusal("No video clip is selected on timeline '%s'." % timeline.name)
    return items


def _of_color(timeline: Timeline, color: str) -> List[Item]:
    items = [
        item
        for item in all_items(timeline.handle)
        if ask_text(item.handle, "GetClipColor").strip().lower() == color.lower()
    ]
    if not items:
        raise Refusal(
            "No clip on timeline '%s' has the color %s. Right-click the shots, Clip Color, %s."
            % (timeline.name, color, color)
        )
    return items


def _marked(timeline: Timeline) -> List[Item]:
    marks = _marks(timeline)
    if marks is None:
        raise Refusal("Timeline '%s' has no in and out point." % timeline.name)
    first, last = marks
    items = [i for i in all_items(timeline.handle) if i.start <= last and i.end > first]
    if not items:
        raise Refusal("No clip lies between in and out of timeline '%s'." % timeline.name)
    return items


def _marks(timeline: Timeline) -> Optional[Tuple[int, int]]:
    """In and out as absolute frames, both inside; None where not both are set."""
    marks = ask(timeline.handle, "GetMarkInOut")
    video = marks.get("video") if isinstance(marks, dict) else None
    if not isinstance(video, dict):
        return None
    first, last = whole(video.get("in")), whole(video.get("out"))
    if first is None or last is None or last < first:
        return None
    return timeline.start + first, timeline.start + last


def _current(timeline: Timeline) -> List[Item]:
    handle = ask(timeline.handle, "GetCurrentVideoItem")
    item = None if handle is None else read_item(handle)
    if item is None:
        raise Refusal("There is no video clip under the playhead.")
    return [item]


def _whole_track(timeline: Timeline, wanted: int) -> List[Item]:
    index = wanted
    if not index:
        handle = ask(timeline.handle, "GetCurrentVideoItem")
        item = None if handle is None else read_item(handle)
        index = 1 if item is None else item.track
    count = track_count(timeline.handle)
    if index > count:
        raise Refusal("Timeline '%s' has no video track %d." % (timeline.name, index))
    items = items_of_track(timeline.handle, index)
    if not items:
        raise Refusal("Video track %d of timeline '%s' is empty." % (index, timeline.name))
    return items
