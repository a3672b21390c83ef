from fractions import Fraction

import pytest
from opentimelineio.opentime import RationalTime, to_timecode

from filmrestore_core.errors import SettingsError
from filmrestore_core.timecode import Timecode, has_drop_frame

F2398, F2997, F5994 = Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)
RATES = [
    (F2398, False),
    (Fraction(24), False),
    (Fraction(25), False),
    (F2997, False),
    (F2997, True),
    (Fraction(30), False),
    (Fraction(50), False),
    (F5994, False),
    (F5994, True),
]


@pytest.mark.parametrize(("rate", "drop"), RATES)
def test_text_and_count_are_one_another_over_a_day(rate: Fraction, drop: bool) -> None:
    day = Timecode(0, rate, drop).frames_per_day
    for count in [*range(0, 40000, 7), *range(0, day, 9973), day - 1]:
        code = Timecode(count, rate, drop)
        assert Timecode.parse(str(code), rate) == code


@pytest.mark.parametrize(("rate", "drop"), RATES)
def test_agrees_with_opentimelineio(rate: Fraction, drop: bool) -> None:
    day = Timecode(0, rate, drop).frames_per_day
    for count in [*range(0, 20000, 13), *range(0, day, 99991)]:
        theirs = to_timecode(RationalTime(count, float(rate)), float(rate), drop)
        assert str(Timecode(count, rate, drop)) == theirs


@pytest.mark.parametrize(
    ("text", "rate", "count"),
    [
        ("01:00:00:00", Fraction(24), 86400),
        ("01:00:43:15", Fraction(24), 86400 + 43 * 24 + 15),
        ("01:00:00:00", F2398, 86400),
        # ST 12-1: an hour of 29.97 drop frame is 108000 addresses less 108 skipped ones.
        ("01:00:00;00", F2997, 107892),
        ("00:01:00;02", F2997, 1800),
        ("00:10:00;00", F2997, 17982),
        ("00:01:00;04", F5994, 3600),
        ("00:00:59.29", F2997, 1799),
    ],
)
def test_known_addresses(text: str, rate: Fraction, count: int) -> None:
    assert Timecode.parse(text, rate).count == count


def test_counting_over_a_dropped_minute_and_midnight() -> None:
    last = Timecode.parse("00:00:59;29", F2997)
    assert str(last + 1) == "00:01:00;02"
    assert (last + 1) - last == 1
    assert str(Timecode.parse("23:59:59:24", 25) + 1) == "00:00:00:00"


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("00:01:00;00", F2997),
        ("00:01:00;03", F5994),
        ("00:00:00:24", Fraction(24)),
        ("00:60:00:00", Fraction(24)),
        ("24:00:00:00", Fraction(24)),
        ("00:00:00;00", Fraction(25)),
        ("1:2:3:4", Fraction(24)),
        ("", Fraction(24)),
    ],
)
def test_what_does_not_exist_is_refused(text: str, rate: Fraction) -> None:
    with pytest.raises(SettingsError):
        Timecode.parse(text, rate)


def test_refuses_to_count_across_rates() -> None:
    with pytest.raises(SettingsError, match="count differently"):
        Timecode(5, Fraction(24)) - Timecode(1, Fraction(25))
    with pytest.raises(SettingsError):
        Timecode(0, Fraction(0))


def test_where_drop_frame_belongs() -> None:
    assert has_drop_frame(F2997)
    assert has_drop_frame(F5994)
    assert not has_drop_frame(Fraction(30))
    assert not has_drop_frame(F2398)


def test_the_word_that_image_files_store() -> None:
    assert Timecode.parse("12:34:56:21", 24).smpte_word() == 0x12345621
    assert Timecode.parse("01:00:00;02", F2997).smpte_word() == 0x01000042
    assert Timecode.parse("01:00:00:48", 50).smpte_word() is None
