"""Shared memory that the shim made and all connections of this worker use in turn."""

from __future__ import annotations

import mmap
import os
import threading
from dataclasses import dataclass

_MOST_IDLE = 8
_GRAIN = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One piece of shared memory.

    Attributes:
        number: the shim's name for it.
        memory: mapped here.
    """

    number: int
    memory: mmap.mmap

    @classmethod
    def from_descriptor(cls, number: int, size: int, descriptor: int) -> Segment:
        """Map a descriptor, which is closed.

        Raises:
            OSError, ValueError: it is smaller than that, or no memory.
        """
        try:
            return cls(number, mmap.mmap(descriptor, size))
        finally:
            os.close(descriptor)

    @classmethod
    def named(cls, number: int, size: int, name: str) -> Segment:
        """Map memory by its name, as Windows does; never run there."""
        return cls(number, mmap.mmap(-1, size, tagname=name))  # type: ignore[call-arg,unused-ignore]

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.memory)


class SegmentPool:
    """Segments that no connection uses now; thread-safe."""

    def __init__(self) -> None:
        self._idle: list[Segment] = []
        self._lock = threading.Lock()

    def take(self, size: int) -> Segment | None:
        """The smallest idle segment that holds `size` bytes and is not far too large, or None."""
        with self._lock:
            fitting = [s for s in self._idle if size <= s.size <= max(4 * size, 1 << 22)]
            if not fitting:
                return None
            chosen = min(fitting, key=lambda s: s.size)
            self._idle.remove(chosen)
            return chosen

    def give_back(self, segment: Segment) -> None:
        """A connection needs it no more."""
        with self._lock:
            self._idle.append(segment)

    def superfluous(self) -> Segment | None:
        """An idle segment that should be dropped, taken out of the pool; None for none."""
        with self._lock:
            return self._idle.pop(0) if len(self._idle) > _MOST_IDLE else None


def rounded(size: int) -> int:
    """A size with some room, so that pictures of nearly one size share segments."""
    return max(-(-size // _GRAIN), 1) * _GRAIN
