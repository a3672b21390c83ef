"""PictureStore: samples that the host gave, by their content, up to a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from filmrestore_openfx.host_types import CHANNELS, ImageFacts, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A host picture, held by us.

    Attributes:
        facts: what the host said of it.
        planes: channel -> (H, W) samples, our own copy, not writeable.
    """

    facts: ImageFacts
    planes: Mapping[str, Pixels]

    @classmethod
    def copied(cls, facts: ImageFacts, pixels: Pixels) -> Picture:
        """Take a copy of (H, W, C) samples that will not stay."""
        names = CHANNELS[facts.components]
        planes = {name: np.array(pixels[..., i], order="C") for i, name in enumerate(names)}
        for plane in planes.values():
            plane.setflags(write=False)
        return cls(facts, planes)

    @property
    def nbytes(self) -> int:
        """Bytes of all samples."""
        return sum(plane.nbytes for plane in self.planes.values())


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
        key, size = picture.facts.key, picture.nbytes
        if size > self._most:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = picture
            self._bytes += size
            while self._bytes > self._most:
                _, old = self._kept.popitem(last=False)
                self._bytes -= old.nbytes

    def clear(self) -> None:
        """Forget all pictures."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0
