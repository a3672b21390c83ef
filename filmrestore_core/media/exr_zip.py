"""ZIP, ZIPS and uncompressed OpenEXR chunk bodies, for channels of any mixture of types.

The library's Python door writes one type per image, or rounds 32-bit ids on the way; here each
channel's bytes go in as they are. Layout after the OpenEXR file layout document.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

# OpenEXR's own default: higher levels cost much and gain little on grain.
LEVEL = 4

OWN_COMPRESSIONS = ("none", "zips", "zip")


def chunk_body(planes: Mapping[str, NDArray[Any]], compression: str) -> bytes:
    """One chunk's data.

    Args:
        planes: channel -> (rows, columns) float16, float32 or uint32 of this chunk.
        compression: one of OWN_COMPRESSIONS.
    """
    lines = []
    for name in sorted(planes, key=lambda n: n.encode("utf-8", "surrogateescape")):
        plane = planes[name]
        little = np.ascontiguousarray(plane, plane.dtype.newbyteorder("<"))
        lines.append(little.view(np.uint8))
    raw = np.concatenate(lines, axis=1).ravel()
    if compression == "none":
        return raw.tobytes()
    apart = np.concatenate([raw[0::2], raw[1::2]])
    steps = apart.copy()
    steps[1:] = apart[1:] - apart[:-1] + np.uint8(128)
    packed = zlib.compress(steps.tobytes(), LEVEL)
    return packed if len(packed) < raw.size else raw.tobytes()
