"""What a clip of the media pool is on disk, and whether its files can be read from there."""

import os
from fractions import Fraction
from typing import Any, NamedTuple, Optional

from filmrestore_resolve.host.api import ask_text, unique_id, whole
from filmrestore_resolve.host.disk import on_disk
from filmrestore_resolve.host.rates import exact_rate, sequence_path

# Kinds of pool clips without a file of their own, and how to say so.
_NOT_FILES = (
    ("compound", "is a compound clip"),
    ("multicam", "is a multicam clip"),
    ("timeline", "is a nested timeline"),
    ("fusion", "is a Fusion clip"),
    ("generator", "is a generator"),
    ("title", "is a title"),
    ("adjustment", "is an adjustment clip"),
    ("subtitle", "is a subtitle"),
)


class Media(NamedTuple):
    """A clip of the pool that lies on disk.

    Attributes:
        clip: the pool's object.
        path: as Resolve writes it; "plate.[0001-1008].exr" for a sequence.
        kind: "sequence" or "movie".
        first: number of the first file; 0 for a movie.
        frames: how many frames there are.
        rate: None where Resolve does not say.
    """

    clip: Any
    uid: str
    path: str
    kind: str
    first: int
    frames: int
    rate: Optional[Fraction]


class NotReadable(Exception):
    """Why a clip's files cannot be read.

    Attributes:
        renderable: Resolve can play it, so that a timeline render can do.
    """

    def __init__(self, reason: str, renderable: bool) -> None:
        super().__init__(reason)
        self.renderable = renderable


def clip_property(clip: Any, name: str) -> str:
    """A property of a pool clip as text; "" where it has none."""
    return ask_text(clip, "GetClipProperty", name).strip()


def media_of(clip: Any) -> Media:
    """Read what a pool clip is.

    Raises:
        NotReadable: it has no files that could be read.
    """
    kind = clip_property(clip, "Type").lower()
    for word, reason in _NOT_FILES:
        if word in kind:
            raise NotReadable(reason, word != "adjustment")
    if kind == "audio":
        raise NotReadable("is sound only", False)
    path = clip_property(clip, "File Path")
    if not path:
        raise NotReadable("has no file on disk (a compound or nested clip?)", True)
    online = clip_property(clip, "Online Status").lower()
    if online and online != "online":
        raise NotReadable("is offline", False)
    fields = clip_property(clip, "Field Dominance").lower()
    if "upper" in fields or "lower" in fields:
        raise NotReadable("is interlaced; its fields would be taken for one picture", False)
    rate = exact_rate(clip_property(clip, "FPS"))
    frames = whole(clip_property(clip, "Frames"))
    numbered = sequence_path(path)
    if numbered is not None:
        first, last = numbered.first, numbered.last
        if not os.path.isdir(on_disk(os.path.dirname(path))):
            raise NotReadable("is offline: there is no folder " + os.path.dirname(path), False)
        return Media(clip, unique_id(clip), path, "sequence", first, last - first + 1, rate)
    if kind == "still" or frames == 1:
        raise NotReadable("is a still; one frame has no neighbors in time", False)
    if not os.path.isfile(on_disk(path)):
        raise NotReadable("is offline: there is no file " + path, False)
    if frames is None or frames < 1:
        raise NotReadable("does not say how many frames it has", True)
    return Media(clip, unique_id(clip), path, "movie", 0, frames, rate)
