"""The timeline render: what cannot be read from disk, made into frames by Resolve's render queue.

It shows what the viewer shows, grade and effects included, and has no frames beyond the cut;
results are labeled so. A duplicate of the timeline is rendered, with the other tracks off; the
duplicate, the job and the settings are taken back.
"""

import hashlib
import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from filmrestore_resolve.host.api import (
    ask,
    ask_list,
    ask_number,
    ask_text,
    done,
    has,
    told,
    told_object,
    unique_id,
)
from filmrestore_resolve.host.disk import names_in, on_disk
from filmrestore_resolve.host.messages import Refusal, Voice
from filmrestore_resolve.host.session import Session
from filmrestore_resolve.host.shots import Shot
from filmrestore_resolve.host.timeline import (
    Item,
    delete_items,
    items_of_track,
    make_current,
    open_page,
    track_count,
)
from filmrestore_resolve.host.user_state import put_back, remember
from filmrestore_resolve.host.watching import Watcher

ORIGIN = "timeline render"
_PRESET = "filmrestore keeps your settings"
_NAME = "timeline_render_"
_DUPLICATE = "filmrestore timeline render"
_NUMBERED = re.compile(r"^(?P<head>.*?)(?P<number>\d+)(?P<tail>\.[A-Za-z0-9]+)$")
# Best first: what keeps the picture whole. Names are looked up in what this build offers.
_WISHES = (("exr", "half"), ("exr", "float"), ("dpx", "16"), ("tif", "16"), ("dpx", "10"))


class NotRendered(Exception):
    """Why a timeline render did not come out."""


class Deliver(NamedTuple):
    """What the Deliver page was set to."""

    format: str
    codec: str
    mode: Optional[int]
    preset: str


def render_from_timeline(
    session: Session, items: List[Item], base: str, voice: Voice, watcher: Watcher
) -> Tuple[List[Shot], List[Tuple[Item, str]]]:
    """Frames for items that cannot be read from disk.

    Args:
        session: the open project.
        items: what is to be rendered, each by itself.
        base: folder for the frames, one below it for each item; whole ones are used again.
        voice: says lines to the user.
        watcher: says when to stop.

    Returns:
        Shots that read these frames, and for the others the reason.
    """
    made: List[Shot] = []
    refused: List[Tuple[Item, str]] = []
    waiting: List[Tuple[Item, str]] = []
    for item in items:
        folder = os.path.join(base, _key(session, item))
        shot = _shot_from(item, folder)
        if shot is None:
            waiting.append((item, folder))
            continue
        made.append(shot)
        voice.say(
            "%s: the timeline render in %s is used again; delete that folder after a change of the "
            "grade." % (shot.label, folder)
        )
    if not waiting:
        return made, refused
    try:
        state = remember(session.resolve, session.project, session.pool)
        before = _remember_deliver(session.project)
    except (NotRendered, Refusal) as error:
        return made, refused + [(item, "%s" % error) for item, _ in waiting]
    try:
        for item, folder in waiting:
            voice.say("'%s' (V%d): timeline render." % (item.name, item.track))
            try:
                made.append(_render_one(session, item, folder, watcher))
            except NotRendered as error:
                refused.append((item, "timeline render failed: %s" % error))
    finally:
        for line in _deliver_back(session.project, before):
            voice.say(line)
        for line in put_back(state, session.resolve, session.project, session.pool):
            voice.say(line)
    return made, refused


def _remember_deliver(project: Any) -> Deliver:
    """Keep the user's deliver settings as a preset of our own.

    Raises:
        NotRendered: the queue is at work, or the settings could not be put back.
    """
    if ask(project, "IsRenderingInProgress"):
        raise NotRendered("Resolve is rendering now")
    current = told(project, "GetCurrentRenderFormatAndCodec")
    mode = ask_number(project, "GetCurrentRenderMode")
    needed = (
        "SaveAsNewRenderPreset", "LoadRenderPreset", "DeleteRenderPreset", "GetRenderPresetList",
    )  # fmt: skip
    if not isinstance(current, dict) or not all(has(project, name) for name in needed):
        raise NotRendered("this version cannot put your deliver settings back afterwards")
    if _PRESET in _presets(project):  # from a press that did not end
        done(project, "DeleteRenderPreset", _PRESET)
    for _ in range(2):
        if _PRESET not in _presets(project):
            ask(project, "SaveAsNewRenderPreset", _PRESET)
    if _PRESET not in _presets(project):
        raise NotRendered("Resolve does not keep your deliver settings")
    return Deliver(str(current.get("format", "")), str(current.get("codec", "")), mode, _PRESET)


def _deliver_back(project: Any, before: Deliver) -> List[str]:
    """Put the deliver settings and the queue back; lines on what could not be."""
    lines: List[str] = []
    done(project, "LoadRenderPreset", before.preset)
    if not _is_set(project, before):
        ask(project, "LoadRenderPreset", before.preset)
    if _is_set(project, before):
        for _ in range(2):
            if before.preset in _presets(project):
                ask(project, "DeleteRenderPreset", before.preset)
    else:
        lines.append(
            "Your deliver settings are kept in the render preset '%s'; load it yourself."
            % before.preset
        )
    if before.format and before.codec:
        done(project, "SetCurrentRenderFormatAndCodec", before.format, before.codec)
    if before.mode is not None:
        done(project, "SetCurrentRenderMode", before.mode)
    return lines


def _render_one(session: Session, item: Item, folder: str, watcher: Watcher) -> Shot:
    """Render an item from a duplicate of the timeline.

    Raises:
        NotRendered: it did not come out; nothing of ours is left in the project.
    """
    project, timeline = session.project, session.timeline
    if not os.path.isdir(on_disk(folder)):
        try:
            os.makedirs(on_disk(folder))
        except OSError as error:
            raise NotRendered("the folder %s cannot be made: %s" % (folder, error))
    _clear(folder)
    before = [unique_id(handle) for handle in _timelines(project)]
    ask(timeline.handle, "DuplicateTimeline", _DUPLICATE)
    new = [handle for handle in _timelines(project) if unique_id(handle) not in before]
    if len(new) != 1 or ask_text(new[0], "GetName") != _DUPLICATE:
        raise NotRendered("Resolve does not duplicate the timeline")
    duplicate = new[0]
    try:
        if not make_current(project, duplicate):
            raise NotRendered("Resolve does not open the duplicate")
        _only_track(duplicate, item.track)
        _queue(session, item, folder, watcher)
    finally:
        make_current(project, timeline.handle)
        uid = unique_id(duplicate)
        for _ in range(2):
            if any(unique_id(handle) == uid for handle in _timelines(project)):
                ask(session.pool, "DeleteTimelines", [duplicate])
        if any(unique_id(handle) == uid for handle in _timelines(project)):
            watcher.note("The timeline '%s' could not be deleted." % _DUPLICATE)
    shot = _shot_from(item, folder)
    if shot is None:
        raise NotRendered("not all %d frames are in %s" % (item.duration, folder))
    return shot


def _only_track(duplicate: Any, track: int) -> None:
    """Switch the other video tracks of the duplicate off; where Resolve only says so, clear them.

    Raises:
        NotRendered: another track would be in the picture.
    """
    for index in range(1, track_count(duplicate) + 1):
        if index == track:
            continue
        ask(duplicate, "SetTrackEnable", "video", index, False)
        if ask(duplicate, "GetIsTrackEnabled", "video", index) is False:
            continue
        if items_of_track(duplicate, index) and not delete_items(
            duplicate, items_of_track(duplicate, index)
        ):
            raise NotRendered("track V%d cannot be switched off" % index)


def _queue(session: Session, item: Item, folder: str, watcher: Watcher) -> None:
    project = session.project
    open_page(session.resolve, "deliver")
    _choose_format(project)
    done(project, "SetCurrentRenderMode", 1)
    settings: Dict[str, Any] = {
        "SelectAllFrames": False,
        "MarkIn": item.start,
        "MarkOut": item.end - 1,
        "TargetDir": folder,
        "CustomName": _NAME,
        "ExportVideo": True,
        "ExportAudio": False,
    }
    for key, name in (
        ("FormatWidth", "timelineResolutionWidth"),
        ("FormatHeight", "timelineResolutionHeight"),
    ):
        size = ask_number(session.timeline.handle, "GetSetting", name)
        if size:
            settings[key] = size
    if not done(project, "SetRenderSettings", settings):
        raise NotRendered("Resolve refuses the render settings")
    before = _jobs(project)
    ask(project, "AddRenderJob")
    new = [job for job in _jobs(project) if job not in before]
    if len(new) != 1:
        raise NotRendered("Resolve adds no render job")
    job = new[0]
    try:
        if not done(project, "StartRendering", [job], False):
            raise NotRendered("Resolve does not start rendering")
        while ask(project, "IsRenderingInProgress"):
            if not watcher.wanted():
                ask(project, "StopRendering")
                raise NotRendered("cancelled")
            watcher.pause(0.2)
        status = ask(project, "GetRenderJobStatus", job)
        fault = status.get("Error") if isinstance(status, dict) else None
        if fault:
            raise NotRendered(str(fault))
    finally:
        for _ in range(2):
            if job in _jobs(project):
                ask(project, "DeleteRenderJob", job)
        if job in _jobs(project):
            watcher.note("The render job '%s' of filmrestore could not be deleted." % job)


def _timelines(project: Any) -> List[Any]:
    """All timelines of the project."""
    count = ask_number(project, "GetTimelineCount") or 0
    found = [told_object(project, "GetTimelineByIndex", "GetName", i + 1) for i in range(count)]
    return [handle for handle in found if handle is not None]


def _presets(project: Any) -> List[str]:
    """Names of the render presets."""
    return [str(name) for name in ask_list(project, "GetRenderPresetList")]


def _is_set(project: Any, before: Deliver) -> bool:
    """True where format and codec are the user's again, as they are once the preset is loaded."""
    for _ in range(2):
        now = ask(project, "GetCurrentRenderFormatAndCodec")
        if isinstance(now, dict):
            read = (str(now.get("format", "")), str(now.get("codec", "")))
            return read == (before.format, before.codec)
    return False


def _jobs(project: Any) -> List[str]:
    """Ids of the jobs in the render queue."""
    found = [
        job.get("JobId") for job in ask_list(project, "GetRenderJobList") if isinstance(job, dict)
    ]
    return [job for job in found if isinstance(job, str)]


def _clear(folder: str) -> None:
    """Take away what an earlier render left unfinished; only files named as ours."""
    for name in names_in(folder):
        if name.startswith(_NAME):
            os.remove(on_disk(os.path.join(folder, name)))


def _choose_format(project: Any) -> None:
    """The best of what this build offers; codec names are descriptions, their ids differ.

    Raises:
        NotRendered: there is no format that keeps the picture whole.
    """
    formats = ask(project, "GetRenderFormats")
    endings = (
        [str(e).lower().lstrip(".") for e in formats.values()] if isinstance(formats, dict) else []
    )
    for ending, word in _WISHES:
        if ending not in endings:
            continue
        codecs = ask(project, "GetRenderCodecs", ending)
        if not isinstance(codecs, dict):
            continue
        for description in sorted(codecs):
            if word not in description.lower():
                continue
            if done(project, "SetCurrentRenderFormatAndCodec", ending, codecs[description]):
                return
    raise NotRendered("this build offers neither EXR nor 16-bit TIFF nor DPX")


def _shot_from(item: Item, folder: str) -> Optional[Shot]:
    """A shot of the frames in a folder; None where they are not all there."""
    try:
        names = names_in(folder)
    except OSError:
        return None
    groups: Dict[Tuple[str, str], Dict[int, str]] = {}
    for name in names:
        found = _NUMBERED.match(name)
        if found:
            group = groups.setdefault((found.group("head"), found.group("tail")), {})
            group[int(found.group("number"))] = found.group("number")
    for (head, tail), numbers in sorted(groups.items()):
        first, last = min(numbers), max(numbers)
        if len(numbers) == item.duration == last - first + 1:
            path = os.path.join(folder, "%s[%s-%s]%s" % (head, numbers[first], numbers[last], tail))
            return Shot(
                item, None, os.path.basename(folder), path, "sequence", first, last, 0, 0, ORIGIN
            )
    return None


def _key(session: Session, item: Item) -> str:
    text = "|".join(
        (session.timeline.uid, item.uid, str(item.track), str(item.start), str(item.end))
    )
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", item.name).strip("_")[:24] or "item"
    return "timeline_render_%s_%s" % (name, digest)
