from fractions import Fraction

import pytest

from filmrestore_core.media.movie_index import MovieIndex, PacketEntry

MS = Fraction(1, 1000)


def index_of(*frames: tuple[int, bool], time_base: Fraction = MS) -> MovieIndex:
    """An index of (presentation time, is a keyframe), in decoding order."""
    return MovieIndex([PacketEntry(t, d, key, 10) for d, (t, key) in enumerate(frames)], time_base)


def steady(times: list[int], *rates: Fraction, time_base: Fraction = MS):
    return index_of(*((t, True) for t in times), time_base=time_base).steady_rate(rates)


# I0 P4 B2 b1 b3 | I8 b5 b6 b7 (open: shown before I8, decoded after it) P9
OPEN = index_of(
    (0, True), (4, False), (2, False), (1, False), (3, False),
    (8, True), (5, False), (6, False), (7, False), (9, False),
)  # fmt: skip


def test_frames_are_counted_as_they_are_shown():
    assert [OPEN.entry(i).pts for i in range(10)] == list(range(10))
    assert OPEN.index_at(4) == 4
    assert OPEN.position_at(4) == 1
    assert OPEN.index_at(77) is None
    assert OPEN.index_at(None) is None
    assert not OPEN.all_keys


def test_a_frame_shown_before_its_keyframe_starts_a_group_earlier():
    assert OPEN.key_for(3) == 0
    assert OPEN.key_for(5) == OPEN.key_for(7) == 0
    assert OPEN.key_for(8) == OPEN.key_for(9) == 5
    assert OPEN.key_before(5) == 0
    assert OPEN.key_after(0) == 5
    assert OPEN.key_after(5) == 10


def test_damage_spreads_to_the_next_keyframe_and_what_is_shown_before_it():
    assert OPEN.hurt_by(2) == [1, 2, 3, 5, 6, 7]
    assert OPEN.hurt_by(9) == [9]
    keys = index_of((0, True), (1, True), (2, True))
    assert keys.hurt_by(1) == [1]
    assert keys.all_keys


def test_two_frames_at_one_time_are_refused():
    with pytest.raises(ValueError, match="same presentation time"):
        index_of((0, True), (0, True))


@pytest.mark.parametrize(
    "rate", [Fraction(24), Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)]
)
def test_a_rate_is_seen_through_a_clock_of_milliseconds(rate):
    times = [round(Fraction(n * 1000) / rate) + 87 for n in range(3000)]
    assert steady(times) == (rate, 0)
    assert steady(times, Fraction(5760, 257)) == (rate, 0)


def test_the_rate_the_container_names_comes_first():
    assert steady([0, 1001, 2002], Fraction(24000, 1001), time_base=Fraction(1, 24000)) == (
        Fraction(24000, 1001),
        0,
    )
    # A clock with one tick a frame.
    assert steady([1, 2, 3, 4], Fraction(25), time_base=Fraction(1, 25)) == (Fraction(25), 0)
    assert steady([5], Fraction(25)) == (Fraction(25), 0)
    assert steady([5]) is None


def test_lacking_frames_are_counted():
    times = [n * 40 for n in range(50) if n not in (7, 20, 21)]
    assert steady(times, Fraction(25)) == (Fraction(25), 3)


def test_a_varying_rate_has_no_number():
    assert steady([n * 40 + n % 3 * 7 for n in range(50)], Fraction(25)) is None


def test_a_half_empty_multiple_is_not_taken_for_the_rate():
    assert steady([n * 80 for n in range(50)], Fraction(25), Fraction(25, 2)) == (
        Fraction(25, 2),
        0,
    )


def test_times():
    times = index_of((100, True), (140, True), (190, True))
    assert times.time(1) == Fraction(140, 1000)
    assert [times.ticks_to_next(i) for i in range(3)] == [40, 50, 50]
    alone = MovieIndex([PacketEntry(0, 0, True, 1, duration=33)], MS)
    assert alone.ticks_to_next(0) == 33
