"""A whole stand-in: Resolve with a project, a timeline, clips; and its state as a document."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from filmrestore_resolve.testing.pool import FolderBody, PoolItemBody
from filmrestore_resolve.testing.project import ProjectBody, ResolveBody
from filmrestore_resolve.testing.quirks import Quirks
from filmrestore_resolve.testing.remote import Fault, Handle, Wire
from filmrestore_resolve.testing.timeline import Span, TimelineBody, TimelineItemBody

OURS = "filmrestore"


class World:
    """Resolve as a test sets it up. `resolve` is what a script is given."""

    def __init__(
        self,
        quirks: Quirks | None = None,
        *,
        rate: Fraction = Fraction(24),
        drop: bool = False,
        start: int = 86400,
        project: str = "My Film",
        timeline: str = "Reel 1 – Röll",
    ) -> None:
        self.wire = Wire(quirks or Quirks())
        self.body = ResolveBody(self.wire)
        self.project = ProjectBody(self.wire, self.body, project, rate, drop)
        self.body.manager.project = self.project
        self.timeline = self.add_timeline(timeline, start)
        self.project.current = self.timeline

    @property
    def resolve(self) -> Handle:
        """A handle to Resolve, as a script gets it."""
        return Handle(self.body)

    def break_call(self, fault: Fault | None) -> None:
        """Let one call go wrong from now on; numbers start anew."""
        self.wire.calls.clear()
        self.wire.fault, self.wire.faulty = fault, None

    def add_timeline(self, name: str, start: int) -> TimelineBody:
        """A further timeline."""
        made = TimelineBody(self.wire, self.project, name, start)
        self.project.timelines.append(made)
        return made

    def add_clip(
        self,
        path: str,
        frames: int,
        *,
        first: int = 0,
        rate: Fraction | None = None,
        folder: FolderBody | None = None,
        **properties: str,
    ) -> PoolItemBody:
        """A clip in the pool; properties are written with _ for spaces."""
        values = {
            "File Path": path,
            "File Name": Path(path).name,
            "Clip Name": Path(path).name,
            "Type": "Video",
            "Start": str(first),
            "Online Status": "Online",
            "Input Color Space": "Cineon Film Log",
            "Data Level": "Full",
            "Alpha mode": "None",
            "PAR": "Square",
            "IDT": "",
            "Field Dominance": "Auto",
        } | {name.replace("_", " "): value for name, value in properties.items()}
        clip = PoolItemBody(
            self.wire, values, first, frames, self.project.rate if rate is None else rate
        )
        (folder or self.project.pool.root).clips.append(clip)
        return clip

    def add_item(
        self,
        clip: PoolItemBody | None,
        start: int,
        duration: int,
        offset: int = 0,
        *,
        track: int = 1,
        speed: float = 100.0,
        color: str = "",
        name: str = "",
        type_name: str = "video",
    ) -> TimelineItemBody:
        """Something on the timeline at an absolute frame."""
        item = TimelineItemBody(
            self.wire, self.timeline, clip, Span(start, duration, offset), speed,
            name=name, type_name=type_name,
        )  # fmt: skip
        item.color = color
        return self.timeline.put(track, item)

    def state(self) -> dict[str, Any]:
        """Everything that a user could see or save, as a document."""
        project = self.project
        return {
            "page": self.body.page,
            "bin": project.pool.current.name,
            "selected clip": project.pool.selected and project.pool.selected.GetName(),
            "timeline": project.current and project.current.name,
            "timelines": [_timeline(t) for t in project.timelines],
            "pool": _folder(project.pool.root),
            "deliver": {**project.deliver, "settings": dict(project.deliver["settings"])},
            "presets": sorted(project.presets),
            "queue": list(project.jobs),
            "settings": dict(project.settings),
        }

    def users_part(self) -> dict[str, Any]:
        """The same without what the plugin adds, to compare before and after."""
        state = self.state()
        for timeline in state["timelines"]:
            timeline["markers"] = {
                f: m for f, m in timeline["markers"].items() if not m["customData"].startswith(OURS)
            }
            timeline["tracks"] = [
                {**track, "items": [_without_takes(i) for i in track["items"]]}
                for track in timeline["tracks"]
                if track["name"] != OURS
            ]
        state["pool"]["folders"] = [f for f in state["pool"]["folders"] if f["name"] != OURS]
        return state

    def our_items(self) -> list[TimelineItemBody]:
        """Items that play a clip of the plugin, on any timeline."""
        return [i for i in self._items() if i.clip and OURS in i.clip.third_party]

    def our_clips(self) -> list[PoolItemBody]:
        """Clips of the plugin in the pool."""
        folders = self.project.pool.root.everything()
        return [c for f in folders for c in f.clips if OURS in c.third_party]

    def _items(self) -> Iterator[TimelineItemBody]:
        for timeline in self.project.timelines:
            for track in timeline.tracks:
                yield from track.items


def _timeline(timeline: TimelineBody) -> dict[str, Any]:
    return {
        "name": timeline.name,
        "start": timeline.start,
        "playhead": timeline.playhead,
        "tracks": [
            {
                "name": track.name,
                "enabled": track.enabled,
                "locked": track.locked,
                "items": [_item(item) for item in track.items],
            }
            for track in timeline.tracks
        ],
        "markers": {str(f): dict(m) for f, m in sorted(timeline.markers.items())},
    }


def _item(item: TimelineItemBody) -> dict[str, Any]:
    return {
        "uid": item.uid,
        "name": item.name,
        "clip": item.clip.GetName() if item.clip else None,
        "start": item.start,
        "duration": item.duration,
        "first frame": item.clip.first + item.offset if item.clip else None,
        "color": item.color,
        "enabled": item.enabled,
        "grade": item.grade,
        "takes": [
            {"clip": c.GetName(), "first frame": c.first + o, "duration": d, "ours": _ours(c)}
            for c, o, d in item.takes
            if c is not None
        ],
        "selected take": item.selected,
    }


def _without_takes(item: dict[str, Any]) -> dict[str, Any]:
    """A user's item as it was before a take of ours was added to it."""
    others = [t for t in item["takes"] if not t["ours"]]
    if len(others) == len(item["takes"]):
        return item
    plain = {**item, "takes": others if len(others) > 1 else [], "selected take": 0}
    return plain | {name: others[0][name] for name in ("clip", "first frame", "duration")}


def _ours(clip: PoolItemBody | None) -> bool:
    return clip is not None and OURS in clip.third_party


def _folder(folder: FolderBody) -> dict[str, Any]:
    return {
        "name": folder.name,
        "clips": [
            {"name": c.GetName(), **c.properties, "Frames": c.frames, "FPS": str(c.rate)}
            for c in folder.clips
        ],
        "folders": [_folder(f) for f in folder.folders],
    }
