from __future__ import annotations

import numpy as np

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.media.compare_frames import same_samples


def frame(planes, *, name="", box=None, bits=None):
    box = box or Box.of_size(4, 3)
    formats = {n: PixelFormat.of(p.dtype, bits) for n, p in planes.items()}
    return Frame(1, (Part(name, planes, formats, box, box),))


def plane(value=0.5, dtype="float32"):
    return np.full((3, 4), value, dtype)


def test_equal_bits_are_equal_nan_included():
    assert same_samples(frame({"Y": plane(np.nan)}), frame({"Y": plane(np.nan)})) == []


def test_signed_zeros_and_nan_payloads_differ():
    assert same_samples(frame({"Y": plane(0.0)}), frame({"Y": plane(-0.0)}))
    other = plane(np.nan).view(np.uint32) ^ np.uint32(1)
    assert same_samples(frame({"Y": plane(np.nan)}), frame({"Y": other.view(np.float32)}))


def test_changes_count_where_they_may_not_be():
    new = plane()
    new[1, 2] = new[0, 3] = 0.25
    loose = np.zeros((3, 4), bool)
    loose[0, 3] = True
    a, b = frame({"Y": plane()}), frame({"Y": new})
    assert same_samples(a, b, {0: loose}) == [
        "1 samples of channel 'Y' of the picture differ, the first at column 2, line 1 of its data "
        "window."
    ]
    loose[1, 2] = True
    assert same_samples(a, b, {0: loose}) == []


def test_what_is_loose_is_loose_in_one_part_only():
    a, b = plane(), plane()
    b[0, 0] = 1
    two = [Frame(1, frame({"Y": p}, name="l").parts + frame({"Y": p}, name="r").parts)
           for p in (a, b)]  # fmt: skip
    found = same_samples(two[0], two[1], {1: np.ones((3, 4), bool)})
    assert len(found) == 1
    assert "part 0 ('l')" in found[0]


def test_whatever_else_changed_is_said():
    a = frame({"Y": plane(), "Z": plane()})
    assert same_samples(a, Frame(1, ())) == ["1 parts became 0."]
    assert "'Z' of the picture is gone" in same_samples(a, frame({"Y": plane()}))[0]
    moved = frame({"Y": plane(), "Z": plane()}, box=Box(1, 0, 4, 3))
    assert "data window" in same_samples(a, moved)[0]
    half = frame({"Y": plane(dtype="float16"), "Z": plane()})
    assert "was float32 of 32 bits and became float16 of 16 bits" in same_samples(a, half)[0]
    named = frame({"Y": plane(), "Z": plane()}, name="b")
    assert same_samples(a, named) == ["The name of the picture became 'b'."]
    assert same_samples(a, frame({"Y": plane(), "Z": plane(), "damage.A": plane()})) == []
