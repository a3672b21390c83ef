"""Media that a cut names: from an address, a pattern or a mere name to files with numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from filmrestore_core import (
    Clip,
    FrameRange,
    MediaError,
    SequenceClip,
    SequencePattern,
    SettingsError,
    Timecode,
    is_movie,
    open_clip,
)
from filmrestore_resolve.job import SourceKind

MOST_FILES = 500_000

_C_PADDING = re.compile(r"%0\d+d")
_STANDS_FOR_PERCENT = "\N{REPLACEMENT CHARACTER}"
_ENDS = "._- "


@dataclass(frozen=True, slots=True, eq=False)
class CutMedia:
    """Files that a clip of a cut plays.

    Attributes:
        kind: sequence or movie.
        path: as a job has it; a sequence's bounds stand in it.
        first: number of its first frame; 0 for a movie.
        last: of its last frame.
        clip: opened.
        rate: frames per second, where known.
    """

    kind: SourceKind
    path: str
    first: int
    last: int
    clip: Clip
    rate: Fraction | None = None

    @property
    def timecode(self) -> Timecode | None:
        """Time code of the first frame, where the files carry one; reads a file's header."""
        if isinstance(self.clip, SequenceClip):
            return _file_timecode(self.clip, self.first, self.rate)
        found = getattr(self.clip, "timecode", None)
        return found if isinstance(found, Timecode) else None


def path_of_url(url: str, base: Path) -> str:
    """The path that an address means; a relative one is taken from the cut's folder.

    Percent escapes count in `file:` addresses only, and `%04d` is never one.
    """
    if url.casefold().startswith("file:"):
        kept = _C_PADDING.sub(lambda m: _STANDS_FOR_PERCENT + m[0][1:], url)
        parts = urlsplit(kept.replace("#", "%23").replace("?", "%3F"))
        host = f"//{parts.netloc}" if parts.netloc not in ("", "localhost") else ""
        path = host + (url2pathname(parts.path) if os.name == "nt" else unquote(parts.path))
        url = path.replace(_STANDS_FOR_PERCENT, "%")
    return os.path.normpath(base / url)


def movie_media(path: str, rate: Fraction | None) -> CutMedia:
    """A movie.

    Raises:
        MediaError: it cannot be opened.
    """
    clip = open_clip(path)
    return CutMedia(SourceKind.MOVIE, path, 0, clip.numbers.last, clip, clip.rate or rate)


def sequence_media(pattern: SequencePattern, rate: Fraction | None) -> CutMedia:
    """An image sequence, bounded by what the pattern names.

    Raises:
        MediaError: none of its files is there.
    """
    clip = SequenceClip(pattern)
    named = pattern.frames or clip.numbers
    path = bounded_path(pattern, named.first, named.last)
    return CutMedia(SourceKind.SEQUENCE, path, named.first, named.last, clip, rate)


def media_of_path(path: str, rate: Fraction | None, *, frames: int | None = None) -> CutMedia:
    """What a path or pattern means.

    Args:
        path: a movie, a pattern, or the first file of a sequence.
        rate: frames per second, where known.
        frames: how many frames it must have, so that one file's name stands for its sequence.

    Raises:
        FilmrestoreError: it is not there, or nothing that can be read exactly.
    """
    if is_movie(path):
        return movie_media(path, rate)
    pattern = SequencePattern.parse(path)
    if pattern.is_one_file and pattern.width is not None and (frames or 1) > 1:
        first = (pattern.frames or FrameRange([0])).first
        have = pattern.whole.scan()
        last = max([n for n in have if n >= first], default=first)
        pattern = replace(pattern, frames=FrameRange.span(first, last))
    if not os.path.isdir(pattern.folder):
        raise MediaError(f"'{path}' does not exist.", path=path)
    open_clip(path)
    return sequence_media(pattern, rate)


def bounded_path(pattern: SequencePattern, first: int, last: int) -> str:
    """The pattern as Resolve writes it: `plate.[0001-1008].exr`.

    Raises:
        SettingsError: the name's end would be read as padding.
    """
    if pattern.width is None:
        return str(pattern.folder / pattern.prefix)
    ends = [pattern.file_name(n) for n in (first, last)]
    numbers = [n[len(pattern.prefix) : len(n) - len(pattern.suffix)] for n in ends]
    name = f"{pattern.prefix}[{numbers[0]}-{numbers[1]}]{pattern.suffix}"
    text = str(pattern.folder / name)
    again = SequencePattern.parse(text)
    if (again.prefix, again.suffix) != (pattern.prefix, pattern.suffix):
        raise SettingsError(f"The name of '{pattern.text}' can be read in two ways.")
    return text


class MediaFolders:
    """Movies and sequences below some folders, by the names a cut may call them.

    It also keeps what was opened, so that a thousand cuts of one movie open it once.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        """Name the folders; they are looked through when a name is first asked for.

        Args:
            folders: all below them counts too.
        """
        self._folders = tuple(folders)
        self._opened: dict[Hashable, CutMedia] = {}

    def once(self, key: Hashable, make: Callable[[], CutMedia]) -> CutMedia:
        """What `make` opens; opened before where the key is known."""
        if key not in self._opened:
            self._opened[key] = make()
        return self._opened[key]

    def find(self, names: Iterable[str]) -> str | None:
        """The media of one of these names, as a path or pattern; None where there is none.

        Raises:
            MediaError: several are called so.
        """
        for name in names:
            found = self._known.get(_plain(name), []) if _plain(name) else []
            if len(found) > 1:
                shown = ", ".join(f"'{path}'" for path in found[:3])
                raise MediaError(f"Several media are called '{name}': {shown}.")
            if found:
                return found[0]
        return None

    @cached_property
    def _known(self) -> dict[str, list[str]]:
        known: dict[str, list[str]] = {}
        for name, path in self._media():
            found = known.setdefault(name, [])
            if path not in found:
                found.append(path)
        return known

    def _media(self) -> Iterator[tuple[str, str]]:
        count = 0
        for root in self._folders:
            if not root.is_dir():
                raise MediaError(f"The media folder '{root}' is not there.", path=root)
            for folder, folders, files in os.walk(root):
                folders[:] = sorted(f for f in folders if f != "filmrestore" and f[0] != ".")
                count += len(files)
                if count > MOST_FILES:
                    raise MediaError(
                        f"Below '{root}' are more than {MOST_FILES} files.",
                        path=root,
                        hint="name a folder closer to the media",
                    )
                yield from _in_folder(Path(folder), sorted(files))


def _in_folder(folder: Path, files: list[str]) -> Iterator[tuple[str, str]]:
    patterns: dict[SequencePattern, int] = {}
    for file in files:
        if file.startswith("."):
            continue
        if is_movie(file):
            yield _plain(file), str(folder / file)
            continue
        pattern = SequencePattern.of_file(folder / file)
        if pattern.width is not None and _is_picture(file):
            patterns[pattern.whole] = patterns.get(pattern.whole, 0) + 1
    for pattern in patterns:
        yield pattern.prefix.rstrip(_ENDS).casefold(), pattern.text
        if len(patterns) == 1:
            yield folder.name.casefold(), pattern.text


def _is_picture(file: str) -> bool:
    endings = (".exr", ".dpx", ".tif", ".tiff", ".png", ".cin", ".jpg", ".jpeg")
    return file.casefold().endswith(endings)


def _plain(name: str) -> str:
    """A clip's or file's name without number, padding and ending."""
    file = re.split(r"[/\\]", name)[-1]
    if is_movie(file):
        return os.path.splitext(file)[0].casefold()
    if _is_picture(file):
        file = SequencePattern.parse(file).prefix
    return file.rstrip(_ENDS).casefold()


def _file_timecode(clip: SequenceClip, first: int, rate: Fraction | None) -> Timecode | None:
    """Time code of number `first`, as the header of the first file there says."""
    try:
        number = clip.numbers.first
        frame = clip.read(number)
        word = frame.parts[0].attributes.get("smpte:TimeCode") if frame.parts else None
        found = clip.rate or rate
        if not isinstance(word, list | tuple) or found is None:
            return None
        return _of_word(int(word[0]), found) + (first - number)
    except (MediaError, SettingsError, ValueError, TypeError, IndexError):
        return None


def _of_word(word: int, rate: Fraction) -> Timecode:
    """The time address of SMPTE ST 12-1's 32 bits."""
    tens = ((word >> 28) & 3, (word >> 20) & 7, (word >> 12) & 7, (word >> 4) & 3)
    ones = ((word >> 24) & 15, (word >> 16) & 15, (word >> 8) & 15, word & 15)
    hours, minutes, seconds, frames = (t * 10 + o for t, o in zip(tens, ones, strict=True))
    mark = ";" if word >> 6 & 1 else ":"
    return Timecode.parse(f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:02d}", rate)
