from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from filmrestore_core.media.movie_index import MovieIndex, PacketEntry
from filmrestore_core.media.pixel_layout import layout_of
from filmrestore_core.timecode import Timecode

RATES = st.sampled_from(
    [
        (Fraction(24000, 1001), False),
        (Fraction(24), False),
        (Fraction(25), False),
        (Fraction(30000, 1001), True),
        (Fraction(30000, 1001), False),
        (Fraction(50), False),
        (Fraction(60000, 1001), True),
    ]
)


@given(RATES, st.integers(0, 10**8), st.integers(-(10**6), 10**6))
def test_timecode_written_and_read_is_the_same(
    rate: tuple[Fraction, bool], count: int, step: int
) -> None:
    code = Timecode(count, *rate)
    assert Timecode.parse(str(code), rate[0]) == code
    assert code + step + -step == code
    later = code + 1
    assert later.count == 0 or later - code == 1


@given(
    st.sampled_from(["yuv420p", "yuv411p", "nv12", "uyvy422", "p010le", "bgr0", "gbrap12be"]),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 9),
    st.integers(0, 2**32 - 1),
)
def test_samples_come_back_from_planes_of_any_size(
    name: str, width: int, height: int, padding: int, seed: int
) -> None:
    layout = layout_of(name)
    assert layout is not None
    rng = np.random.default_rng(seed)
    fmt = layout.pixel_format
    channels = {
        c: rng.integers(0, fmt.maximum + 1, layout.shape_of(c, width, height)).astype(fmt.dtype)
        for c in layout.places
    }
    rows = [
        np.pad(np.ascontiguousarray(p).view(np.uint8), ((0, 0), (0, padding)))
        for p in layout.pack(channels, width, height)
    ]
    back = layout.unpack(rows, width, height)
    assert all(np.array_equal(back[c], channels[c]) for c in channels)


@st.composite
def group_structures(draw: st.DrawFn) -> MovieIndex:
    """Packets in decoding order, shown in any order within a few places of it."""
    count = draw(st.integers(1, 40))
    shown = sorted(range(count), key=lambda n: n + draw(st.integers(0, 4)))
    keys = [n == 0 or draw(st.booleans()) for n in range(count)]
    return MovieIndex(
        [PacketEntry(shown[d] * 40, d, keys[d], 1) for d in range(count)], Fraction(1, 1000)
    )


@given(group_structures())
def test_every_frame_has_a_keyframe_to_start_from(index: MovieIndex) -> None:
    for number in range(len(index)):
        key, own = index.key_for(number), index.position_at(index.entry(number).pts)
        assert own is not None
        assert key <= own
        assert key == 0 or index.entries[key].key
        # What is shown before a keyframe starts a group earlier.
        assert key == 0 or index.entries[key].pts <= index.entry(number).pts


@given(group_structures(), st.data())
def test_damage_never_reaches_back_and_always_holds_its_own_frame(
    index: MovieIndex, data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(index) - 1))
    hurt = index.hurt_by(position)
    assert index.index_at(index.entries[position].pts) in hurt
    positions = [index.position_at(index.entry(n).pts) for n in hurt]
    assert all(p is not None and p >= position for p in positions)
    assert hurt == sorted(set(hurt))
