"""The media pool: bins, clips, import, and appending to the timeline that is open."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filmrestore_resolve.testing.remote import Body, Wire

if TYPE_CHECKING:
    from filmrestore_resolve.testing.project import ProjectBody
    from filmrestore_resolve.testing.timeline import TimelineBody

_CLIP_INFO = {"mediaPoolItem", "startFrame", "endFrame", "mediaType", "trackIndex", "recordFrame"}


class PoolItemBody(Body):
    """A clip of the pool. `first` is its first file number, 0 for a movie."""

    kind = "MediaPoolItem"

    def __init__(
        self, wire: Wire, properties: dict[str, str], first: int, frames: int, rate: Fraction
    ) -> None:
        super().__init__(wire)
        self.properties = dict(properties)
        self.first, self.frames, self.rate = first, frames, rate
        self.third_party: dict[str, str] = {}
        self.metadata: dict[str, str] = {}

    def missing(self) -> set[str]:
        if self.wire.quirks.third_party:
            return set()
        return {"GetThirdPartyMetadata", "SetThirdPartyMetadata"}

    def property(self, name: str) -> Any:
        """One property as it comes back."""
        if name == "FPS":
            number = round(float(self.rate), 3)
            return number if self.wire.quirks.fps_form == "float" else f"{number:g}"
        if name == "Frames":
            return str(self.frames)
        return self.properties.get(name, "")

    def GetName(self) -> str:
        return self.properties.get("Clip Name", "")

    def GetMediaId(self) -> str:
        return "media-" + self.uid

    def GetClipProperty(self, name: str = "") -> Any:
        if name:
            return self.property(name)
        return {n: self.property(n) for n in [*self.properties, "FPS", "Frames"]}

    def SetClipProperty(self, name: str, value: str) -> bool:
        if not isinstance(value, str):
            self.wire.misuse(f"SetClipProperty({name}) wants a text")
            return False
        if name == "FPS":
            if self.wire.quirks.rate_fixed:
                return False
            self.rate = {"23.976": Fraction(24000, 1001), "29.97": Fraction(30000, 1001),
                         "59.94": Fraction(60000, 1001)}.get(value) or Fraction(value)  # fmt: skip
            return True
        if name not in self.properties:
            return False
        self.properties[name] = value
        return True

    def GetThirdPartyMetadata(self, name: str = "") -> Any:
        return self.third_party.get(name, "") if name else dict(self.third_party)

    def SetThirdPartyMetadata(self, name: str, value: str) -> bool:
        if not isinstance(value, str):
            self.wire.misuse("SetThirdPartyMetadata wants a text")
            return False
        self.third_party[name] = value
        return True

    def ReplaceClip(self, path: str) -> bool:
        self.properties["File Path"] = path
        return True

    def ReplaceClipPreserveSubClip(self, path: str) -> bool:
        return self.ReplaceClip(path)


class FolderBody(Body):
    """A bin."""

    kind = "Folder"

    def __init__(self, wire: Wire, name: str) -> None:
        super().__init__(wire)
        self.name = name
        self.clips: list[PoolItemBody] = []
        self.folders: list[FolderBody] = []

    def GetName(self) -> str:
        return self.name

    def GetClipList(self) -> list[PoolItemBody]:
        return list(self.clips)

    def GetSubFolderList(self) -> list[FolderBody]:
        return list(self.folders)

    def everything(self) -> list[FolderBody]:
        """This bin and all below."""
        return [self, *(f for below in self.folders for f in below.everything())]


class MediaPoolBody(Body):
    """The pool of a project."""

    kind = "MediaPool"

    def __init__(self, wire: Wire, project: ProjectBody) -> None:
        super().__init__(wire)
        self.project = project
        self.root = FolderBody(wire, "Master")
        self.current = self.root
        self.selected: PoolItemBody | None = None

    def missing(self) -> set[str]:
        return set()

    def GetRootFolder(self) -> FolderBody:
        return self.root

    def GetCurrentFolder(self) -> FolderBody:
        return self.current

    def SetCurrentFolder(self, folder: FolderBody) -> bool:
        if folder not in self.root.everything():
            return False
        self.current = folder
        return True

    def AddSubFolder(self, parent: FolderBody, name: str) -> FolderBody | None:
        if any(f.name == name for f in parent.folders):
            return None
        made = FolderBody(self.wire, name)
        parent.folders.append(made)
        if self.wire.quirks.bin_opens_new:
            self.current = made
        return made

    def DeleteFolders(self, folders: list[FolderBody]) -> bool:
        for folder in folders:
            for parent in self.root.everything():
                if folder in parent.folders:
                    parent.folders.remove(folder)
                    folder.alive = False
                    if self.current in folder.everything():
                        self.current = self.root
        return True

    def GetSelectedClips(self) -> list[PoolItemBody]:
        return [] if self.selected is None else [self.selected]

    def SetSelectedClip(self, clip: PoolItemBody) -> bool:
        self.selected = clip
        return True

    def DeleteClips(self, clips: list[PoolItemBody]) -> bool:
        if not isinstance(clips, list):
            self.wire.misuse("MediaPool.DeleteClips wants a list")
            return False
        for clip in clips:
            for folder in self.root.everything():
                if clip in folder.clips:
                    folder.clips.remove(clip)
                    clip.alive = False
        return True

    def DeleteTimelines(self, timelines: list[TimelineBody]) -> bool:
        for timeline in timelines:
            if timeline in self.project.timelines:
                self.project.timelines.remove(timeline)
                timeline.alive = False
                if self.project.current is timeline:
                    self.project.current = self.project.timelines[0]
        return True

    def ImportMedia(self, things: list[Any]) -> list[PoolItemBody]:
        if not isinstance(things, list):
            self.wire.misuse("ImportMedia wants a list")
            return []
        made = [self._import(thing) for thing in things]
        found = [clip for clip in made if clip is not None]
        self.current.clips += found
        return found

    def _import(self, thing: Any) -> PoolItemBody | None:
        if isinstance(thing, str):
            if not Path(thing).is_file():
                return None
            return self._clip(thing, 0, 1, "Still")
        if set(thing) != {"FilePath", "StartIndex", "EndIndex"}:
            self.wire.misuse(f"ImportMedia does not know {sorted(thing)}")
            return None
        first, last = thing["StartIndex"], thing["EndIndex"]
        pattern = re.fullmatch(r"(.*?)%0(\d+)d(.*)", thing["FilePath"], re.DOTALL)
        if pattern is None:
            return None
        head, padding, tail = pattern[1].replace("%%", "%"), int(pattern[2]), pattern[3]
        tail = tail.replace("%%", "%")
        for number in range(first, last + 1):
            if not Path(f"{head}{number:0{padding}d}{tail}").is_file():
                return None
        if first == last:
            path = f"{head}{first:0{padding}d}{tail}"
        else:
            path = f"{head}[{first:0{padding}d}-{last:0{padding}d}]{tail}"
        return self._clip(path, first, last - first + 1, "Video")

    def _clip(self, path: str, first: int, frames: int, kind: str) -> PoolItemBody:
        wished = self.wire.quirks.import_rate
        rate = self.project.rate if wished == "project" else Fraction(wished)
        properties = {
            "File Path": path,
            "File Name": Path(path).name,
            "Clip Name": Path(path).name,
            "Type": kind,
            "Start": str(first),
            "End": str(first + frames - 1),
            "Input Color Space": "Project",
            "IDT": "",
            "Data Level": "Auto",
            "Alpha mode": "None",
            "PAR": "Square",
            "Online Status": "Online",
            "Field Dominance": "Auto",
        }
        return PoolItemBody(self.wire, properties, first, frames, rate)

    def AppendToTimeline(self, infos: list[Any]) -> list[Any] | None:
        quirks = self.wire.quirks
        timeline = self.project.current
        if timeline is None or not isinstance(infos, list):
            return None
        if quirks.append_page and self.project.resolve.page != "edit":
            return None
        if quirks.append_needs_selection and self.selected is None:
            return None
        return [self._append(timeline, info) for info in infos]

    def _append(self, timeline: TimelineBody, info: dict[str, Any]) -> Any:
        from filmrestore_resolve.testing.timeline import Span, TimelineItemBody

        quirks = self.wire.quirks
        for name in set(info) - _CLIP_INFO:
            self.wire.misuse(f"AppendToTimeline does not know {name}")
        clip: PoolItemBody = info["mediaPoolItem"]
        shell = TimelineItemBody(self.wire, timeline, clip, Span(0, 0, 0), 100.0)
        shell.alive = False
        if not clip.alive:
            return None
        offset, length = self.span(clip, info.get("startFrame"), info.get("endFrame"))
        if clip.rate != self.project.rate:
            length = int(length * self.project.rate / clip.rate)
        # Nothing is longer than its media.
        length = min(length, clip.frames - max(offset, 0)) - quirks.append_short
        index = info.get("trackIndex", 1)
        if ("trackIndex" in info) != ("mediaType" in info):
            self.wire.misuse("AppendToTimeline: trackIndex and mediaType belong together")
        if not 1 <= index <= len(timeline.tracks):
            self.wire.misuse(f"AppendToTimeline onto V{index}, which is not there")
            if quirks.track_overflow == "refused":
                return None
            index = 1
        track = timeline.tracks[index - 1]
        start = info.get("recordFrame", timeline.end()) + quirks.append_moved
        if start < timeline.start:
            self.wire.misuse("AppendToTimeline before the timeline's start")
        busy = any(i.start < start + length and i.start + i.duration > start for i in track.items)
        if track.locked or busy or length < 1:
            return shell
        placed = TimelineItemBody(self.wire, timeline, clip, Span(start, length, offset), 100.0)
        track.items.append(placed)
        track.items.sort(key=lambda item: item.start)
        return placed

    def span(self, clip: PoolItemBody, first: int | None, last: int | None) -> tuple[int, int]:
        """Offset and length that startFrame and endFrame mean here."""
        quirks = self.wire.quirks
        base = clip.first if quirks.sequence_start == "first_number" else 0
        begin = base if first is None else first
        if last is None:
            return begin - base, clip.frames - (begin - base)
        return begin - base, last - begin + (quirks.end_frame == "inclusive")
