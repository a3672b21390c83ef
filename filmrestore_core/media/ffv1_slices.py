"""The checksums in FFV1 frames (RFC 9043), looked at by ourselves.

libavcodec says nothing, and hands out a picture that is part empty, where the size of a slice is
damaged (seen with libavcodec 62.28: one of a hundred damaged spots).
"""

from __future__ import annotations

import zlib

# RFC 9043 4.9 (slice footer): 24 bits of size, 8 of error status, 32 of parity.
_FOOTER = 8
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def slices_are_whole(packet: bytes) -> bool:
    """True where a frame's slices follow one another and each one's checksum is right.

    False as well for a frame that was written without checksums (older versions, slicecrc 0);
    whether a movie has them is told by its other frames.

    Args:
        packet: one FFV1 frame as the container holds it.
    """
    end = len(packet)
    while end > 0:
        if end < _FOOTER:
            return False
        start = end - _FOOTER - int.from_bytes(packet[end - 8 : end - 5], "big")
        if start < 0 or not _has_right_parity(packet[start:end]):
            return False
        end = start
    return bool(packet)


def _has_right_parity(piece: bytes) -> bool:
    """True where CRC-32 over the slice, its parity included, is zero (RFC 9043 4.9.3).

    FFV1 feeds the highest bit first and starts at 0; zlib the lowest, and inverts before and after.
    """
    return zlib.crc32(piece.translate(_REVERSED_BITS), 0xFFFFFFFF) == 0xFFFFFFFF
