"""Timecode: the hours, minutes, seconds and frames written beside a picture, and its count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from filmrestore_core.errors import SettingsError

_TEXT = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d\d?)")


@dataclass(frozen=True, slots=True)
class Timecode:
    """A SMPTE ST 12-1 time address: a count of frames since midnight, and how it is written.

    A rate that is no whole number (23.976, 29.97, 59.94) is counted as the whole number above it
    (24, 30, 60). Drop frame skips addresses, never frames: the first two (four at 59.94) of each
    minute but the tenth ones, which keeps the address within 86 ms a day of the clock.

    Attributes:
        count: frames since 00:00:00:00, 0 to a day's frames less one.
        rate: frames per second, for instance Fraction(30000, 1001).
        drop: written in drop frame.
    """

    count: int
    rate: Fraction
    drop: bool = False

    def __post_init__(self) -> None:
        """Check the rate and bring the count into one day.

        Raises:
            SettingsError: the rate is not positive, or drop frame is asked for at a rate that has
                none.
        """
        if self.rate <= 0:
            raise SettingsError(f"A timecode cannot run at {self.rate} frames per second.")
        if self.drop and not has_drop_frame(self.rate):
            raise SettingsError(
                f"There is no drop-frame timecode at {float(self.rate):.5g} frames per second.",
                hint="drop frame belongs to 29.97 and 59.94",
            )
        object.__setattr__(self, "count", self.count % self.frames_per_day)

    @classmethod
    def parse(cls, text: str, rate: Fraction | int) -> Timecode:
        """Read "01:00:43:15"; a ";" or "." before the frames means drop frame.

        Raises:
            SettingsError: the text is no timecode at this rate, or an address drop frame skips.
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise SettingsError(f"'{text}' is no timecode.", hint="write for instance 01:00:43:15")
        hours, minutes, seconds, frames = (int(found[i]) for i in (1, 2, 3, 5))
        drop = found[4] != ":"
        base = cls(0, Fraction(rate), drop)
        skipped = base._skipped
        if hours > 23 or minutes > 59 or seconds > 59 or frames >= base.nominal:
            raise SettingsError(
                f"Timecode '{text}' does not exist at {float(base.rate):.5g} frames per second."
            )
        if drop and seconds == 0 and frames < skipped and minutes % 10:
            raise SettingsError(
                f"Timecode '{text}' is skipped by drop frame.",
                hint=f"the minute starts at frame {skipped:02d}",
            )
        address = ((hours * 60 + minutes) * 60 + seconds) * base.nominal + frames
        past = hours * 60 + minutes
        return cls(address - skipped * (past - past // 10), base.rate, drop)

    @property
    def nominal(self) -> int:
        """Addresses in a second: the rate, rounded up to a whole number."""
        return -(-self.rate.numerator // self.rate.denominator)

    @property
    def frames_per_day(self) -> int:
        """Frames from midnight to midnight by this count."""
        return 86400 * self.nominal - self._skipped * (1440 - 144)

    @property
    def _skipped(self) -> int:
        """Addresses skipped in a minute that skips some."""
        return self.nominal // 15 if self.drop else 0

    def fields(self) -> tuple[int, int, int, int]:
        """(hours, minutes, seconds, frames) as written."""
        address = self.count
        if self.drop:
            minute = 60 * self.nominal - self._skipped
            ten, rest = divmod(address, 10 * minute + self._skipped)
            address += 9 * self._skipped * ten
            if rest >= minute + self._skipped:
                address += self._skipped * ((rest - self._skipped) // minute)
        seconds, frames = divmod(address, self.nominal)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return hours, minutes, seconds, frames

    def smpte_word(self) -> int | None:
        """The time address as 32 bits, as EXR and DPX store it; None past 39 frames a second.

        Binary coded decimals and the drop-frame flag of SMPTE ST 12-1; all other flags are 0.
        """
        hours, minutes, seconds, frames = self.fields()
        if self.nominal > 40:
            return None
        word = int(self.drop) << 6
        for shift, number in ((0, frames), (8, seconds), (16, minutes), (24, hours)):
            word |= (number // 10 << 4 | number % 10) << shift
        return word

    def __str__(self) -> str:
        hours, minutes, seconds, frames = self.fields()
        mark = ";" if self.drop else ":"
        return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:02d}"

    def __add__(self, frames: int) -> Timecode:
        """The timecode so many frames later; past midnight it starts again."""
        return Timecode(self.count + frames, self.rate, self.drop)

    def __sub__(self, earlier: Timecode) -> int:
        """Frames from `earlier` to this one, taken as the same day.

        Raises:
            SettingsError: the two run at different rates.
        """
        if (self.rate, self.drop) != (earlier.rate, earlier.drop):
            raise SettingsError(f"Timecodes {self} and {earlier} count differently.")
        return self.count - earlier.count


def has_drop_frame(rate: Fraction) -> bool:
    """True for 30000/1001 and its multiples, the rates drop frame was made for."""
    return (rate / Fraction(30000, 1001)).denominator == 1
