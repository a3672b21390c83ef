"""Shot lists from files: .otio and .edl timelines, text, and PySceneDetect's CSV.

The only module that imports OpenTimelineIO.
"""

from __future__ import annotations

import csv
import re
import warnings
from fractions import Fraction
from pathlib import Path

from filmrestore_core.errors import SettingsError
from filmrestore_core.temporal.shots import Shots
from filmrestore_core.timecode import Timecode

LARGEST_BYTES = 20_000_000

_FRAME = re.compile(r"-?\d+")


def read_cuts(path: Path, *, rate: Fraction | None, first_frame: int) -> Shots:
    """Read where shots begin.

    Timelines (.otio, .edl) are laid with their beginning on the clip's first frame; each clip, gap
    and transition of the first video track begins a shot there. Text has a frame number of the
    clip or a time code a line, `#` begins a comment; time codes count from 00:00:00:00 at the
    clip's first frame. CSV as PySceneDetect writes it has a column "Start Frame" that counts
    from 1.

    Args:
        path: the file.
        rate: frames per second of the clip; None where it is not known: 24 is assumed for time
            codes.
        first_frame: number of the clip's first frame.

    Raises:
        SettingsError: the file cannot be read or holds no shot list; says the line where it can.
    """
    ending = path.suffix.lower()
    _check_size(path)
    if ending in (".otio", ".otioz", ".edl"):
        starts = _timeline_starts(path, rate or Fraction(24), first_frame)
    elif ending == ".csv":
        starts = _csv_starts(path, first_frame)
    else:
        starts = _text_starts(path, rate or Fraction(24), first_frame)
    if not starts:
        raise SettingsError(f"The shot list {path} names no shot.", path=path)
    return Shots(tuple(sorted(set(starts))))


def _timeline_starts(path: Path, rate: Fraction, first_frame: int) -> list[int]:
    import opentimelineio as otio

    options = {"rate": float(rate)} if path.suffix.lower() == ".edl" else {}
    try:
        with warnings.catch_warnings():
            # The adapter warns of drop-frame guesses; a wrong list is refused below.
            warnings.simplefilter("ignore")
            timeline = otio.adapters.read_from_file(str(path), **options)
    # Adapters raise whatever their parsers do.
    except Exception as error:
        what = str(error).strip().splitlines()
        raise SettingsError(
            f"The shot list {path} cannot be read: {what[0] if what else type(error).__name__}.",
            path=path,
            hint="it must be an OpenTimelineIO or CMX 3600 timeline",
        ) from error
    tracks = timeline.video_tracks() if isinstance(timeline, otio.schema.Timeline) else []
    if not tracks:
        raise SettingsError(f"The shot list {path} has no video track.", path=path)
    starts = []
    for item in tracks[0]:
        if isinstance(item, otio.schema.Transition):
            continue
        begin = tracks[0].range_of_child(item).start_time
        starts.append(first_frame + round(begin.rescaled_to(float(rate)).value))
    return starts


def _text_starts(path: Path, rate: Fraction, first_frame: int) -> list[int]:
    starts: list[int] = []
    for count, line in enumerate(_lines(path), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if _FRAME.fullmatch(text):
            starts.append(int(text))
            continue
        try:
            starts.append(first_frame + Timecode.parse(text, rate).count)
        except SettingsError as error:
            raise SettingsError(
                f"{path}, line {count}: '{text}' is neither a frame number nor a time code.",
                path=path,
            ) from error
    return starts


def _csv_starts(path: Path, first_frame: int) -> list[int]:
    rows = list(csv.reader(_lines(path)))
    for count, row in enumerate(rows):
        names = [name.strip().lower() for name in row]
        if "start frame" not in names:
            continue
        column = names.index("start frame")
        starts = []
        for line, values in enumerate(rows[count + 1 :], count + 2):
            if not any(values):
                continue
            if column >= len(values) or not _FRAME.fullmatch(values[column].strip()):
                raise SettingsError(f"{path}, line {line}: there is no start frame.", path=path)
            starts.append(first_frame + int(values[column]) - 1)
        return starts
    raise SettingsError(f"{path} has no column 'Start Frame'.", path=path)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The shot list {path} is not readable text.", path=path) from error


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SettingsError(
            f"The shot list {path} cannot be read: {error.strerror}.", path=path
        ) from error
    if not path.is_file() or size > LARGEST_BYTES:
        raise SettingsError(f"The shot list {path} is no file of a sensible size.", path=path)
