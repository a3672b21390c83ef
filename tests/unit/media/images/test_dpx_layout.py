from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.media.dpx_layout import SampleLayout, used_bytes

WAYS = [
    ("direct", 8), ("direct", 16), ("filled A", 10), ("filled B", 10), ("filled A", 12),
    ("filled B", 12), ("packed", 1), ("packed", 10), ("packed", 12),
]  # fmt: skip


def layout_of(way, bits, big, low_first, samples, lines=5, spare=3):
    used = used_bytes(way, bits, samples)
    return SampleLayout(way, bits, big, low_first, 10, lines, samples, used + spare)


@pytest.mark.parametrize(("way", "bits"), WAYS)
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("low_first", [False, True])
@pytest.mark.parametrize("samples", [1, 3, 7, 31, 96])
def test_codes_go_in_and_come_out_and_padding_stays(way, bits, big, low_first, samples):
    layout = layout_of(way, bits, big, low_first, samples)
    random = np.random.default_rng(samples)
    data = random.integers(0, 256, layout.end + 20, dtype=np.uint8)
    before = layout.decode(data)
    assert before.shape == (5, samples)
    assert int(before.max()) < 1 << bits
    new = random.integers(0, 1 << bits, before.shape).astype(before.dtype)
    out = data.copy()
    layout.encode(out, np.array([1, 4]), new[[1, 4]])
    after = layout.decode(out)
    assert (after[[1, 4]] == new[[1, 4]]).all()
    assert (after[[0, 2, 3]] == before[[0, 2, 3]]).all()
    # Putting the old codes back gives the old file: padding bits and bytes were left alone.
    layout.encode(out, np.array([1, 4]), before[[1, 4]])
    assert (out == data).all()


def test_words_as_the_standard_draws_them():
    def codes(way, bits, word, *, low_first=False, samples=3):
        data = np.frombuffer(word.to_bytes(4, "big"), np.uint8)
        layout = SampleLayout(way, bits, True, low_first, 0, 1, samples, 4)
        return layout.decode(data)[0].tolist()

    assert codes("filled A", 10, 1 << 22 | 2 << 12 | 3 << 2 | 3) == [1, 2, 3]
    assert codes("filled B", 10, 3 << 30 | 1 << 20 | 2 << 10 | 3) == [1, 2, 3]
    assert codes("filled A", 10, 1 << 22 | 2 << 12 | 3 << 2, low_first=True) == [3, 2, 1]
    assert codes("packed", 10, 3 << 20 | 2 << 10 | 1) == [1, 2, 3]
    assert codes("filled A", 12, 0xABC5_123F, samples=2) == [0xABC, 0x123]
    assert codes("filled B", 12, 0x5ABC_F123, samples=2) == [0xABC, 0x123]


def test_float_samples():
    data = np.array([0.5, -1.0, np.nan], ">f4").view(np.uint8).copy()
    layout = SampleLayout("direct", 32, True, False, 0, 1, 3, 12)
    codes = layout.decode(data)
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(codes, [[0.5, -1.0, np.nan]])
    layout.encode(data, np.array([0]), codes)
    assert (data.view(">f4")[:2] == [0.5, -1.0]).all()


def test_a_file_too_short_is_refused():
    layout = layout_of("filled A", 10, True, False, 9)
    with pytest.raises(ValueError, match=r"the samples end at byte \d+"):
        layout.decode(np.zeros(layout.end - 1, np.uint8))
