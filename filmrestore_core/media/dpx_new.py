"""A fresh DPX file (SMPTE ST 268-1, version 2.0), for mattes and made-up film.

The library's writer packs one-channel 10-bit samples its reader then misreads, and stores the time
of writing; this one gives the same bytes for the same samples.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.frame import AttributeValue, Part
from filmrestore_core.media.dpx import HEADER_BYTES
from filmrestore_core.media.dpx_layout import Packing, SampleLayout, used_bytes

_DESCRIPTORS = {("Y",): 6, ("R", "G", "B"): 50, ("R", "G", "B", "A"): 51}
_DEPTHS = (8, 10, 12, 16)
_TRANSFERS = {"Printing density": 1, "Linear": 2, "Logarithmic": 3}
_TEXTS = (
    (36, 660), (664, 768), (820, 852), (1356, 1408), (1432, 1620), (1636, 1712), (1732, 1920),
    (1972, 2048),
)  # fmt: skip


def dpx_bytes(part: Part) -> NDArray[np.uint8]:
    """A big-endian file of a part's code values, 10 and 12 bits filled by method A.

    Args:
        part: channels Y, RGB or RGBA, all of 8, 10, 12 or 16 bits. Its time code is kept; the
            transfer field follows its attribute "dpx:Transfer" where that is one of "Printing
            density", "Linear" and "Logarithmic".

    Raises:
        ValueError: channels or bits are others.
    """
    channels = tuple(part.planes)
    bits = {f.bits for f in part.formats.values()}
    if channels not in _DESCRIPTORS or len(bits) != 1 or not bits <= set(_DEPTHS):
        raise ValueError(
            f"channels {', '.join(channels)} of {sorted(bits)} bits; DPX is written with Y, RGB or "
            "RGBA of 8, 10, 12 or 16 bits"
        )
    depth = bits.pop()
    box = part.data_window
    packing: Packing = "direct" if depth in (8, 16) else "filled A"
    samples = box.width * len(channels)
    line = -(-used_bytes(packing, depth, samples) // 4) * 4
    layout = SampleLayout(
        packing, depth, True, len(channels) == 1, HEADER_BYTES, box.height, samples, line
    )
    size = HEADER_BYTES + box.height * line
    data = np.zeros(size, np.uint8)
    head = _header(part.attributes, box.width, box.height, _DESCRIPTORS[channels], depth, size)
    data[:HEADER_BYTES] = np.frombuffer(head, np.uint8)
    codes = np.stack(list(part.planes.values()), axis=-1).reshape(box.height, samples)
    if int(codes.max(initial=0)) >= 1 << depth:
        raise ValueError(f"codes above {(1 << depth) - 1} do not fit {depth} bits")
    layout.encode(data, np.arange(box.height), codes)
    return data


def _header(
    attributes: Mapping[str, AttributeValue],
    width: int,
    height: int,
    descriptor: int,
    bits: int,
    size: int,
) -> bytes:
    """The 2048 header bytes; fields that nobody set are all ones, texts are empty."""
    head = bytearray(b"\xff" * HEADER_BYTES)
    for start, end in _TEXTS:
        head[start:end] = bytes(end - start)
    struct.pack_into(">4sI8sI4I", head, 0, b"SDPX", HEADER_BYTES, b"V2.0", size, 1, 1664, 384, 0)
    struct.pack_into(">HHII", head, 768, 0, 1, width, height)
    transfer = _TRANSFERS.get(str(attributes.get("dpx:Transfer", "")), 0)
    low_high = 0, 0.0, (1 << bits) - 1, 1.0
    struct.pack_into(">IIfIf", head, 780, 0, *low_high)
    packing = 1 if bits in (10, 12) else 0
    fields = descriptor, transfer, 0, bits, packing, 0, HEADER_BYTES, 0, 0
    struct.pack_into(">4BHHIII", head, 800, *fields)
    struct.pack_into(">II", head, 1628, 1, 1)
    timecode = attributes.get("smpte:TimeCode")
    if isinstance(timecode, tuple) and len(timecode) == 2:
        struct.pack_into(">II", head, 1920, *(int(word) & 0xFFFFFFFF for word in timecode))
    return bytes(head)
