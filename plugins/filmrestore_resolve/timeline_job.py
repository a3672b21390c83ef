"""A cut as a job: each source range once, whatever clips show it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filmrestore_core import SequencePattern
from filmrestore_resolve.cut_clip import CutClip
from filmrestore_resolve.job import SourceKind
from filmrestore_resolve.rates import rate_text


@dataclass(frozen=True, slots=True)
class TimelineJob:
    """What is to be rendered, and for whom.

    Attributes:
        document: the job, as JOB.md has it; without shots where nothing can be restored.
        keys: (track, place) of a clip -> key of its shot.
    """

    document: dict[str, Any]
    keys: Mapping[tuple[int, int], str]


def timeline_job(
    clips: Sequence[CutClip], folder: Path, *, project: str, timeline: str, head: Mapping[str, Any]
) -> TimelineJob:
    """The job of a cut's clips.

    Args:
        clips: of the cut; those with a reason are left out.
        folder: where results go.
        project: the cut's name.
        timeline: the timeline's name.
        head: settings, output and machine of the job.
    """
    shots: dict[str, dict[str, Any]] = {}
    keys: dict[tuple[int, int], str] = {}
    for clip in clips:
        if clip.media is None:
            continue
        key = shot_key(clip)
        keys[clip.track, clip.place] = key
        if key not in shots:
            source = {
                "kind": str(clip.media.kind),
                "path": os.path.abspath(clip.media.path),
                "rate": None if clip.rate is None else rate_text(clip.rate),
            }
            shots[key] = {
                "key": key,
                "name": clip.name,
                "source": source,
                "first": clip.first - clip.head,
                "last": clip.last + clip.tail,
            }
    output = {**head.get("output", {}), "place": "folder", "folder": str(folder.absolute())}
    document = {
        "kind": "filmrestore.resolve.job",
        "schema": 1,
        "created_by": "filmrestore restore-timeline",
        "project": project,
        "timeline": timeline,
        **head,
        "output": output,
        "shots": list(shots.values()),
    }
    return TimelineJob(document, keys)


def shot_key(clip: CutClip) -> str:
    """The same for the same frames of the same media, whatever the clip is called.

    Raises:
        ValueError: the clip has no media.
    """
    if clip.media is None:
        raise ValueError(f"'{clip.name}' has no media.")
    path = clip.media.path
    if clip.media.kind is SourceKind.SEQUENCE:
        pattern = SequencePattern.parse(path)
        stem = pattern.prefix.rstrip("._- ") or "sequence"
        path = replace(pattern, frames=None).text
    else:
        stem = Path(path).stem
    digest = hashlib.sha256(os.path.realpath(path).encode("utf-8", "surrogateescape"))
    first, last = clip.first - clip.head, clip.last + clip.tail
    return f"{stem[:60]} {first}-{last} {digest.hexdigest()[:8]}"
