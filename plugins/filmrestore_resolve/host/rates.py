"""Frames, rates and time addresses as Resolve writes them."""

import re
from fractions import Fraction
from typing import Any, NamedTuple, Optional

_RATES = [
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30),
    Fraction(48000, 1001), Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60),
]  # fmt: skip
# How some versions cut off 23.976 and its kin.
_CUT_OFF = {23: _RATES[0], 29: _RATES[3], 47: _RATES[5], 59: _RATES[8]}
_SEQUENCE = re.compile(r"^(?P<head>.*)\[(?P<first>\d+)-(?P<last>\d+)\](?P<tail>[^/\\\[\]]*)$")


def exact_rate(value: Any) -> Optional[Fraction]:
    """The rate meant by 23.976, "23.976", 23, "29.97 DF" or 59.94005994; None for none known.

    A rate outside the table counts as it is written, so that odd media still compare.
    """
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip().upper().replace("DF", "").replace("FPS", "").strip()
    try:
        number = float(text)
    except ValueError:
        return None
    if number <= 0 or number != number or number > 10000:
        return None
    if number in _CUT_OFF:
        return _CUT_OFF[int(number)]
    for rate in _RATES:
        if abs(float(rate) - number) < 0.005:
            return rate
    return Fraction(text)


def rate_text(rate: Fraction) -> str:
    """24, 23.976, 29.97: as Resolve writes a rate."""
    if rate.denominator == 1:
        return str(rate.numerator)
    return ("%.3f" % float(rate)).rstrip("0")


def timecode(frame: int, rate: Fraction, drop: bool) -> str:
    """The time address of an absolute frame; drop frame skips addresses, never frames."""
    base = -(-rate.numerator // rate.denominator)
    skipped = base // 15 if drop else 0
    count = frame % (86400 * base - skipped * 1296)
    if skipped:
        minute = 60 * base - skipped
        tens, rest = divmod(count, 10 * minute + skipped)
        count += 9 * skipped * tens
        if rest >= minute + skipped:
            count += skipped * ((rest - skipped) // minute)
    seconds, frames = divmod(count, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    mark = ";" if drop else ":"
    return "%02d:%02d:%02d%s%02d" % (hours, minutes, seconds, mark, frames)


class SequencePath(NamedTuple):
    """A numbered sequence: head, padded numbers, tail."""

    head: str
    tail: str
    padding: int
    first: int
    last: int

    def pattern(self) -> str:
        """As ImportMedia wants it; a percent sign in the name is doubled."""
        return "%s%%0%dd%s" % (_doubled(self.head), self.padding, _doubled(self.tail))

    def file(self, number: int) -> str:
        """The path of one file."""
        return self.head + str(number).zfill(self.padding) + self.tail


def sequence_path(path: str) -> Optional[SequencePath]:
    """Read "plate.[0001-1008].exr"; None for the path of a single file."""
    found = _SEQUENCE.match(path)
    if found is None:
        return None
    first, last = found.group("first"), found.group("last")
    # A first number without leading zero says nothing of the padding unless the last is as long.
    padding = len(first) if first.startswith("0") or len(first) == len(last) else 1
    if int(last) < int(first):
        return None
    return SequencePath(found.group("head"), found.group("tail"), padding, int(first), int(last))


def _doubled(text: str) -> str:
    return text.replace("%", "%%")
