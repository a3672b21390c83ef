from __future__ import annotations

from pathlib import Path

import pytest

from filmrestore_core.box import Box
from filmrestore_core.media.image_header import ImageHeader, PartHeader, timecode_text


@pytest.mark.parametrize(
    ("word", "text"),
    [(0x01020304, "01:02:03:04"), (0x23595923, "23:59:59:23"), (0x10203069, "10:20:30;29"),
     (0x91A3B3C4, "11:23:33;04"), (0, "00:00:00:00")],
)  # fmt: skip
def test_time_codes_without_their_flag_bits(word, text):
    assert timecode_text(word) == text


def test_a_header_without_codes_has_none():
    box = Box.of_size(2, 2)
    header = ImageHeader(Path("a.exr"), "openexr", 9, (PartHeader("", {}, box, box),))
    assert header.timecode is None
    assert header.keycode is None
    assert header.parts[0].channels == ()
