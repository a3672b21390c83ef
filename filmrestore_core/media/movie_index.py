"""MovieIndex: the packets of a movie's picture stream, in decoding and in presentation order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

# Rates movies are made at; a container's own figure comes first, these help where it is an average.
_COMMON_RATES = tuple(
    Fraction(n, d)
    for n, d in (
        (24, 1), (24000, 1001), (25, 1), (30000, 1001), (30, 1), (50, 1), (60000, 1001), (60, 1),
        (48, 1), (48000, 1001), (18, 1), (16, 1), (12, 1), (15, 1),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PacketEntry:
    """One compressed frame.

    Attributes:
        pts: presentation time in ticks of the stream's time base.
        dts: decoding time in ticks, None where the container has none.
        key: decoding can start here.
        size: bytes.
        position: offset in the file, None where not known.
        duration: ticks, 0 where not known.
    """

    pts: int
    dts: int | None
    key: bool
    size: int
    position: int | None = None
    duration: int = 0


class MovieIndex:
    """Which packet holds which frame. Frames are counted from 0 in presentation order.

    Immutable.
    """

    def __init__(self, entries: Sequence[PacketEntry], time_base: Fraction) -> None:
        """Sort the packets.

        Args:
            entries: in decoding order.
            time_base: seconds in a tick.

        Raises:
            ValueError: two packets share one presentation time.
        """
        self.entries = tuple(entries)
        self.time_base = time_base
        by_time = sorted(range(len(entries)), key=lambda d: entries[d].pts)
        self._decode_of = tuple(by_time)
        self._index_of = {entries[d].pts: i for i, d in enumerate(by_time)}
        self._group_of = _groups(entries)
        if len(self._index_of) != len(entries):
            raise ValueError("two frames have the same presentation time")

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def all_keys(self) -> bool:
        """True where every frame is decoded without another."""
        return all(entry.key for entry in self.entries)

    def entry(self, index: int) -> PacketEntry:
        """The packet of a frame."""
        return self.entries[self._decode_of[index]]

    def index_at(self, pts: int | None) -> int | None:
        """The frame with that presentation time, or None."""
        return None if pts is None else self._index_of.get(pts)

    def position_at(self, pts: int | None) -> int | None:
        """Where in decoding order the packet with that presentation time stands, or None."""
        index = self.index_at(pts)
        return None if index is None else self._decode_of[index]

    def key_for(self, index: int) -> int:
        """Decode position of the last keyframe from which a frame can be decoded."""
        return self._group_of[self._decode_of[index]]

    def group_at(self, position: int) -> int:
        """Decode position of the keyframe that the packet at a decode position needs."""
        return self._group_of[position]

    def key_before(self, position: int) -> int:
        """Decode position of the last keyframe before another; 0 where there is none."""
        return next((d for d in range(position - 1, 0, -1) if self.entries[d].key), 0)

    def key_after(self, position: int) -> int:
        """Decode position of the next keyframe; the number of packets where there is none."""
        after = range(position + 1, len(self.entries))
        return next((d for d in after if self.entries[d].key), len(self.entries))

    def hurt_by(self, position: int) -> list[int]:
        """Frames that cannot be trusted where the packet at a decode position is damaged.

        They are the frame itself and, unless it is a keyframe of a stream of keyframes, all that
        are decoded after it up to the next keyframe, and of the frames after that one those shown
        before it.
        """
        entries = self.entries
        end = self.key_after(position)
        hurt = list(range(position, end))
        for d in range(end + 1, len(entries)):
            if entries[d].key or entries[d].pts > entries[end].pts:
                break
            hurt.append(d)
        return sorted(self._index_of[entries[d].pts] for d in hurt)

    def time(self, index: int) -> Fraction:
        """Presentation time of a frame in seconds."""
        return self.entry(index).pts * self.time_base

    def ticks_to_next(self, index: int) -> int:
        """How long a frame is shown, in ticks; the last one as long as the packet says."""
        if index + 1 < len(self):
            return self.entry(index + 1).pts - self.entry(index).pts
        duration = self.entry(index).duration
        if duration or len(self) < 2:
            return max(duration, 1)
        return self.entry(index).pts - self.entry(index - 1).pts

    def exact_times(
        self, numbers: Sequence[int], rate: Fraction | None
    ) -> tuple[Fraction, list[int]]:
        """When frames are shown, for a movie to be written.

        At a steady rate the times are made exact; the source's container may have rounded them.

        Args:
            numbers: the frames, in order.
            rate: frames per second; None where the rate varies.

        Returns:
            Seconds in a tick; the time of each frame and the end of the last, in ticks.
        """
        if rate is None:
            shown = [self.entry(n).pts for n in numbers]
            return self.time_base, [*shown, shown[-1] + self.ticks_to_next(numbers[-1])]
        # A clock so fine that a start between two frames is kept.
        per_second = rate.numerator if rate.numerator >= 1000 else rate.numerator * 1000
        ticks = per_second // rate  # whole: the rate's numerator goes into it
        start = self.time(0)
        steps = [round((self.time(n) - start) * rate) for n in numbers]
        begin = round(start * per_second)
        return Fraction(1, per_second), [begin + s * ticks for s in (*steps, steps[-1] + 1)]

    def steady_rate(self, suggested: Sequence[Fraction | None]) -> tuple[Fraction, int] | None:
        """The constant rate the presentation times obey, and how many frames lack in between.

        A time may be off by the container's rounding, one tick.

        Args:
            suggested: rates the container names, most trusted first.

        Returns:
            (frames per second, frames lacking), or None where the rate varies.
        """
        rates = [r for r in suggested if r and r > 0]
        if not self.entries:
            return None
        if len(self) == 1:
            return (rates[0], 0) if rates else None
        first = self.entry(0).pts
        times = [self.entry(i).pts - first for i in range(len(self))]
        for rate in dict.fromkeys((*rates, *_COMMON_RATES)):
            lacking = _lacking(times, 1 / (rate * self.time_base))
            # A multiple of the true rate would fit too, with gaps everywhere.
            if lacking is not None and lacking * 2 <= len(times):
                return rate, lacking
        return None


def _lacking(times: Sequence[int], ticks: Fraction) -> int | None:
    """How many frames lack if one comes every so many ticks; None where the times do not fit."""
    over, under = ticks.numerator, ticks.denominator
    allowed = min(under, over // 4)  # a coarse clock, with a tick a frame, must be right
    last = -1
    for time in times:
        step = (2 * time * under + over) // (2 * over)
        if step <= last or abs(time * under - step * over) > allowed:
            return None
        last = step
    return last + 1 - len(times)


def _groups(entries: Sequence[PacketEntry]) -> tuple[int, ...]:
    """For each decode position the keyframe to start from: the last one shown no later."""
    groups: list[int] = []
    keys = [0]
    for position, entry in enumerate(entries):
        if entry.key and position:
            keys.append(position)
        # A frame decoded after a keyframe but shown before it may need the group before.
        groups.append(next((k for k in reversed(keys) if entries[k].pts <= entry.pts), 0))
    return tuple(groups)
