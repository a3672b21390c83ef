"""What an adaptation asks of a film, and which of its frames are kept to measure with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from filmrestore_core.errors import SettingsError
from filmrestore_core.synth.density import Tone
from filmrestore_core.temporal.window import TemporalWindow

FEWEST_FRAMES = 16
# Of so many blocks of time one is kept to measure with.
_EVERY = 5
_LONGEST = 24


class FilmSource(Protocol):
    """A clip, as far as an adaptation looks at it."""

    def window(self, number: int) -> TemporalWindow:
        """The frame with its neighbours inside its shot, not aligned yet.

        Raises:
            MediaError: the frame cannot be used.
        """
        ...

    def tone(self, number: int) -> Tone:
        """What the frame's code values mean."""
        ...


def split_in_time(numbers: Sequence[int], radius: int) -> tuple[list[int], list[int]]:
    """Frames to learn from and frames to measure with; no window of one side shares a frame.

    Every fifth block of time is kept apart.

    Args:
        numbers: of the frames there are, ascending.
        radius: frames on each side of a center that its window holds.

    Returns:
        (learned, held out), both ascending.

    Raises:
        SettingsError: there are too few frames.
    """
    if len(numbers) < FEWEST_FRAMES:
        raise SettingsError(
            f"The film has {len(numbers)} frames; adapting needs {FEWEST_FRAMES} and more."
        )
    length = min(_LONGEST, len(numbers) // _EVERY)
    apart = {n for i, n in enumerate(numbers) if i // length % _EVERY == _EVERY // 2}
    # Windows of both sides reach towards each other.
    near = {n + step for n in apart for step in range(-2 * radius, 2 * radius + 1)}
    return [n for n in numbers if n not in near], sorted(apart)


def spread_over(numbers: Sequence[int], count: int) -> list[int]:
    """`count` of the numbers, evenly spread and ascending; some twice where there are fewer."""
    return [numbers[int((i + 0.5) * len(numbers) / count)] for i in range(count)]
