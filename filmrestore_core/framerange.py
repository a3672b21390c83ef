"""FrameRange: which frames, in the notation artists type ("1001-1100x2", "1,3,5-9")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from fileseq.exceptions import MaxSizeException, ParseException
from fileseq.frameset import FrameSet

from filmrestore_core.errors import SettingsError

# A typing error such as 1001-11000000 must not fill the memory.
MOST_FRAMES = 10_000_000

# Fileseq would also take paddings ("#") and subframes ("1.5"), which are no frame numbers here.
_NOTATION = re.compile(r"[-\dxy:,]+")
_SPAN = re.compile(r"(-?\d+)\s*-\s*(-?\d+)(?:\s*[xy:]\s*(-?\d+))?")


class FrameRange(Sequence[int]):
    """An immutable, sorted set of frame numbers; both ends of a written range belong to it.

    Fileseq reads and writes the notation; Nuke's spaces and Resolve's square brackets are
    understood as well.
    """

    __slots__ = ("_numbers", "_set")

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._numbers: tuple[int, ...] = tuple(sorted({int(n) for n in numbers}))
        self._set = frozenset(self._numbers)

    @classmethod
    def span(cls, first: int, last: int, step: int = 1) -> FrameRange:
        """Every `step`-th number from `first` to `last`, both included."""
        return cls(range(first, last + 1, step))

    @classmethod
    def parse(cls, text: str) -> FrameRange:
        """Read "1001", "1001-1100", "1-10x2", "1,3,5-9", "1-4 8-10x2", "[1001-1100]".

        Raises:
            SettingsError: the text is no frame range, or names more than MOST_FRAMES frames.
        """
        plain = text.strip().removeprefix("[").removesuffix("]").strip()
        plain = re.sub(r"\s*-\s*", "-", plain)
        plain = re.sub(r"[\s,]+", ",", plain).strip(",")
        for first, last, _ in _SPAN.findall(plain):
            if abs(int(last) - int(first)) >= MOST_FRAMES:
                raise SettingsError(
                    f"Frame range '{text}' spans more than {MOST_FRAMES} frames.",
                    hint="write for instance 1001-1100",
                )
        try:
            frames = FrameSet(plain) if _NOTATION.fullmatch(plain) else None
        except (ParseException, MaxSizeException, ValueError):
            frames = None
        if frames is None:
            raise SettingsError(
                f"'{text}' is no frame range.",
                hint="write for instance 1001-1100, 1-10x2 or 1,3,5-9",
            )
        return cls(int(n) for n in frames)

    def format(self) -> str:
        """The shortest notation; "" for an empty range. `parse(format(r)) == r`."""
        return str(FrameSet(self._numbers)) if self._numbers else ""

    @property
    def first(self) -> int:
        """Smallest number.

        Raises:
            IndexError: the range is empty.
        """
        return self._numbers[0]

    @property
    def last(self) -> int:
        """Largest number.

        Raises:
            IndexError: the range is empty.
        """
        return self._numbers[-1]

    @property
    def gaps(self) -> FrameRange:
        """The numbers between first and last that are not in the range."""
        if not self._numbers:
            return FrameRange()
        return FrameRange(n for n in range(self.first, self.last + 1) if n not in self._set)

    def chunks(self, size: int) -> list[FrameRange]:
        """Consecutive pieces of at most `size` frames that cover the range once.

        Raises:
            ValueError: size is smaller than one.
        """
        if size < 1:
            raise ValueError(f"A chunk of {size} frames is too small; one is the least.")
        n = self._numbers
        return [FrameRange(n[i : i + size]) for i in range(0, len(n), size)]

    def intersect(self, other: FrameRange) -> FrameRange:
        """The numbers in both."""
        return FrameRange(self._set & other._set)

    def without(self, other: FrameRange) -> FrameRange:
        """The numbers that `other` lacks."""
        return FrameRange(self._set - other._set)

    def union(self, other: FrameRange) -> FrameRange:
        """The numbers in either."""
        return FrameRange(self._set | other._set)

    def __contains__(self, number: object) -> bool:
        return number in self._set

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> FrameRange: ...
    def __getitem__(self, index: int | slice) -> int | FrameRange:
        if isinstance(index, slice):
            return FrameRange(self._numbers[index])
        return self._numbers[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrameRange) and self._numbers == other._numbers

    def __hash__(self) -> int:
        return hash(self._numbers)

    def __repr__(self) -> str:
        return f"FrameRange('{self.format()}')"
