"""Rates as exact fractions, whatever a host or file writes: 23.976, "23.976", 23, "29.97 DF"."""

from __future__ import annotations

from fractions import Fraction

from filmrestore_core import SettingsError

RATES = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(48000, 1001),
    Fraction(48),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
)
"""The rates of film and television."""

_CLOSE = Fraction(5, 1000)
_CUT_OFF = {Fraction(n - 1): Fraction(n * 1000, 1001) for n in (24, 30, 60)}


def exact_rate(said: float | int | str | Fraction) -> Fraction:
    """The rate that a number means: the nearest of RATES within 0.005, else the number itself.

    23, 29 and 59 mean the rates below 24, 30 and 60, as some hosts cut them off.

    Raises:
        SettingsError: it is no positive number.
    """
    text = str(said).strip().upper().removesuffix("DF").strip()
    try:
        number = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise SettingsError(f"'{said}' is no frame rate.", hint="write for instance 24") from error
    if number <= 0:
        raise SettingsError(f"A frame rate of {said} does not exist.", hint="write for instance 24")
    if number in _CUT_OFF:
        return _CUT_OFF[number]
    nearest = min(RATES, key=lambda rate: abs(rate - number))
    if abs(nearest - number) < _CLOSE:
        return nearest
    return number.limit_denominator(100_000)


def rate_text(rate: Fraction) -> str:
    """The rate as text: 24000/1001, or 24."""
    return str(rate)
