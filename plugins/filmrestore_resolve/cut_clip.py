"""CutClip: one clip of a cut, with its media by file numbers or the reason why it is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from filmrestore_resolve.cut_media import CutMedia


@dataclass(frozen=True, slots=True)
class CutClip:
    """One clip of a cut.

    Attributes:
        track: its track's place among all of the timeline's.
        place: its place in the track.
        name: for people.
        reason: why it cannot be restored; "" where it can.
        media: its files; None where it cannot be restored.
        first: first number of the cut, as a job has it.
        last: last number.
        rate: frames per second of the media.
        head: frames before `first` that a transition shows.
        tail: frames after `last` that a transition shows.
    """

    track: int
    place: int
    name: str
    reason: str = ""
    media: CutMedia | None = None
    first: int = 0
    last: int = 0
    rate: Fraction | None = None
    head: int = 0
    tail: int = 0


class LeftAlone(Exception):
    """A clip that is left alone, and why."""


def exact_count(value: float) -> Fraction:
    """A count that went through a float."""
    near = Fraction(value).limit_denominator(10_000)
    return Fraction(round(near)) if abs(near - round(near)) < Fraction(1, 1000) else near
