"""Which sequences lie in a folder."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from fileseq.utils import pad

from filmrestore_core.errors import MediaError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.sequence import SequencePattern, is_image, is_movie, list_folder

_DIGITS = re.compile(r"(?:(?:^|(?<=[._ ]))-)?\d+")
_MOST_LISTED = 10


def find_sequences(folder: Path) -> list[SequencePattern]:
    """The image sequences in a folder, each with its frames, in order of name.

    Files that begin with a dot and files of other kinds are passed over. The number is the last
    one in a name; where that makes every file a sequence of its own (`shot.1001.v02.exr`), the
    number before it is tried.

    Raises:
        MediaError: the folder cannot be listed.
    """
    names = [n for n in list_folder(folder) if is_image(n) and not n.startswith(".")]
    found = _grouped(folder, names, 1)
    if len(found) > 1 and all(p.frames is not None and len(p.frames) == 1 for p in found):
        earlier = _grouped(folder, names, 2)
        if len(earlier) == 1:
            return earlier
    return found


def only_sequence(folder: Path) -> SequencePattern:
    """The one sequence of a folder, standing for all its frames.

    Images without a number (a poster beside the frames) are passed over where there is a sequence.

    Raises:
        MediaError: there is none, or there are several; the error lists them.
    """
    found = find_sequences(folder)
    numbered = [p for p in found if p.width is not None]
    candidates = numbered or found
    if len(candidates) == 1:
        one = candidates[0]
        return one.whole if one.width is not None else one
    if candidates:
        raise MediaError(
            f"Folder '{folder}' holds {len(candidates)} sequences: {listing(candidates)}.",
            path=folder,
            hint="name one of them",
        )
    movies = [n for n in list_folder(folder) if is_movie(n)]
    hint = f"it holds movies: name one, for instance {movies[0]}" if movies else None
    raise MediaError(f"Folder '{folder}' holds no image files.", path=folder, hint=hint)


def listing(patterns: Iterable[SequencePattern]) -> str:
    """The patterns and their frames in one line, the first ten of them."""
    words = [f"{p.name} [{p.frames.format() if p.frames else ''}]" for p in patterns]
    more = len(words) - _MOST_LISTED
    return ", ".join(words[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _grouped(folder: Path, names: list[str], from_end: int) -> list[SequencePattern]:
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    found: list[SequencePattern] = []
    for name in names:
        stem = os.path.splitext(name)[0]
        runs = list(_DIGITS.finditer(stem))
        digits = runs[-from_end] if len(runs) >= from_end else None
        if digits is None or pad(int(digits[0]), len(digits[0])) != digits[0]:
            found.append(SequencePattern.still(folder / name))
            continue
        groups[name[: digits.start()], name[digits.end() :]].append(digits[0])
    for (prefix, suffix), texts in groups.items():
        found += _by_width(folder, prefix, suffix, texts)
    return sorted(found, key=lambda p: p.name)


def _by_width(folder: Path, prefix: str, suffix: str, texts: list[str]) -> list[SequencePattern]:
    """Split numbers of one name by padding: 0999, 1000, 10000 are one sequence; 7 and 007 two."""
    widths = {len(t) for t in texts if t.lstrip("-").startswith("0") and len(t.lstrip("-")) > 1}
    if not widths:
        widths = {min(map(len, texts))}
    found: list[SequencePattern] = []
    rest = set(texts)
    for width in [*sorted(widths, reverse=True), 1]:
        mine = {t for t in rest if pad(int(t), width) == t}
        if mine:
            frames = FrameRange(map(int, mine))
            found.append(SequencePattern(folder, prefix, width, suffix, frames))
            rest -= mine
    return found
