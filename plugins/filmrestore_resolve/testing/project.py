"""Resolve itself, its project manager, the project and its render queue."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from filmrestore_resolve.testing.pool import MediaPoolBody
from filmrestore_resolve.testing.remote import Body, Wire
from filmrestore_resolve.testing.timeline import TimelineBody, rate_as_told

PAGES = ("media", "cut", "edit", "fusion", "color", "fairlight", "deliver")
_FORMATS = {"EXR": "exr", "DPX": "dpx", "TIFF": "tif", "QuickTime": "mov"}
_CODECS = {
    "exr": {"RGB half (ZIP)": "RGBHalfZIP", "RGB float": "RGBFloat"},
    "dpx": {"RGB 10 bits": "RGB10", "RGB 16 bits": "RGB16"},
    "tif": {"RGB 16 bits": "RGB16"},
    "mov": {"Apple ProRes 422 HQ": "ProRes422HQ"},
}
_RENDER_KEYS = {
    "SelectAllFrames", "MarkIn", "MarkOut", "TargetDir", "CustomName", "ExportVideo", "ExportAudio",
    "FormatWidth", "FormatHeight",
}  # fmt: skip
# Draws frame N of a timeline into a file without its ending, and gives the path.
Draw = Callable[[TimelineBody, int, Path, str], None]


class ProjectBody(Body):
    """The open project."""

    kind = "Project"

    def __init__(
        self, wire: Wire, resolve: ResolveBody, name: str, rate: Fraction, drop: bool
    ) -> None:
        super().__init__(wire)
        self.resolve, self.name, self.rate, self.drop = resolve, name, rate, drop
        self.pool = MediaPoolBody(wire, self)
        self.timelines: list[TimelineBody] = []
        self.current: TimelineBody | None = None
        self.settings = {"timelineResolutionWidth": "96", "timelineResolutionHeight": "64"}
        self.deliver: dict[str, Any] = {
            "format": "mov", "codec": "ProRes422HQ", "mode": 0, "settings": {"CustomName": "mine"},
        }  # fmt: skip
        self.presets: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.polls = 0
        self.rendering: list[str] = []
        self.draw: Draw | None = None

    def setting(self, name: str) -> Any:
        """A project or timeline setting as it comes back."""
        if name == "timelineFrameRate":
            return rate_as_told(self.rate, self.drop, self.wire.quirks.rate_form)
        if name == "timelineDropFrameTimecode":
            return "1" if self.drop else "0"
        return self.settings.get(name, "")

    def GetName(self) -> str:
        return self.name

    def GetMediaPool(self) -> MediaPoolBody:
        return self.pool

    def GetTimelineCount(self) -> int:
        return len(self.timelines)

    def GetTimelineByIndex(self, index: int) -> TimelineBody | None:
        return self.timelines[index - 1] if 1 <= index <= len(self.timelines) else None

    def GetCurrentTimeline(self) -> TimelineBody | None:
        return self.current

    def SetCurrentTimeline(self, timeline: TimelineBody) -> bool:
        if timeline not in self.timelines:
            return False
        self.current = timeline
        return True

    def GetSetting(self, name: str = "") -> Any:
        return self.setting(name)

    def SetSetting(self, name: str, value: str) -> bool:
        self.wire.misuse(f"SetSetting({name}): a project setting of the user")
        self.settings[name] = value
        return True

    def GetRenderFormats(self) -> dict[str, str]:
        return dict(_FORMATS)

    def GetRenderCodecs(self, ending: str) -> dict[str, str]:
        return dict(_CODECS.get(ending, {}))

    def GetCurrentRenderFormatAndCodec(self) -> dict[str, str]:
        return {"format": self.deliver["format"], "codec": self.deliver["codec"]}

    def SetCurrentRenderFormatAndCodec(self, ending: str, codec: str) -> bool:
        if codec not in _CODECS.get(ending, {}).values():
            return False
        self.deliver.update(format=ending, codec=codec)
        return True

    def GetCurrentRenderMode(self) -> int:
        return int(self.deliver["mode"])

    def SetCurrentRenderMode(self, mode: int) -> bool:
        self.deliver["mode"] = mode
        return True

    def SetRenderSettings(self, settings: dict[str, Any]) -> bool:
        for name in set(settings) - _RENDER_KEYS:
            self.wire.misuse(f"SetRenderSettings does not know {name}")
        self.deliver["settings"] = {**self.deliver["settings"], **settings}
        return True

    def SaveAsNewRenderPreset(self, name: str) -> bool:
        if name in self.presets:
            return False
        self.presets[name] = {**self.deliver, "settings": dict(self.deliver["settings"])}
        return True

    def GetRenderPresetList(self) -> list[str]:
        return ["H.264 Master", *self.presets]

    def LoadRenderPreset(self, name: str) -> bool:
        if name not in self.presets:
            return False
        kept = self.presets[name]
        self.deliver = {**kept, "settings": dict(kept["settings"])}
        return True

    def DeleteRenderPreset(self, name: str) -> bool:
        return self.presets.pop(name, None) is not None

    def AddRenderJob(self) -> str:
        job = f"job-{self.wire.new_uid()}"
        self.jobs[job] = {
            "format": self.deliver["format"], "timeline": self.current,
            "settings": dict(self.deliver["settings"]), "percent": 0,
        }  # fmt: skip
        return job

    def GetRenderJobList(self) -> list[dict[str, Any]]:
        return [{"JobId": job} for job in self.jobs]

    def StartRendering(self, jobs: list[str], interactive: bool = False) -> bool:
        if not isinstance(jobs, list) or not all(job in self.jobs for job in jobs):
            self.wire.misuse("StartRendering wants a list of its jobs")
            return False
        self.rendering, self.polls = list(jobs), 2
        return True

    def IsRenderingInProgress(self) -> bool:
        if not self.rendering:
            return False
        self.polls -= 1
        if self.polls > 0:
            return True
        for job in self.rendering:
            self._render(self.jobs[job])
        self.rendering = []
        return False

    def _render(self, job: dict[str, Any]) -> None:
        settings = job["settings"]
        job["percent"] = 100
        if self.draw is None or not settings.get("ExportVideo"):
            return
        for frame in range(settings["MarkIn"], settings["MarkOut"] + 1):
            stem = Path(settings["TargetDir"]) / f"{settings['CustomName']}{frame:08d}"
            self.draw(job["timeline"], frame, stem, job["format"])

    def StopRendering(self) -> bool:
        self.rendering = []
        return True

    def GetRenderJobStatus(self, job: str) -> dict[str, Any]:
        word = {"en": "Complete", "de": "Abgeschlossen"}[self.wire.quirks.status_language]
        return {"JobStatus": word, "CompletionPercentage": self.jobs[job]["percent"]}

    def DeleteRenderJob(self, job: str) -> bool:
        return self.jobs.pop(job, None) is not None

    def DeleteAllRenderJobs(self) -> bool:
        self.jobs.clear()
        return True


class ManagerBody(Body):
    """The project manager."""

    kind = "ProjectManager"

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.project: ProjectBody | None = None

    def GetCurrentProject(self) -> ProjectBody | None:
        return self.project

    def GetCurrentDatabase(self) -> dict[str, str]:
        return {"DbType": "Disk", "DbName": "Local Database"}


class ResolveBody(Body):
    """Resolve."""

    kind = "Resolve"

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.manager = ManagerBody(wire)
        self.page = wire.quirks.page

    def GetProjectManager(self) -> ManagerBody:
        return self.manager

    def GetProductName(self) -> str:
        return "DaVinci Resolve Studio" if self.wire.quirks.studio else "DaVinci Resolve"

    def GetVersion(self) -> list[Any]:
        return list(self.wire.quirks.version)

    def GetVersionString(self) -> str:
        return ".".join(str(n) for n in self.wire.quirks.version[:4])

    def GetCurrentPage(self) -> str | None:
        return self.page

    def OpenPage(self, page: str) -> bool:
        if page not in PAGES or self.page is None:
            return False
        self.page = page
        return True
