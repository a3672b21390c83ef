"""MemoryClip: a clip over frames that are already in memory."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from filmrestore_core.errors import MissingFrameError
from filmrestore_core.frame import Frame
from filmrestore_core.framerange import FrameRange


class MemoryClip:
    """Frames a host or a test holds, as a Clip. Immutable, hence thread-safe."""

    def __init__(
        self, frames: Iterable[Frame], *, name: str = "memory", rate: Fraction | None = None
    ) -> None:
        """Take the frames by their numbers.

        Args:
            frames: the frames in any order.
            name: what messages call the clip.
            rate: frames per second, where known.

        Raises:
            ValueError: two frames have the same number.
        """
        self._frames: dict[int, Frame] = {}
        for frame in frames:
            if frame.number in self._frames:
                raise ValueError(f"Frame {frame.number} is given twice.")
            self._frames[frame.number] = frame
        self._numbers = FrameRange(self._frames)
        self._name = name
        self._rate = rate

    @property
    def name(self) -> str:
        """What messages call the clip."""
        return self._name

    @property
    def numbers(self) -> FrameRange:
        """The frames that exist."""
        return self._numbers

    @property
    def rate(self) -> Fraction | None:
        """Frames per second, where known."""
        return self._rate

    def read(self, number: int) -> Frame:
        """The frame as it was given.

        Raises:
            MissingFrameError: the clip has no such frame.
        """
        try:
            return self._frames[number]
        except KeyError:
            raise MissingFrameError(
                f"Frame {number} of '{self._name}' does not exist; the clip has "
                f"{self._numbers.format()}.",
                frame=number,
            ) from None
