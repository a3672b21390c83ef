"""Segmenter: says where a frame is damaged."""

from __future__ import annotations

from typing import Protocol

from filmrestore_core.matte import DamageClass, DamageMap
from filmrestore_core.temporal.window import AlignedWindow


class Segmenter(Protocol):
    """Gives scores per damage class from a frame and its aligned neighbours.

    The result depends on the window and the settings given at construction only: no state.
    """

    @property
    def radius(self) -> int:
        """How many frames on each side it wants to see."""
        ...

    @property
    def classes(self) -> tuple[DamageClass, ...]:
        """The classes it can tell."""
        ...

    def segment(self, window: AlignedWindow) -> DamageMap:
        """Scores for the window's center frame."""
        ...
