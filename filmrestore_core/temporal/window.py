"""Which numbers stand in a temporal window; TemporalWindow and AlignedWindow."""

from __future__ import annotations

from dataclasses import dataclass

from filmrestore_core.plate import Plate
from filmrestore_core.temporal.neighbor import AlignedNeighbor

__all__ = ["AlignedNeighbor", "AlignedWindow", "TemporalWindow", "window_numbers"]


@dataclass(frozen=True, slots=True, eq=False)
class TemporalWindow:
    """The plates around a frame, inside its shot.

    Attributes:
        center: plate of the frame itself.
        neighbors: plates of other frames of the shot, in frame order. A frame that is missing,
            unreadable, of another size or beyond a cut is left out: never black, never repeated.
    """

    center: Plate
    neighbors: tuple[Plate, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """Frame numbers in the window, the center's included, ascending."""
        return tuple(sorted((self.center.number, *(p.number for p in self.neighbors))))


@dataclass(frozen=True, slots=True, eq=False)
class AlignedWindow:
    """A temporal window with its neighbours brought onto the center.

    Attributes:
        window: the raw plates.
        neighbors: the aligned neighbours, in frame order, as many as `window.neighbors`.
    """

    window: TemporalWindow
    neighbors: tuple[AlignedNeighbor, ...]

    @property
    def center(self) -> Plate:
        """Plate of the frame itself."""
        return self.window.center

    @property
    def before(self) -> tuple[AlignedNeighbor, ...]:
        """Neighbours earlier in time, nearest first."""
        return tuple(n for n in reversed(self.neighbors) if n.offset < 0)

    @property
    def after(self) -> tuple[AlignedNeighbor, ...]:
        """Neighbours later in time, nearest first."""
        return tuple(n for n in self.neighbors if n.offset > 0)


def window_numbers(number: int, radius: int, shot_first: int, shot_last: int) -> tuple[int, ...]:
    """Frames wanted around `number`, itself included: within radius and within the shot.

    At the ends of a shot nothing is repeated; the far side reaches no further either, so that the
    answer depends on nothing beyond the radius.
    """
    first = max(shot_first, number - radius)
    last = min(shot_last, number + radius)
    return tuple(range(first, last + 1))
