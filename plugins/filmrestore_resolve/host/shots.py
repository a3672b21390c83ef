"""A timeline item as a shot to restore: which files, how far to look beyond the cut, or why not."""

import hashlib
import re
from typing import Any, Dict, List, NamedTuple, Optional

from filmrestore_resolve.host.api import ask, ask_number, ask_text, has
from filmrestore_resolve.host.ledger import ledger_of
from filmrestore_resolve.host.media import Media, NotReadable, clip_property, media_of
from filmrestore_resolve.host.rates import rate_text, sequence_path
from filmrestore_resolve.host.takes import takes_of
from filmrestore_resolve.host.timeline import Item, Timeline

# GetSourceStartFrame and GetSourceEndFrame each were seen off by one.
_SPAN_DOUBT = 2


class Shot(NamedTuple):
    """What is restored for one item.

    Attributes:
        key: the same media and range give the same key; it names the result's folder.
        first: number of the first source file of the cut; counted from 0 in a movie.
        last: number of the last one; both belong to the cut.
        before: frames the same media has before the cut.
        after: frames it has after the cut.
        origin: "media", or "timeline render" for frames that Resolve's render queue makes.
    """

    item: Item
    media: Optional[Media]
    key: str
    path: str
    kind: str
    first: int
    last: int
    before: int
    after: int
    origin: str

    @property
    def label(self) -> str:
        """As the user knows it."""
        return "%s (V%d)" % (self.item.name, self.item.track)


class Skipped(NamedTuple):
    """An item that cannot be restored.

    Attributes:
        reason: a sentence's end: "is retimed (50 %)".
        renderable: a timeline render would do.
    """

    item: Item
    reason: str
    renderable: bool

    @property
    def line(self) -> str:
        """One line for the user."""
        advice = "; a timeline render can do it" if self.renderable else ""
        return "%s (V%d) is skipped: it %s%s." % (
            self.item.name or "an item", self.item.track, self.reason, advice,
        )  # fmt: skip


def look_at(item: Item, timeline: Timeline) -> Any:
    """A `Shot`, or `Skipped` with the reason."""
    try:
        return _shot_of(item, timeline)
    except NotReadable as error:
        return Skipped(item, str(error), error.renderable)


def _shot_of(item: Item, timeline: Timeline) -> Shot:
    handle = item.handle
    if has(handle, "GetClipEnabled") and ask(handle, "GetClipEnabled") is False:
        raise NotReadable("is disabled", False)
    if ask(timeline.handle, "GetIsTrackEnabled", "video", item.track) is False:
        raise NotReadable("lies on a disabled track", False)
    kind = ask_text(handle, "GetType").lower()
    if kind in ("transition", "generator", "title", "subtitle", "audio", "adjustment"):
        raise NotReadable("is a " + kind, kind == "generator")
    clip = ask(handle, "GetMediaPoolItem")
    if clip is None:
        raise NotReadable("is a title, a generator or a transition: there is no media", False)
    ours = ledger_of(clip) is not None
    media = media_of(_original_of(item) if ours else clip)
    if media.rate is None or media.rate != timeline.rate:
        said = "an unknown rate" if media.rate is None else rate_text(media.rate)
        raise NotReadable(
            "runs at %s in a timeline at %s, so frames are dropped or repeated"
            % (said, rate_text(timeline.rate)),
            True,
        )
    _refuse_retime(item)
    offset = ask_number(handle, "GetLeftOffset")
    if offset is None:
        raise NotReadable("does not say where in its media it begins", not ours)
    if ours:
        # A result's files carry the numbers of the frames they were made of.
        numbered = sequence_path(clip_property(clip, "File Path"))
        if numbered is None:
            raise NotReadable("is a result of filmrestore itself", False)
        offset += numbered.first - media.first
    after = media.frames - offset - item.duration
    if offset < 0 or after < 0:
        raise NotReadable(
            "is said to lie at frames %d to %d of media that has %d"
            % (offset, offset + item.duration - 1, media.frames),
            True,
        )
    first = media.first + offset
    return Shot(
        item, media, shot_key(media.path, first, first + item.duration - 1), media.path,
        media.kind, first, first + item.duration - 1, offset, after, "media",
    )  # fmt: skip


def _original_of(item: Item) -> Any:
    """The user's own clip of an item that shows a take of ours."""
    for take in takes_of(item.handle):
        if take.clip is not None and ledger_of(take.clip) is None:
            return take.clip
    raise NotReadable("is a result of filmrestore itself", False)


def _refuse_retime(item: Item) -> None:
    """A clip at another speed shows other frames than one file a frame."""
    speed = ask(item.handle, "GetSpeed")
    if isinstance(speed, dict):
        speed = speed.get("Percentage")
    if isinstance(speed, (int, float)) and not isinstance(speed, bool):
        if abs(float(speed) - 100.0) > 1e-3:
            what = "is a freeze frame" if float(speed) == 0 else "is retimed (%g %%)" % speed
            raise NotReadable(what, True)
        return
    start = ask_number(item.handle, "GetSourceStartFrame")
    end = ask_number(item.handle, "GetSourceEndFrame")
    if start is None or end is None:
        return
    span = end - start
    if end < start - 1:
        raise NotReadable("runs backwards", True)
    if span <= 1 and item.duration > _SPAN_DOUBT + 1:
        raise NotReadable("is a freeze frame", True)
    if abs(span - item.duration) > _SPAN_DOUBT:
        raise NotReadable("is retimed (%d source frames in %d)" % (span, item.duration), True)
    _refuse_by_seconds(item)


def _refuse_by_seconds(item: Item) -> None:
    """Seconds are finer than frame numbers, where this version gives them."""
    start, end = ask(item.handle, "GetSourceStartTime"), ask(item.handle, "GetSourceEndTime")
    clip = ask(item.handle, "GetMediaPoolItem")
    try:
        seconds = float(end) - float(start)
        rate = float(clip_property(clip, "FPS"))
    except (TypeError, ValueError):
        return
    if seconds <= 0 or rate <= 0:
        return
    frames = seconds * rate
    if abs(frames - item.duration) > 1.5:
        raise NotReadable("is retimed (%.1f source frames in %d)" % (frames, item.duration), True)


def shot_key(path: str, first: int, last: int) -> str:
    """A folder's name that is the same for the same frames of the same media."""
    text = "%s|%d|%d" % (path, first, last)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    stem = re.split(r"[/\\]", path)[-1].split("[")[0].rsplit(".", 1)[0] or "shot"
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_")[:24] or "shot"
    return "%s_%d-%d_%s" % (stem, first, last, digest)


def unlike(shots: List[Shot]) -> List[Shot]:
    """Each range of each media once, in the order of the timeline."""
    seen: Dict[str, Shot] = {}
    for shot in shots:
        seen.setdefault(shot.key, shot)
    return list(seen.values())
