"""SequencePattern: which file holds which frame number, in every notation artists type."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from fileseq.constants import PAD_STYLE_HASH1
from fileseq.filesequence import FileSequence
from fileseq.utils import pad

from filmrestore_core.errors import MediaError, SettingsError
from filmrestore_core.framerange import FrameRange

IMAGE_EXTENSIONS = frozenset(
    (
        ".exr",
        ".sxr",
        ".mxr",
        ".dpx",
        ".cin",
        ".tif",
        ".tiff",
        ".png",
        ".jpg",
        ".jpeg",
        ".jp2",
        ".j2k",
    )
)
MOVIE_EXTENSIONS = frozenset(
    (
        ".mov",
        ".mp4",
        ".m4v",
        ".mkv",
        ".mxf",
        ".avi",
        ".webm",
        ".mpg",
        ".mpeg",
        ".ts",
        ".m2ts",
        ".y4m",
    )
)

STILL_NUMBER = 1
"""Frame number of a single file that has no number in its name."""

# #### @@@@ %04d %d $F4 $F, and Resolve's [1001-1100].
_TOKEN = re.compile(r"#+|@+|%(?:0\d+)?d|\$F\d*|\[(-?\d+)-(-?\d+)\]")
# RV's and Fileseq's range in front of the padding: name.1001-1100####.exr
_RANGE_BEFORE = re.compile(
    r"(?:^|(?<=[._ ]))(-?\d+--?\d+(?:x\d+)?(?:,-?\d+(?:--?\d+(?:x\d+)?)?)*)$"
)
# Nuke's range behind the name: name.####.exr 1001-1100
_RANGE_BEHIND = re.compile(r"(\.\w+) +(-?\d+--?\d+(?:x\d+)?)$")
# A minus sign counts only where it cannot be a hyphen: at the start or after a separator.
_LAST_NUMBER = re.compile(r"^(.*?)((?:(?:^|(?<=[._ ]))-)?\d+)(\D*)$", re.DOTALL)
_NUMBER = re.compile(r"-?\d+")


def is_movie(path: str | Path) -> bool:
    """True where the name ends like a movie's; the file is not looked at."""
    return os.path.splitext(path)[1].lower() in MOVIE_EXTENSIONS


def is_image(path: str | Path) -> bool:
    """True where the name ends like an image's; the file is not looked at."""
    return os.path.splitext(path)[1].lower() in IMAGE_EXTENSIONS


@dataclass(frozen=True, slots=True)
class SequencePattern:
    """A folder and a file name with a place for the frame number.

    Attributes:
        folder: where the files lie.
        prefix: the name before the number.
        width: least number of characters of the number, a minus sign included; 1 where it is not
            padded; None where the name has no number and stands for one file.
        suffix: the name after the number, extension included.
        frames: the frames named by the notation (`[1001-1100]`); None where it names none.
    """

    folder: Path
    prefix: str
    width: int | None
    suffix: str
    frames: FrameRange | None = None

    @classmethod
    def parse(cls, text: str) -> SequencePattern:
        """Read `name.####.exr`, `name.%04d.exr`, `@@@@`, `$F4`, `name.[1001-1100].exr`.

        Where a file of exactly that name exists, it is meant, whatever signs its name holds. Else
        the last padding sign of the file name counts, and all before it is literal; signs in folder
        names are always literal. A name without padding stands for one file; its number is the
        last one in the name. One `#` is an unpadded number, as in `%d`. Ranges in front of the
        padding (`name.1001-1100####.exr`) or behind the name (`name.####.exr 1001-1100`) are
        understood.

        Raises:
            SettingsError: the text names no file, or its frame range is wrong.
        """
        folder, name = os.path.split(text)
        if not name or "\0" in text:
            raise SettingsError(
                f"'{text}' names no image files.", hint="write for instance shot.####.exr"
            )
        if os.path.lexists(text) or not _TOKEN.search(name):
            return cls.of_file(text)
        frames = None
        if behind := _RANGE_BEHIND.search(name):
            name, frames = name[: behind.end(1)], FrameRange.parse(behind[2])
        found = list(_TOKEN.finditer(name))
        if not found:
            return cls.of_file(text)
        token = found[-1]
        prefix, suffix = name[: token.start()], name[token.end() :]
        if token[1] is not None:
            width = len(token[1]) if token[1].lstrip("-").startswith("0") else _least(token)
            frames = FrameRange.parse(f"{token[1]}-{token[2]}")
            return cls(Path(folder), prefix, width, suffix, frames)
        if before := _RANGE_BEFORE.search(prefix):
            prefix, frames = prefix[: before.start()], FrameRange.parse(before[1])
        width = max(1, FileSequence.getPaddingNum(token[0], pad_style=PAD_STYLE_HASH1))
        return cls(Path(folder), prefix, width, suffix, frames)

    @classmethod
    def of_file(cls, path: str | Path) -> SequencePattern:
        """The pattern that stands for this one file; `frames` holds its one number."""
        folder, name = os.path.split(path)
        stem, extension = os.path.splitext(name)
        number = _LAST_NUMBER.match(stem)
        if number is None:
            return cls.still(path)
        digits = number[2]
        if pad(int(digits), len(digits)) != digits:  # "-0", which no pattern writes
            return cls.still(path)
        one = FrameRange([int(digits)])
        return cls(Path(folder), number[1], len(digits), number[3] + extension, one)

    @classmethod
    def still(cls, path: str | Path) -> SequencePattern:
        """The pattern of one file whose name holds no frame number."""
        folder, name = os.path.split(path)
        return cls(Path(folder), name, None, "", FrameRange([STILL_NUMBER]))

    @property
    def whole(self) -> SequencePattern:
        """The same pattern for all frames on disk: what a single file's sequence is."""
        return replace(self, frames=None)

    @property
    def is_one_file(self) -> bool:
        """True where the pattern stands for one file only."""
        return self.width is None or (self.frames is not None and len(self.frames) == 1)

    @property
    def name(self) -> str:
        """The file name with `#` for the number: `name.####.exr`."""
        return self.prefix + "#" * (self.width or 0) + self.suffix

    @property
    def text(self) -> str:
        """Folder and name, as `parse` reads them where the name has no other padding signs."""
        return str(self.folder / self.name)

    @property
    def extension(self) -> str:
        """The last extension in lower case, with its dot: ".exr"."""
        return os.path.splitext(self.name)[1].lower()

    def file_name(self, number: int) -> str:
        """The name of a frame's file, without folder."""
        if self.width is None:
            return self.prefix
        return f"{self.prefix}{pad(number, self.width)}{self.suffix}"

    def path(self, number: int) -> Path:
        """The file of a frame, whether it exists or not."""
        return self.folder / self.file_name(number)

    def number_of(self, name: str) -> int | None:
        """The frame number of a file name, or None where the pattern would not write that name."""
        if self.width is None:
            return STILL_NUMBER if name == self.prefix else None
        if not (name.startswith(self.prefix) and name.endswith(self.suffix)):
            return None
        digits = name[len(self.prefix) : len(name) - len(self.suffix)]
        if not _NUMBER.fullmatch(digits) or not digits.isascii():
            return None
        number = int(digits)
        return number if pad(number, self.width) == digits else None

    def scan(self) -> FrameRange:
        """The frames whose names are in the folder, within `frames` where those are named.

        The files are not opened: a dangling link or a folder of that name counts and is reported
        when it is read.

        Raises:
            MediaError: the folder cannot be listed.
        """
        names = list_folder(self.folder)
        numbers = FrameRange(n for n in map(self.number_of, names) if n is not None)
        return numbers if self.frames is None else numbers.intersect(self.frames)


def _least(token: re.Match[str]) -> int:
    """Padding of Resolve's [a-b] without leading zeros: the shorter end; none below zero."""
    return 1 if token[1].startswith("-") else min(len(token[1]), len(token[2]))


def list_folder(folder: Path) -> list[str]:
    """The names in a folder, sorted.

    Raises:
        MediaError: it does not exist, is no folder, or may not be read.
    """
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        raise MediaError(
            f"Folder '{folder}' cannot be listed: {(error.strerror or str(error)).lower()}.",
            path=folder,
        ) from error
