"""PictureStore: samples that the host gave, by their content, up to a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from filmrestore_openfx.host_types import ImageFacts, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A host picture, held by us.

    Attributes:
        facts: what the host said of it.
        pixels: (H, W, C) samples, our own copy, not writeable.
    """

    facts: ImageFacts
    pixels: Pixels

    @classmethod
    def copied(cls, facts: ImageFacts, pixels: Pixels) -> Picture:
        """Take a copy of samples that will not stay."""
        own = pixels.copy()
        own.setflags(write=False)
        return cls(facts, own)


class PictureStore:
    """Pictures by key, the least lately used leave first; thread-safe.

    The lock is held for moments only, never while a host is asked. It changes time, not results.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes of the kept pictures; never more than the bound."""
        return self._bytes

    def find(self, key: str) -> Picture | None:
        """The picture of a key, or None where it is not kept."""
        with self._lock:
            picture = self._kept.get(key)
            if picture is not None:
                self._kept.move_to_end(key)
            return picture

    def keep(self, picture: Picture) -> None:
        """Keep a picture as long as there is room."""
        key, size = picture.facts.key, picture.pixels.nbytes
        if size > self._most:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = picture
            self._bytes += size
            while self._bytes > self._most:
                _, old = self._kept.popitem(last=False)
                self._bytes -= old.pixels.nbytes

    def clear(self) -> None:
        """Forget all pictures."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0
