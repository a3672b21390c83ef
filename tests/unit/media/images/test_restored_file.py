from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.media.restored_file import is_changed, picture_part


def part(*names):
    box = Box.of_size(2, 2)
    planes = {n: np.zeros((2, 2), np.float16) for n in names}
    return Part("", planes, dict.fromkeys(names, PixelFormat("float16", 16)), box, box)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ([("Z",), ("R", "G", "B", "A")], 1),
        ([("left.R", "left.G", "left.B"), ("R", "G", "B")], 0),
        ([("id",), ("Y",)], 1),
        ([("id",), ("Z",)], 0),
    ],
)
def test_the_picture_is_the_first_part_with_colors(parts, wanted):
    assert picture_part(tuple(part(*names) for names in parts)) == wanted


def test_changes_are_changes_of_bits():
    old = Frame(1, (part("Y"),))
    copied = old.with_part(0, old.parts[0].with_planes({"Y": old.parts[0].planes["Y"].copy()}))
    assert not is_changed(copied, old)
    negative = old.with_part(0, old.parts[0].with_planes({"Y": np.full((2, 2), -0.0, np.float16)}))
    assert is_changed(negative, old)
    with pytest.raises(ValueError, match="other channels"):
        is_changed(Frame(1, (part("Z"),)), old)
