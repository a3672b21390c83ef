"""Rates as hosts and files write them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from filmrestore_core import SettingsError, Timecode
from filmrestore_resolve.rates import RATES, exact_rate, rate_text


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (23.976, "24000/1001"),
        ("23.976", "24000/1001"),
        (23.976023976023978, "24000/1001"),
        (24.0, "24"),
        ("25", "25"),
        ("29.97 DF", "30000/1001"),
        (29.97, "30000/1001"),
        (30, "30"),
        ("23", "24000/1001"),
        (29, "30000/1001"),
        (59.0, "60000/1001"),
        (50.0, "50"),
        (59.94, "60000/1001"),
        ("60000/1001", "60000/1001"),
        (12, "12"),
    ],
)
def test_what_is_said_is_taken_exactly(said: float | str, meant: str) -> None:
    assert exact_rate(said) == Fraction(meant)
    assert rate_text(exact_rate(said)) == meant


@pytest.mark.parametrize("said", ["", "fast", 0, -24, "1/0"])
def test_what_is_no_rate_is_refused(said: float | str) -> None:
    with pytest.raises(SettingsError):
        exact_rate(said)


@pytest.mark.parametrize("rate", RATES)
def test_a_float_of_a_rate_is_that_rate(rate: Fraction) -> None:
    assert exact_rate(float(rate)) == rate
    assert exact_rate(round(float(rate), 3)) == rate


def test_the_counts_that_the_document_names() -> None:
    assert Timecode.parse("01:00:00;00", RATES[3]).count == 107892
    assert Timecode.parse("01:00:00:00", 24).count == 86400
