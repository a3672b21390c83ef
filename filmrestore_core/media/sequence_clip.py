"""SequenceClip: a clip over numbered image files."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from filmrestore_core.errors import MediaError, MissingFrameError
from filmrestore_core.frame import Frame
from filmrestore_core.framerange import MOST_FRAMES, FrameRange
from filmrestore_core.media.image_file import read_image
from filmrestore_core.media.sequence import SequencePattern


class SequenceClip:
    """Numbered image files as a Clip.

    The folder is listed once, when the clip is made; no file is opened before it is asked for.
    Reading is thread-safe.
    """

    def __init__(self, pattern: SequencePattern, *, name: str | None = None) -> None:
        """List the frames of a pattern.

        Args:
            pattern: where the frames are; its `frames`, where it names some, bound the clip.
            name: what the user called it; the pattern's text where None.

        Raises:
            MediaError: the folder cannot be listed, holds no frame of the pattern, or numbers that
                span MOST_FRAMES.
        """
        self._pattern = pattern
        self._name = pattern.text if name is None else name
        self._numbers = pattern.scan()
        if not self._numbers:
            raise MediaError(f"'{self._name}' matches no file.", path=pattern.text)
        if self._numbers.last - self._numbers.first >= MOST_FRAMES:
            raise MediaError(
                f"The frame numbers of '{self._name}' reach from {self._numbers.first} to "
                f"{self._numbers.last}, as if {MOST_FRAMES} frames or more were missing.",
                path=pattern.text,
                hint="these may be no frame numbers; a range such as [1001-1100] in the name helps",
            )

    @property
    def name(self) -> str:
        """What the user called it."""
        return self._name

    @property
    def pattern(self) -> SequencePattern:
        """Where the files are."""
        return self._pattern

    @property
    def numbers(self) -> FrameRange:
        """The frames whose files existed when the clip was made; gaps are absent."""
        return self._numbers

    @property
    def missing(self) -> FrameRange:
        """The gaps, and the frames the notation names (`[1001-1100]`) that do not exist."""
        named = self._pattern.frames or FrameRange()
        return named.without(self._numbers).union(self._numbers.gaps)

    @cached_property
    def rate(self) -> Fraction | None:
        """Frames per second as the first readable frame's attributes say; None where they do not.

        The first call reads a frame.
        """
        for number in self._numbers[:3]:
            try:
                return rate_of(self.read(number))
            except MediaError:
                continue
        return None

    def path(self, number: int) -> Path:
        """The file of a frame, whether it exists or not."""
        return self._pattern.path(number)

    def read(self, number: int) -> Frame:
        """The frame as stored.

        Raises:
            MissingFrameError: the clip has no such frame.
            UnreadableFrameError: the file cannot be read whole and exactly.
        """
        if number not in self._numbers:
            raise MissingFrameError(
                f"Frame {number} of '{self._name}' does not exist; the clip has "
                f"{self._numbers.format()}.",
                frame=number,
                path=self.path(number),
            )
        return read_image(self.path(number), number)


def rate_of(frame: Frame) -> Fraction | None:
    """Frames per second from a frame's attributes, or None.

    EXR says it as a ratio, DPX as a float in its film or television header, often with garbage
    in fields nobody filled.
    """
    for part in frame.parts:
        for key in ("FramesPerSecond", "dpx:FrameRate", "dpx:TemporalFrameRate"):
            rate = _as_rate(part.attributes.get(key))
            if rate is not None:
                return rate
    return None


def _as_rate(value: object) -> Fraction | None:
    try:
        if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
            rate = Fraction(int(value[0]), int(value[1]))
        elif isinstance(value, int | float):
            rate = Fraction(value)
        else:
            return None
    except (ValueError, OverflowError, ZeroDivisionError, TypeError):
        return None
    if not 1 <= rate <= 1000:
        return None
    slowed = Fraction(round(rate) * 1000, 1001)  # 23.976 means 24000/1001
    return slowed if abs(rate - slowed) < Fraction(1, 1000) else rate.limit_denominator(10000)
