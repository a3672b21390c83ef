"""One marker a shot, found again by its custom data; no marker of the user is ever touched."""

from typing import Any, Dict, List, NamedTuple

from filmrestore_resolve.host.api import ask, done, whole
from filmrestore_resolve.host.messages import count_of

PREFIX = "filmrestore:"
NAME = "filmrestore"
SHOT_COLOR = "Cyan"
FRAME_COLOR = "Rose"


class Marker(NamedTuple):
    """A marker of the timeline.

    Attributes:
        frame: counted from the timeline's start.
    """

    frame: int
    color: str
    name: str
    note: str
    duration: int
    data: str


def shot_data(source: str, key: str) -> str:
    """Custom data of a shot's marker: stable for the same item and range."""
    return "%sshot:%s:%s" % (PREFIX, key, source)


def frame_data(source: str, key: str, frame: int) -> str:
    """Custom data of the marker on a bad frame."""
    return "%sframe:%s:%s:%d" % (PREFIX, key, source, frame)


def note_of(values: Dict[str, Any], label: str) -> str:
    """What was done to a shot, in counts, from the renderer's result."""
    frames = values.get("frames") or {}
    parts = [
        "%s frames touched of %s" % (frames.get("touched", 0), frames.get("whole", 0)),
        count_of(int(values.get("objects") or 0), "mark"),
    ]
    classes = values.get("classes") or {}
    if classes:
        parts[-1] += " (%s)" % ", ".join("%s %s" % (classes[k], k) for k in sorted(classes))
    if values.get("area_percent") is not None:
        parts.append("%.4f %% of the picture" % float(values["area_percent"]))
    worst = [str(w.get("frame")) for w in values.get("worst") or []][:3]
    if worst:
        parts.append("most in " + ", ".join(worst))
    if label != "media":
        parts.append(label)
    return "; ".join(parts) + "."


def markers_of(timeline: Any) -> List[Marker]:
    """All markers, the user's among them."""
    found = ask(timeline, "GetMarkers")
    if not isinstance(found, dict):
        found = ask(timeline, "GetMarkers")
    markers: List[Marker] = []
    for frame, values in (found or {}).items() if isinstance(found, dict) else ():
        number = whole(frame)
        if number is not None and isinstance(values, dict):
            markers.append(
                Marker(
                    number,
                    str(values.get("color", "")),
                    str(values.get("name", "")),
                    str(values.get("note", "")),
                    whole(values.get("duration")) or 1,
                    str(values.get("customData", "")),
                )
            )
    return markers


def set_marker(timeline: Any, wanted: Marker, room: int) -> bool:
    """Have a marker stand with this custom data; one that stands already so is left alone.

    Args:
        timeline: the timeline's handle.
        wanted: where it should stand, counted from the timeline's start.
        room: how many frames further it may go where a marker of the user stands already.

    Returns:
        True where it was read back.
    """
    for _ in range(2):
        markers = markers_of(timeline)
        ours = [m for m in markers if m.data == wanted.data]
        if len(ours) == 1 and _fits(ours[0], wanted, room):
            return True
        if ours and not remove_marker(timeline, wanted.data):
            return False
        taken = {m.frame for m in markers if m.data != wanted.data}
        free = [f for f in range(wanted.frame, wanted.frame + max(1, room)) if f not in taken]
        if not free:
            return False
        ask(
            timeline,
            "AddMarker",
            free[0],
            wanted.color,
            wanted.name,
            wanted.note,
            wanted.duration,
            wanted.data,
        )
        ours = [m for m in markers_of(timeline) if m.data == wanted.data]
        if len(ours) == 1 and _fits(ours[0], wanted, room):
            return True
    remove_marker(timeline, wanted.data)
    return False


def remove_marker(timeline: Any, data: str) -> bool:
    """Take our marker away by its custom data; read back, tried twice."""
    for _ in range(2):
        if not any(m.data == data for m in markers_of(timeline)):
            return True
        ask(timeline, "DeleteMarkerByCustomData", data)
    return not any(m.data == data for m in markers_of(timeline))


def our_markers(timeline: Any) -> List[Marker]:
    """Markers that the plugin set."""
    return [m for m in markers_of(timeline) if m.data.startswith(PREFIX)]


def has_marker(timeline: Any, data: str) -> bool:
    """True where a marker with this custom data stands."""
    return done(timeline, "GetMarkerByCustomData", data)


def _fits(marker: Marker, wanted: Marker, room: int) -> bool:
    same = (marker.color, marker.name, marker.note) == (wanted.color, wanted.name, wanted.note)
    return same and wanted.frame <= marker.frame < wanted.frame + max(1, room)
