"""Footage: what the host showed of its inputs around some frames, as a clip for the Restorer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from filmrestore_core import Box, Frame, FrameRange, MissingFrameError
from filmrestore_openfx.host_types import Bounds
from filmrestore_openfx.images import Coverage, box_in, coverage_of, frame_of, placed
from filmrestore_openfx.pictures import Picture


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """All that one render needs of the host, fetched before anything is computed.

    Attributes:
        number: frame number that stands for the render's time.
        source: frame number -> picture, for all numbers within reach; None where the host has none
            or was not asked.
        mask: likewise, of the Mask input; None where it does not count.
        matte: likewise, of the Damage Matte input; None where it does not count.
        display: y-up bounds that hold all source pictures.
        color_space: the host's name; "" where it tells none.
    """

    number: int
    source: Mapping[int, Picture | None]
    mask: Mapping[int, Picture | None] | None
    matte: Mapping[int, Picture | None] | None
    display: Bounds
    color_space: str

    @property
    def keys(self) -> dict[tuple[str, int], str]:
        """(input, frame number) -> content key; "" where the host had no picture."""
        inputs = {"source": self.source, "mask": self.mask or {}, "matte": self.matte or {}}
        return {
            (name, number): picture.facts.key if picture else ""
            for name, pictures in inputs.items()
            for number, picture in pictures.items()
        }


class Footage:
    """Frames by number, while renders that gathered them are under way.

    What was once seen of a number never changes here: pictures that differ belong to other
    footage. So whatever a Restorer keeps of it stays right.
    """

    def __init__(self, display: Bounds, color_space: str) -> None:
        self._display = display
        self._color_space = color_space
        self._keys: dict[tuple[str, int], str] = {}
        self._frames: dict[int, Frame] = {}
        self._coverage: dict[tuple[str, int], tuple[Coverage, Box]] = {}
        self._users: dict[tuple[str, int], int] = {}
        self._numbers: FrameRange | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """What messages call it."""
        return "Source"

    @property
    def rate(self) -> Fraction | None:
        """Not known of a host."""
        return None

    @property
    def numbers(self) -> FrameRange:
        """All frames that were ever seen."""
        with self._lock:
            if self._numbers is None:
                seen = (n for (name, n), key in self._keys.items() if name == "source" and key)
                self._numbers = FrameRange(seen)
            return self._numbers

    @property
    def size(self) -> int:
        """How many pictures were ever seen."""
        return len(self._keys)

    def expect(self, keys: Mapping[tuple[str, int], str]) -> bool:
        """Learn what is where; False, and nothing learnt, where it was seen to be another."""
        with self._lock:
            if any(self._keys.get(place, key) != key for place, key in keys.items()):
                return False
            if not keys.items() <= self._keys.items():
                self._keys.update(keys)
                self._numbers = None
            return True

    @contextmanager
    def holding(
        self, gathered: Gathered, *, mask_is_black: bool, matte_is_black: bool
    ) -> Iterator[None]:
        """Hold what a render gathered until it is done."""
        keys = gathered.keys
        self._take(gathered, keys, mask_is_black, matte_is_black)
        try:
            yield
        finally:
            self._release(keys)

    def read(self, number: int) -> Frame:
        """A frame that a render under way gathered.

        Raises:
            MissingFrameError: there is none.
        """
        with self._lock:
            frame = self._frames.get(number)
        if frame is None:
            raise MissingFrameError(f"The host gave no frame {number}.", frame=number)
        return frame

    def coverage(self, kind: str, number: int, box: Box, outside: float) -> Coverage | None:
        """The coverage of "mask" or "matte" over a box; None where the host gave none."""
        with self._lock:
            found = self._coverage.get((kind, number))
        return None if found is None else placed(*found, box, outside)

    def _take(
        self,
        gathered: Gathered,
        keys: Mapping[tuple[str, int], str],
        mask_is_black: bool,
        matte_is_black: bool,
    ) -> None:
        with self._lock:
            for place in keys:
                self._users[place] = self._users.get(place, 0) + 1
            lacking = {p for p in keys if p[1] not in self._frames or p[0] != "source"}
            lacking -= self._coverage.keys()
        frames = {
            number: frame_of(number, picture, display=self._display, color_space=self._color_space)
            for number, picture in gathered.source.items()
            if picture is not None and ("source", number) in lacking
        }
        coverage = {
            (kind, number): self._covered(picture, inverted)
            for kind, pictures, inverted in (
                ("mask", gathered.mask, not mask_is_black),
                ("matte", gathered.matte, matte_is_black),
            )
            for number, picture in (pictures or {}).items()
            if (kind, number) in lacking and (picture is not None or kind == "mask")
        }
        with self._lock:
            for number, frame in frames.items():
                self._frames.setdefault(number, frame)
            for place, made in coverage.items():
                self._coverage.setdefault(place, made)

    def _covered(self, picture: Picture | None, inverted: bool) -> tuple[Coverage, Box]:
        """Coverage and its place; an empty place for a mask that the host lacks."""
        if picture is None:
            return np.zeros((0, 0), np.float32), Box.of_size(0, 0)
        coverage = coverage_of(picture, inverted=inverted)
        return coverage, box_in(self._display, picture.facts.bounds)

    def _release(self, keys: Mapping[tuple[str, int], str]) -> None:
        with self._lock:
            for place in keys:
                self._users[place] -= 1
                if not self._users[place]:
                    del self._users[place]
                    self._coverage.pop(place, None)
                    if place[0] == "source":
                        self._frames.pop(place[1], None)


@dataclass(frozen=True, slots=True)
class FootageMattes:
    """The "mask" or "matte" of some footage as a MatteSource.

    Attributes:
        footage: where it is.
        kind: "mask", whose coverage is what to hold out, or "matte".
        outside: coverage where the host's picture does not reach.
        threshold: from here on a value is 1, else 0; None takes it as soft.
    """

    footage: Footage
    kind: str
    outside: float = 0.0
    threshold: float | None = None

    def coverage(self, number: int, box: Box) -> Coverage | None:
        """Coverage (H, W) float32 0 to 1 over `box`, or None."""
        found = self.footage.coverage(self.kind, number, box, self.outside)
        if found is None or self.threshold is None:
            return found
        return (found >= self.threshold).astype(np.float32)
