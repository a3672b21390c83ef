"""Where a shot's result goes: folders named after project, timeline, shot and what decides it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from filmrestore_core import MediaError, SettingsError
from filmrestore_resolve.job import Job, Place
from filmrestore_resolve.shot_source import ShotSource

ROOT = "filmrestore"
MOST_BYTES = 100

_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def folder_name(text: str) -> str:
    """A name that every file system takes, the text itself where it is one.

    Two texts never give the same name: where something had to be replaced, a digest of the text is
    added.
    """
    name = _REFUSED.sub("_", text).strip().rstrip(".")
    if name.startswith(".") or _DEVICES.match(name):
        name = f"_{name}"
    if name and name == text and len(name.encode()) <= MOST_BYTES:
        return name
    short = name.encode()[:MOST_BYTES].decode("utf-8", "ignore").rstrip(" .")
    return f"{short or '_'}-{_digest(text.encode('utf-8', 'surrogatepass'))[:8]}"


def source_stamps(paths: Iterable[Path]) -> list[list[Any]]:
    """Name, size and time of change of each file; an absent one has none."""
    stamps: list[list[Any]] = []
    for path in paths:
        try:
            found = os.stat(path)
            stamps.append([path.name, found.st_size, found.st_mtime_ns])
        except OSError:
            stamps.append([path.name, None, None])
    return stamps


def result_hash(decides: Mapping[str, Any]) -> str:
    """16 hex digits of everything that decides a result.

    Args:
        decides: plain values; equal ones give an equal hash.
    """
    text = json.dumps(decides, sort_keys=True, ensure_ascii=True)
    return _digest(text.encode())[:16]


def result_folder(job: Job, source: ShotSource, digest: str) -> Path:
    """`<base>/filmrestore/<project>/<timeline>/<key>/<hash>`.

    Raises:
        SettingsError: the job names no folder.
        MediaError: that folder holds a source.
    """
    if job.output.place is Place.FOLDER:
        if job.output.folder is None:
            raise SettingsError("The job names no folder for its results.")
        base = Path(job.output.folder)
    else:
        base = source.path.parent
    folder = base.joinpath(
        ROOT, folder_name(job.project), folder_name(job.timeline), folder_name(source.shot.key)
    )
    return folder / digest


def refuse_source_folders(folder: Path, media: Iterable[Path]) -> None:
    """Refuse to write where sources lie, by whatever name or link.

    Raises:
        MediaError: the folder is one of theirs.
    """
    target = os.path.realpath(folder)
    for path in media:
        lies = os.path.realpath(path.parent)
        if os.path.normcase(lies) == os.path.normcase(target):
            raise MediaError(
                f"The result's folder '{folder}' is where the source '{path.name}' lies.",
                path=folder,
                hint="choose another folder for results",
            )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
