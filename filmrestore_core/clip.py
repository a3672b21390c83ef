"""Clip and MatteSource: what the restorer asks of media."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame
from filmrestore_core.framerange import FrameRange


@runtime_checkable
class Clip(Protocol):
    """Frames by number. Reading is thread-safe and has no side effect on other frames."""

    @property
    def name(self) -> str:
        """What the user called it: a pattern or a path."""
        ...

    @property
    def numbers(self) -> FrameRange:
        """The frames that exist; gaps are simply absent."""
        ...

    @property
    def rate(self) -> Fraction | None:
        """Frames per second, where the medium says."""
        ...

    def read(self, number: int) -> Frame:
        """The frame as stored.

        Raises:
            MissingFrameError: the clip has no such frame.
            UnreadableFrameError: the frame cannot be read whole and exactly.
        """
        ...


class MatteSource(Protocol):
    """Mattes from outside: painted, rendered, or a scanner's infrared channel."""

    def coverage(self, number: int, box: Box) -> NDArray[np.float32] | None:
        """Coverage (H, W) float32 0 to 1 over `box`, or None where no matte is given for it.

        Raises:
            MediaError: a matte exists but cannot be read or does not fit.
        """
        ...
