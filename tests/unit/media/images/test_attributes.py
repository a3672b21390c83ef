from __future__ import annotations

import numpy as np

from filmrestore_core.media.attributes import believable, for_new_file, plain


def test_what_is_true_of_one_file_only_is_left_behind():
    kept = for_new_file(
        {
            "owner": "archive",
            "FramesPerSecond": (24, 1),
            "exposure": 1.5,
            "take": 4,
            "oiio:AverageColor": "0.1",
            "openexr:chunkCount": 12,
            "dpx:EndOfLinePadding": 99999,
            "nuke/node_hash": "abc",
            "textureformat": "Plain Texture",
            "DateTime": "2001:01:01 00:00:00",
            "compression": "dwaa",
            "odd": "\udcff\n",
            "empty": "",
            "blob": b"123",
            "smpte:TimeCode": (1, 2, 3),
        }
    )
    assert kept == {
        "owner": (None, "archive"),
        "FramesPerSecond": ("rational", (24, 1)),
        "exposure": (None, 1.5),
        "take": (None, 4),
    }


def test_bytes_that_nobody_set_are_not_believed():
    read = {"a": "\ufffd\ufffd \ufffd", "b": "reel", "smpte:KeyCode": (0, 0, 0, 0, 0, 4, 64)}
    assert believable(read, key_code_is_set=False) == {"b": "reel"}
    assert set(believable(read)) == {"b", "smpte:KeyCode"}
    assert believable({"spaces": "  "}) == {"spaces": "  "}


def test_arrays_become_bytes_or_tuples():
    assert plain(np.arange(3, dtype=np.uint8)) == b"\0\1\2"
    assert plain(np.array([1.5, 2.5], np.float32)) == (1.5, 2.5)
    assert plain("text é") == "text é"
    assert plain("a\udcff") == "a\ufffd"
