"""Timelines: tracks, items, takes and markers."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from filmrestore_resolve.testing.remote import Body, Wire

if TYPE_CHECKING:
    from filmrestore_resolve.testing.pool import PoolItemBody
    from filmrestore_resolve.testing.project import ProjectBody

MARKER_COLORS = frozenset(
    {
        "Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender",
        "Sky", "Mint", "Lemon", "Sand", "Cocoa", "Cream",
    }
)  # fmt: skip


class Span(NamedTuple):
    """Where an item stands and which frame of its media it begins with, counted from 0."""

    start: int
    duration: int
    offset: int


@dataclass
class Track:
    """A video track."""

    name: str
    items: list[TimelineItemBody] = field(default_factory=list)
    enabled: bool = True
    locked: bool = False


class TimelineItemBody(Body):
    """Something on a track; `clip` is None for titles, generators and transitions."""

    kind = "TimelineItem"

    def __init__(
        self,
        wire: Wire,
        timeline: TimelineBody,
        clip: PoolItemBody | None,
        span: Span,
        speed: float,
        *,
        name: str = "",
        type_name: str = "video",
    ) -> None:
        super().__init__(wire)
        self.timeline, self.clip, self.speed = timeline, clip, speed
        self.start, self.duration, self.offset = span
        self.name = name or (clip.GetName() if clip else "")
        self.type_name = type_name
        self.color, self.enabled, self.grade = "", True, "none"
        self.takes: list[tuple[PoolItemBody | None, int, int]] = []
        self.selected = 0

    def missing(self) -> set[str]:
        quirks = self.wire.quirks
        gone = set() if quirks.has_speed else {"GetSpeed"}
        if not quirks.has_type:
            gone.add("GetType")
        if not quirks.has_source_time:
            gone |= {"GetSourceStartTime", "GetSourceEndTime"}
        return gone

    def shows(self) -> list[int]:
        """The file number on each frame of the item; only for clips at full speed."""
        assert self.clip is not None
        return [self.clip.first + self.offset + i for i in range(self.duration)]

    def GetName(self) -> str:
        return self.name

    def GetStart(self, subframe: bool = False) -> float:
        return float(self.start) if subframe else self.start

    def GetEnd(self, subframe: bool = False) -> float:
        return self.start + self.duration

    def GetDuration(self, subframe: bool = False) -> float:
        return self.duration

    def GetLeftOffset(self, subframe: bool = False) -> float:
        # In warped frames where the clip is retimed.
        return int(self.offset * 100 / self.speed) if self.speed else self.offset

    def GetSourceStartFrame(self) -> int:
        return self.offset + self.wire.quirks.source_start_off

    def GetSourceEndFrame(self) -> int:
        span = round(self.duration * self.speed / 100)
        return self.offset + span - (self.wire.quirks.source_end == "inclusive")

    def GetSourceStartTime(self) -> float:
        return 3600.0 + self.offset / self._rate()

    def GetSourceEndTime(self) -> float:
        return 3600.0 + (self.offset + self.duration * self.speed / 100) / self._rate()

    def _rate(self) -> float:
        return float(self.clip.rate) if self.clip else 24.0

    def GetMediaPoolItem(self) -> PoolItemBody | None:
        return self.clip if self.clip is None or self.clip.alive else None

    def GetTrackTypeAndIndex(self) -> list[Any]:
        for number, track in enumerate(self.timeline.tracks, 1):
            if self in track.items:
                return ["video", number]
        return []

    def GetClipEnabled(self) -> bool:
        return self.enabled

    def GetClipColor(self) -> str:
        return self.color

    def GetSpeed(self) -> dict[str, Any]:
        return {"Percentage": self.speed}

    def GetType(self) -> str:
        return self.type_name

    def CopyGrades(self, items: list[TimelineItemBody]) -> bool:
        for item in items:
            item.grade = self.grade
        return True

    def AddTake(
        self, clip: PoolItemBody, first: int | None = None, last: int | None = None
    ) -> bool:
        if self._locked() or not clip.alive:
            return False
        offset, length = self.timeline.project.pool.span(clip, first, last)
        if not self.takes:
            self.takes = [(self.clip, self.offset, self.duration)]
            self.selected = 1
        self.takes.append((clip, offset, length))
        if self.wire.quirks.take_selected_on_add:
            self.SelectTakeByIndex(len(self.takes))
        return True

    def GetTakesCount(self) -> int:
        return len(self.takes)

    def GetSelectedTakeIndex(self) -> int:
        return self.selected if self.takes else 0

    def GetTakeByIndex(self, index: int) -> dict[str, Any] | None:
        if not 1 <= index <= len(self.takes):
            return None
        clip, offset, length = self.takes[index - 1]
        last = offset + length - (self.wire.quirks.source_end == "inclusive")
        return {"startFrame": offset, "endFrame": last, "mediaPoolItem": clip}

    def SelectTakeByIndex(self, index: int) -> bool:
        if self._locked() or not 1 <= index <= len(self.takes):
            return False
        self.selected = index
        self.clip, self.offset, self.duration = self.takes[index - 1]
        return True

    def DeleteTakeByIndex(self, index: int) -> bool:
        if self._locked() or not 1 <= index <= len(self.takes):
            return False
        if index == 1:
            self.wire.misuse("DeleteTakeByIndex: the original was deleted")
        del self.takes[index - 1]
        if self.selected == index:
            self.SelectTakeByIndex(1)
        elif self.selected > index:
            self.selected -= 1
        if len(self.takes) == 1 and not self.wire.quirks.take_selector_stays:
            self.takes, self.selected = [], 0
        return True

    def FinalizeTake(self) -> bool:
        self.takes, self.selected = [], 0
        return True

    def _locked(self) -> bool:
        return any(t.locked and self in t.items for t in self.timeline.tracks)


class TimelineBody(Body):
    """A timeline; frames are absolute, markers and in/out count from its start."""

    kind = "Timeline"

    def __init__(self, wire: Wire, project: ProjectBody, name: str, start: int) -> None:
        super().__init__(wire)
        self.project, self.name, self.start = project, name, start
        self.tracks = [Track("Video 1")]
        self.markers: dict[int, dict[str, Any]] = {}
        self.marks: dict[str, Any] = {}
        self.playhead = start
        self.selected: list[TimelineItemBody] = []

    def missing(self) -> set[str]:
        return set() if self.wire.quirks.has_selected_clips else {"GetSelectedClips"}

    def end(self) -> int:
        """The frame after the last item."""
        ends = [i.start + i.duration for t in self.tracks for i in t.items]
        return max([self.start, *ends])

    def put(self, track: int, item: TimelineItemBody) -> TimelineItemBody:
        """Have an item stand there; tracks are made as needed. For tests, not of the API."""
        while len(self.tracks) < track:
            self.tracks.append(Track(f"Video {len(self.tracks) + 1}"))
        self.tracks[track - 1].items.append(item)
        self.tracks[track - 1].items.sort(key=lambda i: i.start)
        return item

    def GetName(self) -> str:
        return self.name

    def GetStartFrame(self) -> int:
        return self.start

    def GetEndFrame(self) -> int:
        return self.end()

    def GetStartTimecode(self) -> str:
        return self._timecode(self.start)

    def GetCurrentTimecode(self) -> str | None:
        if self.project.resolve.page in ("media", "fusion", None):
            return None
        return self._timecode(self.playhead)

    def SetCurrentTimecode(self, text: str) -> bool:
        for frame in range(self.start, self.end() + 1):
            if self._timecode(frame) == text:
                self.playhead = frame
                return True
        return False

    def _timecode(self, frame: int) -> str:
        from filmrestore_core import Timecode

        return str(Timecode(frame, self.project.rate, self.project.drop))

    def GetSetting(self, name: str = "") -> Any:
        return self.project.setting(name)

    def GetTrackCount(self, kind: str) -> int:
        return len(self.tracks) if kind == "video" else 1

    def GetTrackName(self, kind: str, index: int) -> str:
        return self.tracks[index - 1].name if self._has(kind, index) else ""

    def SetTrackName(self, kind: str, index: int, name: str) -> bool:
        if not self._has(kind, index):
            return False
        self.tracks[index - 1].name = name
        return True

    def AddTrack(self, kind: str, how: Any = None) -> bool:
        place = len(self.tracks)
        if isinstance(how, dict):
            if set(how) != {"index"}:
                self.wire.misuse(f"AddTrack does not know {how}")
                return False
            if self.wire.quirks.add_track_index:
                place = how["index"] - 1
        elif how is not None:
            self.wire.misuse(f"AddTrack of video does not know {how!r}")
            return False
        self.tracks.insert(place, Track(f"Video {len(self.tracks) + 1}"))
        return True

    def DeleteTrack(self, kind: str, index: int) -> bool:
        if not self._has(kind, index):
            return False
        if self.tracks[index - 1].items:
            self.wire.misuse(f"DeleteTrack of V{index}, which is not empty")
        for item in self.tracks[index - 1].items:
            item.alive = False
        del self.tracks[index - 1]
        return True

    def GetIsTrackEnabled(self, kind: str, index: int) -> bool:
        return self._has(kind, index) and self.tracks[index - 1].enabled

    def SetTrackEnable(self, kind: str, index: int, on: bool) -> bool:
        if not self._has(kind, index):
            return False
        if not self.wire.quirks.track_enable_lies:
            self.tracks[index - 1].enabled = on
        return True

    def GetIsTrackLocked(self, kind: str, index: int) -> bool:
        return self._has(kind, index) and self.tracks[index - 1].locked

    def GetItemListInTrack(self, kind: str, index: int) -> list[TimelineItemBody]:
        return list(self.tracks[index - 1].items) if self._has(kind, index) else []

    def GetSelectedClips(self) -> list[TimelineItemBody]:
        return list(self.selected)

    def GetCurrentVideoItem(self) -> TimelineItemBody | None:
        for track in reversed(self.tracks):
            for item in track.items:
                if item.start <= self.playhead < item.start + item.duration and track.enabled:
                    return item
        return None

    def GetMarkInOut(self) -> dict[str, Any]:
        return {k: dict(v) for k, v in self.marks.items()}

    def DeleteClips(self, items: list[TimelineItemBody], ripple: bool = False) -> bool:
        if ripple or not isinstance(items, list):
            self.wire.misuse("Timeline.DeleteClips wants a list and no ripple")
            return False
        page = self.project.resolve.page
        if page == "fairlight" or (self.wire.quirks.append_page and page != "edit"):
            return True
        went = False
        for track in self.tracks:
            for item in items:
                if item in track.items and not track.locked:
                    track.items.remove(item)
                    item.alive = False
                    went = True
        return went

    def DuplicateTimeline(self, name: str) -> TimelineBody:
        made = TimelineBody(self.wire, self.project, name, self.start)
        made.tracks = [Track(t.name, [], t.enabled, t.locked) for t in self.tracks]
        for track, mine in zip(made.tracks, self.tracks, strict=True):
            for item in mine.items:
                span = Span(item.start, item.duration, item.offset)
                track.items.append(
                    TimelineItemBody(
                        self.wire, made, item.clip, span, item.speed,
                        name=item.name, type_name=item.type_name,
                    )
                )  # fmt: skip
        self.project.timelines.append(made)
        return made

    def AddMarker(
        self, frame: int, color: str, name: str, note: str, duration: int, data: str = ""
    ) -> bool:
        if color not in MARKER_COLORS or duration < 1 or frame in self.markers:
            return False
        if not isinstance(frame, int) or frame < 0:
            self.wire.misuse(f"AddMarker at {frame}")
            return False
        self.markers[frame] = {
            "color": color, "name": name, "note": note, "duration": duration, "customData": data,
        }  # fmt: skip
        return True

    def GetMarkers(self) -> dict[int, dict[str, Any]]:
        return {frame: dict(values) for frame, values in self.markers.items()}

    def GetMarkerByCustomData(self, data: str) -> dict[int, dict[str, Any]]:
        return {f: dict(v) for f, v in self.markers.items() if v["customData"] == data}

    def DeleteMarkerAtFrame(self, frame: int) -> bool:
        return self.markers.pop(frame, None) is not None

    def DeleteMarkerByCustomData(self, data: str) -> bool:
        for frame, values in list(self.markers.items()):
            if values["customData"] == data:
                del self.markers[frame]
                return True
        return False

    def DeleteMarkersByColor(self, color: str) -> bool:
        self.wire.misuse(f"DeleteMarkersByColor({color!r}) takes markers of the user")
        self.markers.clear()
        return True

    def _has(self, kind: str, index: int) -> bool:
        if kind != "video":
            return False
        if not isinstance(index, int) or not 1 <= index <= len(self.tracks):
            self.wire.misuse(f"there is no video track {index!r}")
            return False
        return True


def rate_as_told(rate: Fraction, drop: bool, form: str) -> Any:
    """How timelineFrameRate comes back."""
    number = round(float(rate), 3)
    if form == "rounded":
        return int(number)
    if form == "string":
        return f"{number:g}" + (" DF" if drop else "")
    return number
